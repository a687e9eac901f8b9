"""A project with this repository's policy, in a folder of its own."""

import shutil
import sys
from pathlib import Path

import pytest

from gates.adapters.console import Screen
from gates.run.project import Project
from tests import warm

ROOT = Path(__file__).resolve().parents[2]
OURS = (
    "CI",
    "GITHUB_ACTIONS",
    "GATES_SIGNER",
    "GATES_SIGNING_KEY",
    "GATES_LEDGER",
    "MLFLOW_TRACKING_URI",
    "MLFLOW_REGISTRY_URI",
)


@pytest.fixture(autouse=True)
def _warm(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what a command starts, such as the process that loads a model on trial, start at once."""
    monkeypatch.setattr(sys, "executable", str(warm.programs() / "python"))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project whose ledger and registry are its own, whatever the machine is set to."""
    for name in OURS:
        monkeypatch.delenv(name, raising=False)
    root = tmp_path / "project"
    root.mkdir()
    shutil.copy(ROOT / "params.yaml", root)
    return Project(root, root / "log", Screen())
