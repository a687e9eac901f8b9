"""Figures of one regression on labelled rows: (labels, scores, weights) to one number.

A weight counts a row that many times. Each function raises ValueError for labels or scores that are not
finite numbers, another shape, weights that sum to 0, and what it names itself. Labels and scores are in one
unit; so are RMSE and MAE.
"""

import math

from numpy.typing import ArrayLike

from gates.stats.rows import Floats, dot, finite_labels, finite_scores, row_weights


def rmse(y: ArrayLike, scores: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Return the root of the mean squared error, in the unit of the label."""
    error, weight, _ = _checked(y, scores, weights)
    return math.sqrt(dot(weight, error * error) / float(weight.sum()))


def mae(y: ArrayLike, scores: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Return the mean absolute error, in the unit of the label."""
    error, weight, _ = _checked(y, scores, weights)
    return dot(weight, abs(error)) / float(weight.sum())


def r2(y: ArrayLike, scores: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Return the coefficient of determination: 1 is perfect, 0 is no better than the labels' own mean.

    Raises:
        ValueError: labels that do not vary, of which nothing can be explained.
    """
    error, weight, labels = _checked(y, scores, weights)
    away = labels - dot(weight, labels) / float(weight.sum())
    spread = dot(weight, away * away)
    if not spread > 0.0:
        raise ValueError("R² needs labels that vary")
    return 1.0 - dot(weight, error * error) / spread


def _checked(y: ArrayLike, scores: ArrayLike, weights: ArrayLike | None) -> tuple[Floats, Floats, Floats]:
    """Return errors, weights and labels, each of shape (n,)."""
    labels = finite_labels(y)
    error: Floats = finite_scores(scores, labels.size) - labels
    return error, row_weights(weights, labels.size), labels
