"""A copy of the project in which the real DVC runs the real stages."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.shell import ROOT, Shell, copy_project, environment

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType


@pytest.fixture(scope="session")
def new_project(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Shell]:
    """Make one more copy of the project, with a git repository of its own."""

    def copy() -> Shell:
        folder = tmp_path_factory.mktemp("project")
        copy_project(folder)
        project = Shell(folder, environment(tmp_path_factory.mktemp("dvc")))
        for command in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message", "first"]):
            project.must("git", *command)
        return project

    return copy


@pytest.fixture(scope="session")
def shipped(new_project: Callable[[], Shell]) -> Shell:
    """A project with its bucket filled, its data pulled and its stages run; for reading only."""
    project = new_project()
    project.must("python", "scripts/fill_bucket.py")
    project.must("dvc", "pull", "data/raw/churn.csv")
    project.must("dvc", "repro")
    return project


@pytest.fixture
def stage_module(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    """Import a stage the way DVC starts it: with `scripts/` on the path."""
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))

    def load(name: str) -> ModuleType:
        monkeypatch.delitem(sys.modules, name, raising=False)
        return __import__(name)

    return load
