"""The intervals of the gates beside the loops that people write, in one process; the same result first."""

from collections.abc import Iterator

import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score

from benchmarks.speed.line import Line, by_turns
from gates.stats.auc import auc_difference
from gates.stats.bootstrap import AT_ONCE, bootstrap_difference
from gates.stats.metrics import average_precision
from gates.stats.rows import Floats

ROWS, MANY = 5_000, 1_000_000
RESAMPLES = 1_000
SEED = 7


def lines() -> Iterator[Line]:
    """Time paired AUC and paired bootstrap."""
    y, challenger, champion = scores(ROWS)

    def loop() -> list[float]:
        rng = np.random.default_rng(SEED)
        drawn = rng.integers(0, ROWS, (RESAMPLES, ROWS))
        return [roc_auc_score(y[i], challenger[i]) - roc_auc_score(y[i], champion[i]) for i in drawn]

    interval, resampled = auc_difference(y, challenger, champion), np.quantile(loop(), [0.025, 0.975])
    require(np.allclose([interval.low, interval.high], resampled, atol=0.1 * (interval.high - interval.low)))
    ours, theirs = by_turns(lambda: auc_difference(y, challenger, champion), loop)
    what = f"paired AUC interval, {ROWS:,} rows, {RESAMPLES:,} resamples of roc_auc_score beside"
    yield Line(what, ours, theirs, 10_000.0)

    large = scores(MANY)
    ours, theirs = by_turns(lambda: auc_difference(*large), lambda: [np.argsort(each) for each in large[1:]])
    yield Line(f"paired AUC interval, {MANY:,} rows, two argsorts beside", ours, theirs, 1 / 2.5)

    def paired() -> tuple[float, float]:
        found = bootstrap_difference(average_precision, y, challenger, champion, seed=SEED)
        return found.low, found.high

    require(np.allclose(paired(), repeated(y, challenger, champion), atol=1e-12))
    ours, theirs = by_turns(paired, lambda: repeated(y, challenger, champion))
    what = f"paired bootstrap, average precision, {RESAMPLES:,} resamples, {ROWS:,} rows, the loop beside"
    yield Line(what, ours, theirs, 40.0)


def repeated(y: Floats, challenger: Floats, champion: Floats) -> tuple[float, float]:
    """Return the interval by the loop that repeats rows, for the draws of the bootstrap."""
    order = np.lexsort((-champion, -challenger, -y))
    y, challenger, champion = y[order], challenger[order], champion[order]
    rng, ones, found, done = np.random.default_rng(SEED), int(y.sum()), list[float](), 0
    while done < RESAMPLES:
        count = min(AT_ONCE // ROWS, RESAMPLES - done)
        picked = [rng.integers(0, size, (count, size)) for size in (ones, ROWS - ones)]
        for i in np.concatenate((picked[0], picked[1] + ones), axis=1):
            figures = [average_precision_score(y[i], each[i]) for each in (challenger, champion)]
            found.append(figures[0] - figures[1])
        done += count
    low, high = np.quantile(found, [0.025, 0.975])
    return float(low), float(high)


def scores(rows: int) -> tuple[Floats, Floats, Floats]:
    """Return labels and two models' probabilities."""
    rng = np.random.default_rng(SEED)
    y = rng.binomial(1, 0.3, rows).astype(np.float64)
    signal = rng.normal(size=rows) + y
    models = [1 / (1 + np.exp(-(signal + rng.normal(size=rows) * noise))) for noise in (0.3, 0.4)]
    return y, models[0], models[1]


def require(same: bool) -> None:  # noqa: FBT001 - what is required
    """Hold that both sides found the same.

    Raises:
        SystemExit: They did not.
    """
    if not same:
        raise SystemExit("they do not find the same")
