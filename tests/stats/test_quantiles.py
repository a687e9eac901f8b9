"""Order-statistic bounds of a quantile against scipy's binomial, and how often they hold."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.stats import binom

from gates.stats.quantiles import (
    QuantileInterval,
    _binomial_cdf,
    least_samples,
    quantile_interval,
    quantile_ratio,
)

SAMPLES = hnp.arrays(np.float64, st.integers(1, 400), elements=st.floats(-1e6, 1e6))
Q = st.sampled_from([0.01, 0.5, 0.9, 0.95, 0.99, 0.999]) | st.floats(0.001, 0.999)


def test_299_samples_are_the_least_for_a_p99() -> None:
    assert least_samples(0.99) == 299
    assert quantile_interval(np.arange(298), 0.99).high is None
    assert quantile_interval(np.arange(299), 0.99).high == 298


@pytest.mark.parametrize(
    ("q", "confidence", "least"), [(0.5, 0.95, 5), (0.9, 0.95, 29), (0.95, 0.95, 59), (0.99, 0.99, 459)]
)
def test_least_samples_are_the_known_ones(q: float, confidence: float, least: int) -> None:
    assert least_samples(q, confidence) == least
    assert 1 - q**least >= confidence > 1 - q ** (least - 1)


def test_lower_bound_needs_enough_samples_too() -> None:
    assert quantile_interval(np.arange(298), 0.01).low is None
    assert quantile_interval(np.arange(299), 0.01).low == 0


def test_one_sample_bounds_a_p99_from_below_only() -> None:
    assert quantile_interval([7.0], 0.99) == QuantileInterval(7.0, 7.0, None, 1)


@given(st.integers(1, 3000), Q)
def test_binomial_is_that_of_scipy(n: int, q: float) -> None:
    np.testing.assert_allclose(_binomial_cdf(n, q), binom.cdf(np.arange(n + 1), n, q), rtol=0, atol=1e-12)


@pytest.mark.parametrize("q", [0.001, 0.5, 0.99, 0.9999])
def test_binomial_stays_exact_at_100_000_samples(q: float) -> None:
    n = 100_000
    np.testing.assert_allclose(_binomial_cdf(n, q), binom.cdf(np.arange(n + 1), n, q), rtol=0, atol=1e-11)


@given(st.integers(1, 3000), Q, st.sampled_from([0.8, 0.95, 0.99]))
def test_bounds_are_the_tightest_order_statistics_that_hold(n: int, q: float, confidence: float) -> None:
    result = quantile_interval(np.arange(1, n + 1), q, confidence)
    ranks = np.arange(1, n + 1)
    above, below = binom.cdf(ranks - 1, n, q), binom.sf(ranks - 1, n, q)
    for bound, holds, pick in ((result.high, above, min), (result.low, below, max)):
        if np.abs(holds - confidence).min() > 1e-12:  # else rounding decides
            enough = ranks[holds >= confidence]
            assert bound == (pick(enough) if enough.size else None)


@given(SAMPLES, Q)
def test_figures_are_samples_in_order(samples: np.ndarray, q: float) -> None:
    result = quantile_interval(samples, q)
    figures = [f for f in (result.low, result.estimate, result.high) if f is not None]
    assert figures == sorted(figures)
    assert set(figures) <= set(samples.tolist())
    assert result.n == samples.size


@given(SAMPLES, Q, st.randoms(use_true_random=False))
def test_order_of_samples_does_not_matter(samples: np.ndarray, q: float, random: Any) -> None:  # noqa: ANN401 - hypothesis gives it
    shuffled = samples.tolist()
    random.shuffle(shuffled)
    assert quantile_interval(shuffled, q) == quantile_interval(samples, q)


@given(SAMPLES, st.sampled_from([0.125, 0.25, 0.5, 0.75]))
def test_mirrored_samples_mirror_the_bounds(samples: np.ndarray, q: float) -> None:
    one, other = quantile_interval(samples, q), quantile_interval(-samples, 1 - q)
    assert one.low == (None if other.high is None else -other.high)
    assert one.high == (None if other.low is None else -other.low)


def test_estimate_is_that_of_numpy_without_interpolation() -> None:
    samples = np.random.default_rng(1).gamma(2, size=1000)
    assert quantile_interval(samples, 0.99).estimate == np.quantile(samples, 0.99, method="inverted_cdf")


def test_upper_bound_holds_as_often_as_it_says() -> None:
    """Of 2,000 sets of 500 uniform samples at least 95 %, less four standard errors, bound the true p99."""
    rng = np.random.default_rng(3)
    bounds = [quantile_interval(rng.random(500), 0.99).high for _ in range(2000)]
    assert np.mean([bound is not None and bound >= 0.99 for bound in bounds]) >= 0.93


def test_samples_of_100_000_have_tight_bounds() -> None:
    result = quantile_interval(np.arange(100_000), 0.99)
    assert result == QuantileInterval(98_999.0, 98_947.0, 99_051.0, 100_000)


@pytest.mark.parametrize("samples", [[], [1.0, math.nan], [1.0, math.inf], [[1.0], [2.0]], ["1"]])
def test_samples_that_are_no_numbers_are_refused(samples: list[Any]) -> None:
    with pytest.raises(ValueError, match="samples"):
        quantile_interval(samples, 0.5)


@pytest.mark.parametrize("q", [0.0, 1.0, 99.0, -0.1, math.nan])
def test_q_outside_zero_to_one_is_refused(q: float) -> None:
    with pytest.raises(ValueError, match="q must lie"):
        quantile_interval([1.0, 2.0], q)


# ---------------------------------------------------------------- the ratio of two


def test_the_ratio_of_a_quantile_to_itself_is_one() -> None:
    """With an interval around it."""
    samples = np.random.default_rng(1).lognormal(size=2000)
    ratio = quantile_ratio(samples, samples, 0.99)
    assert ratio is not None
    assert ratio.estimate == 1.0
    assert ratio.low < 1.0 < ratio.high


def test_a_ratio_turned_over_is_its_inverse() -> None:
    """Bounds change places."""
    rng = np.random.default_rng(2)
    a, b = rng.lognormal(size=900), rng.lognormal(0.2, size=1200)
    one, other = quantile_ratio(a, b, 0.99), quantile_ratio(b, a, 0.99)
    assert one is not None
    assert other is not None
    turned = (1 / other.estimate, 1 / other.high, 1 / other.low)
    assert (one.estimate, one.low, one.high) == pytest.approx(turned)


def test_the_ratio_holds_the_true_one_as_often_as_it_says() -> None:
    """Two p99s of lognormal samples, the second 1.2 times the first: 500 sets, a fixed seed."""
    rng = np.random.default_rng(3)
    held = 0
    for _ in range(500):
        found = quantile_ratio(1.2 * rng.lognormal(0, 0.3, 1500), rng.lognormal(0, 0.3, 1500), 0.99)
        assert found is not None
        held += found.low <= 1.2 <= found.high
    assert 0.93 <= held / 500 <= 0.975


@pytest.mark.parametrize(("n", "known"), [(368, True), (367, False)])
def test_too_few_samples_bound_no_ratio(n: int, known: bool) -> None:  # noqa: FBT001 - a column of the table
    """A two-sided interval of a p99 needs 368: 0.99 ** 368 is the first below 2.5 %."""
    rng = np.random.default_rng(4)
    assert (quantile_ratio(rng.lognormal(size=n), rng.lognormal(size=2000), 0.99) is not None) is known


def test_nothing_and_zero_have_no_ratio() -> None:
    """Never a division by zero."""
    many = np.ones(500)
    assert quantile_ratio([], many, 0.99) is None
    assert quantile_ratio(many, [], 0.99) is None
    assert quantile_ratio(many, np.zeros(500), 0.99) is None
