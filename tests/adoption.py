"""docs/adopt.md as it is typed: the repository that it begins with, and its commands."""

import re
from pathlib import Path

from sklearn.datasets import load_breast_cancer

from tests.chain.project import Project
from tests.shell import ROOT

TEXT = (ROOT / "docs/adopt.md").read_text("utf-8")
TRAINING, BEHAVIOUR, PASSED_BY = re.findall(r"^```python\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
COMMANDS = [
    line
    for block in re.findall(r"^```sh\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
    for line in block.splitlines()
]


def plain(folder: Path, environment: dict[str, str]) -> Project:
    """Make a repository that trains a model and has never heard of gates."""
    project = Project(folder, environment)
    table = load_breast_cancer(as_frame=True).frame.rename(columns={"target": "benign"})
    table.to_csv(folder / "tumours.csv", index=False)
    (folder / "train.py").write_text(TRAINING, encoding="utf-8")
    (folder / ".gitignore").write_text("__pycache__/\n.venv/\n", encoding="utf-8")
    project.git("init", "--quiet", "--initial-branch", "main")
    project.git("add", "--all")
    project.git("commit", "--quiet", "--message", "before")
    return project
