"""Whether the intervals hold the truth that no other simulation here asks: those of scores, by metric.

Of golden sets of 500 rows, 200 of them of label 1 (the fewest that the policy lets decide), of models whose
scores are normal within each class; of a regression, whose errors are normal. Two models are equally good and
correlated, so that the true difference of any metric is 0; what is true of one model is taken from a table
of a million rows.

Two figures come out larger than they are, resampled rows make them larger again, and so the interval lies
above a truth at the end of what there can be: the calibration error of a model that has none, and the largest
error of groups that are alike. Both are held from above, where that makes a gate stricter and not looser. The
difference of two such calibration errors has an interval that is too wide.
"""

import math
from collections.abc import Callable, Iterator

import numpy as np

from benchmarks.decisions.figure import Figure, coverage
from gates.stats.group_errors import group_errors
from gates.stats.rows import Floats
from gates.stats.scoring import REGRESSION, figure, improvement, scored

ROWS, MANY = 500, 1_000_000
POSITIVE = 0.4
APART = 1.2  # between the classes, in standard deviations of the scores: an AUC of about .8
PAIRED = ("average_precision", "log_loss", "calibration_error", "rmse")
ALONE = ("auc", "average_precision", "log_loss", "calibration_error", "rmse")
SPREADS = {"2 groups of 300, errors of 1 and 1.2": (1.0, 1.2), "4 equal groups of 300": (1.0,) * 4}
Drawn = tuple[Floats, Floats, Floats]


def figures(runs: int) -> Iterator[Figure]:
    """Yield the coverage of each interval over so many tables."""
    scene = f"n = {ROWS}"
    for metric in PAIRED:
        pairs = (improvement(metric, *_drawn(metric, ROWS, (1, run)), seed=run) for run in range(runs))
        held = sum(each.interval.low <= 0.0 <= each.interval.high for each in pairs)
        what = f"paired bootstrap, {metric} of two models, {scene}"
        yield coverage("champion", what, held / runs, runs)
    for metric in ALONE:
        true = figure(metric, *_drawn(metric, MANY, (2,))[:2])
        ends = (scored(metric, *_drawn(metric, ROWS, (3, run))[:2], seed=run) for run in range(runs))
        held = sum(each.low <= true <= each.high for each in ends)
        what = f"{'DeLong' if metric == 'auc' else 'bootstrap'}, {metric} of one model, {scene}"
        yield coverage("golden", what, held / runs, runs)
    few = max(runs // 4, 1)
    for what, spreads in SPREADS.items():
        held = sum(_worst_held(spreads, run) for run in range(few))
        yield coverage("fairness", f"largest RMSE of a group, {what}", held / few, few)


def _drawn(metric: str, rows: int, seed: tuple[int, ...]) -> Drawn:
    """Return labels and the scores of two equally good models."""
    rng = np.random.default_rng(seed)
    shared, *own = rng.normal(size=(3, rows))
    noise = [(shared * 2.0 + each) / math.sqrt(5.0) for each in own]
    draw: Callable[[np.random.Generator, int, list[Floats]], Drawn]
    draw = _regression if metric in REGRESSION else _classification
    return draw(rng, rows, noise)


def _classification(_: np.random.Generator, rows: int, noise: list[Floats]) -> Drawn:
    y = np.zeros(rows)
    y[: round(rows * POSITIVE)] = 1.0
    # The probability that is true of a score: normal within each class, of equal spread.
    offset = math.log(POSITIVE / (1 - POSITIVE)) - APART**2 / 2
    one, other = (1.0 / (1.0 + np.exp(-(offset + APART * (each + APART * y)))) for each in noise)
    return y, one, other


def _regression(rng: np.random.Generator, rows: int, noise: list[Floats]) -> Drawn:
    y = rng.normal(size=rows)
    return y, y + noise[0], y + noise[1]


def _worst_held(spreads: tuple[float, ...], run: int) -> bool:
    rng = np.random.default_rng((4, run))
    groups = np.repeat([str(place) for place in range(len(spreads))], 300)
    errors = rng.normal(size=groups.size) * np.repeat(spreads, 300)
    found = group_errors(np.zeros(groups.size), errors, groups, seed=run).worst_rmse
    return found.low <= max(spreads) <= found.high
