"""The bootstrap against the loop that repeats rows, and its laws."""

import math
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, brier_score_loss

from gates.stats.bootstrap import bootstrap_difference, bootstrap_interval
from gates.stats.interval import Interval
from gates.stats.metrics import average_precision, brier, calibration_error, log_loss

METRICS = [average_precision, brier, log_loss, calibration_error]
Metric = Callable[..., float]
Rows = tuple[np.ndarray, np.ndarray, np.ndarray]


def sample(n: int = 200, decimals: int = 2) -> Rows:
    """Labels and two models' probabilities, with ties, in no order."""
    rng = np.random.default_rng(5)
    y = (rng.random(n) < 0.3).astype(int)
    signal = rng.normal(size=n) + y
    models = [1 / (1 + np.exp(-(signal + rng.normal(size=n) * noise))) for noise in (0.3, 1.0)]
    return y, np.round(models[0], decimals), np.round(models[1], decimals)


def naive(metric: Metric, rows: Rows, resamples: int, seed: int) -> tuple[float, float]:
    """Percentiles of the difference, by the loop that people write: draw row numbers, take the rows."""
    y, a, b = rows
    ones, zeros = np.flatnonzero(y == 1), np.flatnonzero(y == 0)
    rng = np.random.default_rng(seed)
    figures = []
    for _ in range(resamples):
        picks = [rows[rng.integers(0, rows.size, rows.size)] for rows in (ones, zeros)]
        index = np.concatenate(picks)
        figures.append(metric(y[index], a[index]) - metric(y[index], b[index]))
    low, high = np.quantile(figures, [0.025, 0.975])
    return float(low), float(high)


@pytest.mark.parametrize(
    ("ours", "theirs"), [(average_precision, average_precision_score), (brier, brier_score_loss)]
)
def test_weights_give_what_repeating_the_rows_gives(ours: Metric, theirs: Metric) -> None:
    """Rows in the order that the bootstrap draws in: by descending scores, then label."""
    y, a, b = sample()
    order = np.lexsort((y, -b, -a))
    rows = (y[order], a[order], b[order])
    interval = bootstrap_difference(ours, *rows, resamples=60, seed=3)
    assert (interval.low, interval.high) == pytest.approx(naive(theirs, rows, 60, 3), abs=1e-13)
    assert interval.estimate == pytest.approx(theirs(y, a) - theirs(y, b), abs=1e-13)


def test_interval_of_one_model_is_that_against_a_model_that_scores_nothing() -> None:
    y, a, _ = sample()
    zero = np.zeros(y.size)
    alone = bootstrap_interval(brier, y, a, resamples=50, seed=9)
    prevalence = float(np.mean(y))  # the Brier score of always 0, the same in each resample of a class
    paired = bootstrap_difference(brier, y, a, zero, resamples=50, seed=9)
    assert alone.low - prevalence == pytest.approx(paired.low, abs=1e-12)
    assert alone.high - prevalence == pytest.approx(paired.high, abs=1e-12)


@pytest.mark.parametrize("metric", METRICS)
def test_order_of_rows_changes_no_bit(metric: Metric) -> None:
    y, a, b = sample()
    order = np.random.default_rng(0).permutation(y.size)
    assert bootstrap_interval(metric, y, a, resamples=20, seed=1) == bootstrap_interval(
        metric, y[order], a[order], resamples=20, seed=1
    )
    assert bootstrap_difference(metric, y, a, b, resamples=20, seed=1) == bootstrap_difference(
        metric, y[order], a[order], b[order], resamples=20, seed=1
    )


@pytest.mark.parametrize("metric", METRICS)
def test_identical_models_do_not_differ_at_all(metric: Metric) -> None:
    y, a, _ = sample()
    assert bootstrap_difference(metric, y, a, a, resamples=20, seed=1) == Interval(0.0, 0.0, 0.0)


def test_seed_alone_decides_the_draws() -> None:
    y, a, _ = sample()
    run = partial(bootstrap_interval, average_precision, y, a, resamples=50)
    assert run(seed=1) == run(seed=1)
    assert run(seed=1) != run(seed=2)


def test_more_confidence_is_a_wider_interval() -> None:
    y, a, _ = sample()
    narrow, wide = (bootstrap_interval(brier, y, a, seed=1, confidence=c) for c in (0.8, 0.99))
    assert wide.low < narrow.low < narrow.estimate < narrow.high < wide.high


def test_width_is_the_standard_error_of_a_mean() -> None:
    """A mean per class has a known variance: the interval of the Brier score must be about as wide."""
    y, a, _ = sample(n=1500, decimals=6)
    interval = bootstrap_interval(brier, y, a, resamples=2000, seed=1)
    losses = (a - y) ** 2
    variance = sum(np.mean(y == c) ** 2 * losses[y == c].var() / np.sum(y == c) for c in (0, 1))
    assert interval.high - interval.low == pytest.approx(2 * 1.96 * math.sqrt(variance), rel=0.08)


def test_every_resample_keeps_the_classes() -> None:
    """One row of label 1 among many: never a resample without it."""
    seen: list[tuple[float, float]] = []

    def spy(y: np.ndarray, scores: np.ndarray, weights: np.ndarray) -> float:
        seen.append((float(weights @ y), float(weights.sum())))
        return float(weights @ scores)

    bootstrap_interval(spy, [1, *[0] * 30], np.linspace(0, 1, 31), resamples=40, seed=1)
    assert seen == [(1.0, 31.0)] * 41


def test_metric_that_is_not_finite_is_refused() -> None:
    with pytest.raises(ValueError, match="nan"):
        bootstrap_interval(lambda *_: math.nan, [0, 1], [0.1, 0.2], resamples=5, seed=1)


def test_one_class_is_refused() -> None:
    with pytest.raises(ValueError, match="both classes"):
        bootstrap_interval(brier, [0, 0], [0.1, 0.2], resamples=5, seed=1)


def test_no_resamples_are_refused() -> None:
    with pytest.raises(ValueError, match="resamples"):
        bootstrap_interval(brier, [0, 1], [0.1, 0.2], resamples=0, seed=1)
