"""A folder in which a user types commands, and a copy of what git keeps of this project to type them in."""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests import warm

ROOT = Path(__file__).resolve().parents[1]
PARTS = (
    "scripts",
    "contracts",
    "tests/latency",
    "tests/golden",
    "model_card.yaml",
    "dvc.yaml",
    "dvc.lock",
    "params.yaml",
    ".dvcignore",
    ".gitattributes",
    ".gitignore",
    ".dvc/config",
    ".dvc/.gitignore",
    "data/.gitignore",
    "data/raw/churn.csv.dvc",
    "models/.gitignore",
    "metrics/.gitignore",
)
SLOWEST_S = 300
# A user's own interpreter, which imports everything anew.
COLD = {"PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])}


@dataclass(frozen=True)
class Answer:
    """How a command ended: exit code, stdout and stderr."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:  # noqa: ANN401 - any document
        """What the command printed with `--json`."""
        return json.loads(self.out)

    @property
    def error(self) -> dict[str, Any]:
        """The parts of a told error, which is all that was answered: code, what, why, do."""
        parts = self.json["error"]
        assert set(self.json) == {"error"}
        assert set(parts) == {"code", "what", "why", "do"}
        assert parts["code"] == self.code
        return dict(parts)

    def verdict(self, gate: str) -> dict[str, Any]:
        """Return the verdict of one gate."""
        (found,) = (each for each in self.json["verdicts"] if each["gate"] == gate)
        return dict(found)

    def red(self) -> dict[str, list[str]]:
        """Return the gates that did not pass, each with its findings that failed."""
        return {
            each["gate"]: [
                finding["name"]
                for finding in each["findings"]
                if finding["outcome"] != "pass" and "waiver" not in finding
            ]
            for each in self.json["verdicts"]
            if each["outcome"] != "pass"
        }


@dataclass(frozen=True)
class Shell:
    """A folder, and the environment of its commands."""

    path: Path
    environment: dict[str, str]

    def run(self, *command: str, **environment: str) -> Answer:
        """Run a command here; none may end in a traceback."""
        done = subprocess.run(
            command,
            cwd=self.path,
            env=self.environment | environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=SLOWEST_S,
        )
        assert "Traceback" not in done.stdout + done.stderr
        return Answer(done.returncode, done.stdout, done.stderr)

    def gates(self, *arguments: str, **environment: str) -> Answer:
        """Run `gates` as a user does."""
        return self.run("gates", *arguments, **environment)

    def must(self, *command: str, **environment: str) -> str:
        """Run a command that has to work, and return what it printed."""
        done = self.run(*command, **environment)
        assert done.code == 0, done.out + done.err
        return done.out

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace a text that occurs once in a file."""
        text = (self.path / name).read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{name} holds {old!r} {text.count(old)} times"
        (self.path / name).write_text(text.replace(old, new), encoding="utf-8")


def environment(state: Path) -> dict[str, str]:
    """Return what a user's shell has, and nothing of this machine's settings or of a CI.

    DVC keeps its own state in the given folder; programs are those installed beside this Python (see `warm`).
    """
    kept = {name: os.environ[name] for name in ("HOME", "LANG", "TMPDIR") if name in os.environ}
    dvc = {f"DVC_{kind}_DIR": str(state) for kind in ("SYSTEM_CONFIG", "GLOBAL_CONFIG", "SITE_CACHE")}
    who = {
        f"GIT_{role}_{what}": value
        for role in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", "Ada"), ("EMAIL", "ada@example.org"))
    }
    path = os.pathsep.join([str(warm.programs()), os.environ["PATH"]])
    return kept | dvc | who | {"GIT_CONFIG_GLOBAL": os.devnull, "PATH": path, "PYTHONPATH": str(ROOT)}


def copy_project(folder: Path) -> None:
    """Copy what git keeps of this project's pipeline and policy."""
    for part in PARTS:
        source, target = ROOT / part, folder / part
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
        else:
            shutil.copy(source, target)


def unhurried(params: Path) -> None:
    """Give a policy such wide limits of time that how busy this machine is decides nothing."""
    before = params.read_text(encoding="utf-8")
    text, limits = re.subn(r"^( +p99_ms:) [\d.]+", r"\1 60000.0", before, flags=re.MULTILINE)
    assert limits == 1, f"{params} holds {limits} limits of a p99"
    text = re.sub(r"^( +budget_s:) [\d.]+", r"\1 600.0", text, flags=re.MULTILINE)
    params.write_text(re.sub(r"^ +max_p99_ratio:.*\n", "", text, flags=re.MULTILINE), encoding="utf-8")
