"""Proportions, their difference and their ratio, with intervals that hold for few rows and for none or all.

All are score intervals: unlike those by the estimate's own standard error they exist, and keep their
confidence about, when nobody or everybody was counted. They assume independent rows.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gates.stats.interval import Interval, two_sided_z
from gates.stats.rows import Floats
from gates.stats.tails import chi_square_tail

_HALVINGS = 40  # of the distance to a bound, which is some tenths: 1e-12 is left
_FARTHEST = 40.0  # logarithm of a ratio beyond which nobody asks


def wilson(k: int, n: int, confidence: float = 0.95) -> Interval:
    """Return the proportion k / n with its two-sided score interval (E. Wilson, 1927), within 0 to 1.

    Raises:
        ValueError: n below 1, or k not between 0 and n.
    """
    low, high = wilson_bounds([k], [n], two_sided_z(confidence))
    return Interval(k / n, float(low[0]), float(high[0]))


def newcombe(k: int, n: int, other_k: int, other_n: int, confidence: float = 0.95) -> Interval:
    """Return the difference k / n - other_k / other_n with its two-sided interval, within -1 to 1.

    R. Newcombe (1998), method 10: the squared distances to Wilson's bounds of both proportions add up.

    Raises:
        ValueError: as `wilson`.
    """
    low, high = newcombe_bounds([k], [n], [other_k], [other_n], two_sided_z(confidence))
    return Interval(k / n - other_k / other_n, float(low[0]), float(high[0]))


def ratio(k: int, n: int, other_k: int, other_n: int, confidence: float = 0.95) -> Interval | None:
    """Return the ratio (k / n) / (other_k / other_n) with its two-sided interval.

    P. Koopman (1984): the ratios that a score test does not reject. Taken in place of the one by the standard
    error of the logarithm (D. Katz et al., 1978), which does not exist where nobody was counted.

    Returns:
        None if `other_k` is 0: there is no ratio to nobody.

    Raises:
        ValueError: as `wilson`.
    """
    _, (others, _) = _counts([k], [n]), _counts([other_k], [other_n])
    if others[0] == 0.0:
        return None
    z = two_sided_z(confidence)
    low = koopman_low([k], [n], [other_k], [other_n], z)
    high = 1.0 / koopman_low([other_k], [other_n], [k], [n], z)
    return Interval((k / n) / (other_k / other_n), float(low[0]), float(high[0]))


def equal_proportions(k: Sequence[int], n: Sequence[int]) -> float | None:
    """Return the p-value of the chi-square test (K. Pearson, 1900) that all groups have one proportion.

    Of two groups with the continuity correction of F. Yates (1934), as R's `prop.test` does it.

    Args:
        k: how many of each group were counted.
        n: rows of each group.

    Returns:
        None with fewer than two groups. 1 if nobody or everybody was counted.

    Raises:
        ValueError: as `wilson`, of any group, or as many k as n are wanted.
    """
    counted, rows = _counts(k, n)
    if counted.size < 2:
        return None
    pooled = counted.sum() / rows.sum()
    if pooled in {0.0, 1.0}:
        return 1.0
    apart = np.abs(counted - rows * pooled)
    if counted.size == 2:
        apart = apart - min(0.5, float(apart.min()))
    statistic = float((np.sort(apart**2 / rows)).sum()) / float(pooled * (1.0 - pooled))
    return chi_square_tail(statistic, counted.size - 1)


def wilson_bounds(k: ArrayLike, n: ArrayLike, z: float) -> tuple[Floats, Floats]:
    """Return Wilson's bounds of many proportions at once, each of shape (m,), at z standard deviations.

    Raises:
        ValueError: as `wilson`.
    """
    counted, rows = _counts(k, n)
    share, spread = counted / rows, z * z / rows
    centre = (share + spread / 2.0) / (1.0 + spread)
    half = np.sqrt(share * (1.0 - share) * spread + spread * spread / 4.0) / (1.0 + spread)
    # With nobody or everybody counted a bound is exactly 0 or 1; rounding would leave it a hair away.
    low = np.where(counted == 0.0, 0.0, np.maximum(centre - half, 0.0))
    high = np.where(counted == rows, 1.0, np.minimum(centre + half, 1.0))
    return low, high


def newcombe_bounds(
    k: ArrayLike, n: ArrayLike, other_k: ArrayLike, other_n: ArrayLike, z: float
) -> tuple[Floats, Floats]:
    """Return Newcombe's bounds of many differences at once, each of shape (m,), at z standard deviations.

    Raises:
        ValueError: as `wilson`.
    """
    (counted, rows), (others, other_rows) = _counts(k, n), _counts(other_k, other_n)
    (low, high), (other_low, other_high) = wilson_bounds(k, n, z), wilson_bounds(other_k, other_n, z)
    share, other = counted / rows, others / other_rows
    below = np.sqrt((share - low) ** 2 + (other_high - other) ** 2)
    above = np.sqrt((high - share) ** 2 + (other - other_low) ** 2)
    return np.maximum(share - other - below, -1.0), np.minimum(share - other + above, 1.0)


def koopman_low(k: ArrayLike, n: ArrayLike, other_k: ArrayLike, other_n: ArrayLike, z: ArrayLike) -> Floats:
    """Return Koopman's lower bounds of many ratios at once, each of shape (m,), at z standard deviations.

    The upper bound of a ratio is 1 over the lower bound of its inverse. Where nobody was counted on either
    side, the bound is 0.

    Raises:
        ValueError: as `wilson`.
    """
    (a, m), (b, o) = _counts(k, n), _counts(other_k, other_n)
    limit = np.asarray(z, dtype=np.float64) ** 2

    def possible(logarithm: Floats) -> NDArray[np.bool_]:
        """Return whether the score test does not reject a ratio."""
        phi = np.exp(logarithm)
        # The proportion of the others that fits best if the ratio holds: the smaller root of a quadratic.
        linear = phi * (m + b) + a + o
        root = np.sqrt(np.maximum(linear**2 - 4.0 * phi * (m + o) * (a + b), 0.0))
        other = np.minimum(2.0 * (a + b) / (linear + root), 1.0)
        one = np.minimum(phi * other, 1.0)
        variance = one * (1.0 - one) / m + phi**2 * other * (1.0 - other) / o
        accepted: NDArray[np.bool_] = (a / m - phi * b / o) ** 2 <= limit * variance
        return accepted

    estimate = np.log(np.maximum(a, 0.5) / m) - np.log(np.maximum(b, 0.5) / o)
    inside = np.where(b > 0.0, estimate, _FARTHEST)
    reach = np.sqrt(limit * (1.0 / (a + 0.5) + 1.0 / (b + 0.5))) + 1e-9
    outside = inside - reach
    while (near := possible(outside) & (outside > -_FARTHEST)).any():
        inside = np.where(near, outside, inside)
        reach = 2.0 * reach
        outside = np.where(near, outside - reach, outside)
    for _ in range(_HALVINGS):
        middle = (outside + inside) / 2.0
        accepted = possible(middle)
        inside, outside = np.where(accepted, middle, inside), np.where(accepted, outside, middle)
    return np.where(a > 0.0, np.exp(outside), 0.0)


def _counts(k: ArrayLike, n: ArrayLike) -> tuple[Floats, Floats]:
    """Return counts and rows as floats.

    Raises:
        ValueError: another shape than (m,), n below 1, or k not between 0 and n.
    """
    counted, rows = np.asarray(k, dtype=np.float64), np.asarray(n, dtype=np.float64)
    if counted.ndim != 1 or counted.shape != rows.shape:
        raise ValueError(f"counts {counted.shape} and rows {rows.shape} must have the shape (m,)")
    if not ((rows >= 1.0) & (counted >= 0.0) & (counted <= rows) & (rows < math.inf)).all():
        raise ValueError(f"a proportion needs 0 <= k <= n and n >= 1, got k = {k!r} and n = {n!r}")
    return counted, rows
