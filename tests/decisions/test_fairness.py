"""The operating characteristics of the gate `fairness`, in short: the full table is `make decisions`."""

from benchmarks.decisions import fairness

SLACK = 0.06


def test_the_goals_are_kept_in_short() -> None:
    """At 160 runs, which a line has at least of the intervals, a coverage has a standard error of 1.7 %."""
    figures = list(fairness.figures(640))
    assert any("Koopman" in each.what for each in figures)
    for each in figures:
        if each.goal is not None:
            worst = each.goal + SLACK if each.sense == "at most" else each.goal - SLACK
            assert (each.observed <= worst) if each.sense == "at most" else (each.observed >= worst), each


def test_percentiles_do_not_hold_equality() -> None:
    """Why the gate does not take them."""
    told = [each.observed for each in fairness.figures(200) if "percentiles" in each.what]
    assert len(told) == 1
    assert told[0] < 0.85
