"""Other libraries are quiet, and what they say is in a file."""

import subprocess
import sys
from pathlib import Path

TALK = """
import logging, sys, warnings
from pathlib import Path
from gates.adapters import logs, process

path = logs.quiet(Path(sys.argv[1]), "train")
logging.getLogger("library").warning("a record")
process.run([sys.executable, "-c", "import sys; sys.stderr.write('of a child, and a long one\\\\n')"],
            cwd=Path(sys.argv[1]), log=path if path.exists() else None)
warnings.warn("a warning")
logging.getLogger("library").debug("too much")
print(path)
"""

ALEMBIC = """
import logging, sys
from pathlib import Path
from gates.adapters import logs

logs.quiet(Path(sys.argv[1]), "train")
logger = logging.getLogger("alembic")
logger.addHandler(logging.StreamHandler())
logger.propagate = False
logs.hush_mlflow()
logging.getLogger("alembic.runtime").info("running a migration")
"""


def talk(code: str, root: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code, str(root)]
    return subprocess.run(command, check=True, capture_output=True, text=True, cwd=Path(__file__).parents[2])


def test_records_warnings_and_children_are_in_the_log_in_order(tmp_path: Path) -> None:
    """Nothing reaches the user's screen, and nobody overwrites what another wrote."""
    done = talk(TALK, tmp_path)
    path = tmp_path / ".gates/logs/train.log"
    assert (done.stdout.strip(), done.stderr) == (str(path), "")
    text = path.read_text()
    places = [text.index(word) for word in ("a record", "of a child, and a long one", "a warning")]
    assert places == sorted(places)
    assert "too much" not in text


def test_each_command_starts_its_log_anew(tmp_path: Path) -> None:
    """A log is about the last run."""
    path = tmp_path / ".gates/logs/train.log"
    path.parent.mkdir(parents=True)
    path.write_text("of yesterday\n")
    talk(TALK, tmp_path)
    assert "of yesterday" not in path.read_text()
    assert "a record" in path.read_text()


def test_a_project_without_room_for_a_log_works(tmp_path: Path) -> None:
    """The records are dropped then; they do not go to the screen."""
    (tmp_path / ".gates").write_text("")
    assert talk(TALK, tmp_path).stderr == ""


def test_what_mlflow_puts_on_stderr_goes_to_the_log(tmp_path: Path) -> None:
    """Its handlers are taken away; the records are kept."""
    assert talk(ALEMBIC, tmp_path).stderr == ""
    assert "running a migration" in (tmp_path / ".gates/logs/train.log").read_text()
