"""How sure fairness figures are: intervals of rates and of the groups' largest ratio and differences.

A figure over groups is the smallest or the largest over their pairs: disparate impact the smallest ratio of
two selection rates, the differences the largest of two rates. So are its bounds, over the intervals of all
pairs (P. Koopman, 1984, for ratios; R. Newcombe, 1998, for differences). The bound on the side of inequality
needs no correction, since the pair that gives the true figure is among them. That on the side of equality
holds for all pairs at once only if each holds at a share of the error (C. Bonferroni, 1936). Unlike a
percentile of resampled rows, such an interval holds equality too, where the figure itself is at its end.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations

from gates.stats.group_rates import (
    Counts,
    FairnessMetric,
    GroupCounts,
    demographic_parity_difference,
    disparate_impact,
    equalized_odds_difference,
)
from gates.stats.interval import Interval, checked_confidence, two_sided_z
from gates.stats.proportions import equal_proportions, koopman_low, newcombe_bounds, wilson

_MOST_GROUPS = 200
Share = tuple[int, int]  # how many of how many rows


def selection_rates(counts: Counts, confidence: float = 0.95) -> dict[str, Interval]:
    """Return each group's share of selected rows with its interval (E. Wilson, 1927), where it has rows."""
    shares = {name: _selected(group) for name, group in counts.items()}
    return {name: wilson(*share, confidence) for name, share in shares.items() if share[1] > 0}


def fairness_interval(metric: FairnessMetric, counts: Counts, confidence: float = 0.95) -> Interval | None:
    """Return a fairness figure with its two-sided interval, within 0 to 1.

    Args:
        metric: one of the three fairness functions of `gates.stats.group_rates`.
        counts: cells by group; their order does not matter.
        confidence: of the interval, two-sided.

    Returns:
        None if the figure is undefined, or of more than 200 groups, whose pairs are too many to look at.

    Raises:
        ValueError: another metric, or negative counts.
    """
    if metric not in _RATES:
        raise ValueError("metric must be one of the fairness functions of gates.stats.group_rates")
    estimate = metric(counts)
    if estimate is None or len(counts) > _MOST_GROUPS:
        return None
    families = [[rate(counts[name]) for name in sorted(counts)] for rate in _RATES[metric]]
    pairs = [pair for shares in families for pair in combinations(shares, 2)]
    strict = two_sided_z(1.0 - (1.0 - checked_confidence(confidence)) / len(pairs))
    bounds = _least_ratio if metric is disparate_impact else _largest_difference
    low, high = bounds(pairs, two_sided_z(confidence), strict)
    return Interval(estimate, min(low, estimate), max(high, estimate))


def no_difference(metric: FairnessMetric, counts: Counts) -> float | None:
    """Return the p-value of the hypothesis that the rates of a fairness figure are equal in all groups.

    The chi-square test of `equal_proportions`; of several rates the smallest p-value times their number.

    Returns:
        None if the figure is undefined.

    Raises:
        ValueError: as `fairness_interval`.
    """
    if metric not in _RATES:
        raise ValueError("metric must be one of the fairness functions of gates.stats.group_rates")
    if metric(counts) is None:
        return None
    found = []
    for rate in _RATES[metric]:
        counted, rows = zip(*(rate(counts[name]) for name in sorted(counts)), strict=True)
        found.append(equal_proportions(counted, rows))
    known = [p for p in found if p is not None]
    return min(1.0, min(known) * len(known))


def _least_ratio(pairs: Sequence[tuple[Share, Share]], z: float, strict: float) -> tuple[float, float]:
    """Return both bounds of the smallest ratio of a pair, whichever of the two comes first."""
    both = [*pairs, *(pair[::-1] for pair in pairs)]
    # Where nobody was selected there is no ratio to it; its own ratio to the others is 0.
    ratios = [pair for pair in both if pair[1][0] > 0]
    inverses = [pair[::-1] for pair in ratios]
    lows = koopman_low(*_columns([*ratios, *inverses]), [z] * len(ratios) + [strict] * len(ratios))
    return float(lows[: len(ratios)].min()), min(float(1.0 / lows[len(ratios) :].max()), 1.0)


def _largest_difference(pairs: Sequence[tuple[Share, Share]], z: float, strict: float) -> tuple[float, float]:
    """Return both bounds of the largest difference of a pair, whichever of the two comes first."""
    k, n, other_k, other_n = _columns(pairs)
    below, above = newcombe_bounds(k, n, other_k, other_n, strict)
    low = max(float(below.max()), float(-above.min()), 0.0)
    below, above = newcombe_bounds(k, n, other_k, other_n, z)
    return low, max(float(above.max()), float(-below.min()))


def _columns(pairs: Sequence[tuple[Share, Share]]) -> tuple[list[int], list[int], list[int], list[int]]:
    """Return counted and rows of the first of each pair, then of the second."""
    rows = [(*one, *other) for one, other in pairs]
    k, n, other_k, other_n = ([row[place] for row in rows] for place in range(4))
    return k, n, other_k, other_n


def _selected(group: GroupCounts) -> Share:
    return group.tp + group.fp, group.rows


def _found(group: GroupCounts) -> Share:
    return group.tp, group.tp + group.fn


def _wrongly_selected(group: GroupCounts) -> Share:
    return group.fp, group.fp + group.tn


_RATES: Mapping[FairnessMetric, tuple[Callable[[GroupCounts], Share], ...]] = {
    disparate_impact: (_selected,),
    demographic_parity_difference: (_selected,),
    equalized_odds_difference: (_found, _wrongly_selected),
}
