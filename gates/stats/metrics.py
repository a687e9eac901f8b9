"""Figures of one model on labelled rows: (labels, scores, weights) to one number.

A weight counts a row that many times. Each function raises ValueError for labels other than 0 and 1,
scores or weights of another shape or out of range, weights that sum to 0, and what it names itself.
"""

import numpy as np
from numpy.typing import ArrayLike

from gates.stats.rows import binary_labels, dot, finite_scores, probabilities, row_weights

LOG_LOSS_EPS = float(np.finfo(np.float64).eps)


def average_precision(y: ArrayLike, scores: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Return the average precision: precision at each threshold, weighted by the recall that it adds.

    Rows with equal scores share a threshold, and nothing is interpolated (as in scikit-learn; see J. Davis
    and M. Goadrich, 2006, on why not). Scores, shape (n,), are any finite numbers.

    Raises:
        ValueError: no row of label 1 with a weight above 0.
    """
    positive = binary_labels(y)
    values = finite_scores(scores, positive.size)
    weight = row_weights(weights, positive.size)
    # A stable sort is linear on rows that are sorted already, as the bootstrap passes them.
    order = np.argsort(-values, kind="stable")
    ranked, weight = values[order], weight[order]
    last = np.flatnonzero(np.concatenate((ranked[1:] != ranked[:-1], [True])))
    hits = np.cumsum(weight * positive[order])[last]
    chosen = np.cumsum(weight)[last]
    if not hits[-1] > 0.0:
        raise ValueError("average precision needs a row of label 1")
    precision = np.divide(hits, chosen, out=np.zeros_like(hits), where=chosen > 0.0)
    return dot(np.diff(hits, prepend=0.0), precision) / float(hits[-1])


def brier(y: ArrayLike, scores: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Return the mean squared difference of probability and label (G. Brier, 1950), 0 to 1."""
    positive = binary_labels(y)
    p = probabilities(scores, positive.size)
    weight = row_weights(weights, positive.size)
    return dot(weight, (p - positive) ** 2) / float(weight.sum())


def log_loss(y: ArrayLike, scores: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Return the mean negative log-likelihood, in nats.

    The probability given to the true label is clipped to `LOG_LOSS_EPS` (2.2e-16) and 1 minus that, as
    scikit-learn does for float64; a sure and wrong answer thus costs 36.04.
    """
    positive = binary_labels(y)
    p = probabilities(scores, positive.size)
    weight = row_weights(weights, positive.size)
    true_label = np.where(positive, p, 1.0 - p)
    loss = -np.log(np.clip(true_label, LOG_LOSS_EPS, 1.0 - LOG_LOSS_EPS))
    return dot(weight, loss) / float(weight.sum())


def calibration_error(
    y: ArrayLike, scores: ArrayLike, weights: ArrayLike | None = None, *, bins: int = 10
) -> float:
    """Return the expected calibration error over equal-width bins (M. Naeini et al., 2015), 0 to 1.

    The mean over rows of the absolute difference between a bin's mean probability and its share of label
    1. A bin holds its upper edge, the first one 0 as well; empty bins count nothing. The figure is biased
    upwards: it is above 0 even for a perfectly calibrated model, and more so with fewer rows.

    Raises:
        ValueError: fewer than one bin.
    """
    if bins < 1:
        raise ValueError(f"bins must be at least 1, got {bins}")
    positive = binary_labels(y)
    p = probabilities(scores, positive.size)
    weight = row_weights(weights, positive.size)
    inner_edges = np.linspace(0.0, 1.0, bins + 1)[1:-1]
    gaps = np.bincount(np.searchsorted(inner_edges, p), weights=weight * (p - positive))
    return float(np.abs(gaps).sum() / weight.sum())
