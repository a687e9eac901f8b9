"""Intervals over groups: those of the pairs for two groups, wide enough for many, and they hold equality."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gates.stats.group_intervals import fairness_interval, no_difference, selection_rates
from gates.stats.group_rates import (
    FairnessMetric,
    GroupCounts,
    demographic_parity_difference,
    disparate_impact,
    equalized_odds_difference,
)
from gates.stats.proportions import equal_proportions, newcombe, ratio, wilson

if TYPE_CHECKING:
    from gates.stats.interval import Interval

METRICS = [disparate_impact, demographic_parity_difference, equalized_odds_difference]
CELLS = st.builds(GroupCounts, *[st.integers(0, 30)] * 4)
COUNTS = st.dictionaries(st.sampled_from("abcde"), CELLS, max_size=4)
APART = {"a": GroupCounts(30, 20, 50, 100), "b": GroupCounts(60, 60, 30, 50)}


def bounds(interval: Interval | None) -> tuple[float, float]:
    assert interval is not None
    return interval.low, interval.high


def test_of_two_groups_the_interval_is_that_of_their_pair() -> None:
    """50 of 200 against 120 of 200."""
    impact, apart = ratio(50, 200, 120, 200), newcombe(120, 200, 50, 200)
    assert bounds(fairness_interval(disparate_impact, APART)) == pytest.approx(bounds(impact))
    assert bounds(fairness_interval(demographic_parity_difference, APART)) == pytest.approx(bounds(apart))


def test_of_both_rates_the_larger_difference_counts() -> None:
    """The bound on the side of equality is that of half the error: there are two pairs."""
    found, wrongly = newcombe(60, 90, 30, 80), newcombe(60, 110, 20, 120)
    strict = newcombe(60, 110, 20, 120, 0.975)
    low, high = bounds(fairness_interval(equalized_odds_difference, APART))
    assert high == pytest.approx(max(found.high, wrongly.high))
    assert low == pytest.approx(strict.low)


@pytest.mark.parametrize("metric", METRICS)
def test_equal_groups_are_held(metric: FairnessMetric) -> None:
    """Where resampled rows would never show equality."""
    low, high = bounds(
        fairness_interval(metric, {"a": GroupCounts(20, 20, 30, 30), "b": GroupCounts(22, 21, 29, 28)})
    )
    assert (high == 1.0) if metric is disparate_impact else (low == 0.0)


@pytest.mark.parametrize("metric", METRICS)
@given(counts=COUNTS)
def test_intervals_hold_the_figure_within_zero_and_one(
    metric: FairnessMetric, counts: dict[str, GroupCounts]
) -> None:
    figure, interval = metric(counts), fairness_interval(metric, counts)
    assert (figure is None) == (interval is None)
    if interval is not None:
        assert interval.estimate == figure
        assert 0.0 <= interval.low <= interval.estimate <= interval.high <= 1.0
        wider = fairness_interval(metric, counts, 0.99)
        assert wider is not None
        assert wider.low <= interval.low + 1e-9
        assert wider.high >= interval.high - 1e-9


@pytest.mark.parametrize("metric", METRICS)
@given(counts=COUNTS)
def test_order_of_groups_changes_no_bit(metric: FairnessMetric, counts: dict[str, GroupCounts]) -> None:
    turned = dict(reversed(counts.items()))
    assert fairness_interval(metric, turned) == fairness_interval(metric, counts)
    assert no_difference(metric, turned) == no_difference(metric, counts)


@pytest.mark.parametrize(
    "rates", [(0.3, 0.3), (0.3, 0.36), (0.2, 0.5), (0.3, 0.3, 0.3, 0.3), (0.2, 0.3, 0.3, 0.3)]
)
def test_the_true_ratio_is_held(rates: tuple[float, ...]) -> None:
    """95 % of 200 are 190, and four standard errors fewer 178."""
    rng = np.random.default_rng(8)
    held = 0
    for _ in range(200):
        selected = rng.binomial(200, rates)
        counts = {str(place): GroupCounts(int(k), 0, 0, 200 - int(k)) for place, k in enumerate(selected)}
        low, high = bounds(fairness_interval(disparate_impact, counts))
        held += low <= min(rates) / max(rates) <= high
    assert held >= 178


def test_nobody_selected_in_a_group_has_bounds() -> None:
    low, high = bounds(
        fairness_interval(
            disparate_impact, {"a": GroupCounts(0, 0, 50, 50), "b": GroupCounts(20, 20, 30, 30)}
        )
    )
    assert low == 0.0
    assert 0.0 < high < 0.2


def test_the_p_value_is_that_of_the_rates() -> None:
    """Of two rates the smaller one, twice."""
    selection = equal_proportions([50, 120], [200, 200])
    odds = [equal_proportions([30, 60], [80, 90]), equal_proportions([20, 60], [120, 110])]
    assert no_difference(disparate_impact, APART) == selection
    assert no_difference(demographic_parity_difference, APART) == selection
    assert no_difference(equalized_odds_difference, APART) == pytest.approx(2 * min(p or 0.0 for p in odds))
    assert no_difference(disparate_impact, {"a": APART["a"]}) is None


def test_each_group_has_its_rate() -> None:
    found = selection_rates({**APART, "none": GroupCounts(0, 0, 0, 0)})
    assert found == {"a": wilson(50, 200), "b": wilson(120, 200)}


def test_another_metric_is_refused() -> None:
    for of in (fairness_interval, no_difference):
        with pytest.raises(ValueError, match="metric"):
            of(lambda _: 0.0, APART)


def test_too_many_groups_have_no_interval() -> None:
    """Their pairs would be too many; the figure and the p-value are there."""
    counts = {str(place): GroupCounts(10, 10, 20, 20 + place % 3) for place in range(201)}
    assert fairness_interval(disparate_impact, counts) is None
    assert disparate_impact(counts) is not None
    assert no_difference(disparate_impact, counts) is not None
    assert fairness_interval(disparate_impact, dict(list(counts.items())[:50])) is not None
