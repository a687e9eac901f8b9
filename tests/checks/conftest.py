"""A project of its own for each test."""

import shutil
from pathlib import Path

import pytest

from tests.checks.project import Project, build


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that passes every gate; for copying only."""
    return build(tmp_path_factory.mktemp("template")).root


@pytest.fixture
def project(tmp_path: Path, template: Path) -> Project:
    """A project that passes every gate."""
    shutil.copytree(template, tmp_path, dirs_exist_ok=True)
    return Project(tmp_path)
