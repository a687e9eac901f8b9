"""The operating characteristics of the gate `fairness`, in short: the full table is `make decisions`."""

from benchmarks.decisions import fairness

SLACK = 0.08  # at 80 runs a coverage has a standard error of 2.4 %


def test_the_goals_are_kept_in_short() -> None:
    """Percentiles of resampled rows do not hold equality, which is why the gate does not take them."""
    figures = list(fairness.figures(320))
    assert any("Koopman" in each.what for each in figures)
    assert [each.what for each in figures if not each.within(SLACK)] == []
    (percentiles,) = [each.observed for each in figures if "percentiles" in each.what]
    assert percentiles < 0.75
