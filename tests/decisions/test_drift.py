"""The operating characteristics of the gate `drift`, in short: the full table is `make decisions`."""

import pytest

from benchmarks.decisions import drift
from benchmarks.decisions.figure import Figure

RUNS = 40
SLACK = 0.1
LEAST_LINES = 15


@pytest.fixture(scope="module")
def figures() -> list[Figure]:
    """The table over a few runs."""
    return list(drift.figures(RUNS))


def test_the_goals_are_kept_in_short(figures: list[Figure]) -> None:
    """A share of 5 % has a standard error of 3.4 % here."""
    assert len(figures) > LEAST_LINES
    for each in figures:
        if each.goal is None:
            continue
        worst = each.goal + SLACK if each.sense == "at most" else each.goal - SLACK
        assert (each.observed <= worst) if each.sense == "at most" else (each.observed >= worst), each


def test_what_it_is_compared_with_is_wrong_far_more_often(figures: list[Figure]) -> None:
    """A test a column; PSI as it stands."""
    told = [int(each.today.rsplit(" ", 1)[1][:-1]) for each in figures if each.today]
    assert min(told) >= 20
    assert told[0] >= 50
