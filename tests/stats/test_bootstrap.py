"""The bootstrap against the loop that repeats rows, and its laws."""

import math
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, brier_score_loss

from gates.stats import bootstrap
from gates.stats.bootstrap import bootstrap_both, bootstrap_difference, bootstrap_interval
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
    picks = [rows[rng.integers(0, rows.size, (resamples, rows.size))] for rows in (ones, zeros)]
    drawn = np.concatenate(picks, axis=1)
    figures = [metric(y[index], a[index]) - metric(y[index], b[index]) for index in drawn]
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


def test_many_portions_give_as_many_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many are drawn at once: the last portion is smaller."""
    y, a, _ = sample()
    monkeypatch.setattr(bootstrap, "AT_ONCE", 7 * y.size)
    counted: list[int] = []

    def count(*_: np.ndarray) -> float:
        counted.append(1)
        return 0.5

    bootstrap_interval(count, y, a, resamples=60, seed=1)
    assert len(counted) == 61  # and the estimate


# ---------------------------------------------------------------- groups


def test_rows_of_one_group_are_drawn_together() -> None:
    """Ten rows of each of 30 customers: each row of a customer is there as often as the others."""
    _, a, _ = sample(n=300)
    customers = np.repeat(np.arange(30), 10)

    def spread(labels: np.ndarray, scores: np.ndarray, weights: np.ndarray) -> float:
        assert labels.size == weights.size == 300
        for each in range(30):
            drawn, whole = np.sort(scores[labels == each]), np.sort(a[customers == each])
            assert np.array_equal(drawn, np.repeat(whole, drawn.size // 10))
        return float(weights @ scores)

    bootstrap_interval(spread, customers, a, by_class=False, groups=customers, resamples=40, seed=1)


def test_copies_of_a_row_teach_nothing() -> None:
    """Each row ten times: the interval by rows is too narrow, that by groups is as of the rows alone."""
    y, a, b = sample(n=150)
    run = partial(bootstrap_difference, brier, seed=1, by_class=False)
    alone = run(y, a, b, resamples=1500)
    many = [np.repeat(each, 10) for each in (y, a, b)]
    copied, grouped = run(*many), run(*many, groups=np.repeat(np.arange(150), 10), resamples=1500)
    assert grouped.high - grouped.low == pytest.approx(alone.high - alone.low, rel=0.06)
    assert copied.high - copied.low < 0.5 * (alone.high - alone.low)


def test_order_of_rows_changes_no_bit_with_groups() -> None:
    y, a, b = sample()
    groups = np.arange(y.size) // 3
    order = np.random.default_rng(0).permutation(y.size)
    run = partial(bootstrap_difference, average_precision, resamples=20, seed=1)
    shuffled = run(y[order], a[order], b[order], groups=groups[order])
    assert run(y, a, b, groups=groups) == shuffled


def test_groups_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        bootstrap_interval(brier, [0, 1], [0.1, 0.2], groups=["a"], seed=1)


def test_metric_that_is_not_finite_is_refused() -> None:
    with pytest.raises(ValueError, match="nan"):
        bootstrap_interval(lambda *_: math.nan, [0, 1], [0.1, 0.2], resamples=5, seed=1)


def test_one_class_is_refused() -> None:
    with pytest.raises(ValueError, match="both classes"):
        bootstrap_interval(brier, [0, 0], [0.1, 0.2], resamples=5, seed=1)


def test_no_resamples_are_refused() -> None:
    with pytest.raises(ValueError, match="resamples"):
        bootstrap_interval(brier, [0, 1], [0.1, 0.2], resamples=0, seed=1)


# ---------------------------------------------------------------- several figures a row, and weights


def drawn_classes() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels of three classes as text, probabilities for each, and weights."""
    rng = np.random.default_rng(12)
    y = rng.choice(["a", "b", "c"], 200)
    return y, rng.dirichlet((1.0, 1.0, 1.0), 200).round(2), rng.integers(0, 3, 200).astype(float)


def share_right(y: np.ndarray, scores: np.ndarray, weights: np.ndarray) -> float:
    """The weighed accuracy."""
    return float(weights @ (np.array(["a", "b", "c"])[scores.argmax(axis=1)] == y) / weights.sum())


def test_the_order_of_rows_of_several_classes_changes_no_bit() -> None:
    """Weights go with their rows."""
    y, p, weights = drawn_classes()
    order = np.random.default_rng(13).permutation(y.size)
    one = bootstrap_interval(share_right, y, p, weights=weights, resamples=50, seed=1)
    other = bootstrap_interval(share_right, y[order], p[order], weights=weights[order], resamples=50, seed=1)
    assert one == other
    assert one.low < one.estimate < one.high


def test_both_at_once_are_what_each_alone_is() -> None:
    """The same draws, so the same bits as interval and difference of the two in that order."""
    y, a, b = sample()
    challenger, champion, difference = bootstrap_both(average_precision, y, a, b, resamples=50, seed=1)
    assert difference == bootstrap_difference(average_precision, y, a, b, resamples=50, seed=1)
    assert challenger.estimate == average_precision(y, a)
    assert champion == average_precision(y, b)


def test_a_weight_counts_as_rows_do() -> None:
    """The figure of rows that stand there as often as they weigh."""
    y, a, _ = sample()
    weights = np.random.default_rng(14).integers(1, 4, y.size)
    rows = np.repeat(np.arange(y.size), weights)
    weighed = bootstrap_interval(average_precision, y, a, weights=weights, resamples=20, seed=1)
    assert weighed.estimate == pytest.approx(average_precision(y[rows], a[rows]))


def test_of_one_group_nothing_is_drawn() -> None:
    """Its interval would have no width."""
    y, a, _ = sample()
    with pytest.raises(ValueError, match="one group"):
        bootstrap_interval(average_precision, y, a, groups=["x"] * y.size, seed=1)
