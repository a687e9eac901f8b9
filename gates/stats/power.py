"""What a set of rows can show: the rows that a difference needs, and the least difference that rows show.

Assumes a figure that is about normally distributed, whose variance falls as 1 / rows at the same mix of
rows, as measured on this set (J. Hanley and B. McNeil, 1983, on paired AUCs).
"""

import math
from statistics import NormalDist

from gates.stats.interval import checked_confidence, two_sided_z


def rows_needed(
    difference: float, variance: float, n: int, *, power: float = 0.5, confidence: float = 0.95
) -> int | None:
    """Return the rows, at the same prevalence, on which the lower bound of a difference would clear 0.

    The variance of a difference falls as 1 / rows, so rows = n * variance * ((z + z_power) / difference)**2.

    Args:
        difference: the observed difference, or a true one that should be detected.
        variance: of the difference, as measured (`gates.stats.auc.difference_variance`).
        n: rows on which the variance was measured.
        power: chance of clearing 0 if `difference` is the true one. With 0.5, z_power is 0: the bound of
            the observed difference itself would clear 0. Use 0.8 to plan a golden set.
        confidence: of the two-sided interval whose lower bound decides.

    Returns:
        The least such number of rows; None where none can be told: a difference that is not above 0, or a
        variance of 0 (models that rank alike show nothing about the variance of others).

    Raises:
        ValueError: variance, n, power or confidence out of range.
    """
    reach = _reach(variance, n, power, confidence)
    if not difference > 0.0 or variance == 0.0:
        return None
    ratio = reach / difference
    rows = n * variance * (ratio * ratio)
    return math.floor(rows) + 1 if math.isfinite(rows) else None


def detectable_difference(
    variance: float, n: int, *, rows: int | None = None, power: float = 0.8, confidence: float = 0.95
) -> float | None:
    """Return the smallest true difference whose lower bound clears 0 with the given power.

    Args:
        variance: of the difference, as measured (`gates.stats.auc.difference_variance`).
        n: rows on which the variance was measured.
        rows: size of the golden set that is asked about, at the same prevalence; n if absent.
        power: chance that the lower bound clears 0, at least 0.5.
        confidence: of the two-sided interval whose lower bound decides.

    Returns:
        The difference, in its own unit; None if the variance is 0 and so nothing can be told.

    Raises:
        ValueError: variance, n, rows, power or confidence out of range.
    """
    reach = _reach(variance, n, power, confidence)
    at = n if rows is None else rows
    if at < 1:
        raise ValueError(f"rows must be at least 1, got {at}")
    return reach * math.sqrt(variance * n / at) if variance > 0.0 else None


def _reach(variance: float, n: int, power: float, confidence: float) -> float:
    """Return z + z_power, the standard deviations that a detected difference must span."""
    if not 0.0 <= variance < math.inf or n < 1:
        raise ValueError(f"variance must be finite and at least 0, n at least 1; got {variance} and {n}")
    if not 0.5 <= power < 1.0:
        raise ValueError(f"power must be at least 0.5 and below 1, got {power}")
    return two_sided_z(checked_confidence(confidence)) + NormalDist().inv_cdf(power)
