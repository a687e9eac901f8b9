"""A mean with bounds that hold at every look at once.

Source: I. Waudby-Smith and A. Ramdas (2023), theorem 2: the predictable plug-in empirical Bernstein
confidence sequence. Assumes values within known limits whose mean, given the values before, is always the
same; they need be neither independent nor equally distributed otherwise.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from gates.stats.interval import checked_confidence
from gates.stats.rows import Floats

_BOLDEST = 0.5  # the largest bet: larger ones are narrower for few values and wider for many


@dataclass(frozen=True, eq=False)
class MeanSequence:
    """The bounds of a mean after each value, in the unit of the values, each of shape (n,)."""

    low: Floats
    high: Floats


def mean_sequence(values: ArrayLike, lowest: float, highest: float, confidence: float = 0.95) -> MeanSequence:
    """Return bounds of the mean after each value; all of them at once hold it with the confidence.

    Args:
        values: numbers within the limits, in the order in which they came, shape (n,).
        lowest: the smallest value that there can be.
        highest: the largest one.
        confidence: of the whole sequence, two-sided.

    Raises:
        ValueError: no values, one that is not finite or outside the limits, or limits that are not in order.
    """
    alpha = 1.0 - checked_confidence(confidence)
    numbers = np.asarray(values)
    if numbers.ndim != 1 or numbers.size == 0 or numbers.dtype.kind not in "biuf":
        raise ValueError(f"values must be numbers of the shape (n,) with n > 0, got {numbers.shape}")
    if not -math.inf < lowest < highest < math.inf:
        raise ValueError(f"limits must be finite and in order, got {lowest} and {highest}")
    if not ((numbers >= lowest) & (numbers <= highest)).all():
        raise ValueError(f"values must lie between {lowest} and {highest}")
    x = (numbers.astype(np.float64) - lowest) / (highest - lowest)
    looks = np.arange(1.0, x.size + 1.0)
    means = (0.5 + np.cumsum(x)) / (looks + 1.0)
    variances = (0.25 + np.cumsum((x - means) ** 2)) / (looks + 1.0)
    # A bet may know the values before its own only.
    before, spread = _shifted(means, 0.5), _shifted(variances, 0.25)
    bets = np.sqrt(2.0 * math.log(2.0 / alpha) / (spread * looks * np.log1p(looks)))
    bets = np.minimum(bets, _BOLDEST)
    costs = 4.0 * (x - before) ** 2 * (-np.log1p(-bets) - bets) / 4.0
    staked = np.cumsum(bets)
    centre = np.cumsum(bets * x) / staked
    half = (math.log(2.0 / alpha) + np.cumsum(costs)) / staked
    width = highest - lowest
    return MeanSequence(
        lowest + width * np.maximum(centre - half, 0.0), lowest + width * np.minimum(centre + half, 1.0)
    )


def _shifted(figures: Floats, first: float) -> Floats:
    return np.concatenate(([first], figures[:-1]))
