"""Intervals by resampling rows, for figures that have no formula (B. Efron, 1979).

Rows are drawn with replacement; a metric gets the number of times that each row was drawn as its weight,
which equals repeating the row, and sorts what it has to sort once for all draws. Where labels are classes,
rows are drawn within each class, so every resample keeps the prevalence. Where rows belong together, as those
of one customer do, whole groups are drawn (the cluster bootstrap; A. Davison and D. Hinkley, 1997, section
3.8). The interval is the percentile interval. Assumes independent rows, or independent groups.

Rows are put in an order of their own before drawing, so the same rows in any order give the same interval
for the same seed. Of the resamples that are drawn at once, the rows of label 1 come first.
"""

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gates.stats.groups import membership
from gates.stats.interval import Interval, checked_confidence
from gates.stats.metric import Figures, Metric, Weights
from gates.stats.rows import Floats, binary_labels, finite_labels, finite_scores

Function: TypeAlias = Callable[[NDArray[Any], Floats, Floats], float]
"""Somebody's own metric: labels, scores and weights, each of shape (n,), to one finite number."""

AT_ONCE = 2**18  # weights that are drawn and weighed together: as much as a core's cache holds


def bootstrap_interval(
    metric: Metric | Function,
    y: ArrayLike,
    scores: ArrayLike,
    *,
    by_class: bool = True,
    groups: ArrayLike | None = None,
    resamples: int = 1000,
    seed: int,
    confidence: float = 0.95,
) -> Interval:
    """Return a metric of one model with its two-sided percentile interval.

    Args:
        metric: of `gates.stats.metrics` or `gates.stats.regression`, or a function (see `Function`).
        y: labels 0 and 1, or finite numbers where `by_class` is off, shape (n,).
        scores: finite scores, shape (n,).
        by_class: draw the rows of each class apart; groups are drawn whole, whatever is said here.
        groups: what belongs together, shape (n,), text or numbers; each row for itself if absent.
        resamples: how many times the rows are drawn.
        seed: of `numpy.random.default_rng`.
        confidence: of the interval, two-sided.

    Raises:
        ValueError: only one class, rows that do not fit, or a metric that is not finite on a resample.
    """
    return _bootstrap(metric, y, (scores,), by_class, groups, (resamples, seed, confidence))


def bootstrap_difference(
    metric: Metric | Function,
    y: ArrayLike,
    challenger: ArrayLike,
    champion: ArrayLike,
    *,
    by_class: bool = True,
    groups: ArrayLike | None = None,
    resamples: int = 1000,
    seed: int,
) -> Interval:
    """Return metric(challenger) - metric(champion) with its paired two-sided 95 % percentile interval.

    Both models are judged on the same draws. Identical scores give exactly (0, 0, 0).

    Args:
        metric: as `bootstrap_interval`.
        y: labels 0 and 1, or finite numbers where `by_class` is off, shape (n,).
        challenger: finite scores, shape (n,).
        champion: finite scores, shape (n,).
        by_class: draw the rows of each class apart; groups are drawn whole, whatever is said here.
        groups: what belongs together, shape (n,), text or numbers; each row for itself if absent.
        resamples: how many times the rows are drawn.
        seed: of `numpy.random.default_rng`.

    Raises:
        ValueError: as `bootstrap_interval`.
    """
    return _bootstrap(metric, y, (challenger, champion), by_class, groups, (resamples, seed, 0.95))


def _bootstrap(
    metric: Metric | Function,
    y: ArrayLike,
    models: tuple[ArrayLike, ...],
    by_class: bool,  # noqa: FBT001 - passed on by the two above
    groups: ArrayLike | None,
    draws: tuple[int, int, float],
) -> Interval:
    """Return the figure of the first model, less that of the second if there is one, with its interval."""
    resamples, seed, confidence = draws
    labels = binary_labels(y).astype(np.int64) if by_class else finite_labels(y)
    scores = [finite_scores(each, labels.size) for each in models]
    member = None if groups is None else membership(groups).member
    if member is not None and member.shape != labels.shape:
        raise ValueError(f"groups {member.shape} do not fit labels {labels.shape}")
    keys = [*(-each for each in reversed(scores)), -labels if by_class else labels]
    order = np.lexsort(keys if member is None else [*keys, member])
    labels, scores = labels[order], [each[order] for each in scores]
    figures = [_over(metric, labels, each) for each in scores]

    def figure(weights: Weights) -> Floats:
        first, *second = (each(weights) for each in figures)
        return first - second[0] if second else first

    estimate = float(figure(np.ones((1, labels.size), dtype=np.int32))[0])
    drawn = (
        _draws(_strata(labels, by_class=by_class), labels.size, resamples, seed)
        if member is None
        else _group_draws(member[order], resamples, seed)
    )
    found = np.concatenate([figure(weights) for weights in drawn])
    if not np.isfinite([estimate, *found]).all():
        raise ValueError("the metric gave nan or infinity; a metric must be finite on every resample")
    return percentile_interval(estimate, found, confidence)


def _over(metric: Metric | Function, labels: NDArray[Any], scores: Floats) -> Figures:
    """Return what takes the metric under many weightings; a function gets one after the other."""
    if isinstance(metric, Metric):
        return metric.over(labels, scores)
    return lambda weights: np.array([metric(labels, scores, each) for each in weights.astype(np.float64)])


def percentile_interval(estimate: float, figures: Floats, confidence: float) -> Interval:
    """Return the estimate with the central share `confidence` of resampled figures, shape (resamples,)."""
    tail = (1.0 - checked_confidence(confidence)) / 2.0
    low, high = np.quantile(figures, [tail, 1.0 - tail])
    return Interval(estimate, float(low), float(high))


def _strata(labels: NDArray[Any], *, by_class: bool) -> list[slice]:
    """Return the places that are drawn among one another: of label 1, then of label 0, or all."""
    if not by_class:
        return [slice(0, labels.size)]
    ones = int(np.count_nonzero(labels))
    if not 0 < ones < labels.size:
        raise ValueError("a bootstrap within classes needs rows of both classes")
    return [slice(0, ones), slice(ones, labels.size)]


def _draws(strata: list[slice], n: int, resamples: int, seed: int) -> Iterator[Weights]:
    """Yield how often each row is drawn, some resamples at once, as counts of shape (k, n)."""
    rng = np.random.default_rng(seed)
    for count in _portions(n, resamples):
        weights = np.empty((count, n), dtype=np.int32)
        for places in strata:
            size = places.stop - places.start
            for weight, drawn in zip(weights, rng.integers(0, size, (count, size)), strict=True):
                weight[places] = np.bincount(drawn, minlength=size)
        yield weights


def _group_draws(member: NDArray[np.intp], resamples: int, seed: int) -> Iterator[Weights]:
    """Yield how often each row is drawn with its group, some resamples at once, as counts of shape (k, n)."""
    groups = int(member.max()) + 1
    for weights in _draws([slice(0, groups)], groups, resamples, seed):
        yield np.take(weights, member, axis=1)


def _portions(n: int, resamples: int) -> Iterator[int]:
    """Yield how many resamples are drawn at once, until there are as many as are asked for."""
    if resamples < 1:
        raise ValueError(f"resamples must be at least 1, got {resamples}")
    most = max(AT_ONCE // n, 1)
    for done in range(0, resamples, most):
        yield min(most, resamples - done)
