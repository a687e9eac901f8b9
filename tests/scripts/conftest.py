"""A copy of the project in which the real DVC runs the real stages."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.scripts.project import Project

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]
PARTS = (
    "scripts",
    "contracts",
    "dvc.yaml",
    "dvc.lock",
    "params.yaml",
    ".dvcignore",
    ".dvc/config",
    ".dvc/.gitignore",
    "data/.gitignore",
    "data/raw/churn.csv.dvc",
    "models/.gitignore",
    "metrics/.gitignore",
)


@pytest.fixture(scope="session")
def new_project(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Project]:
    """Make one more copy of the project, with a git repository of its own."""

    def copy() -> Project:
        folder = tmp_path_factory.mktemp("project")
        for part in PARTS:
            source, target = ROOT / part, folder / part
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, target)
        state = tmp_path_factory.mktemp("dvc")
        environment = {name: os.environ[name] for name in ("HOME", "LANG") if name in os.environ}
        environment |= {
            f"DVC_{kind}_DIR": str(state) for kind in ("SYSTEM_CONFIG", "GLOBAL_CONFIG", "SITE_CACHE")
        }
        environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        project = Project(folder, environment)
        project.must("git", "init", "--quiet")
        return project

    return copy


@pytest.fixture(scope="session")
def shipped(new_project: Callable[[], Project]) -> Project:
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
