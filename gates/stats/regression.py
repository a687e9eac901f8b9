"""Figures of one regression on labelled rows, as `gates.stats.metric.Metric`.

Each raises ValueError for labels or scores that are not finite numbers, another shape, weights that sum to 0,
and what it names itself. Labels and scores are in one unit; so are RMSE and MAE.
"""

import numpy as np
from numpy.typing import ArrayLike

from gates.stats.metric import Figures, Metric, Weights, weighted_mean
from gates.stats.rows import Floats, finite_labels, finite_scores


@Metric
def mse(y: ArrayLike, scores: ArrayLike) -> Figures:
    """The mean squared error, in the square of the label's unit."""
    return weighted_mean(_errors(y, scores) ** 2)


@Metric
def rmse(y: ArrayLike, scores: ArrayLike) -> Figures:
    """The root of the mean squared error, in the unit of the label."""
    mean = mse.over(y, scores)
    return lambda weights: np.sqrt(mean(weights))


@Metric
def mae(y: ArrayLike, scores: ArrayLike) -> Figures:
    """The mean absolute error, in the unit of the label."""
    return weighted_mean(np.abs(_errors(y, scores)))


@Metric
def r2(y: ArrayLike, scores: ArrayLike) -> Figures:
    """The coefficient of determination: 1 is perfect, 0 is no better than the labels' own mean.

    Raises:
        ValueError: labels that do not vary, of which nothing can be explained.
    """
    labels = finite_labels(y)
    squared, mean = mse.over(y, scores), weighted_mean(labels)

    def figures(weights: Weights) -> Floats:
        away = (labels - mean(weights)[:, np.newaxis]) ** 2
        spread = (weights * away).sum(axis=1) / weights.sum(axis=1)
        if not (spread > 0.0).all():
            raise ValueError("R² needs labels that vary")
        figure: Floats = 1.0 - squared(weights) / spread
        return figure

    return figures


def _errors(y: ArrayLike, scores: ArrayLike) -> Floats:
    labels = finite_labels(y)
    errors: Floats = finite_scores(scores, labels.size) - labels
    return errors
