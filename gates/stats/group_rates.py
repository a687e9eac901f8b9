"""Fairness between groups from the four cells of each group's confusion table.

The fairness figures are those of fairlearn (S. Bird et al., 2020), but for what is undefined: a rate
without a denominator, or fewer than two groups, gives None here and never 0 or 1.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import astuple, dataclass

import numpy as np
from numpy.typing import ArrayLike

from gates.stats.bootstrap import percentile_interval
from gates.stats.groups import Membership, membership
from gates.stats.interval import Interval
from gates.stats.rows import Floats, binary_labels


@dataclass(frozen=True)
class GroupCounts:
    """Rows of one group by prediction and label: true and false positives, false and true negatives."""

    tp: int
    fp: int
    fn: int
    tn: int

    @property
    def rows(self) -> int:
        """All rows of the group."""
        return self.tp + self.fp + self.fn + self.tn


Counts = Mapping[str, GroupCounts]
FairnessMetric = Callable[[Counts], float | None]


def group_counts(
    y: ArrayLike, predicted: ArrayLike, groups: ArrayLike | Membership
) -> dict[str, GroupCounts]:
    """Count the four cells of each group, by the group's name as text, in the order of the names.

    Args:
        y: labels 0 and 1, shape (n,).
        predicted: decisions 0 and 1, shape (n,).
        groups: the group of each row, text or numbers, shape (n,), or what `membership` makes of them.

    Raises:
        ValueError: other shapes, labels or decisions, or a row without a group (None, NaN).
    """
    actual, chosen = binary_labels(y), binary_labels(predicted)
    of = groups if isinstance(groups, Membership) else membership(groups)
    if not actual.shape == chosen.shape == of.member.shape:
        raise ValueError(
            f"labels {actual.shape}, decisions {chosen.shape} and groups {of.member.shape} differ in shape"
        )
    cell = 2 * ~chosen + ~actual  # 0 tp, 1 fp, 2 fn, 3 tn
    table = np.bincount(4 * of.member + cell, minlength=4 * len(of.names)).reshape(-1, 4)
    return {name: GroupCounts(*cells) for name, cells in zip(of.names, table.tolist(), strict=True)}


def disparate_impact(counts: Counts) -> float | None:
    """Return the smallest selection rate divided by the largest, 0 to 1 (the four-fifths rule's ratio).

    None with fewer than two groups, an empty group, or when nobody is selected in any group.
    """
    return _single(_disparate_impact, counts)


def demographic_parity_difference(counts: Counts) -> float | None:
    """Return the largest selection rate minus the smallest, 0 to 1.

    None with fewer than two groups or an empty group.
    """
    return _single(_demographic_parity_difference, counts)


def equalized_odds_difference(counts: Counts) -> float | None:
    """Return the larger of the groups' largest differences in true and in false positive rate, 0 to 1.

    Source: M. Hardt et al. (2016). None with fewer than two groups, or when a group lacks rows of a label.
    """
    return _single(_equalized_odds_difference, counts)


def resampled(
    metric: FairnessMetric, counts: Counts, *, resamples: int = 2000, seed: int, confidence: float = 0.95
) -> Interval | None:
    """Return a fairness figure with its two-sided percentile interval, resampling the rows of each group.

    Drawing a group's rows with replacement is a multinomial draw of its four cells, so the cost does not
    depend on the number of rows. Near equality the interval leans towards inequality: the difference of
    resampled groups is never below 0, their ratio never above 1.

    Args:
        metric: one of the three fairness functions of this module.
        counts: cells by group; their order does not matter.
        resamples: number of draws.
        seed: of `numpy.random.default_rng`.
        confidence: of the interval, two-sided.

    Returns:
        None if the figure is undefined on the rows or on any resample: a group is then too small.

    Raises:
        ValueError: another metric, negative counts, or fewer than one resample.
    """
    if metric not in _OVER_CELLS:
        raise ValueError("metric must be one of the fairness functions of gates.stats.group_rates")
    if resamples < 1:
        raise ValueError(f"resamples must be at least 1, got {resamples}")
    estimate = metric(counts)
    if estimate is None:
        return None
    rng = np.random.default_rng(seed)
    groups = [np.array(astuple(counts[name])) for name in sorted(counts)]
    draws = [rng.multinomial(cells.sum(), cells / cells.sum(), size=resamples) for cells in groups]
    figures = _OVER_CELLS[metric](np.stack(draws, axis=1).astype(np.float64))
    if np.isnan(figures).any():
        return None
    return percentile_interval(estimate, figures, confidence)


# Below, cells have the shape (..., groups, 4) in the order tp, fp, fn, tn. NaN marks an undefined figure;
# it does not leave this module.


def _rate(part: Floats, whole: Floats) -> Floats:
    rate = np.full(part.shape, np.nan)
    np.divide(part, whole, out=rate, where=whole > 0.0)
    return rate


def _spread(rates: Floats) -> Floats:
    spread: Floats = rates.max(axis=-1) - rates.min(axis=-1)
    return spread


def _selection_rates(cells: Floats) -> Floats:
    selected: Floats = cells[..., 0] + cells[..., 1]
    everyone: Floats = cells.sum(axis=-1)
    return _rate(selected, everyone)


def _disparate_impact(cells: Floats) -> Floats:
    rates = _selection_rates(cells)
    return _rate(rates.min(axis=-1), rates.max(axis=-1))


def _demographic_parity_difference(cells: Floats) -> Floats:
    return _spread(_selection_rates(cells))


def _equalized_odds_difference(cells: Floats) -> Floats:
    tp, fp, fn, tn = np.moveaxis(cells, -1, 0)
    worse: Floats = np.maximum(_spread(_rate(tp, tp + fn)), _spread(_rate(fp, fp + tn)))
    return worse


_OVER_CELLS: dict[FairnessMetric, Callable[[Floats], Floats]] = {
    disparate_impact: _disparate_impact,
    demographic_parity_difference: _demographic_parity_difference,
    equalized_odds_difference: _equalized_odds_difference,
}


def _single(over_cells: Callable[[Floats], Floats], counts: Counts) -> float | None:
    cells = np.array([astuple(group) for group in counts.values()], dtype=np.float64).reshape(-1, 4)
    if (cells < 0.0).any():
        raise ValueError("counts must not be negative")
    if len(cells) < 2:
        return None
    figure = float(over_cells(cells))
    return None if math.isnan(figure) else figure
