"""The operating characteristics of the gate `canary`, in short: the full table is `make decisions`."""

from benchmarks.decisions import canary

SLACK = {"%": 0.05, "x": 0.3}  # at 160 runs a share of 5 % has a standard error of 1.7 %
LEAST_LINES = 15


def test_the_goals_are_kept_in_short() -> None:
    """What it is compared with is wrong far more often: a fixed test, and under bursts the plain one."""
    figures = list(canary.figures(160))
    assert len(figures) > LEAST_LINES
    for each in figures:
        if each.goal is not None:
            slack = SLACK[each.unit]
            worst = each.goal + slack if each.sense == "at most" else each.goal - slack
            assert (each.observed <= worst) if each.sense == "at most" else (each.observed >= worst), each
    told = {each.what: each.observed for each in figures if "for comparison" in each.what}
    assert next(share for what, share in told.items() if "fixed test, 480 looks" in what) > 0.25
    assert next(share for what, share in told.items() if "independent" in what and "bursts" in what) > 0.06
