"""Running one gate: what its verdict remembers of its inputs."""

from pathlib import Path

import pytest

from gates import checks, digest
from gates.errors import InvalidError
from gates.verdict import Measurements
from tests.checks.project import Project, build


@pytest.fixture
def built(tmp_path: Path) -> Project:
    """A project that passes every gate."""
    return build(tmp_path)


def test_files_are_hashed_before_they_are_measured(built: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Swapped while the gate reads, a file is on record as it was when the gate began."""
    check = checks.load("golden")
    measure, before = check.measure, digest.of_file(built.path("predictions"))

    def swapped(inputs: object) -> Measurements:
        measurements = measure(inputs)
        built.change("predictions", lambda scores: scores.assign(challenger=0.5))
        return measurements

    monkeypatch.setattr(check, "measure", swapped)
    assert built.judge("golden").inputs["predictions"] == before != digest.of_file(built.path("predictions"))


def test_an_absent_file_is_named_before_anything_is_measured(built: Project) -> None:
    """By its path."""
    built.path("predictions").unlink()
    with pytest.raises(InvalidError, match=r"predictions\.parquet cannot be read"):
        built.judge("golden")
