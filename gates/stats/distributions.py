"""How far two distributions lie apart, from the counts of two samples over the same cells.

A cell is a category, or a range of numbers; how values become cells is told in `gates.stats.profile`. Only
counts come in here, so there is no NaN, infinity or sign of zero to care for. Cells that are empty in both
samples say nothing and are passed over. A cell that is empty in one of them has no logarithm: for the
measures with one (PSI, Kullback-Leibler) half a row is counted in it, and only there, so tables without
empty cells give the textbook's figures.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gates.stats.rows import Floats
from gates.stats.tails import chi_square_tail, kolmogorov_tail

Counts = NDArray[np.int64]
HALF_A_ROW = 0.5
LEAST_EXPECTED = 5.0  # rows in a cell, from which chi-square's distribution is near enough (Cochran 1954)


@dataclass(frozen=True)
class Psi:
    """The population stability index of two samples.

    Attributes:
        value: the index, at least 0.
        bias: what two samples of one distribution give on average.
        p_value: chance of this index or a larger one, if both are of one distribution.
    """

    value: float
    bias: float
    p_value: float

    @property
    def corrected(self) -> float:
        """The index less what chance alone gives, at least 0: two samples of one distribution are near 0."""
        return max(self.value - self.bias, 0.0)


@dataclass(frozen=True)
class ChiSquare:
    """Pearson's statistic of homogeneity, its degrees of freedom, and its p-value."""

    statistic: float
    df: int
    p_value: float


def psi(reference: ArrayLike, other: ArrayLike) -> Psi:
    """Return the population stability index: sum of (q - p) ln(q / p) over the cells' shares p and q.

    The index of two samples of one distribution is about (1/n + 1/m) times a chi-square variable with one
    degree of freedom less than there are cells (B. Yurdakul and J. Naranjo, 2020). Assumes independent rows
    and a few rows in every cell: see `pooled`. Symmetric in the samples.

    Args:
        reference: rows in each cell, shape (k,).
        other: rows in each cell of the other sample, shape (k,).

    Raises:
        ValueError: other shapes, a count that is no whole number of at least 0, or a sample without rows.
    """
    p, q = _two_samples(reference, other)
    scale = 1.0 / float(p.sum()) + 1.0 / float(q.sum())
    p_share, q_share = _shares_without_empty(p, q)
    value = float(((q_share - p_share) * np.log(q_share / p_share)).sum())
    df = p.size - 1
    return Psi(value, scale * df, chi_square_tail(max(value, 0.0) / scale, df))


def chi_square(reference: ArrayLike, other: ArrayLike) -> ChiSquare:
    """Return K. Pearson's (1900) test that two samples are of one distribution over the cells.

    Assumes independent rows and about 5 expected rows a cell: see `pooled`.

    Args:
        reference: rows in each cell, shape (k,).
        other: rows in each cell of the other sample, shape (k,).

    Raises:
        ValueError: as `psi`.
    """
    p, q = _two_samples(reference, other)
    n, m = float(p.sum()), float(q.sum())
    # With two samples the statistic is a sum over cells alone: (m p - n q)^2 / (n m (p + q)).
    statistic = float(((p * m - q * n) ** 2 / (p + q)).sum() / (n * m))
    return ChiSquare(statistic, p.size - 1, chi_square_tail(statistic, p.size - 1))


def ks_distance(reference: ArrayLike, other: ArrayLike) -> float:
    """Return the Kolmogorov-Smirnov distance: the largest difference of the cumulative shares.

    Args:
        reference: rows in each cell, cells in rising order, shape (k,).
        other: rows in each cell of the other sample, shape (k,).

    Raises:
        ValueError: as `psi`.
    """
    p, q = _two_samples(reference, other)
    return float(np.abs(np.cumsum(p) / p.sum() - np.cumsum(q) / q.sum()).max())


def ks_p_value(distance: float, n: int, m: int) -> float:
    """Return the chance of this Kolmogorov-Smirnov distance or a larger one between samples of n and m rows.

    By the limit distribution with M. Stephens' (1970) correction for finite samples. Assumes independent
    rows; where values repeat, and from cells, the true chance is smaller.

    Raises:
        ValueError: a sample without rows, or a distance outside 0 to 1.
    """
    if n < 1 or m < 1 or not 0.0 <= distance <= 1.0:
        raise ValueError(f"needs rows and a distance between 0 and 1, got {n}, {m} and {distance}")
    root = math.sqrt(n / (n + m) * m)
    return kolmogorov_tail((root + 0.12 + 0.11 / root) * distance)


def kullback_leibler(reference: ArrayLike, other: ArrayLike) -> float:
    """Return S. Kullback and R. Leibler's (1951) divergence of `other` from `reference`, in nats.

    Sum of q ln(q / p) over the shares q of `other` and p of `reference`; not symmetric.

    Args:
        reference: rows in each cell, shape (k,).
        other: rows in each cell of the other sample, shape (k,).

    Raises:
        ValueError: as `psi`.
    """
    p_share, q_share = _shares_without_empty(*_two_samples(reference, other))
    return max(float((q_share * np.log(q_share / p_share)).sum()), 0.0)


def jensen_shannon(reference: ArrayLike, other: ArrayLike) -> float:
    """Return the Jensen-Shannon distance (J. Lin 1991; D. Endres and J. Schindelin 2003), between 0 and 1.

    The square root of the divergence in bits; it is defined for empty cells, so nothing is added to them.

    Args:
        reference: rows in each cell, shape (k,).
        other: rows in each cell of the other sample, shape (k,).

    Raises:
        ValueError: as `psi`.
    """
    p, q = _two_samples(reference, other)
    p_share, q_share = p / p.sum(), q / q.sum()
    middle = (p_share + q_share) / 2.0
    divergence = (_part(p_share, middle) + _part(q_share, middle)) / (2.0 * math.log(2.0))
    return math.sqrt(min(max(divergence, 0.0), 1.0))


def pooled(reference: ArrayLike, other: ArrayLike) -> tuple[Counts, Counts]:
    """Return the counts with all cells thrown together in which the smaller sample expects too few rows.

    What the smaller sample expects in a cell is its share of the rows of both, so the choice does not look
    at the difference between them and the tests keep their level. The pooled cell comes last.

    Args:
        reference: rows in each cell, shape (k,).
        other: rows in each cell of the other sample, shape (k,).

    Raises:
        ValueError: as `psi`.
    """
    p, q = _two_samples(reference, other)
    few = rare(p, q)
    if not few.any():
        return p, q
    return np.append(p[~few], p[few].sum()), np.append(q[~few], q[few].sum())


def rare(reference: Counts, other: Counts) -> NDArray[np.bool_]:
    """Return for each cell whether the smaller sample expects fewer than 5 rows there, shape (k,)."""
    n, m = int(reference.sum()), int(other.sum())
    return (reference + other) * (min(n, m) / (n + m)) < LEAST_EXPECTED


def _two_samples(reference: ArrayLike, other: ArrayLike) -> tuple[Counts, Counts]:
    """Return the counts of the cells that hold rows of either sample."""
    p, q = np.asarray(reference), np.asarray(other)
    if p.ndim != 1 or p.shape != q.shape or p.dtype.kind not in "iu" or q.dtype.kind not in "iu":
        raise ValueError(f"counts must be whole numbers of one shape (k,), got {p.shape} and {q.shape}")
    p, q = p.astype(np.int64, copy=False), q.astype(np.int64, copy=False)
    if (p < 0).any() or (q < 0).any() or not p.any() or not q.any():
        raise ValueError("counts must be at least 0, and each sample must have rows")
    held = (p > 0) | (q > 0)
    return p[held], q[held]


def _shares_without_empty(p: Counts, q: Counts) -> tuple[Floats, Floats]:
    """Return the shares of the cells, after half a row was counted in each that is empty."""
    filled = [np.where(counts == 0, HALF_A_ROW, counts) for counts in (p, q)]
    return filled[0] / filled[0].sum(), filled[1] / filled[1].sum()


def _part(share: Floats, middle: Floats) -> float:
    held = share > 0.0
    return float((share[held] * np.log(share[held] / middle[held])).sum())
