"""A user's project on disk, and the commands that a user runs in it."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlflow import MlflowClient

from gates import digest

ROOT = Path(__file__).resolve().parents[2]
PARTS = (
    "scripts",
    "contracts",
    "tests/latency",
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
MODEL = "churn"
SLOWEST_S = 300


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
        """The parts of a told error: code, what, why, do."""
        return dict(self.json["error"])

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
class Project:
    """A folder with what git keeps of a project, and the environment of its commands."""

    path: Path
    environment: dict[str, str]

    def run(self, *command: str, **environment: str) -> Answer:
        """Run a command here."""
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

    def must(self, *command: str) -> str:
        """Run a command that has to work, and return what it printed."""
        done = self.run(*command)
        assert done.code == 0, done.out + done.err
        return done.out

    def gates(self, *arguments: str, **environment: str) -> Answer:
        """Run `gates` as a user does."""
        return self.run(sys.executable, "-m", "gates", *arguments, **environment)

    def git(self, *arguments: str) -> str:
        """Run git, and return what it printed."""
        return self.must("git", *arguments).strip()

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace a text that occurs once in a file."""
        text = (self.path / name).read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{name} holds {old!r} {text.count(old)} times"
        (self.path / name).write_text(text.replace(old, new), encoding="utf-8")

    def commit(self) -> str:
        """Commit what was edited, but for the dvc.lock of a ship, and return the commit."""
        self.git("commit", "--quiet", "--message", "edit", "--", ".", ":!dvc.lock")
        return self.git("rev-parse", "HEAD")

    def copy(self, folder: Path) -> "Project":
        """Return a copy that shares nothing with this: MLflow's absolute paths name the copy."""
        shutil.copytree(self.path, folder, symlinks=True, dirs_exist_ok=True)
        database = folder / "mlflow.db"
        if database.exists():
            with closing(sqlite3.connect(database)) as connection, connection:
                _rename(connection, str(self.path), str(folder))
        return Project(folder, self.environment)

    @property
    def mlflow(self) -> MlflowClient:
        """A client of this project's tracking server and registry."""
        uri = f"sqlite:///{self.path / 'mlflow.db'}"
        return MlflowClient(uri, uri)

    def alias(self) -> str:
        """Return the version that the alias in MLflow names."""
        return str(self.mlflow.get_model_version_by_alias(MODEL, "champion").version)

    def runs(self) -> dict[str, str]:
        """Return the id of every MLflow run with its status."""
        found = self.mlflow.search_runs([each.experiment_id for each in self.mlflow.search_experiments()])
        return {run.info.run_id: run.info.status for run in found}

    def artifacts(self, version: str) -> Path:
        """Return the folder in which the registry keeps a version."""
        location = self.mlflow.get_model_version_download_uri(MODEL, version).removeprefix("file://")
        return Path(location)

    def champion(self) -> dict[str, Any] | None:
        """Return the champion as `gates status --json` tells it."""
        found: dict[str, Any] | None = self.gates("status", "--json").json["champion"]
        return found

    def sha(self) -> str:
        """Return the SHA of the model that the last training left."""
        return digest.of_tree(self.path / "models" / MODEL)

    def kept(self) -> dict[str, str]:
        """Return the digest of every file of ledger and evidence: what bad input must not touch."""
        return {
            path.relative_to(self.path).as_posix(): digest.of_file(path)
            for folder in (".gates/ledger", "evidence")
            for path in sorted((self.path / folder).rglob("*"))
            if path.is_file()
        }

    def handed_on(self, job: str, **facts: Any) -> None:  # noqa: ANN401 - whatever a manifest holds
        """Edit the manifest of a job; its files are listed as they are now."""
        path = self.path / "candidate" / f"{job}.json"
        document = json.loads(path.read_bytes()) | facts
        document["files"] = {name: digest.of_file(self.path / name) for name in document["files"]}
        path.write_bytes(digest.canonical_json(document))


def environment(state: Path) -> dict[str, str]:
    """Return what a user's shell has, and nothing of this machine's settings or of a CI."""
    kept = {name: os.environ[name] for name in ("HOME", "LANG", "TMPDIR") if name in os.environ}
    dvc = {f"DVC_{kind}_DIR": str(state) for kind in ("SYSTEM_CONFIG", "GLOBAL_CONFIG", "SITE_CACHE")}
    who = {
        f"GIT_{role}_{what}": value
        for role in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", "Ada"), ("EMAIL", "ada@example.org"))
    }
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return kept | dvc | who | {"GIT_CONFIG_GLOBAL": os.devnull, "PATH": path, "PYTHONPATH": str(ROOT)}


def new(folder: Path, state: Path) -> Project:
    """Make a project as a user has it after the clone: committed, its bucket filled, nothing run."""
    for part in PARTS:
        source, target = ROOT / part, folder / part
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    project = Project(folder, environment(state))
    project.edit("params.yaml", "requests: 2000", "requests: 300")
    project.git("init", "--quiet", "--initial-branch", "main")
    project.git("add", "--all")
    project.git("commit", "--quiet", "--message", "first")
    project.must("python", "scripts/fill_bucket.py")
    return project


def _rename(connection: sqlite3.Connection, old: str, new: str) -> None:
    """Replace a folder's name in every text of a database."""
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    for table in tables:
        for column in connection.execute(f'PRAGMA table_info("{table}")').fetchall():
            if column[2].upper().startswith(("VARCHAR", "TEXT")):
                name = column[1]
                connection.execute(
                    f'UPDATE "{table}" SET "{name}" = replace("{name}", ?, ?) WHERE instr("{name}", ?)',  # noqa: S608 - names come from the database itself
                    (old, new, old),
                )
