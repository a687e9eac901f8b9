"""A small model as a train stage leaves it, and projects with an MLflow database that is migrated already."""

import functools
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import skops.io
from sklearn.linear_model import LogisticRegression

from gates import digest
from gates.adapters.model import MODEL_FILE, SERVED_FILES, SIGNATURE_FILE
from gates.adapters.registry import Registry, Training

ROWS = pd.DataFrame({"age": [1.0, 2.0, 3.0, 4.0], "visits": [4, 3, 2, 1]})
SIGNATURE = {
    "inputs": [
        {"name": "age", "type": "double", "required": True},
        {"name": "visits", "type": "long", "required": True},
    ],
    "outputs": [{"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1, 2]}}],
}
TRUSTED = ("numpy.dtype",)


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


def registry(root: Path, model: str = "churn") -> Registry:
    """Return the registry of a project whose database needs no migration."""
    database = root / "mlflow.db"
    if not database.exists():
        database.write_bytes(migrated())
    return Registry(root, model)


@functools.cache
def migrated() -> bytes:
    """Return a database right after MLflow's migrations, which take a second."""
    with tempfile.TemporaryDirectory() as folder:
        Registry(Path(folder), "none").champion_version()
        return (Path(folder) / "mlflow.db").read_bytes()


def artifacts(root: Path) -> Path:
    """Return the one folder in which a project's registry keeps model files."""
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
