"""Each metric against scikit-learn, with and without weights."""

import math
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import sklearn.metrics
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.calibration import calibration_curve

from gates.stats.metrics import average_precision, brier, calibration_error, log_loss

METRICS = [average_precision, brier, log_loss, calibration_error]
Metric = Callable[..., float]
Rows = tuple[np.ndarray, np.ndarray, np.ndarray]

PROBABILITY = st.floats(0, 1) | st.sampled_from([0.0, 0.1, 0.3, 0.5, 0.7, 1.0])


@st.composite
def weighted_rows(draw: st.DrawFn) -> Rows:
    """Labels of both classes, probabilities with ties and ends, whole weights of which some are 0."""
    y = np.array([1, 0, *draw(st.lists(st.integers(0, 1), max_size=30))])
    p = draw(hnp.arrays(np.float64, y.size, elements=PROBABILITY))
    weights = draw(hnp.arrays(np.float64, y.size, elements=st.integers(0, 4)))
    weights[:2] += 1
    return y, p, weights


@given(weighted_rows())
def test_average_precision_is_that_of_scikit_learn(rows: Rows) -> None:
    y, p, weights = rows
    expected = sklearn.metrics.average_precision_score(y, p, sample_weight=weights)
    assert average_precision(y, p, weights) == pytest.approx(expected, abs=1e-14)
    assert average_precision(y, p) == pytest.approx(sklearn.metrics.average_precision_score(y, p), abs=1e-14)


@given(weighted_rows())
def test_brier_is_that_of_scikit_learn(rows: Rows) -> None:
    y, p, weights = rows
    expected = sklearn.metrics.brier_score_loss(y, p, sample_weight=weights)
    assert brier(y, p, weights) == pytest.approx(expected, abs=1e-14)


@given(weighted_rows())
def test_log_loss_is_that_of_scikit_learn(rows: Rows) -> None:
    y, p, weights = rows
    expected = sklearn.metrics.log_loss(y, p, sample_weight=weights)
    assert log_loss(y, p, weights) == pytest.approx(expected, abs=1e-13)


@given(weighted_rows(), st.integers(1, 20))
def test_calibration_error_is_the_weighted_gap_of_the_calibration_curve(rows: Rows, bins: int) -> None:
    y, p, _ = rows
    share, mean = calibration_curve(y, p, n_bins=bins)
    sizes = np.histogram(np.searchsorted(np.linspace(0, 1, bins + 1)[1:-1], p), np.arange(bins + 1))[0]
    expected = np.abs(share - mean) @ sizes[sizes > 0] / y.size
    assert calibration_error(y, p, bins=bins) == pytest.approx(expected, abs=1e-14)


def test_calibration_error_by_hand() -> None:
    """Two bins: 0.1 and 0.2 with one of two positive (gap 0.35), 0.8 with none (gap 0.8)."""
    assert calibration_error([0, 1, 0], [0.1, 0.2, 0.8], bins=2) == pytest.approx((2 * 0.35 + 0.8) / 3)


@pytest.mark.parametrize("metric", METRICS)
@given(rows=weighted_rows())
def test_a_weight_counts_a_row_so_many_times(metric: Metric, rows: Rows) -> None:
    y, p, weights = rows
    times = weights.astype(int)
    assert metric(y, p, weights) == pytest.approx(metric(np.repeat(y, times), np.repeat(p, times)), abs=1e-12)


@pytest.mark.parametrize("metric", METRICS)
@given(rows=weighted_rows(), random=st.randoms(use_true_random=False))
def test_order_of_rows_does_not_matter(metric: Metric, rows: Rows, random: Any) -> None:  # noqa: ANN401 - hypothesis gives it
    order = list(range(rows[0].size))
    random.shuffle(order)
    assert metric(*(column[order] for column in rows)) == pytest.approx(metric(*rows), abs=1e-12)


@pytest.mark.parametrize("metric", METRICS)
@given(rows=weighted_rows())
def test_metric_is_finite_and_not_negative(metric: Metric, rows: Rows) -> None:
    assert 0.0 <= metric(*rows) < math.inf


@given(weighted_rows())
def test_losses_do_not_care_which_class_is_called_one(rows: Rows) -> None:
    y, p, weights = rows
    p = np.round(p * 1024) / 1024  # so that 1 - (1 - p) is p
    assert brier(1 - y, 1 - p, weights) == pytest.approx(brier(y, p, weights), abs=1e-14)
    assert log_loss(1 - y, 1 - p, weights) == pytest.approx(log_loss(y, p, weights), abs=1e-12)


def test_sure_and_wrong_costs_the_clipped_loss() -> None:
    assert log_loss([1], [0.0]) == pytest.approx(36.0437, abs=1e-4)


def test_average_precision_without_label_one_is_refused() -> None:
    with pytest.raises(ValueError, match="label 1"):
        average_precision([0, 0], [0.1, 0.2])
    with pytest.raises(ValueError, match="label 1"):
        average_precision([0, 1], [0.1, 0.2], [1, 0])


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("weights", [[0, 0], [1, -1], [1, math.nan], [1, math.inf], [1]])
def test_impossible_weights_are_refused(metric: Metric, weights: list[float]) -> None:
    with pytest.raises(ValueError, match="weights"):
        metric([0, 1], [0.1, 0.2], weights)


@pytest.mark.parametrize("metric", [brier, log_loss, calibration_error])
@pytest.mark.parametrize("scores", [[0.1, 1.1], [-0.1, 0.5], [0.5, math.nan]])
def test_scores_that_are_no_probabilities_are_refused(metric: Metric, scores: list[float]) -> None:
    with pytest.raises(ValueError, match="scores"):
        metric([0, 1], scores)


def test_no_bins_are_refused() -> None:
    with pytest.raises(ValueError, match="bins"):
        calibration_error([0, 1], [0.1, 0.2], bins=0)


def test_figures_have_the_same_bits_whatever_the_cpu() -> None:
    """A decision is the same on a laptop and in CI, so no figure is added up in the order of a CPU's BLAS."""
    code = (
        "import numpy as np\n"
        "from gates.stats.metrics import average_precision, brier, log_loss\n"
        "draw = np.random.default_rng(5)\n"
        "p = draw.random(1500)\n"
        "y = (draw.random(1500) < p).astype(int)\n"
        "print([metric(y, p).hex() for metric in (average_precision, brier, log_loss)])\n"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "OPENBLAS_CORETYPE": cpu},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for cpu in ("Haswell", "SkylakeX", "Prescott")
    }
    assert len(said) == 1
