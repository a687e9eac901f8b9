"""Figures of one model on labelled rows, as `gates.stats.metric.Metric`.

Each raises ValueError for labels other than 0 and 1, scores or weights of another shape or out of range,
weights that sum to 0, and what it names itself.
"""

import numpy as np
from numpy.typing import ArrayLike

from gates.stats.metric import Figures, Metric, Weights, running_sum, weighted_mean
from gates.stats.rows import Floats, binary_labels, finite_scores, probabilities

LOG_LOSS_EPS = float(np.finfo(np.float64).eps)


@Metric
def weighted_auc(y: ArrayLike, scores: ArrayLike) -> Figures:
    """The area under the ROC curve: how often a row of label 1 has a higher score than one of label 0.

    A pair counts the product of its weights, and half of that where the scores are equal (J. Hanley and
    B. McNeil, 1982). Scores, shape (n,), are any finite numbers. `gates.stats.auc` has the AUC of rows that
    count alike with an interval that needs no resampling.

    Raises:
        ValueError: no row of label 1, or of label 0, with a weight above 0.
    """
    positive = binary_labels(y)
    values = finite_scores(scores, positive.size)
    order = np.argsort(values, kind="stable")
    ranked = values[order]
    starts = np.flatnonzero(np.concatenate(([True], ranked[1:] != ranked[:-1])))

    def figures(weights: Weights) -> Floats:
        ordered = np.take(weights, order, axis=1).astype(np.float64)
        ones, zeros = (
            np.add.reduceat(ordered * kind, starts, axis=1) for kind in (positive[order], ~positive[order])
        )
        pairs = ones.sum(axis=1) * zeros.sum(axis=1)
        if not (pairs > 0).all():
            raise ValueError("an AUC needs rows of both labels")
        figure: Floats = (ones * (np.cumsum(zeros, axis=1) - zeros / 2.0)).sum(axis=1) / pairs
        return figure

    return figures


@Metric
def average_precision(y: ArrayLike, scores: ArrayLike) -> Figures:
    """The average precision: precision at each threshold, weighted by the recall that it adds.

    Rows with equal scores share a threshold, and nothing is interpolated (as in scikit-learn; see J. Davis
    and M. Goadrich, 2006, on why not). Scores, shape (n,), are any finite numbers.

    Raises:
        ValueError: no row of label 1 with a weight above 0.
    """
    positive = binary_labels(y)
    values = finite_scores(scores, positive.size)
    order = np.argsort(-values, kind="stable")
    ranked = values[order]
    thresholds = np.flatnonzero(np.concatenate((ranked[1:] != ranked[:-1], [True])))
    hits = np.flatnonzero(positive[order])
    ends = thresholds[np.searchsorted(thresholds, hits)]  # of each hit, the last row at its threshold
    last_hits = np.searchsorted(hits, ends, side="right") - 1

    def figures(weights: Weights) -> Floats:
        ordered = np.take(weights, order, axis=1)
        weight = ordered[:, hits]
        found, chosen = running_sum(weight), running_sum(ordered)[:, ends]
        if not hits.size or not (found[:, -1] > 0).all():
            raise ValueError("average precision needs a row of label 1")
        precision = np.zeros(weight.shape)
        np.divide(found[:, last_hits], chosen, out=precision, where=chosen > 0)
        figure: Floats = (weight * precision).sum(axis=1) / found[:, -1]
        return figure

    return figures


@Metric
def brier(y: ArrayLike, scores: ArrayLike) -> Figures:
    """The mean squared difference of probability and label (G. Brier, 1950), 0 to 1."""
    positive = binary_labels(y)
    return weighted_mean((probabilities(scores, positive.size) - positive) ** 2)


@Metric
def log_loss(y: ArrayLike, scores: ArrayLike) -> Figures:
    """The mean negative log-likelihood, in nats.

    The probability given to the true label is clipped to `LOG_LOSS_EPS` (2.2e-16) and 1 minus that, as
    scikit-learn does for float64; a sure and wrong answer thus costs 36.04.
    """
    positive = binary_labels(y)
    p = probabilities(scores, positive.size)
    true_label = np.where(positive, p, 1.0 - p)
    return weighted_mean(-np.log(np.clip(true_label, LOG_LOSS_EPS, 1.0 - LOG_LOSS_EPS)))


@Metric
def calibration_error(y: ArrayLike, scores: ArrayLike, *, bins: int = 10) -> Figures:
    """The expected calibration error over equal-width bins (M. Naeini et al., 2015), 0 to 1.

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
    held = np.searchsorted(np.linspace(0.0, 1.0, bins + 1)[1:-1], p)
    order = np.argsort(held, kind="stable")
    edges = np.flatnonzero(np.diff(held[order], prepend=-1))
    gaps = (p - positive)[order]

    def figures(weights: Weights) -> Floats:
        sums = np.add.reduceat(np.take(weights, order, axis=1) * gaps, edges, axis=1)
        figure: Floats = np.abs(sums).sum(axis=1) / weights.sum(axis=1)
        return figure

    return figures
