"""Each figure of a regression against scikit-learn, with and without weights; their intervals' laws."""

import math
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
import sklearn.metrics
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from gates.stats.bootstrap import bootstrap_difference, bootstrap_interval
from gates.stats.interval import Interval, normal_variance
from gates.stats.regression import mae, r2, rmse

METRICS = [rmse, mae, r2]
Metric = Callable[..., float]
Rows = tuple[np.ndarray, np.ndarray, np.ndarray]
VALUE = st.integers(-1000, 1000).map(lambda whole: whole / 8)


@st.composite
def weighted_rows(draw: st.DrawFn) -> Rows:
    """Labels that vary, predictions, whole weights of which some are 0."""
    y = np.array([0.0, 1.0, *draw(st.lists(VALUE, max_size=30))])
    predicted = draw(hnp.arrays(np.float64, y.size, elements=VALUE))
    weights = draw(hnp.arrays(np.float64, y.size, elements=st.integers(0, 4)))
    weights[:2] += 1
    return y, predicted, weights


def sample(n: int = 300) -> Rows:
    """Labels and two models' predictions, the first the better one, in no order."""
    rng = np.random.default_rng(7)
    y = np.round(rng.normal(150, 75, n), 1)
    return y, y + np.round(rng.normal(0, 30, n), 1), y + np.round(rng.normal(0, 45, n), 1)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (rmse, sklearn.metrics.root_mean_squared_error),
        (mae, sklearn.metrics.mean_absolute_error),
        (r2, sklearn.metrics.r2_score),
    ],
)
@given(rows=weighted_rows())
def test_the_figure_is_that_of_scikit_learn(ours: Metric, theirs: Metric, rows: Rows) -> None:
    y, predicted, weights = rows
    assert ours(y, predicted, weights) == pytest.approx(
        theirs(y, predicted, sample_weight=weights), rel=1e-10, abs=1e-10
    )
    assert ours(y, predicted) == pytest.approx(theirs(y, predicted), rel=1e-10, abs=1e-10)


@pytest.mark.parametrize("metric", METRICS)
@given(rows=weighted_rows())
def test_a_weight_counts_a_row_so_many_times(metric: Metric, rows: Rows) -> None:
    y, predicted, weights = rows
    times = weights.astype(int)
    repeated = metric(np.repeat(y, times), np.repeat(predicted, times))
    assert metric(y, predicted, weights) == pytest.approx(repeated, rel=1e-10, abs=1e-10)


def test_labels_that_do_not_vary_have_no_r2() -> None:
    with pytest.raises(ValueError, match="vary"):
        r2([2.0, 2.0], [1.0, 3.0])


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("bad", [[1.0, math.nan], [1.0, math.inf], [1.0], [[1.0, 2.0]], ["1", "2"]])
def test_what_is_no_finite_number_a_row_is_refused(metric: Metric, bad: list[float]) -> None:
    with pytest.raises(ValueError, match="scores must"):
        metric([0.0, 1.0], bad)
    with pytest.raises(ValueError, match=r"(labels|scores) must"):
        metric(bad, [0.0, 1.0])


def test_the_interval_is_that_of_the_loop_that_repeats_rows() -> None:
    """Rows in the order that the bootstrap draws in: by label, then by descending predictions."""
    y, a, b = sample()
    order = np.lexsort((-b, -a, y))
    y, a, b = y[order], a[order], b[order]
    rng, figures = np.random.default_rng(3), []
    for index in rng.integers(0, y.size, (60, y.size)):
        scored = [sklearn.metrics.root_mean_squared_error(y[index], each[index]) for each in (a, b)]
        figures.append(scored[0] - scored[1])
    low, high = np.quantile(figures, [0.025, 0.975])
    interval = bootstrap_difference(rmse, y, a, b, by_class=False, resamples=60, seed=3)
    assert (interval.low, interval.high) == pytest.approx((low, high), abs=1e-10)


@pytest.mark.parametrize("metric", METRICS)
def test_order_of_rows_changes_no_bit(metric: Metric) -> None:
    y, a, b = sample()
    order = np.random.default_rng(0).permutation(y.size)
    alone = partial(bootstrap_interval, metric, by_class=False, resamples=20, seed=1)
    assert alone(y, a) == alone(y[order], a[order])
    paired = partial(bootstrap_difference, metric, by_class=False, resamples=20, seed=1)
    assert paired(y, a, b) == paired(y[order], a[order], b[order])


@pytest.mark.parametrize("metric", METRICS)
def test_identical_models_do_not_differ_at_all(metric: Metric) -> None:
    y, a, _ = sample()
    differ = bootstrap_difference(metric, y, a, a, by_class=False, resamples=20, seed=1)
    assert differ == Interval(0.0, 0.0, 0.0)


def test_width_is_the_standard_error_of_a_mean() -> None:
    y, a, _ = sample(1500)
    interval = bootstrap_interval(mae, y, a, by_class=False, resamples=2000, seed=1)
    variance = np.abs(a - y).var() / y.size
    assert normal_variance(interval) == pytest.approx(variance, rel=0.1)


def test_the_interval_covers_the_true_figure_as_often_as_it_says() -> None:
    """Of 300 golden sets whose errors have a standard deviation of 30, about 95 % cover an RMSE of 30."""
    rng = np.random.default_rng(11)
    covered = 0
    for _ in range(300):
        errors = rng.normal(0, 30, 150)
        interval = bootstrap_interval(rmse, np.zeros(150), errors, by_class=False, resamples=200, seed=1)
        covered += interval.low <= 30 <= interval.high
    assert 0.90 <= covered / 300 <= 0.98
