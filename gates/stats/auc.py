"""The area under the ROC curve with its uncertainty, for one model or several on the same rows.

Sources: E. DeLong, D. DeLong and D. Clarke-Pearson (1988) for the covariance; X. Sun and W. Xu (2014) for
computing it from ranks in O(n log n). Assumes independent rows and an AUC that is about normally
distributed. A perfect separation has variance 0 and so an interval without width, however few the rows:
demand a minimum of rows per class before you believe one.
"""

import math
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gates.stats.interval import Interval, two_sided_z
from gates.stats.rows import Floats, binary_labels, finite_scores

Whole: TypeAlias = NDArray[np.signedinteger[Any]]
SMALL = 2**29  # rows of which twice as many are counted in 32 bits
LEAST_PER_CLASS = 2  # rows of each class that a variance within the class needs


@dataclass(frozen=True, eq=False)
class DeLong:
    """AUCs of k models on the same rows, shape (k,), and their covariance matrix, shape (k, k)."""

    aucs: Floats
    covariance: Floats


def delong(y: ArrayLike, scores: ArrayLike) -> DeLong:
    """Compute the AUCs of k models on the same rows and their covariance (DeLong et al. 1988).

    Args:
        y: labels 0 and 1, shape (n,).
        scores: one row of n finite scores per model, shape (k, n); larger means rather 1.

    Raises:
        ValueError: fewer than two rows of either class, or scores that do not fit the labels.
    """
    positive = _both_classes(y)
    models = np.asarray(scores)
    if models.ndim != 2 or len(models) == 0:
        raise ValueError(f"scores must have the shape (k, n) with k > 0, got {models.shape}")
    wins = np.stack([_doubled_wins(positive, finite_scores(model, positive.size)) for model in models])
    return DeLong(*_mean_and_covariance(positive, wins))


def auc_interval(y: ArrayLike, scores: ArrayLike, confidence: float = 0.95) -> Interval:
    """Return the AUC of one model with its two-sided DeLong interval, clipped to 0 and 1.

    Args:
        y: labels 0 and 1, shape (n,).
        scores: finite scores, shape (n,).
        confidence: of the interval, two-sided.

    Raises:
        ValueError: as `delong`.
    """
    result = delong(y, np.asarray(scores)[np.newaxis])
    whole = _normal_interval(float(result.aucs[0]), float(result.covariance[0, 0]), confidence)
    return Interval(whole.estimate, max(whole.low, 0.0), min(whole.high, 1.0))


def auc_difference(
    y: ArrayLike, challenger: ArrayLike, champion: ArrayLike, confidence: float = 0.95
) -> Interval:
    """Return AUC(challenger) - AUC(champion) on the same rows with its paired two-sided interval.

    Models that rank the rows alike give exactly (0, 0, 0). The lower bound alone is a one-sided bound at
    (1 + confidence) / 2: a challenger that is no better than the champion clears 0 in (1 - confidence) / 2
    of golden sets.

    Args:
        y: labels 0 and 1, shape (n,).
        challenger: finite scores, shape (n,).
        champion: finite scores, shape (n,).
        confidence: of the interval, two-sided.

    Raises:
        ValueError: as `delong`.
    """
    return _normal_interval(*_difference(y, challenger, champion), confidence)


def difference_variance(y: ArrayLike, challenger: ArrayLike, champion: ArrayLike) -> float:
    """Return the variance of the paired AUC difference on these rows, 0 for models that rank alike.

    Raises:
        ValueError: as `delong`.
    """
    return _difference(y, challenger, champion)[1]


def _both_classes(y: ArrayLike) -> NDArray[np.bool_]:
    positive = binary_labels(y)
    positives = int(np.count_nonzero(positive))
    if min(positives, positive.size - positives) < 2:
        raise ValueError(
            "an AUC with its variance needs two rows of each class, "
            f"got {positives} of label 1 and {positive.size - positives} of label 0"
        )
    return positive


def _doubled_wins(positive: NDArray[np.bool_], scores: Floats) -> Whole:
    """Return twice the pairs that each row wins against the other class, a tie being half a win.

    A row of label 1 wins against the rows of label 0 below it, a row of label 0 against those of label 1
    above it. Doubled, the counts are whole numbers.
    """
    order = np.argsort(scores)
    ranked, hits = scores[order], positive[order]
    # Half the memory to move, where twice the number of rows fits.
    whole: type[np.signedinteger[Any]] = np.int32 if ranked.size < SMALL else np.int64
    ones_through = np.cumsum(hits, dtype=whole)
    doubled = 2 * ones_through[-1]
    if (new := ranked[1:] != ranked[:-1]).all():
        below = 2 * (ones_through - hits)
        won = np.where(hits, np.arange(0, 2 * ranked.size, 2, dtype=whole) - below, doubled - below)
    else:
        edges = np.flatnonzero(np.concatenate(([True], new, [True])))
        ones_below = np.concatenate((np.zeros(1, dtype=whole), ones_through))[edges]
        zeros_below = edges.astype(whole) - ones_below
        sizes = np.diff(edges)
        of_one = np.repeat(zeros_below[:-1] + zeros_below[1:], sizes)
        won = np.where(hits, of_one, np.repeat(doubled - ones_below[:-1] - ones_below[1:], sizes))
    wins = np.empty(ranked.size, dtype=whole)
    wins[order] = won
    return wins


def _mean_and_covariance(positive: NDArray[np.bool_], wins: Whole) -> tuple[Floats, Floats]:
    """Return means (k,) and covariance (k, k) of the statistics whose doubled wins are `wins`, shape (k, n).

    Linear in `wins`, so the difference of two models' wins gives the difference of their AUCs.
    """
    ones, zeros = (
        wins.take(np.flatnonzero(which), axis=1) for which in (positive, ~positive)
    )  # masks take longer
    m, n = ones.shape[1], zeros.shape[1]
    means = ones.sum(axis=1) / (2.0 * m * n)
    return means, _scatter(ones) / (4.0 * m * n * n) + _scatter(zeros) / (4.0 * n * m * m)


def _scatter(wins: Whole) -> Floats:
    """Return the sample covariance (k, k) of whole numbers, shape (k, rows)."""
    rows = wins.shape[1]
    # Centred on a whole number the sums below stay whole, hence exact and the same in any order of rows.
    centred = (wins - np.rint(wins.mean(axis=1, keepdims=True))).astype(np.float64)
    sums = centred.sum(axis=1)
    covariance: Floats = (centred @ centred.T - np.outer(sums, sums) / rows) / (rows - 1)
    return covariance


def _difference(y: ArrayLike, challenger: ArrayLike, champion: ArrayLike) -> tuple[float, float]:
    """Return the paired difference and its variance, without the cancellation of var + var - 2 cov."""
    positive = _both_classes(y)
    ahead, behind = (_doubled_wins(positive, finite_scores(s, positive.size)) for s in (challenger, champion))
    means, covariance = _mean_and_covariance(positive, (ahead - behind)[np.newaxis])
    return float(means[0]), float(covariance[0, 0])


def _normal_interval(estimate: float, variance: float, confidence: float) -> Interval:
    half = two_sided_z(confidence) * math.sqrt(max(variance, 0.0))
    return Interval(estimate, estimate - half, estimate + half)
