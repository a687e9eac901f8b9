"""Your own pytest passes this folder by: `gates predict` runs it, and hands it the models."""

import os

collect_ignore_glob = [] if "GATES_BEHAVIOUR" in os.environ else ["test_*.py"]
