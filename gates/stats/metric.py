"""What a metric is here: a figure of labelled rows that can be taken under many weightings at once."""

import functools
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gates.stats.rows import Floats, row_weights

Weights: TypeAlias = NDArray[Any]
"""How often each of n rows counts, in each of k weightings: counts (int32) or numbers (float64), (k, n)."""

Figures: TypeAlias = Callable[[Weights], Floats]
"""Weights to the k figures of the rows that it was made for, shape (k,)."""


Prepare: TypeAlias = Callable[..., Figures]
"""Labels and scores to figures: does once what no weight changes, as checking, sorting, finding ties."""


class Metric:
    """A figure: ``metric(y, scores, weights)`` is one number, ``metric.over(y, scores)`` many.

    A weight counts a row that many times.
    """

    def __init__(self, prepare: Prepare) -> None:
        functools.update_wrapper(self, prepare)
        self.over = prepare

    def __call__(
        self,
        y: ArrayLike,
        scores: ArrayLike,
        weights: ArrayLike | None = None,
        **options: Any,  # noqa: ANN401 - the metric's own, such as a number of bins
    ) -> float:
        """Return the figure of labels and scores, both of shape (n,), under weights (1 each, if absent).

        Raises:
            ValueError: what the metric itself refuses; weights of another shape, negative, or all 0.
        """
        figures = self.over(y, scores, **options)
        return float(figures(row_weights(weights, np.asarray(y).size)[np.newaxis])[0])


def weighted_mean(values: Floats) -> Figures:
    """Return what takes the weighted mean of values, shape (n,).

    With the same bits on every machine, hence not by BLAS, which adds in the order of its CPU.
    """

    def figures(weights: Weights) -> Floats:
        mean: Floats = (weights * values).sum(axis=1) / weights.sum(axis=1)
        return mean

    return figures


def running_sum(weights: Weights) -> Weights:
    """Return the running sums along rows; those of counts stay whole, which is faster."""
    kind = np.int32 if weights.dtype == np.int32 else np.float64
    sums: Weights = np.cumsum(weights, axis=1, dtype=kind)
    return sums
