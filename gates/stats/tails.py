"""Upper tails of the null distributions of tests, by series: `scipy.special` alone takes .2 s to import."""

import math

import numpy as np

SERIES_MEET = 1.18  # here both series of the Kolmogorov distribution need few terms
SURELY = 0.05  # below it the tail is 1 less 1e-213
TERMS = 20  # of them: the first one left out is below 1e-300 there


def chi_square_tail(x: float, df: int) -> float:
    """Return P(X >= x) for X chi-square distributed with df degrees of freedom; 1 for df = 0.

    The finite sums for whole degrees of freedom (M. Abramowitz and I. Stegun, 1964, 26.4.4 and 26.4.5): all
    terms are positive, so nothing cancels.

    Args:
        x: value of the statistic, at least 0.
        df: degrees of freedom, a whole number of at least 0.

    Raises:
        ValueError: x is negative, NaN or infinite, or df is negative.
    """
    if not 0.0 <= x < math.inf or df < 0:
        raise ValueError(f"x must be finite and at least 0, df at least 0, got {x} and {df}")
    half, odd = x / 2.0, df % 2
    if df == 0 or half == 0.0:
        return 1.0
    steps = np.log(half) - np.log(np.arange(1.0, df // 2) + odd / 2.0)
    first = 0.5 * odd * math.log(half) - odd * math.lgamma(1.5) - half
    terms = np.exp(first + np.concatenate(([0.0], np.cumsum(steps)))) if df > 1 else np.zeros(0)
    start = math.erfc(math.sqrt(half)) if odd else 0.0
    return min(start + float(terms.sum()), 1.0)


def kolmogorov_tail(x: float) -> float:
    """Return P(K >= x) for K distributed as the limit of sqrt(n) times the Kolmogorov-Smirnov statistic.

    By the alternating series of A. Kolmogorov (1933) for large x, by Jacobi's transform of it for small.

    Raises:
        ValueError: x is negative, NaN or infinite.
    """
    if not 0.0 <= x < math.inf:
        raise ValueError(f"x must be finite and at least 0, got {x}")
    if x < SURELY:
        return 1.0
    if x < SERIES_MEET:
        odd = range(1, 2 * TERMS, 2)
        below = math.fsum(math.exp(-((k * math.pi / x) ** 2) / 8.0) for k in odd)
        return max(1.0 - math.sqrt(2.0 * math.pi) / x * below, 0.0)
    signed = ((-1) ** (k - 1) * math.exp(-2.0 * (k * x) ** 2) for k in range(1, TERMS))
    return min(2.0 * math.fsum(signed), 1.0)
