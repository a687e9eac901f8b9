"""Bounds of a quantile, and of the ratio of two, from order statistics.

No assumption on the distribution, but independent samples.
The number of samples at or below the true quantile q is binomial(n, q), which tells how sure one can be
that the r-th smallest sample lies below or above it (H. David and H. Nagaraja, 2003, section 7.1).
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from gates.stats.interval import Interval, checked_confidence
from gates.stats.rows import Floats


@dataclass(frozen=True)
class QuantileInterval:
    """A quantile of n samples with two one-sided bounds, each at the full confidence.

    `high` is the upper confidence bound: the true quantile is at most `high` with the confidence; None if n
    is below `least_samples`. `low` is the lower one: the true quantile is at least `low` with the
    confidence; None if n is too small for that. The two together hold it with 1 - 2 (1 - confidence).
    """

    estimate: float
    low: float | None
    high: float | None
    n: int


def quantile_interval(samples: ArrayLike, q: float, confidence: float = 0.95) -> QuantileInterval:
    """Return the q-quantile of the samples with its one-sided bounds.

    Every figure is one of the samples. The estimate is the smallest sample with at least a share q at or
    below it (R. Hyndman and Y. Fan, 1996, type 1), so low <= estimate <= high for a confidence of at
    least 0.5.

    Args:
        samples: finite numbers in any unit, shape (n,).
        q: the quantile, strictly between 0 and 1; 0.99 for p99.
        confidence: of each bound, one-sided.

    Raises:
        ValueError: no samples, one that is not finite, or q or confidence not between 0 and 1.
    """
    checked_confidence(confidence)
    values = np.asarray(samples)
    n = values.size
    if values.ndim != 1 or n == 0:
        raise ValueError(f"samples must have the shape (n,) with n > 0, got {values.shape}")
    if values.dtype.kind not in "iuf" or not np.isfinite(values).all():
        raise ValueError("samples must be finite numbers")
    ranked = np.sort(values.astype(np.float64, copy=False))
    high, low = None, None
    if n >= least_samples(q, confidence):
        high = float(ranked[_rank_above(n, q, confidence) - 1])
    # Seen from above, a lower bound of q is an upper bound of 1 - q.
    if n >= least_samples(1.0 - q, confidence):
        low = float(ranked[n - _rank_above(n, 1.0 - q, confidence)])
    return QuantileInterval(float(ranked[max(math.ceil(n * q), 1) - 1]), low, high, n)


def quantile_ratio(
    numerator: ArrayLike, denominator: ArrayLike, q: float, confidence: float = 0.95
) -> Interval | None:
    """Return the ratio of two q-quantiles with its two-sided interval, such as of two p99s.

    The bounds of both quantiles are combined on the log scale (MOVER; A. Donner and G. Zou, 2012). Assumes
    independent samples; of runs that took turns, what slows both at once makes the interval too wide, never
    too narrow.

    Args:
        numerator: finite samples above 0, shape (n,).
        denominator: the same, shape (m,).
        q: the quantile, strictly between 0 and 1.
        confidence: of the interval, two-sided.

    Returns:
        None where either has too few samples for its own bounds, or a sample of 0.

    Raises:
        ValueError: as `quantile_interval`, but for no samples.
    """
    one_sided = (1.0 + checked_confidence(confidence)) / 2.0
    top, bottom = (_log_bounds(each, q, one_sided) for each in (numerator, denominator))
    if top is None or bottom is None:
        return None
    (low, point, high), (least, beside, most) = top, bottom
    ratio = point - beside
    return Interval(
        math.exp(ratio),
        math.exp(ratio - math.hypot(point - low, most - beside)),
        math.exp(ratio + math.hypot(high - point, beside - least)),
    )


def _log_bounds(samples: ArrayLike, q: float, confidence: float) -> tuple[float, float, float] | None:
    """Return the logarithms of a quantile's lower bound, of itself and of its upper bound.

    Between two neighbouring samples a bound is interpolated to the confidence (A. Hutson, 1999): two bounds
    that are combined would else be wider than they have to be.
    """
    n = np.size(samples)
    if n < max(least_samples(q, confidence), least_samples(1.0 - q, confidence)):
        return None
    estimate = quantile_interval(samples, q).estimate
    ranked = np.sort(np.asarray(samples, dtype=np.float64))
    if not ranked[0] > 0.0:
        return None
    logs = np.log(ranked)
    high = _interpolated(logs, q, confidence)
    low = -_interpolated(-logs[::-1], 1.0 - q, confidence)
    return low, math.log(estimate), high


def _interpolated(ranked: Floats, q: float, confidence: float) -> float:
    """Return the upper bound of the q-quantile of sorted samples, at the confidence itself."""
    sure = _binomial_cdf(ranked.size, q)[: ranked.size]  # of each sample, that it is at or above the quantile
    rank = int(np.searchsorted(sure, confidence))
    before = rank - 1
    share = (confidence - sure[before]) / (sure[rank] - sure[before]) if rank else 1.0
    return float(ranked[before] + share * (ranked[rank] - ranked[before])) if rank else float(ranked[0])


def least_samples(q: float, confidence: float = 0.95) -> int:
    """Return the fewest samples that give an upper bound of the q-quantile: 299 for p99 at 0.95.

    The largest of n samples is above the quantile with probability 1 - q**n.

    Raises:
        ValueError: q or confidence not strictly between 0 and 1.
    """
    if not 0.0 < q < 1.0:
        raise ValueError(f"q must lie between 0 and 1, got {q}")
    return max(math.ceil(math.log1p(-checked_confidence(confidence)) / math.log(q)), 1)


def _rank_above(n: int, q: float, confidence: float) -> int:
    """Return the smallest r for which P(the r-th smallest sample >= the quantile) >= confidence, at most n.

    That probability is P(B <= r - 1) with B binomial(n, q).
    """
    return min(int(np.searchsorted(_binomial_cdf(n, q), confidence)) + 1, n)


def _binomial_cdf(n: int, q: float) -> Floats:
    """Return P(B <= k) for k = 0 ... n and B binomial(n, q).

    Probabilities relative to the mode's, from the ratios of neighbours, then divided by their sum: unlike
    log-factorials, nothing large cancels.
    """
    k = np.arange(n)
    step = np.log(n - k) - np.log(k + 1) + math.log(q) - math.log1p(-q)
    mode = min(int((n + 1) * q), n)
    below = -np.cumsum(step[:mode][::-1])[::-1]
    relative = np.exp(np.concatenate((below, [0.0], np.cumsum(step[mode:]))))
    below_or_at: Floats = np.cumsum(relative / relative.sum())
    return below_or_at
