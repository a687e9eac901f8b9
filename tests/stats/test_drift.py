"""What changed between two profiles: sizes and p-values against scipy, plain loops and chance."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

from gates.stats.drift import Effect, compare
from gates.stats.profile import Categories, Numbers, Other, summarise_numbers

WHOLE = hnp.arrays(np.int64, st.integers(1, 60), elements=st.integers(-50, 50))
RNG = np.random.default_rng(11)
NORMAL = RNG.normal(10, 3, 1000)


def numbers(values: np.ndarray, nulls: int = 0) -> Numbers:
    return summarise_numbers(np.asarray(values), nulls)


def texts(values: list[str], nulls: int = 0) -> Categories:
    return Categories(len(values) + nulls, nulls, {each: values.count(each) for each in values})


def sizes(reference: np.ndarray, live: np.ndarray) -> dict[str, float]:
    return {name: effect.size for name, effect in compare(numbers(reference), numbers(live)).items()}


# ---------------------------------------------------------------- numbers


@given(WHOLE, WHOLE)
def test_ks_of_whole_numbers_is_that_of_scipy(reference: np.ndarray, live: np.ndarray) -> None:
    """Exact where every value has a cell of its own."""
    with np.errstate(divide="ignore"):
        expected = stats.ks_2samp(reference, live, method="asymp").statistic
    assert sizes(reference, live)["ks"] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("shift", [0.0, 0.1, 1.0])
def test_ks_of_cells_is_never_too_large_and_little_too_small(shift: float) -> None:
    one, other = RNG.normal(0, 1, 30_000), RNG.normal(shift, 1, 30_000)
    exact = float(stats.ks_2samp(one, other, method="asymp").statistic)
    assert exact - 0.004 <= sizes(one, other)["ks"] <= exact + 1e-12


def test_psi_is_taken_over_the_deciles_of_the_reference() -> None:
    """As by hand, less the bias of ten cells."""
    reference, live = RNG.permutation(1000), RNG.integers(0, 700, 1000)
    edges = np.arange(99, 900, 100)
    p, q = (np.bincount(np.searchsorted(edges, each), minlength=10) for each in (reference, live))
    assert p.tolist() == [100] * 10
    kept = np.append(q[:7], [0.5, 0.5, 0.5]) / (q[:7].sum() + 1.5)
    by_hand = float(((kept - 0.1) * np.log(kept / 0.1)).sum())
    assert sizes(reference, live)["psi"] == pytest.approx(by_hand - 9 * 0.002, abs=1e-9)


def test_few_values_are_cells_of_their_own() -> None:
    """Zeros and ones have two cells, however they are shared out."""
    reference, live = np.repeat([0, 1], [730, 270]), np.repeat([0, 1], [500, 500])
    by_hand = (0.5 - 0.73) * math.log(0.5 / 0.73) + (0.5 - 0.27) * math.log(0.5 / 0.27)
    assert sizes(reference, live)["psi"] == pytest.approx(by_hand - 0.002, abs=1e-9)


def test_a_shift_too_small_to_matter_is_small_however_many_rows_there_are() -> None:
    """.005 standard deviations at 1 M rows: KS is sure of it, and it is nothing."""
    one, other = (
        np.random.default_rng(seed).normal(shift, 1, 1_000_000) for seed, shift in ((1, 0), (2, 0.005))
    )
    found = compare(numbers(one), numbers(other))
    assert found["ks"].p_value < 0.001
    assert found["ks"].size < 0.01
    assert found["psi"].size < 0.001


def test_a_shift_is_as_large_as_theory_says() -> None:
    """Of a standard deviation: PSI about 1 (over deciles a little less), KS 2 Phi(1/2) - 1."""
    one, other = RNG.normal(0, 1, 50_000), RNG.normal(1, 1, 50_000)
    assert 0.85 <= sizes(one, other)["psi"] <= 1.0
    assert sizes(one, other)["ks"] == pytest.approx(0.3829, abs=0.015)


def exactly_outside(n: int, m: int, k: int) -> float:
    """Go through every order of n live and m reference rows: in how many lie k or more live ones outside?"""
    orders = [each for each in product((0, 1), repeat=n + m) if sum(each) == m]

    def outside(order: tuple[int, ...]) -> int:
        first, last = order.index(1), n + m - 1 - order[::-1].index(1)
        return order[:first].count(0) + order[last:].count(0)

    return sum(outside(order) >= k for order in orders) / len(orders)


@pytest.mark.parametrize(("n", "m"), [(3, 2), (5, 4), (4, 6), (6, 1), (1, 1)])
def test_chance_of_numbers_out_of_range_is_exact(n: int, m: int) -> None:
    for k in range(1, n + 1):
        live = np.append(np.full(n - k, 50.0), np.linspace(200, 300, k))
        reference = np.linspace(50.0, 51.0, m) if m > 1 else np.array([50.0])
        effect = compare(numbers(reference), numbers(live))["range"]
        assert effect.p_value == pytest.approx(exactly_outside(n, m, k), rel=1e-9)
        assert effect.size == pytest.approx(max(k / n - 2 / (m + 1), 0.0))


def test_a_sentinel_is_out_of_range() -> None:
    ages = RNG.integers(18, 90, 1000)
    live = np.where(np.arange(1000) < 30, 999, RNG.permutation(ages))
    found = compare(numbers(ages), numbers(live))["range"]
    assert found.size == pytest.approx(0.03 - 2 / 1001)
    assert found.p_value < 1e-6


def test_an_infinity_that_the_reference_has_not_is_out_of_range() -> None:
    live = np.append(NORMAL[:900], [math.inf] * 100)
    assert sizes(NORMAL, live)["range"] == pytest.approx(0.1 - 2 / 1001)
    assert sizes(live, live)["range"] == 0.0


@pytest.mark.parametrize("factor", [100.0, 0.001, 1.609, 1 / 2.54, 60.0])
@pytest.mark.parametrize("shape", ["normal", "exponential", "far from zero", "two values", "about zero"])
def test_a_changed_unit_is_told_by_its_factor(factor: float, shape: str) -> None:
    rng = np.random.default_rng(3)
    draws = {
        "normal": rng.normal(10, 3, 4000),
        "exponential": rng.exponential(2, 4000),
        "far from zero": rng.normal(290, 5, 4000),
        "two values": rng.integers(0, 2, 4000) * 5.0,
        "about zero": rng.normal(0, 1, 4000),
    }[shape]
    found = sizes(draws[:2000], draws[2000:] * factor)["scale"]
    assert found == pytest.approx(max(factor, 1 / factor), rel=0.12)


@pytest.mark.parametrize("live", [NORMAL + 30, NORMAL**2, -NORMAL, np.full(1000, 3.0), NORMAL[::-1]])
def test_what_is_no_change_of_unit_has_no_factor(live: np.ndarray) -> None:
    assert sizes(NORMAL, live)["scale"] == pytest.approx(1.0, abs=0.001)


def test_a_column_that_stands_still_is_told_where_it_varied() -> None:
    assert sizes(NORMAL, np.full(500, 10.0))["constant"] == 1.0
    assert sizes(NORMAL, NORMAL)["constant"] == 0.0
    assert "constant" not in sizes(np.full(500, 1.0), np.full(500, 1.0))


def test_a_rare_value_that_stays_away_is_no_constant() -> None:
    """One in 500 is missing among 500 in every third sample."""
    rare = np.repeat([0, 1], [998, 2])
    assert "constant" not in sizes(rare, np.zeros(500))
    assert "constant" in sizes(rare, np.zeros(50_000))


def test_a_constant_that_changes_is_drift() -> None:
    assert sizes(np.full(500, 5.0), np.full(500, 6.0))["psi"] > 5
    assert sizes(np.full(500, 5.0), np.full(500, 5.0))["psi"] == 0.0


# ---------------------------------------------------------------- nulls


def test_nulls_that_grow_are_told_and_those_that_shrink_are_not() -> None:
    few, many = numbers(NORMAL[:950], 50), numbers(NORMAL[:800], 200)
    grown = compare(few, many)["nulls"]
    assert grown.size == pytest.approx(0.15)
    table = [[50, 950], [200, 800]]
    assert grown.p_value == pytest.approx(stats.chi2_contingency(table, correction=False).pvalue, rel=1e-9)
    assert compare(many, few)["nulls"].size == 0.0


def test_nan_is_missing_as_null_is() -> None:
    spoilt = numbers(np.append(NORMAL[:800], [math.nan] * 200))
    assert compare(numbers(NORMAL), spoilt)["nulls"].size == pytest.approx(0.2)


@pytest.mark.parametrize("other", [numbers(np.zeros(0), 1000), numbers(np.full(1000, math.nan))])
def test_a_column_without_values_has_nulls_alone(other: Numbers) -> None:
    assert compare(numbers(NORMAL), other) == {"nulls": Effect(1.0, 0.0)}
    assert compare(other, numbers(NORMAL))["nulls"].size == 0.0
    assert set(compare(other, other)) == {"nulls"}


def test_no_rows_compare_with_nothing() -> None:
    assert compare(numbers(np.zeros(0)), numbers(NORMAL)) == {}
    assert compare(texts([]), texts(["a"])) == {}


# ---------------------------------------------------------------- categories


def test_psi_of_categories_is_that_of_their_counts() -> None:
    reference, live = texts(["a"] * 600 + ["b"] * 400), texts(["a"] * 300 + ["b"] * 700)
    by_hand = 0.3 * math.log(0.7 / 0.4) + 0.3 * math.log(0.6 / 0.3)
    effect = compare(reference, live)["psi"]
    assert effect.size == pytest.approx(by_hand - 0.002)
    table = [[600, 400], [300, 700]]
    assert effect.p_value == pytest.approx(stats.chi2_contingency(table, correction=False).pvalue, rel=1e-6)


def test_unseen_categories_are_counted_but_for_rare_ones() -> None:
    reference = texts(["a"] * 990 + [f"once {i}" for i in range(10)])
    live = texts(["a"] * 941 + ["new"] * 50 + ["few"] * 9)
    effect = compare(reference, live)["unseen"]
    assert effect.size == pytest.approx(0.05)
    assert effect.p_value == pytest.approx(13 * math.comb(1000, 50) / math.comb(2000, 50), rel=1e-6)
    assert compare(live, live)["unseen"] == Effect(0.0, 1.0)


def test_a_category_alone_is_constant_where_there_were_two() -> None:
    two, one = texts(["a"] * 500 + ["b"] * 500), texts(["a"] * 100)
    assert compare(two, one)["constant"].size == 1.0
    assert compare(two, two)["constant"].size == 0.0
    assert "constant" not in compare(one, one)


def test_too_many_categories_have_nulls_alone() -> None:
    assert set(compare(Categories(10, 0, None), texts(["a"]))) == {"nulls"}


# ---------------------------------------------------------------- kinds, chance


def test_two_kinds_cannot_be_compared() -> None:
    with pytest.raises(ValueError, match="two kinds"):
        compare(numbers(NORMAL), texts(["a"]))
    assert set(compare(Other(5, 1), Other(5, 2))) == {"nulls"}


def test_p_values_of_one_distribution_keep_their_level() -> None:
    """1,500 pairs of 500 rows, of numbers, categories with rare ones, nulls; five standard errors."""
    rng = np.random.default_rng(9)
    shares = np.append(np.full(5, 0.19), np.full(50, 0.001))
    names = [str(place) for place in range(shares.size)]
    small: dict[str, int] = {}
    for _ in range(1500):
        two = [numbers(rng.normal(0, 1, 500), int(rng.binomial(500, 0.1))) for _ in "ab"]
        dealt = [rng.multinomial(500, shares).tolist() for _ in "ab"]
        counted = [{name: n for name, n in zip(names, each, strict=True) if n} for each in dealt]
        other = [Categories(500, 0, each) for each in counted]
        for kind, found in (("numbers", compare(*two)), ("categories", compare(*other))):
            for name, effect in found.items():
                small[f"{kind} {name}"] = small.get(f"{kind} {name}", 0) + (effect.p_value <= 0.05)
    within = {name: count / 1500 for name, count in small.items() if "constant" not in name}
    assert max(within.values()) <= 0.08
    for name in ("numbers psi", "numbers ks", "numbers nulls", "categories psi"):
        assert within[name] >= 0.025
