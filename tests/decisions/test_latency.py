"""The operating characteristics of the gate `latency`, in short: the full table is `make decisions`."""

import pytest

from benchmarks.decisions import latency
from benchmarks.decisions.figure import Figure

RUNS = 40
SLACK = 0.1  # at 40 runs a share of 5 % has a standard error of 3.4 %


@pytest.fixture(scope="module")
def figures() -> list[Figure]:
    """The table over a few runs."""
    return list(latency.figures(RUNS))


def test_the_goals_are_kept_in_short(figures: list[Figure]) -> None:
    """Twins hardly ever fail, and intervals hold the truth."""
    assert {each.what for each in figures if not each.within(SLACK)} == set()


def test_one_after_the_other_tells_twins_apart_far_more_often(figures: list[Figure]) -> None:
    """The machine is not so quiet that any way of timing would do."""
    twins = [each for each in figures if each.beside is not None]
    assert len(twins) == 4
    for each in twins:
        assert each.beside is not None
        assert each.beside >= 0.1
        assert each.beside >= 3 * each.observed
    assert {name: len(found) for name, found in twins[0].samples.items()} == {
        "in turns": RUNS,
        "one after the other": RUNS,
    }


def test_a_challenger_that_is_slower_fails(figures: list[Figure]) -> None:
    """By two fifths always, by a fifth nearly so."""
    fifth, two_fifths = (each.observed for each in figures if "times as slow" in each.what)
    assert fifth >= 0.8
    assert two_fifths == 1.0
