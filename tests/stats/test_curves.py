"""Curves with few points, held against scikit-learn, NumPy and counting by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_curve as sklearns

from gates.stats.curves import (
    QUANTILES,
    ROC_POINTS,
    counts_between,
    empirical_quantiles,
    height,
    reliability,
    roc_curve,
    thinned,
)

SCORES = st.lists(
    st.tuples(st.sampled_from([0, 1]), st.integers(0, 5).map(lambda each: each / 5)), min_size=2, max_size=60
)


@given(SCORES)
def test_a_curve_is_scikit_learns(rows: list[tuple[int, float]]) -> None:
    """Point for point, ties included."""
    y, scores = map(np.array, zip(*rows, strict=True))
    if len({*y.tolist()}) < 2:
        with pytest.raises(ValueError, match="one class"):
            roc_curve(y, scores)
        return
    false, true, _ = sklearns(y, scores, drop_intermediate=False)
    ours = roc_curve(y, scores)
    np.testing.assert_allclose(ours[0], false)
    np.testing.assert_allclose(ours[1], true)


def test_a_thinned_curve_has_few_points_of_the_whole() -> None:
    """Each of them is a point of scikit-learn's, the two ends among them."""
    rng = np.random.default_rng(1)
    y, scores = rng.integers(0, 2, 5000), rng.random(5000)
    false, true = thinned(roc_curve(y, scores))
    every = {*zip(*map(np.ndarray.tolist, sklearns(y, scores, drop_intermediate=False)[:2]), strict=True)}
    ours = [*zip(false.tolist(), true.tolist(), strict=True)]
    assert len(ours) == ROC_POINTS
    assert {*ours} <= every
    assert (ours[0], ours[-1]) == ((0.0, 0.0), (1.0, 1.0))


@pytest.mark.parametrize(("x", "y"), [(0.0, 0.4), (0.25, 0.6), (0.5, 0.9), (0.75, 0.95), (1.0, 1.0)])
def test_a_height_is_read_off_the_line(x: float, y: float) -> None:
    """Between two points in proportion; where the curve rises straight up, at the top."""
    curve = (np.array([0.0, 0.0, 0.5, 0.5, 1.0]), np.array([0.0, 0.4, 0.8, 0.9, 1.0]))
    assert height(curve, x) == pytest.approx(y)


@given(SCORES, st.data())
def test_a_weight_counts_a_row_so_often(rows: list[tuple[int, float]], data: st.DataObject) -> None:
    """The curve is that of the repeated rows; of a bin, the means are theirs."""
    y, scores = map(np.array, zip(*rows, strict=True))
    drawn = data.draw(st.lists(st.integers(0, 3), min_size=len(y), max_size=len(y)).filter(any))
    weights = np.array(drawn)
    often_y, often_scores = np.repeat(y, weights), np.repeat(scores, weights)
    (found,) = reliability(y, np.zeros(len(y)), weights)
    assert found.observed == pytest.approx(often_y.mean())
    assert found.low <= found.observed <= found.high
    if len({*often_y.tolist()}) < 2:
        with pytest.raises(ValueError, match="one class"):
            roc_curve(y, scores, weights)
        return
    false, true = roc_curve(y, scores, weights)
    points = {*zip(false.round(9).tolist(), true.round(9).tolist(), strict=True)}
    expected = roc_curve(often_y, often_scores)
    assert points == {*zip(*(each.round(9).tolist() for each in expected), strict=True)}


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 1)), min_size=1, max_size=300))
def test_every_row_is_in_one_bin_with_all_of_its_answer(rows: list[tuple[int, int]]) -> None:
    """Means are those of the bin's rows, whatever the order of the rows."""
    answers, outcomes = (np.array(each, dtype=float) for each in zip(*rows, strict=True))
    bins = reliability(outcomes, answers)
    assert sum(each.rows for each in bins) == len(rows)
    assert sum(each.rows * each.observed for each in bins) == pytest.approx(outcomes.sum())
    assert sum(each.rows * each.answer for each in bins) == pytest.approx(answers.sum())
    assert [each.answer for each in bins] == sorted({each.answer for each in bins})
    order = np.random.default_rng(0).permutation(len(rows))
    turned = reliability(outcomes[order], answers[order])
    assert [each.rows for each in turned] == [each.rows for each in bins]
    assert all(each.low <= each.observed <= each.high for each in bins)


def test_a_calibrated_model_lies_in_its_intervals() -> None:
    """Nine of ten bins at least, of shares and of other means alike."""
    rng = np.random.default_rng(2)
    answers = rng.random(4000)
    shares = reliability((rng.random(4000) < answers).astype(int), answers)
    means = reliability(100 * answers + rng.normal(0, 5, 4000), 100 * answers)
    for bins in (shares, means):
        assert len(bins) == 10
        assert sum(each.low <= each.answer <= each.high for each in bins) >= 9


@given(st.lists(st.integers(0, 10), max_size=50))
def test_counts_are_those_of_a_loop(values: list[int]) -> None:
    """A value on an edge is counted above it, and the last edge below."""
    counts = counts_between(values, 0.0, 10.0, 5)
    expected = [0] * 5
    for each in values:
        expected[min(each // 2, 4)] += 1
    assert counts.tolist() == expected


def test_counts_refuse_what_lies_outside() -> None:
    """NaN too; where there is no width, the first cell has all."""
    for value in (-1.0, 11.0, float("nan")):
        with pytest.raises(ValueError, match="between"):
            counts_between([value], 0.0, 10.0, 5)
    assert counts_between([3.0, 3.0], 3.0, 3.0, 5).tolist() == [2, 0, 0, 0, 0]


@given(st.lists(st.floats(0, 100), min_size=1, max_size=200))
def test_quantiles_are_numpys_inverted_distribution(values: list[float]) -> None:
    """The smallest value that at least such a share does not exceed."""
    expected = np.quantile(values, [0.0, 0.25, 0.5, 0.75, 1.0], method="inverted_cdf")
    found = empirical_quantiles(values)
    assert [found[QUANTILES.index(each)] for each in (0.0, 0.25, 0.5, 0.75, 1.0)] == expected.tolist()


def test_no_values_have_no_quantiles() -> None:
    """The caller should have looked."""
    with pytest.raises(ValueError, match="no values"):
        empirical_quantiles([])
