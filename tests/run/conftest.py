"""A project with this repository's policy, in a folder of its own."""

import shutil
import sys
from pathlib import Path

import pytest

from gates.adapters.console import Screen
from gates.run.project import Project
from tests import warm

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _warm(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what a command starts, such as the process that loads a model on trial, start at once."""
    monkeypatch.setattr(sys, "executable", str(warm.programs() / "python"))


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project whose ledger and registry are its own."""
    root = tmp_path / "project"
    root.mkdir()
    shutil.copy(ROOT / "params.yaml", root)
    return Project(root, root / "log", Screen())
