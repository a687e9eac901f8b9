"""The sequential comparison of two arms: fair bets, and an error that holds over all looks."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, hypergeom

from gates.stats.sequential import Arm, _log_bets, log_evidence, rate_difference
from gates.stats.thinning import thinned

ALARM = math.log(20.0)
SHARES = st.integers(0, 100).map(lambda percent: percent / 100)


def arm(requests: list[int] | int, events: list[int]) -> Arm:
    counts = requests if isinstance(requests, list) else [requests] * len(events)
    return Arm(np.array(counts, dtype=np.int64), np.array(events, dtype=np.int64))


def drawn(rng: np.random.Generator, requests: int, rate: float, blocks: int, variation: float = 0.0) -> Arm:
    """Draw an arm whose rate in each block varies by a gamma factor of mean 1."""
    factor = rng.gamma(1 / variation**2, variation**2, blocks) if variation else np.ones(blocks)
    return Arm(np.full(blocks, requests), rng.binomial(requests, np.minimum(rate * factor, 1.0)))


# ---------------------------------------------------------------- samples


@given(st.integers(1, 300), st.data())
def test_a_sample_is_hypergeometric(requests: int, data: st.DataObject) -> None:
    events, size = data.draw(st.integers(0, requests)), data.draw(st.integers(0, requests))
    found = thinned(events, requests, size)
    counts = found.first + np.arange(found.probabilities.size)
    expected = hypergeom.pmf(counts, requests, events, size)
    assert found.probabilities == pytest.approx(expected, abs=1e-12)
    assert expected.sum() == pytest.approx(1.0, abs=1e-12)


def test_a_sample_of_many_requests_is_hypergeometric() -> None:
    found = thinned(20_000, 2_000_000, 5_000)
    counts = found.first + np.arange(found.probabilities.size)
    assert found.probabilities == pytest.approx(hypergeom.pmf(counts, 2_000_000, 20_000, 5_000), abs=1e-10)


@given(st.integers(1, 40), SHARES, SHARES, st.data())
def test_what_is_turned_into_events_raises_the_rate(
    size: int, extra: float, rate: float, data: st.DataObject
) -> None:
    """Summed over what a binomial arm counts, the sample's count is binomial at p + extra (1 - p)."""
    requests = size + data.draw(st.integers(0, 20))
    total = np.zeros(size + 1)
    for events in range(requests + 1):
        found = thinned(events, requests, size, extra)
        places = slice(found.first, found.first + found.probabilities.size)
        total[places] += binom.pmf(events, requests, rate) * found.probabilities
    assert total == pytest.approx(binom.pmf(np.arange(size + 1), size, rate + extra * (1 - rate)), abs=1e-9)


@pytest.mark.parametrize("call", [(3, 2, 1), (1, 2, 3), (-1, 2, 1)])
def test_a_sample_that_cannot_be_is_refused(call: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="no sample"):
        thinned(*call)


def test_a_chance_beyond_one_is_refused() -> None:
    with pytest.raises(ValueError, match="probability"):
        thinned(1, 2, 2, 1.5)


# ---------------------------------------------------------------- the bet


@settings(max_examples=40)
@given(st.integers(1, 16), st.integers(1, 16), st.floats(0.01, 0.99), st.floats(0, 0.9), st.data())
def test_every_bet_is_fair_under_no_difference(
    one: int, other: int, rate: float, margin: float, data: st.DataObject
) -> None:
    """Its expectation over all counts of a block is 1, at the rate of the other plus the margin."""
    size = data.draw(st.integers(0, min(one, other)))
    mine = rate + margin * (1 - rate)
    expected = np.zeros(3)
    for k in range(one + 1):
        for j in range(other + 1):
            chance = binom.pmf(k, one, mine) * binom.pmf(j, other, rate)
            expected += chance * np.exp(_log_bets(k, one, j, other, size, margin))
    assert expected == pytest.approx(np.ones(3), abs=1e-6)


@given(st.integers(0, 30), st.integers(0, 30), st.floats(-1, 1))
def test_no_block_more_than_doubles_the_evidence(k: int, j: int, margin: float) -> None:
    assert (_log_bets(k, 30, j, 30, 30, margin) <= math.log(2.0) + 1e-12).all()


@given(st.integers(0, 30), st.integers(0, 60))
def test_more_events_are_more_evidence(k: int, j: int) -> None:
    here = _log_bets(k, 31, j, 61, 31, 0.0)
    assert (_log_bets(k + 1, 31, j, 61, 31, 0.0) >= here - 1e-12).all()
    assert (_log_bets(k, 31, j + 1, 61, 31, 0.0) <= here + 1e-12).all()
    assert (_log_bets(k, 31, j, 61, 31, 0.05) <= here + 1e-12).all()
    assert (_log_bets(k, 31, j, 61, 31, -0.05) >= here - 1e-12).all()


def test_the_evidence_is_the_mixture_of_the_bets() -> None:
    """Against the naive product, with a block in which an arm has no requests."""
    one, other = arm([10, 0, 12, 9], [3, 0, 1, 4]), arm([90, 80, 0, 85], [1, 2, 0, 0])
    weights, expected = np.array([0.08, 0.17, 0.75]), []
    for looks in range(1, 5):
        wealth = np.ones(3)
        for place in range(looks):
            k, r = int(one.events[place]), int(one.requests[place])
            j, s = int(other.events[place]), int(other.requests[place])
            size = min(r, s)
            if size == 0:
                continue
            chances = hypergeom.pmf(np.arange(size + 1), s, j, size)
            tilts = np.array([1.5, 3.0, 100.0])
            wealth *= sum(
                c * 2 / (1 + tilts ** -(k - float(each))) for each, c in enumerate(chances.tolist())
            )
        expected.append(math.log(float(weights @ wealth)))
    assert log_evidence(one, other) == pytest.approx(np.array(expected), abs=1e-12)


# ---------------------------------------------------------------- the promise


@pytest.mark.parametrize("variation", [0.0, 1.0])
def test_the_error_holds_over_480_looks(variation: float) -> None:
    """Equal rates, steady or with bursts in either arm: 5 % of 300 runs are 15, and four errors above 30."""
    rng = np.random.default_rng(11)
    alarms = sum(
        log_evidence(drawn(rng, 20, 0.02, 480, variation), drawn(rng, 60, 0.02, 480, variation)).max()
        >= ALARM
        for _ in range(300)
    )
    assert alarms <= 30


def test_a_rate_three_times_as_high_is_found() -> None:
    """The oracle that knows both rates needs 30 blocks of 10 and 90 requests on the average."""
    rng = np.random.default_rng(12)
    looks = []
    for _ in range(60):
        evidence = log_evidence(drawn(rng, 10, 0.03, 400), drawn(rng, 90, 0.01, 400))
        looks.append(int(np.argmax(evidence >= ALARM)) + 1)
        assert evidence.max() >= ALARM
    assert np.mean(looks) < 30 * 1.7


def test_five_blocks_convict_an_arm_that_always_fails() -> None:
    evidence = log_evidence(arm(100, [100] * 5), arm(900, [0] * 5))
    assert evidence[3] < ALARM <= evidence[4]
    assert evidence == pytest.approx(np.arange(1, 6) * math.log(2.0))


def test_rare_events_of_much_traffic_are_not_thinned_away() -> None:
    """1 in 10,000 and 1 in 1,000 of 100,000 requests differ plainly: ten blocks are enough."""
    rng = np.random.default_rng(15)
    evidence = log_evidence(drawn(rng, 100_000, 0.001, 12), drawn(rng, 900_000, 0.0001, 12))
    assert (evidence[:9] >= ALARM).any()


def test_the_size_of_a_sample_does_not_look_at_its_own_block() -> None:
    """Whatever the last block holds, all that came before it stays."""
    before = log_evidence(arm(5_000, [40] * 6), arm(90_000, [700] * 6))
    for last in (0, 5_000):
        evidence = log_evidence(arm(5_000, [40] * 6 + [last]), arm(90_000, [700] * 7))
        assert evidence[:6].tolist() == before.tolist()


def test_one_burst_convicts_nobody() -> None:
    assert log_evidence(arm(100, [0, 0, 100, 0]), arm(900, [5, 5, 5, 5])).max() < math.log(2.0)


# ---------------------------------------------------------------- bounds


def test_bounds_are_the_margins_that_are_refuted() -> None:
    rng = np.random.default_rng(13)
    one, other = drawn(rng, 50, 0.08, 40), drawn(rng, 200, 0.02, 40)
    found = rate_difference(one, other)
    assert found is not None
    step = 2.0**-16
    assert (
        log_evidence(one, other, found.low).max() >= ALARM > log_evidence(one, other, found.low + step).max()
    )
    assert (
        log_evidence(other, one, -found.high)[-1] >= ALARM > log_evidence(other, one, step - found.high)[-1]
    )
    assert 0.0 < found.low < found.estimate < found.high


def test_the_estimate_weighs_blocks_as_mantel_and_haenszel_do() -> None:
    """A ramp from 1 % to 50 % of the traffic while both rates rise is no difference."""
    one, other = arm([10, 500], [0, 50]), arm([1_000, 500], [0, 50])
    found = rate_difference(one, other)
    assert found is not None
    assert found.estimate == 0.0
    uneven = rate_difference(arm([100, 300], [10, 15]), arm([300, 300], [15, 6]))
    assert uneven is not None
    assert uneven.estimate == pytest.approx((75 * 0.05 + 150 * 0.03) / 225)


@settings(max_examples=40)
@given(st.lists(st.tuples(*[st.integers(0, 12)] * 4), max_size=12))
def test_bounds_hold_the_estimate_and_mirror(blocks: list[tuple[int, int, int, int]]) -> None:
    one = arm([a + b for a, b, _, _ in blocks], [a for a, _, _, _ in blocks])
    other = arm([c + d for _, _, c, d in blocks], [c for _, _, c, _ in blocks])
    found, turned = rate_difference(one, other), rate_difference(other, one)
    assert (found is None) == (turned is None) == (not any(a + b and c + d for a, b, c, d in blocks))
    if found is not None and turned is not None:
        assert -1.0 <= found.low <= found.estimate <= found.high <= 1.0
        assert turned.estimate == -found.estimate


def test_a_stricter_error_gives_a_wider_interval() -> None:
    one, other = arm(50, [4] * 30), arm(200, [4] * 30)
    usual = rate_difference(one, other)
    strict = rate_difference(one, other, low_error=0.01, high_error=0.01)
    assert usual is not None
    assert strict is not None
    assert strict.low < usual.low <= usual.high < strict.high


def test_no_traffic_has_no_difference() -> None:
    assert rate_difference(arm(0, [0, 0]), arm(10, [1, 1])) is None
    assert rate_difference(arm([], []), arm([], [])) is None
    assert log_evidence(arm([], []), arm([], [])).shape == (0,)


def test_no_events_at_all_become_sure_of_little_difference() -> None:
    found = rate_difference(arm(100, [0] * 60), arm(900, [0] * 60))
    assert found is not None
    assert found.estimate == 0.0
    assert -0.01 < found.low < 0.0 < found.high < 0.01


@pytest.mark.parametrize(
    ("requests", "events"), [([5], [6]), ([5], [-1]), ([5, 5], [1]), ([5.0], [1.0]), ([[5]], [[1]])]
)
def test_counts_that_cannot_be_are_refused(requests: list[int], events: list[int]) -> None:
    with pytest.raises(ValueError, match=r"requests|events"):
        Arm(np.array(requests), np.array(events))


def test_arguments_out_of_range_are_refused() -> None:
    one, two = arm(5, [1]), arm(5, [1, 1])
    with pytest.raises(ValueError, match="blocks"):
        log_evidence(one, two)
    with pytest.raises(ValueError, match="blocks"):
        rate_difference(one, two)
    with pytest.raises(ValueError, match="margin"):
        log_evidence(one, one, 1.5)
    with pytest.raises(ValueError, match="error"):
        rate_difference(one, one, low_error=0.0)
