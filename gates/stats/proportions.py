"""Proportions, and fairness between groups from the four cells of each group's confusion table.

The fairness figures are those of fairlearn (S. Bird et al., 2020), but for what is undefined: a rate
without a denominator, or fewer than two groups, gives None here and never 0 or 1.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import astuple, dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gates.stats.bootstrap import percentile_interval
from gates.stats.interval import Interval, two_sided_z
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


def wilson(k: int, n: int, confidence: float = 0.95) -> Interval:
    """Return the proportion k / n with its two-sided score interval (E. Wilson, 1927), within 0 to 1.

    Raises:
        ValueError: n below 1, or k not between 0 and n.
    """
    if n < 1 or not 0 <= k <= n:
        raise ValueError(f"a proportion needs 0 <= k <= n and n >= 1, got k = {k} and n = {n}")
    z = two_sided_z(confidence)
    share, spread = k / n, z * z / n
    centre = (share + spread / 2.0) / (1.0 + spread)
    half = math.sqrt(share * (1.0 - share) * spread + spread * spread / 4.0) / (1.0 + spread)
    # With no failure the bound is exactly 1; rounding would leave it a hair away.
    low = max(centre - half, 0.0)
    high = 1.0 if k == n else min(centre + half, 1.0)
    return Interval(share, low, high)


def group_counts(y: ArrayLike, predicted: ArrayLike, groups: ArrayLike) -> dict[str, GroupCounts]:
    """Count the four cells of each group, by the group's name as text, in the order of the names.

    Args:
        y: labels 0 and 1, shape (n,).
        predicted: decisions 0 and 1, shape (n,).
        groups: the group of each row, text or numbers, shape (n,).

    Raises:
        ValueError: other shapes, labels or decisions, or a row without a group (None, NaN).
    """
    actual, chosen = binary_labels(y), binary_labels(predicted)
    names, member = np.unique(group_names(groups), return_inverse=True)
    if not actual.shape == chosen.shape == member.shape:
        raise ValueError(
            f"labels {actual.shape}, decisions {chosen.shape} and groups {member.shape} differ in shape"
        )
    cell = 2 * ~chosen + ~actual  # 0 tp, 1 fp, 2 fn, 3 tn
    table = np.bincount(4 * member + cell, minlength=4 * names.size).reshape(-1, 4)
    return {str(name): GroupCounts(*cells) for name, cells in zip(names, table.tolist(), strict=True)}


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
        raise ValueError("metric must be one of the fairness functions of gates.stats.proportions")
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


def group_names(groups: ArrayLike) -> NDArray[np.str_]:
    """Return the group of each row as text, shape (n,).

    Raises:
        ValueError: a row without a group (None, NaN).
    """
    names = np.asarray(groups)
    if names.dtype.kind not in "biuSU" and not all(_is_present(name) for name in names.flat):
        raise ValueError("every row needs a group; give rows without one a group of their own")
    return names.astype(np.str_)


def _is_present(name: object) -> bool:
    """Return False for None and for what does not equal itself: NaN, and NA and NaT of pandas."""
    try:
        return name is not None and bool(name == name)  # noqa: PLR0124 - NaN is not itself
    except TypeError:  # NA has no truth value
        return False


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
