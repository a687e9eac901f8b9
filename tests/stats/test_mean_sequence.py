"""The confidence sequence of a mean: its formula, and its promise over all looks."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gates.stats.mean_sequence import mean_sequence


def test_the_bounds_are_those_of_the_formula() -> None:
    """Theorem 2 of the paper, one value at a time."""
    x = [0.2, 0.9, 0.4, 0.4, 1.0, 0.0, 0.3]
    staked = paid = costs = 0.0
    seen: list[float] = []
    found = mean_sequence(x, 0.0, 1.0)
    mean, variance = 0.5, 0.25
    squares = 0.25
    for t, value in enumerate(x, start=1):
        bet = min(math.sqrt(2 * math.log(40) / (variance * t * math.log(t + 1))), 0.5)
        costs += 4 * (value - mean) ** 2 * (-math.log(1 - bet) - bet) / 4
        staked, paid = staked + bet, paid + bet * value
        seen.append(value)
        mean = (0.5 + sum(seen)) / (t + 1)
        squares += (value - mean) ** 2
        variance = squares / (t + 1)
        half = (math.log(40) + costs) / staked
        assert found.low[t - 1] == pytest.approx(max(paid / staked - half, 0.0), abs=1e-12)
        assert found.high[t - 1] == pytest.approx(min(paid / staked + half, 1.0), abs=1e-12)


@pytest.mark.parametrize(("a", "b"), [(0.5, 4.5), (10.0, 10.0), (0.1, 0.1)])
def test_all_looks_at_once_hold_the_mean(a: float, b: float) -> None:
    """5 % of 400 runs are 20; the sequence is known to be cautious."""
    rng = np.random.default_rng(3)
    missed = 0
    for _ in range(400):
        found = mean_sequence(rng.beta(a, b, 500), 0.0, 1.0)
        mean = a / (a + b)
        missed += bool((found.low > mean).any() or (found.high < mean).any())
    assert missed <= 32


def test_the_bounds_close_in() -> None:
    found = mean_sequence(np.random.default_rng(4).beta(10, 10, 20_000), 0.0, 1.0)
    assert found.high[-1] - found.low[-1] < 0.01
    assert found.low[-1] < 0.5 < found.high[-1]


@given(st.lists(st.floats(-5, 20), min_size=1, max_size=40), st.floats(0.5, 0.99))
def test_another_unit_gives_the_same_bounds(values: list[float], confidence: float) -> None:
    unit = mean_sequence([(each + 5) / 25 for each in values], 0.0, 1.0, confidence)
    found = mean_sequence(values, -5.0, 20.0, confidence)
    assert found.low == pytest.approx(25 * unit.low - 5, abs=1e-9)
    assert found.high == pytest.approx(25 * unit.high - 5, abs=1e-9)
    assert (found.low <= found.high).all()


@pytest.mark.parametrize(
    ("values", "lowest", "highest"),
    [([], 0, 1), ([0.5, math.nan], 0, 1), ([2.0], 0, 1), ([0.5], 1, 1), ([0.5], 0, math.inf), (["a"], 0, 1)],
)
def test_what_has_no_bounded_mean_is_refused(values: list[float], lowest: float, highest: float) -> None:
    with pytest.raises(ValueError, match=r"values|limits"):
        mean_sequence(values, lowest, highest)
