"""PSI, KS, chi-square and divergences against scipy, published figures, loops, and how often they fire."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats
from scipy.spatial.distance import jensenshannon

from gates.stats.distributions import (
    chi_square,
    jensen_shannon,
    ks_distance,
    ks_p_value,
    kullback_leibler,
    pooled,
    psi,
)

EXPECTED, ACTUAL = [248, 247, 260, 245], [13, 43, 63, 81]
MEASURES = [psi, chi_square, ks_distance, kullback_leibler, jensen_shannon, pooled]


def samples(least: int = 0) -> st.SearchStrategy[tuple[np.ndarray, np.ndarray]]:
    """Counts of two samples over the same cells, each with rows."""
    return st.integers(1, 12).flatmap(
        lambda k: st.tuples(
            *(hnp.arrays(np.int64, k, elements=st.integers(least, 500)).filter(np.any) for _ in "ab")
        )
    )


def naive_psi(p: np.ndarray, q: np.ndarray) -> float:
    """Walk over the cells; half a row where one of them has none."""
    cells = [(a or 0.5, b or 0.5) for a, b in zip(p.tolist(), q.tolist(), strict=True) if a or b]
    n, m = sum(a for a, _ in cells), sum(b for _, b in cells)
    return sum((b / m - a / n) * math.log((b / m) / (a / n)) for a, b in cells)


def test_psi_is_the_published_figure() -> None:
    """Of the reference page of R's KAscore."""
    assert psi(EXPECTED, ACTUAL).value == pytest.approx(0.3404592225, abs=5e-11)
    assert psi(ACTUAL, EXPECTED).value == pytest.approx(0.3404592225, abs=5e-11)


@given(samples())
def test_psi_is_that_of_a_loop(counts: tuple[np.ndarray, np.ndarray]) -> None:
    found = psi(*counts)
    assert found.value == pytest.approx(naive_psi(*counts), rel=1e-9, abs=1e-12)
    assert 0 <= found.corrected <= found.value + 1e-15
    assert 0 <= found.p_value <= 1


@given(samples(least=1))
def test_chi_square_is_that_of_scipy(counts: tuple[np.ndarray, np.ndarray]) -> None:
    found = chi_square(*counts)
    if counts[0].size == 1:
        assert (found.statistic, found.df, found.p_value) == (0.0, 0, 1.0)
    else:
        expected = stats.chi2_contingency(np.stack(counts), correction=False)
        assert found.statistic == pytest.approx(expected.statistic, rel=1e-9, abs=1e-12)
        assert found.df == expected.dof
        assert found.p_value == pytest.approx(expected.pvalue, rel=1e-9)


@given(samples())
def test_ks_distance_is_that_of_scipy(counts: tuple[np.ndarray, np.ndarray]) -> None:
    cells = np.arange(counts[0].size)
    with np.errstate(divide="ignore"):  # of scipy's p-value for a row or two
        expected = stats.ks_2samp(*(np.repeat(cells, each) for each in counts), method="asymp")
    assert ks_distance(*counts) == pytest.approx(expected.statistic, abs=1e-12)


@pytest.mark.parametrize(("n", "m"), [(200, 200), (1000, 1000), (1000, 4000), (10**6, 10**6)])
@pytest.mark.parametrize("times", [0.5, 1.0, 1.36, 2.0, 3.0])
def test_ks_p_value_is_near_the_finite_one(n: int, m: int, times: float) -> None:
    """Of one sample as large as both together are worth, which scipy computes exactly."""
    worth = n * m / (n + m)
    distance = times / math.sqrt(worth)
    exact = float(stats.kstwo.sf(distance, round(worth)))
    assert ks_p_value(distance, n, m) == pytest.approx(exact, rel=0.08, abs=1e-9)


@given(samples())
def test_divergences_are_those_of_scipy(counts: tuple[np.ndarray, np.ndarray]) -> None:
    p, q = counts
    expected = jensenshannon(p / p.sum(), q / q.sum(), base=2)
    assert jensen_shannon(p, q) == pytest.approx(expected, abs=1e-7)
    held = (p > 0) | (q > 0)
    filled = [np.where(each == 0, 0.5, each)[held] for each in (p, q)]
    assert kullback_leibler(p, q) == pytest.approx(stats.entropy(filled[1], filled[0]), abs=1e-9)


@given(samples())
def test_psi_is_the_divergences_of_both_ways(counts: tuple[np.ndarray, np.ndarray]) -> None:
    p, q = counts
    assert psi(p, q).value == pytest.approx(kullback_leibler(p, q) + kullback_leibler(q, p), abs=1e-9)


@given(samples(), st.integers(0, 5))
def test_cells_empty_in_both_say_nothing(counts: tuple[np.ndarray, np.ndarray], more: int) -> None:
    padded = [np.insert(each, each.size // 2, [0] * more) for each in counts]
    for measure in MEASURES[:-1]:
        assert measure(*padded) == measure(*counts)


@given(samples())
def test_the_same_sample_lies_nowhere_apart(counts: tuple[np.ndarray, np.ndarray]) -> None:
    one = counts[0]
    assert psi(one, one).value == chi_square(one, one).statistic == ks_distance(one, one) == 0.0
    assert psi(one, one).p_value == chi_square(one, one).p_value == 1.0
    assert kullback_leibler(one, one) == jensen_shannon(one, one) == 0.0


def test_samples_without_a_cell_in_common() -> None:
    """Finite, and as far apart as can be."""
    assert jensen_shannon([7, 0], [0, 9]) == ks_distance([7, 0], [0, 9]) == 1.0
    assert psi([7, 0], [0, 9]).value == pytest.approx(naive_psi(np.array([7, 0]), np.array([0, 9])))


@given(samples())
def test_pooling_keeps_rows_and_leaves_full_cells(counts: tuple[np.ndarray, np.ndarray]) -> None:
    p, q = pooled(*counts)
    assert (p.sum(), q.sum()) == (counts[0].sum(), counts[1].sum())
    least = (p + q)[:-1] * min(p.sum(), q.sum()) / (p.sum() + q.sum())
    assert (least >= 5).all()


@pytest.mark.parametrize(("n", "m"), [(200, 200), (1000, 1000), (1000, 20_000)])
def test_psi_of_one_distribution_is_its_null(n: int, m: int) -> None:
    """Mean and level of 4,000 pairs over 10 equal cells, within four standard errors."""
    rng = np.random.default_rng(7)
    shares = np.full(10, 0.1)
    pairs = list(zip(rng.multinomial(n, shares, 4000), rng.multinomial(m, shares, 4000), strict=True))
    found = [psi(*pair) for pair in pairs]
    scale = 1 / n + 1 / m
    assert np.mean([each.value - each.bias for each in found]) / scale == pytest.approx(0, abs=0.45)
    assert 0.04 <= np.mean([each.p_value <= 0.05 for each in found]) <= 0.07
    assert 0.035 <= np.mean([chi_square(*pair).p_value <= 0.05 for pair in pairs]) <= 0.065


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize(
    "bad",
    [
        ([], []),
        ([1, 2], [1, 2, 3]),
        ([0, 0], [1, 2]),
        ([1, 2], [0, 0]),
        ([1, -1], [1, 2]),
        ([1.5, 2.0], [1, 2]),
        ([math.nan], [1.0]),
        ([[1]], [[1]]),
        ([True], [True]),
    ],
)
def test_what_is_no_count_is_refused(measure: Any, bad: tuple[list[Any], list[Any]]) -> None:  # noqa: ANN401 - what hypothesis or pytest gives
    with pytest.raises(ValueError, match="counts must be"):
        measure(*bad)


@pytest.mark.parametrize("bad", [(0.1, 0, 5), (0.1, 5, 0), (1.1, 5, 5), (-0.1, 5, 5), (math.nan, 5, 5)])
def test_what_is_no_distance_is_refused(bad: tuple[float, int, int]) -> None:
    with pytest.raises(ValueError, match="needs rows"):
        ks_p_value(*bad)
