"""Proportions, differences and ratios against published intervals, scipy, and a plain score test."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq, minimize_scalar
from scipy.stats import binomtest, chi2_contingency

from gates.stats.interval import two_sided_z
from gates.stats.proportions import (
    equal_proportions,
    koopman_low,
    newcombe,
    newcombe_bounds,
    ratio,
    wilson,
    wilson_bounds,
)

FIGURES: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "reference" / "figures.json").read_text(encoding="utf-8")
)
SHARE = st.integers(1, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@pytest.mark.parametrize("row", FIGURES["wilson"]["rows"])
def test_wilson_is_the_published_interval(row: dict[str, Any]) -> None:
    interval = wilson(row["k"], row["n"])
    assert (interval.low, interval.high) == pytest.approx((row["low"], row["high"]), abs=5e-5)
    assert interval.estimate == row["k"] / row["n"]


@given(st.integers(1, 10**6), st.data(), st.floats(0.5, 0.999))
def test_wilson_is_that_of_scipy(n: int, data: st.DataObject, confidence: float) -> None:
    k = data.draw(st.integers(0, n))
    expected = binomtest(k, n).proportion_ci(confidence, method="wilson")
    interval = wilson(k, n, confidence)
    assert (interval.low, interval.high) == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert 0.0 <= interval.low <= interval.estimate <= interval.high <= 1.0


@given(st.integers(1, 1000), st.data())
def test_wilson_of_the_failures_is_the_mirror_image(n: int, data: st.DataObject) -> None:
    k = data.draw(st.integers(0, n))
    one, other = wilson(k, n), wilson(n - k, n)
    assert (one.low, one.high) == pytest.approx((1 - other.high, 1 - other.low), abs=1e-12)


@given(st.integers(1, 10**6))
def test_wilson_of_none_and_of_all_ends_exactly_at_zero_and_one(n: int) -> None:
    assert wilson(0, n).low == 0.0
    assert wilson(n, n).high == 1.0


@pytest.mark.parametrize(("k", "n"), [(0, 0), (-1, 5), (6, 5)])
def test_wilson_of_no_proportion_is_refused(k: int, n: int) -> None:
    with pytest.raises(ValueError, match="proportion"):
        wilson(k, n)


# ---------------------------------------------------------------- differences


@pytest.mark.parametrize("row", FIGURES["newcombe"]["rows"])
def test_newcombe_is_the_published_interval(row: dict[str, Any]) -> None:
    interval = newcombe(*row["counts"])
    assert (interval.low, interval.high) == pytest.approx((row["low"], row["high"]), abs=5e-5)


@given(SHARE, SHARE)
def test_newcombe_turned_round_is_the_mirror_image(one: tuple[int, int], other: tuple[int, int]) -> None:
    here, there = newcombe(*one, *other), newcombe(*other, *one)
    assert (here.low, here.high) == pytest.approx((-there.high, -there.low), abs=1e-12)
    assert -1.0 <= here.low <= here.estimate <= here.high <= 1.0


@given(SHARE)
def test_newcombe_of_many_rows_is_normal(share: tuple[int, int]) -> None:
    k, n = share[0] * 10**5 + 5 * 10**4, share[1] * 10**5 + 10**5
    interval = newcombe(k, n, k, n)
    spread = math.sqrt(2 * (k / n) * (1 - k / n) / n)
    assert interval.high == pytest.approx(two_sided_z(0.95) * spread, rel=0.01)


# ---------------------------------------------------------------- ratios


def test_ratio_is_the_published_interval() -> None:
    """36 of 40 against 16 of 80."""
    row = FIGURES["koopman"]
    interval = ratio(*row["counts"])
    assert interval is not None
    assert interval.estimate == pytest.approx(4.5)
    assert (interval.low, interval.high) == pytest.approx((row["low"], row["high"]), abs=5e-3)


def score(phi: float, k: int, n: int, other_k: int, other_n: int) -> float:
    """Give the score statistic of a ratio, its nuisance proportion found by search, not by formula."""

    def minus_log_likelihood(other: float) -> float:
        one = phi * other
        return -float(
            k * math.log(one)
            + (n - k) * math.log1p(-one)
            + other_k * math.log(other)
            + (other_n - other_k) * math.log1p(-other)
        )

    most = min(1.0, 1.0 / phi) - 1e-12
    other = minimize_scalar(
        minus_log_likelihood, bounds=(1e-12, most), method="bounded", options={"xatol": 1e-13}
    ).x
    one = phi * other
    variance = one * (1 - one) / n + phi**2 * other * (1 - other) / other_n
    return float((k / n - phi * other_k / other_n) ** 2 / variance)


@pytest.mark.parametrize(
    "counts", [(12, 1000, 30, 1000), (3, 20, 5, 31), (150, 300, 119, 300), (1, 50, 9, 60), (39, 40, 77, 80)]
)
def test_bounds_of_a_ratio_are_those_that_a_score_test_does_not_reject(
    counts: tuple[int, int, int, int],
) -> None:
    interval = ratio(*counts)
    assert interval is not None
    z = two_sided_z(0.95)
    found = [
        brentq(lambda log: score(math.exp(log), *counts) - z * z, math.log(interval.estimate), far)
        for far in (math.log(interval.estimate) - 5, math.log(interval.estimate) + 5)
    ]
    assert (interval.low, interval.high) == pytest.approx(np.exp(found), rel=1e-5)


@given(SHARE, SHARE, st.floats(0.5, 0.99))
def test_a_ratio_turned_round_is_the_inverse(
    one: tuple[int, int], other: tuple[int, int], confidence: float
) -> None:
    here, there = ratio(*one, *other, confidence), ratio(*other, *one, confidence)
    assert (here is None) == (other[0] == 0)
    if here is not None:
        assert 0.0 <= here.low <= here.estimate * (1 + 1e-9)
        assert here.estimate * (1 - 1e-9) <= here.high < math.inf
        assert (here.low == 0.0) == (one[0] == 0)
    if here is not None and there is not None:
        assert (here.low, here.high) == pytest.approx((1 / there.high, 1 / there.low), rel=1e-9)


def test_many_bounds_at_once_are_those_of_each() -> None:
    rng = np.random.default_rng(6)
    n, other_n = rng.integers(1, 200, 40), rng.integers(1, 200, 40)
    k, other_k = rng.binomial(n, 0.3), rng.binomial(other_n, 0.2)
    low, high = newcombe_bounds(k, n, other_k, other_n, 1.96)
    wilsons, ratios = wilson_bounds(k, n, 1.96), koopman_low(k, n, other_k, other_n, 1.96)
    for place, row in enumerate(zip(k, n, other_k, other_n, strict=True)):
        a, m, b, o = (int(each) for each in row)
        assert newcombe_bounds([a], [m], [b], [o], 1.96) == (low[place], high[place])
        assert wilson_bounds([a], [m], 1.96) == (wilsons[0][place], wilsons[1][place])
        assert koopman_low([a], [m], [b], [o], 1.96)[0] == pytest.approx(ratios[place], rel=1e-9)


# ---------------------------------------------------------------- equal proportions


def test_the_p_value_of_two_proportions_is_that_of_prop_test() -> None:
    """12 of 1000 against 30 of 1000, as R prints it."""
    assert equal_proportions([12, 30], [1000, 1000]) == pytest.approx(0.00802202, abs=5e-9)


@given(st.lists(SHARE, min_size=2, max_size=6))
def test_the_p_value_is_that_of_scipy(shares: list[tuple[int, int]]) -> None:
    k, n = [share[0] for share in shares], [share[1] for share in shares]
    found = equal_proportions(k, n)
    if sum(k) in {0, sum(n)}:
        assert found == 1.0
    else:
        table = [k, [rows - counted for counted, rows in shares]]
        assert found == pytest.approx(chi2_contingency(table).pvalue, rel=1e-9)
    assert equal_proportions(k[::-1], n[::-1]) == pytest.approx(found)


def test_fewer_than_two_groups_have_no_p_value() -> None:
    assert equal_proportions([3], [9]) is None
    assert equal_proportions([], []) is None


@pytest.mark.parametrize("counts", [(0, 0, 1, 2), (1, 2, 3, 2), (-1, 2, 1, 2)])
def test_what_is_no_proportion_is_refused(counts: tuple[int, int, int, int]) -> None:
    for of in (newcombe, ratio):
        with pytest.raises(ValueError, match="proportion"):
            of(*counts)
    with pytest.raises(ValueError, match="proportion"):
        equal_proportions(counts[::2], counts[1::2])
    with pytest.raises(ValueError, match="shape"):
        equal_proportions([1, 2], [3])
