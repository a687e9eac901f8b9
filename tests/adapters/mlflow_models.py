"""A small model as a train stage leaves it, and MLflow projects whose database is migrated already."""

import functools
import json
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import skops.io
from sklearn.linear_model import LogisticRegression

from gates import digest
from gates.adapters import replay
from gates.adapters.model import MODEL_FILE, SERVED_FILES, SIGNATURE_FILE
from gates.adapters.registry import Registry
from gates.adapters.tracking import Tracking, Training
from tests import once, warm

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

ROWS = pd.DataFrame({"age": [1.0, 2.0, 3.0, 4.0], "visits": [4, 3, 2, 1]})
SIGNATURE = {
    "inputs": [
        {"name": "age", "type": "double", "required": True},
        {"name": "visits", "type": "long", "required": True},
    ],
    "outputs": [{"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1, 2]}}],
}
TRUSTED = ("numpy.dtype",)


def answers(estimator: LogisticRegression) -> bytes:
    """Return the kept rows of a model with what it answers to them."""
    return replay.sample(ROWS, estimator.predict_proba(ROWS)[:, 1], 3)


def add_hidden(folder: Path) -> None:
    """Put a file where a walk that leaves out hidden folders would not see it."""
    (folder / ".git").mkdir()
    (folder / ".git/x").write_bytes(b"")


EDITS: dict[str, Callable[[Path], object]] = {
    "model": lambda folder: (folder / MODEL_FILE).write_bytes(b"PK"),
    "MLmodel": lambda folder: (folder / "MLmodel").write_text((folder / "MLmodel").read_text() + "\n"),
    "file added": lambda folder: (folder / "added").write_bytes(b""),
    "hidden file added": add_hidden,
    "file removed": lambda folder: (folder / "requirements.txt").unlink(),
}


@dataclass(frozen=True)
class Recorded:
    """A project with one recorded and registered training."""

    root: Path
    training: Training
    run_id: str
    version: str

    @property
    def tracking(self) -> Tracking:
        """Connected anew, as each command does: MLflow keeps one address a process."""
        return Tracking(self.root, "churn")

    @property
    def registry(self) -> Registry:
        """The same for its registry."""
        return Registry(self.root, "churn")

    @property
    def sha(self) -> str:
        return self.training.tags["model_sha"]

    @property
    def run(self) -> "Run":
        return client(self.root).get_run(self.run_id)


def write_model(folder: Path, model: Any = None) -> str:  # noqa: ANN401 - any estimator
    """Write a model folder as the train stage does, and return its SHA."""
    folder.mkdir(parents=True, exist_ok=True)
    skops.io.dump(model or fitted(), folder / MODEL_FILE)
    (folder / SIGNATURE_FILE).write_bytes(digest.canonical_json(SIGNATURE))
    return digest.of_tree(folder)


def fitted() -> LogisticRegression:
    """Fit a small classifier."""
    return LogisticRegression().fit(ROWS, [0, 0, 1, 1])


def training(folder: Path, **tags: str) -> Training:
    """Return what a training in a folder leaves to be recorded."""
    sha = write_model(folder)
    return Training(
        model=fitted(),
        folder=folder,
        signature=SIGNATURE,
        example=ROWS.head(2),
        params={"train.seed": "20"},
        metrics={5: {"auc": 0.75, "log_loss": 0.5}, 10: {"auc": 0.8}},
        tags={"model_sha": sha, "git_dirty": "false", **tags},
        trusted_types=TRUSTED,
        started_ms=1_700_000_000_000,
    )


def tracking(root: Path, model: str = "churn") -> Tracking:
    """Return the runs of a project whose database needs no migration."""
    _write_database(root)
    return Tracking(root, model)


def registry(root: Path, model: str = "churn") -> Registry:
    """Return the registry of a project whose database needs no migration."""
    _write_database(root)
    return Registry(root, model)


def _write_database(root: Path) -> None:
    database = root / "mlflow.db"
    if not database.exists():
        database.write_bytes(migrated())


@functools.cache
def migrated() -> bytes:
    """Return a database right after MLflow's migrations, which take a second: all test processes share it."""
    once.read_migrations()
    kept = warm.programs() / "mlflow.db"
    if not kept.exists():
        with tempfile.TemporaryDirectory(dir=kept.parent) as folder:
            Registry(Path(folder), "none").champion_version()
            (Path(folder) / "mlflow.db").rename(kept)
    return kept.read_bytes()


def client(root: Path) -> "MlflowClient":
    """Return what a person would look with, apart from our own code."""
    from mlflow import MlflowClient

    return MlflowClient(f"sqlite:///{root / 'mlflow.db'}")


def runs(root: Path) -> "list[Run]":
    """Return every run of the model."""
    experiment = client(root).get_experiment_by_name("churn")
    assert experiment is not None
    return list(client(root).search_runs([experiment.experiment_id]))


def artifacts(root: Path, version: str = "") -> Path:
    """Return the folder in which MLflow keeps a version; unless one is named, the only folder there is."""
    if version:
        location = client(root).get_model_version_download_uri("churn", version)
        return Path(location.removeprefix("file://"))
    (file,) = (root / "mlruns").rglob(MODEL_FILE)
    return file.parent


def served(folder: Path) -> Mapping[str, bytes]:
    """Return the bytes of what answers requests."""
    return {name: (folder / name).read_bytes() for name in SERVED_FILES}


def described(folder: Path) -> dict[str, Any]:
    """Return the signature that MLflow keeps beside a model."""
    import yaml

    signature = yaml.safe_load((folder / "MLmodel").read_text())["signature"]
    return {name: json.loads(text) for name, text in signature.items() if text}


def unset() -> dict[str, str]:
    """Return this environment without the variables that name a tracking server."""
    return {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}


def copy(root: Path, folder: Path) -> None:
    """Copy a project with its MLflow; the absolute paths in the database name the copy."""
    shutil.copytree(root, folder, symlinks=True, dirs_exist_ok=True)
    database = folder / "mlflow.db"
    if database.exists():
        with closing(sqlite3.connect(database)) as connection, connection:
            _rename(connection, str(root), str(folder))


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
