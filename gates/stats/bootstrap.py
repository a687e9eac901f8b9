"""Intervals by resampling rows, for figures that have no formula (B. Efron, 1979).

Rows are drawn with replacement; a metric gets the number of times that each row was drawn as its weight,
which equals repeating the row. Where labels are classes, rows are drawn within each class, so every resample
keeps the prevalence. The interval is the percentile interval. Assumes independent rows.

Rows are put in an order of their own before drawing, so the same rows in any order give the same interval
for the same seed. Per resample, the rows of label 1 are drawn first, then those of label 0.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gates.stats.interval import Interval, checked_confidence
from gates.stats.rows import Floats, binary_labels, finite_labels, finite_scores

Metric = Callable[[NDArray[Any], Floats, Floats], float]
"""Labels, scores and weights, each of shape (n,), to one finite number."""


def bootstrap_interval(
    metric: Metric,
    y: ArrayLike,
    scores: ArrayLike,
    *,
    by_class: bool = True,
    resamples: int = 1000,
    seed: int,
    confidence: float = 0.95,
) -> Interval:
    """Return a metric of one model with its two-sided percentile interval.

    Args:
        metric: see `Metric`; the functions of `gates.stats.metrics` and `gates.stats.regression` are.
        y: labels 0 and 1, or finite numbers where `by_class` is off, shape (n,).
        scores: finite scores, shape (n,).
        by_class: draw the rows of each class apart.
        resamples: how many times the rows are drawn.
        seed: of `numpy.random.default_rng`.
        confidence: of the interval, two-sided.

    Raises:
        ValueError: only one class, rows that do not fit, or a metric that is not finite on a resample.
    """
    labels = _labels(y, by_class=by_class)
    values = finite_scores(scores, labels.size)
    order = np.lexsort((labels, -values))
    labels, values = labels[order], values[order]
    estimate = _finite(metric(labels, values, np.ones(labels.size)))
    figures = [
        _finite(metric(labels, values, w))
        for w in _draws(_strata(labels, by_class=by_class), resamples, seed)
    ]
    return percentile_interval(estimate, np.array(figures), confidence)


def bootstrap_difference(
    metric: Metric,
    y: ArrayLike,
    challenger: ArrayLike,
    champion: ArrayLike,
    *,
    by_class: bool = True,
    resamples: int = 1000,
    seed: int,
    confidence: float = 0.95,
) -> Interval:
    """Return metric(challenger) - metric(champion) with its paired two-sided percentile interval.

    Both models are judged on the same draws. Identical scores give exactly (0, 0, 0).

    Args:
        metric: see `Metric`.
        y: labels 0 and 1, or finite numbers where `by_class` is off, shape (n,).
        challenger: finite scores, shape (n,).
        champion: finite scores, shape (n,).
        by_class: draw the rows of each class apart.
        resamples: how many times the rows are drawn.
        seed: of `numpy.random.default_rng`.
        confidence: of the interval, two-sided.

    Raises:
        ValueError: as `bootstrap_interval`.
    """
    labels = _labels(y, by_class=by_class)
    new, old = finite_scores(challenger, labels.size), finite_scores(champion, labels.size)
    order = np.lexsort((labels, -old, -new))
    labels, new, old = labels[order], new[order], old[order]
    # Each model sees the rows sorted by its own scores: metrics that sort do so in linear time.
    by_old = np.argsort(-old, kind="stable")
    old_labels, old = labels[by_old], old[by_old]

    def difference(weights: Floats) -> float:
        return _finite(metric(labels, new, weights)) - _finite(metric(old_labels, old, weights[by_old]))

    estimate = difference(np.ones(labels.size))
    figures = [difference(weights) for weights in _draws(_strata(labels, by_class=by_class), resamples, seed)]
    return percentile_interval(estimate, np.array(figures), confidence)


def percentile_interval(estimate: float, figures: Floats, confidence: float) -> Interval:
    """Return the estimate with the central share `confidence` of resampled figures, shape (resamples,)."""
    tail = (1.0 - checked_confidence(confidence)) / 2.0
    low, high = np.quantile(figures, [tail, 1.0 - tail])
    return Interval(estimate, float(low), float(high))


def _labels(y: ArrayLike, *, by_class: bool) -> NDArray[Any]:
    return binary_labels(y).astype(np.int64) if by_class else finite_labels(y)


def _strata(labels: NDArray[Any], *, by_class: bool) -> list[NDArray[np.intp]]:
    """Return the numbers of the rows that are drawn among one another: of each class, or all."""
    if not by_class:
        return [np.arange(labels.size)]
    classes = [np.flatnonzero(labels == label) for label in (1, 0)]
    if not all(rows.size for rows in classes):
        raise ValueError("a bootstrap within classes needs rows of both classes")
    return classes


def _draws(strata: Sequence[NDArray[np.intp]], resamples: int, seed: int) -> Iterator[Floats]:
    """Yield how often each row is drawn, once per resample, as weights of shape (n,)."""
    if resamples < 1:
        raise ValueError(f"resamples must be at least 1, got {resamples}")
    rng = np.random.default_rng(seed)
    for _ in range(resamples):
        weights = np.empty(sum(rows.size for rows in strata))
        for rows in strata:
            weights[rows] = np.bincount(rng.integers(0, rows.size, rows.size), minlength=rows.size)
        yield weights


def _finite(figure: float) -> float:
    if not np.isfinite(figure):
        raise ValueError(f"the metric gave {figure}; a metric must be finite on every resample")
    return float(figure)
