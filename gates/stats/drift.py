"""What has changed between two profiles of a column: each figure with the chance that it is luck.

A figure is a size, which a limit can be held against, less what chance alone gives on average; the p-value
beside it says how often two samples of one distribution differ as much. Neither decides alone: among many
rows everything is significant, among few everything is large.
"""

import math
from dataclasses import dataclass

import numpy as np

from gates.stats.distributions import chi_square, ks_distance, ks_p_value, pooled, psi, rare
from gates.stats.profile import Categories, Cells, Column, Numbers, cell_of, lower_ends

PARTS = 10  # quantile cells of the reference, over which PSI is taken of numbers
SURELY = 1e-6  # so unlikely must it be that a column which varies shows one value alone
DECILES = np.arange(1, 10) / 10
NEAR_ZERO = 0.25  # of the largest decile; a ratio of smaller ones tells little of a factor
SAME_SHAPE = 0.15  # of the distance between the outer deciles, by which a rescaled decile may be off
MAY_BE_OFF = 2  # deciles: where values repeat, one may fall on either side of a step


@dataclass(frozen=True)
class Effect:
    """How large a difference is, and the chance of one as large between samples of one distribution."""

    size: float
    p_value: float


def compare(reference: Column, live: Column) -> dict[str, Effect]:
    """Return what of two profiles of a column can be compared, by name.

    ``psi``: population stability index over the reference's deciles, or over categories (those with few rows
    thrown together), less its bias; by the chi-square test. ``ks``: Kolmogorov-Smirnov distance, exact but
    for what differs within a cell, so never too large. ``nulls``: by how much the share of rows without a
    value has grown. ``range``: share of numbers outside the reference's range. ``unseen``: share of rows in
    categories that the reference has not, the rarest aside. ``constant``: 1 where all rows have one value
    though the reference varies. ``scale``: factor of a changed unit, always at least 1; 1 where none would
    explain the difference.

    Raises:
        ValueError: One has numbers and the other texts, or another two kinds of values.
    """
    found: dict[str, Effect] = {}
    if reference.rows and live.rows:
        found["nulls"] = _nulls(reference, live)
    if reference.nulls == reference.rows or live.nulls == live.rows:
        return found
    if isinstance(reference, Numbers) and isinstance(live, Numbers):
        return found | _numbers(reference, live)
    if isinstance(reference, Categories) and isinstance(live, Categories):
        return found | _categories(reference, live)
    if type(reference) is not type(live):
        raise ValueError("columns of two kinds cannot be compared")
    return found


def _nulls(reference: Column, live: Column) -> Effect:
    samples = [[each.missing, each.rows - each.missing] for each in (reference, live)]
    grown = live.missing / live.rows - reference.missing / reference.rows
    return Effect(max(grown, 0.0), chi_square(*samples).p_value)


# ---------------------------------------------------------------- numbers


def _numbers(reference: Numbers, live: Numbers) -> dict[str, Effect]:
    found: dict[str, Effect] = {}
    if not reference.counts.size or not live.counts.size:
        return found
    cells, p, q = _aligned(reference, live)
    distance = ks_distance(p, q)
    ks = Effect(distance, ks_p_value(distance, int(p.sum()), int(q.sum())))
    found["psi"] = _stability(_by_quantile(p, p), _by_quantile(p, q))
    found["ks"] = ks
    found["range"] = _outside(reference, live, cells, q)
    found["scale"] = Effect(_factor(reference, live), ks.p_value)
    top = int(reference.counts.max()) / int(reference.counts.sum())
    still = live.low == live.high and not any(live.infinite)
    return found | _constant(top, int(live.counts.sum()), reference.low != reference.high, still)


def _aligned(reference: Numbers, live: Numbers) -> tuple[Cells, Cells, Cells]:
    """Return the cells of both, joined as far as those of either, and the counts of each in them."""
    joined = max(reference.joined, live.joined)
    own = [each.cells >> (joined - each.joined) for each in (reference, live)]
    cells = np.unique(np.concatenate(own))
    counts = [np.zeros(cells.size, dtype=np.int64) for _ in own]
    for total, held, each in zip(counts, own, (reference, live), strict=True):
        np.add.at(total, np.searchsorted(cells, held), each.counts)
    return cells << joined, counts[0], counts[1]


def _by_quantile(reference: Cells, counts: Cells) -> Cells:
    """Return counts summed between the deciles of the reference; a constant has a cell of its own.

    A decile is the first cell with at least its share of the rows at or below it, and closes its part.
    """
    rows, below = int(reference.sum()), np.cumsum(reference)
    ends = np.unique(np.searchsorted(below, rows * np.arange(1, PARTS) / PARTS))
    last = int(np.flatnonzero(reference)[-1])
    ends = ends[ends < last]
    if not ends.size:
        ends = np.array([last - 1, last])
    part = np.searchsorted(ends, np.arange(counts.size))
    return np.bincount(part, weights=counts, minlength=ends.size + 1).astype(np.int64)


def _outside(reference: Numbers, live: Numbers, cells: Cells, counts: Cells) -> Effect:
    """Return the share of live numbers beyond the reference's least and greatest, infinities too.

    Of n live numbers among m of the reference, k or more lie outside with the chance that at most one of the
    reference's is among the lowest k + 1: the gaps between them are exchangeable (S. Wilks, 1942).
    """
    low, high = cell_of(reference.low or 0.0), cell_of(reference.high or 0.0)
    joined = max(reference.joined, live.joined)
    low, high = low >> joined << joined, high >> joined << joined
    infinite = sum(count for count, seen in zip(live.infinite, reference.infinite, strict=True) if not seen)
    k = int(counts[(cells < low) | (cells > high)].sum()) + infinite
    n, m = int(counts.sum()) + infinite, int(reference.counts.sum())
    if k == 0:
        return Effect(0.0, 1.0)
    one_more = math.exp(_log_choose(n, k) - _log_choose(n + m, k + 1) + math.log(m))
    none = math.exp(_log_choose(n, k + 1) - _log_choose(n + m, k + 1)) if k < n else 0.0
    return Effect(max(k / n - 2.0 / (m + 1.0), 0.0), min(one_more + none, 1.0))


def _factor(reference: Numbers, live: Numbers) -> float:
    """Return the factor, at least 1, by which live numbers are those of the reference in another unit."""
    q, p = _deciles(live), _deciles(reference)
    spread, telling = float(p[-1] - p[0]), np.abs(p) > NEAR_ZERO * np.abs(p).max()
    if spread == 0.0:
        return 1.0
    factor = float(np.median(q[telling] / p[telling]))
    off = np.sort(np.abs(q / factor - p)) if factor > 0.0 else np.full(p.size, math.inf)
    if not off[-1 - MAY_BE_OFF] <= SAME_SHAPE * spread:
        return 1.0
    return max(factor, 1.0 / factor)


def _deciles(column: Numbers) -> np.ndarray:
    below = np.cumsum(column.counts)
    at = np.searchsorted(below, DECILES * int(below[-1]))
    return lower_ends(column, column.cells[at])


# ---------------------------------------------------------------- categories


def _categories(reference: Categories, live: Categories) -> dict[str, Effect]:
    if reference.counts is None or live.counts is None:
        return {}
    names = sorted(reference.counts.keys() | live.counts.keys())
    p = np.array([reference.counts.get(name, 0) for name in names])
    q = np.array([live.counts.get(name, 0) for name in names])
    found = {"psi": _stability(p, q), "unseen": _unseen(p, q)}
    top = int(p.max()) / int(p.sum())
    return found | _constant(top, int(q.sum()), int((p > 0).sum()) > 1, int((q > 0).sum()) == 1)


def _unseen(reference: Cells, live: Cells) -> Effect:
    """Return the share of live rows in categories that the reference has not.

    Of those with so few rows that PSI throws them together, none: a long tail always has new ones. By the
    least likely of the others: all k rows of a category fall to one sample, times as many categories as
    there are (C. Bonferroni, 1936).
    """
    n, m = int(live.sum()), int(reference.sum())
    new = live[(reference == 0) & ~rare(reference, live)]
    if not new.size:
        return Effect(0.0, 1.0)
    k = int(new.max())
    p_value = math.exp(_log_choose(n, k) - _log_choose(n + m, k)) * reference.size
    return Effect(int(new.sum()) / n, min(p_value, 1.0))


# ---------------------------------------------------------------- both


def _stability(reference: Cells, live: Cells) -> Effect:
    p, q = pooled(reference, live)
    return Effect(psi(p, q).corrected, chi_square(p, q).p_value)


def _constant(top: float, rows: int, varied: bool, still: bool) -> dict[str, Effect]:  # noqa: FBT001 - two facts
    """Return whether all rows have one value; nothing where that may be chance.

    That is, where the reference's commonest value, with the share `top`, is so common that a sample of as
    many rows may well hold no other.
    """
    chance = top**rows
    if not varied or chance > SURELY:
        return {}
    return {"constant": Effect(1.0, chance) if still else Effect(0.0, 1.0)}


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1.0) - math.lgamma(k + 1.0) - math.lgamma(n - k + 1.0)
