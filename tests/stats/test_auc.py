"""Paired DeLong: pROC's figures, the definition by pairs, and laws that hold for any scores."""

import csv
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from gates.stats.auc import (
    auc_difference,
    auc_interval,
    delong,
    difference_variance,
)
from gates.stats.interval import Interval

REFERENCE = Path(__file__).parents[1] / "reference"
PROC: dict[str, Any] = json.loads((REFERENCE / "figures.json").read_text())["proc"]
NINE_DIGITS = 5e-10

Rows = tuple[np.ndarray, np.ndarray, np.ndarray]


@pytest.fixture(scope="module")
def golden() -> dict[str, np.ndarray]:
    with (REFERENCE / "churn_golden_scores.csv").open() as file:
        rows = list(csv.DictReader(file))
    return {name: np.array([float(row[name]) for row in rows]) for name in ("y", "gb", "logreg", "weak")}


@st.composite
def labelled_pairs(draw: st.DrawFn) -> Rows:
    """Labels with two rows of each class at least, and two models' scores with many ties."""
    extra = draw(st.lists(st.integers(0, 1), max_size=26))
    y = np.array(draw(st.permutations([0, 0, 1, 1, *extra])))
    tied = st.sampled_from([-1.0, -0.0, 0.0, 0.25, 0.5, 1.0, 1e-300, 1e300])
    free = st.floats(allow_nan=False, allow_infinity=False)
    models = [draw(st.lists(tied | free, min_size=y.size, max_size=y.size)) for _ in range(2)]
    return y, np.array(models[0]), np.array(models[1])


def by_pairs(y: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The placements of DeLong et al. (1988), straight from their definition."""
    above = np.sign(scores[y == 1][:, None] - scores[y == 0][None, :]) / 2 + 0.5
    return above.mean(axis=1), above.mean(axis=0)


def half_width(interval: Interval) -> float:
    return (interval.high - interval.low) / 2


@pytest.mark.parametrize("model", PROC["models"])
def test_interval_is_that_of_proc(golden: dict[str, np.ndarray], model: str) -> None:
    published = PROC["models"][model]
    interval = auc_interval(golden["y"], golden[model])
    variance = delong(golden["y"], golden[model][None]).covariance[0, 0]
    assert interval.estimate == pytest.approx(published["auc"], rel=NINE_DIGITS)
    assert interval.low == pytest.approx(published["low"], rel=NINE_DIGITS)
    assert interval.high == pytest.approx(published["high"], rel=NINE_DIGITS)
    assert variance == pytest.approx(published["variance"], rel=NINE_DIGITS)


@pytest.mark.parametrize("pair", PROC["covariances"])
def test_covariance_is_that_of_proc(golden: dict[str, np.ndarray], pair: str) -> None:
    result = delong(golden["y"], np.stack([golden[model] for model in pair.split()]))
    assert result.covariance[0, 1] == pytest.approx(PROC["covariances"][pair], rel=NINE_DIGITS)
    assert result.covariance[0, 1] == result.covariance[1, 0]


@pytest.mark.parametrize("pair", PROC["pairs"])
def test_paired_difference_is_that_of_proc(golden: dict[str, np.ndarray], pair: str) -> None:
    published = PROC["pairs"][pair]
    challenger, champion = (golden[model] for model in pair.split())
    interval = auc_difference(golden["y"], challenger, champion)
    z = interval.estimate / math.sqrt(difference_variance(golden["y"], challenger, champion))
    assert z == pytest.approx(published["z"], rel=NINE_DIGITS)
    assert interval.low == pytest.approx(published["low"], rel=NINE_DIGITS)
    assert interval.high == pytest.approx(published["high"], rel=NINE_DIGITS)


@given(labelled_pairs())
def test_delong_is_its_definition_by_pairs(rows: Rows) -> None:
    y, a, b = np.array(rows[0]), np.argsort(np.argsort(rows[1])) // 3, np.argsort(np.argsort(rows[2])) // 2
    ones, zeros = zip(by_pairs(y, a), by_pairs(y, b), strict=True)
    expected = np.cov(ones) / len(ones[0]) + np.cov(zeros) / len(zeros[0])
    result = delong(y, np.stack([a, b]))
    np.testing.assert_allclose(result.covariance, expected, rtol=1e-12, atol=1e-16)
    np.testing.assert_allclose(result.aucs, np.mean(ones, axis=1), rtol=1e-14)


@given(labelled_pairs())
def test_auc_is_that_of_scikit_learn(rows: Rows) -> None:
    y, scores, _ = rows
    assert auc_interval(y, scores).estimate == pytest.approx(roc_auc_score(y, scores), abs=1e-14)


@given(labelled_pairs())
def test_nothing_is_nan_and_bounds_are_in_order(rows: Rows) -> None:
    interval = auc_interval(rows[0], rows[1])
    assert 0.0 <= interval.low <= interval.estimate <= interval.high <= 1.0
    difference = auc_difference(*rows)
    assert -np.inf < difference.low <= difference.estimate <= difference.high < np.inf


@given(labelled_pairs(), st.randoms(use_true_random=False))
def test_order_of_rows_changes_no_bit(rows: Rows, random: Any) -> None:  # noqa: ANN401 - hypothesis gives it
    order = list(range(rows[0].size))
    random.shuffle(order)
    y, a, b = rows
    assert auc_difference(y, a, b) == auc_difference(y[order], a[order], b[order])
    assert auc_interval(y, a) == auc_interval(y[order], a[order])


@given(labelled_pairs())
def test_turning_labels_and_scores_around_changes_nothing(rows: Rows) -> None:
    y, a, b = rows
    turned, same = auc_difference(1 - y, -a, -b), auc_difference(y, a, b)
    assert turned.estimate == same.estimate
    assert half_width(turned) == pytest.approx(half_width(same), rel=1e-12)


@given(labelled_pairs())
def test_exchanging_the_models_changes_the_sign(rows: Rows) -> None:
    y, a, b = rows
    ahead, behind = auc_difference(y, a, b), auc_difference(y, b, a)
    assert ahead == Interval(-behind.estimate, -behind.high, -behind.low)


@given(labelled_pairs())
def test_models_that_rank_alike_do_not_differ_at_all(rows: Rows) -> None:
    y, a, _ = rows
    assert auc_difference(y, a, a) == Interval(0.0, 0.0, 0.0)
    assert auc_difference(y, np.unique(a, return_inverse=True)[1], a) == Interval(0.0, 0.0, 0.0)


@given(labelled_pairs())
def test_difference_agrees_with_the_covariance_matrix(rows: Rows) -> None:
    result = delong(rows[0], np.stack(rows[1:]))
    contrast = np.array([1.0, -1.0])
    assert auc_difference(*rows).estimate == pytest.approx(contrast @ result.aucs, abs=1e-14)
    assert difference_variance(*rows) == pytest.approx(contrast @ result.covariance @ contrast, abs=1e-14)


def test_perfect_model_has_no_width() -> None:
    assert auc_interval([0, 0, 1, 1], [0.1, 0.2, 0.3, 0.4]) == Interval(1.0, 1.0, 1.0)


def test_interval_is_clipped_to_one() -> None:
    interval = auc_interval([0, 0, 0, 1, 1, 1], [1, 2, 4, 3, 5, 6])
    assert interval.high == 1.0
    assert interval.low < 1.0


@pytest.mark.parametrize("y", [[0, 0, 0], [1, 1, 1], [0, 0, 1], [0, 1, 1]])
def test_fewer_than_two_rows_of_a_class_are_refused(y: list[int]) -> None:
    with pytest.raises(ValueError, match="two rows of each class"):
        auc_interval(y, [0.1, 0.2, 0.3])


@pytest.mark.parametrize(
    ("y", "scores"),
    [
        ([], []),
        ([0, 0, 1, 2], [1, 2, 3, 4]),
        ([0, 0, 1, math.nan], [1, 2, 3, 4]),
        (["0", "0", "1", "1"], [1, 2, 3, 4]),
        ([0, 0, 1, 1], [1, 2, 3]),
        ([0, 0, 1, 1], [1, 2, 3, math.nan]),
        ([0, 0, 1, 1], [1, 2, 3, math.inf]),
        ([0, 0, 1, 1], ["1", "2", "3", "4"]),
        ([0, 0, 1, 1], [1, 2, 3, None]),
    ],
)
def test_input_that_is_no_labelled_sample_is_refused(y: list[Any], scores: list[Any]) -> None:
    with pytest.raises(ValueError, match=r"labels|scores"):
        auc_interval(y, scores)


@pytest.mark.parametrize("confidence", [0.0, 1.0, -1.0, 95, math.nan])
def test_confidence_outside_zero_to_one_is_refused(confidence: float) -> None:
    with pytest.raises(ValueError, match="confidence"):
        auc_interval([0, 0, 1, 1], [1, 3, 2, 4], confidence)


def test_lower_bound_of_equal_models_clears_zero_as_often_as_it_says() -> None:
    """2.5 % of golden sets at 95 %, two-sided: 25 of 1,000 draws, give or take four standard errors."""
    rng = np.random.default_rng(20)
    y = np.repeat([0, 1], [300, 100])
    cleared = 0
    for _ in range(1000):
        shared = rng.normal(size=400) * 3 + 1.2 * y * 3
        cleared += auc_difference(y, shared + rng.normal(size=400), shared + rng.normal(size=400)).low > 0
    assert 6 <= cleared <= 45
