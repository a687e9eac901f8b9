"""The operating characteristics of the gate `canary`, in short: the full table is `make decisions`."""

from benchmarks.decisions import canary

LEAST_LINES = 15


def test_the_goals_are_kept_in_short() -> None:
    """At 200 runs a share of 5 % has a standard error of 1.5 %; a ratio of 25 runs one of a sixth."""
    figures = list(canary.figures(200))
    assert len(figures) > LEAST_LINES
    for each in figures:
        if each.goal is None:
            continue
        slack = 0.3 if each.unit == "x" else 0.05
        worst = each.goal + slack if each.sense == "at most" else each.goal - slack
        assert (each.observed <= worst) if each.sense == "at most" else (each.observed >= worst), each


def test_what_it_is_compared_with_is_wrong_far_more_often() -> None:
    """A fixed test at every look, and the test of independent requests under bursts."""
    told = {each.what: each.observed for each in canary.figures(120) if "for comparison" in each.what}
    fixed = next(share for what, share in told.items() if "fixed test, 480 looks" in what)
    plain = next(share for what, share in told.items() if "independent" in what and "bursts" in what)
    assert fixed > 0.25
    assert plain > 0.08
