"""The simulated decisions of the gate `champion`, a short run: limits wide enough for its seeds."""

from benchmarks.decisions import champion
from benchmarks.decisions.champion import World

RUNS = 400


def test_what_is_no_better_is_hardly_ever_promoted() -> None:
    """Two and a half percent are expected; the fixed threshold promotes a quarter to a third."""
    promoted, held = champion._no_better(World(500, 0.5, 0.9, 0.0), RUNS)
    assert promoted.observed <= 0.055
    assert promoted.beside is not None
    assert promoted.beside >= 0.2
    assert held.within(0.03)


def test_what_is_worse_by_the_margin_is_hardly_ever_accepted() -> None:
    """The fixed threshold accepts every second one."""
    accepted = champion._at_the_margin(World(500, 0.5, 0.9, -champion.MARGIN), RUNS)
    assert accepted.observed <= 0.055
    assert accepted.beside is not None
    assert accepted.beside >= 0.3


def test_a_difference_that_the_rows_show_is_promoted() -> None:
    """Four thousand rows show two hundredths of AUC."""
    promoted, undecided = champion._different(World(4_000, 0.5, 0.9, 0.02), 40)
    assert promoted.observed >= 0.9
    assert undecided.observed <= 0.1
    (missed,) = champion._different(World(500, 0.5, 0.9, -0.02), RUNS)
    assert missed.observed <= 0.02
