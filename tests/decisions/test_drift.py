"""The operating characteristics of the gate `drift`, in short: the full table is `make decisions`."""

import pytest

from benchmarks.decisions import drift
from benchmarks.decisions.figure import Figure

RUNS = 20
SLACK = 0.1
LEAST_LINES = 15


@pytest.fixture(scope="module")
def figures() -> list[Figure]:
    """The table over a few runs."""
    return list(drift.figures(RUNS))


def test_the_goals_are_kept_in_short(figures: list[Figure]) -> None:
    """A share of 5 % has a standard error of 4.9 % here."""
    assert len(figures) > LEAST_LINES
    for each in figures:
        assert each.within(SLACK), each


def test_what_it_is_compared_with_is_wrong_far_more_often(figures: list[Figure]) -> None:
    """A test a column; PSI as it stands."""
    told = [each.beside for each in figures if each.beside is not None]
    assert min(told) >= 0.2
    assert told[0] >= 0.5
