"""Intervals by resampling rows, for figures that have no formula (B. Efron, 1979).

Rows are drawn with replacement; a metric gets the number of times that each row was drawn as its weight,
which equals repeating the row, and sorts what it has to sort once for all draws. Where labels are classes,
rows are drawn within each class, so every resample keeps the prevalence. Where rows belong together, as
those of one customer do, whole groups are drawn (the cluster bootstrap; A. Davison and D. Hinkley, 1997,
section 3.8). Where rows have weights of their own, a row counts as often as it was drawn times its weight.
The interval is the percentile interval. Assumes independent rows, or independent groups.

Rows are put in an order of their own before drawing, so the same rows in any order give the same interval
for the same seed. Of the resamples that are drawn at once, the rows of the last class come first.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gates.stats.groups import membership
from gates.stats.interval import Interval, checked_confidence
from gates.stats.metric import Figures, Metric, Weights
from gates.stats.rows import Floats, class_codes, finite_answers, finite_labels, row_weights

Function: TypeAlias = Callable[[NDArray[Any], Floats, Floats], float]
"""Somebody's own metric: labels, scores and weights of n rows to one finite number.

It is given the drawn rows, each as often as it was drawn: one that takes no weights is resampled rightly too.
"""

AT_ONCE = 2**18  # weights that are drawn and weighed together: as much as a core's cache holds


def bootstrap_interval(  # noqa: PLR0913 - each is a choice of whoever resamples
    metric: Metric | Function,
    y: ArrayLike,
    scores: ArrayLike,
    *,
    by_class: bool = True,
    groups: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    resamples: int = 1000,
    seed: int,
    confidence: float = 0.95,
) -> Interval:
    """Return a metric of one model with its two-sided percentile interval.

    Args:
        metric: of `gates.stats.metrics` or `gates.stats.regression`, or a function (see `Function`).
        y: classes, or finite numbers where `by_class` is off, shape (n,).
        scores: finite, shape (n,), or (n, k) for a function that takes k of a row.
        by_class: draw the rows of each class apart; groups are drawn whole, whatever is said here.
        groups: what belongs together, shape (n,), text or numbers; each row for itself if absent.
        weights: how much each row counts, shape (n,); 1 each if absent.
        resamples: how many times the rows are drawn.
        seed: of `numpy.random.default_rng`.
        confidence: of the interval, two-sided.

    Raises:
        ValueError: only one class, rows that do not fit, or a metric that is not finite on a resample.
    """
    rows = _rows(y, (scores,), weights, groups, by_class=by_class)
    (estimate,), (found,) = _bootstrap(metric, rows, resamples, seed)
    return percentile_interval(float(estimate), found, confidence)


def bootstrap_difference(  # noqa: PLR0913 - as `bootstrap_interval`
    metric: Metric | Function,
    y: ArrayLike,
    challenger: ArrayLike,
    champion: ArrayLike,
    *,
    by_class: bool = True,
    groups: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    resamples: int = 1000,
    seed: int,
) -> Interval:
    """Return metric(challenger) - metric(champion) with its paired two-sided 95 % percentile interval.

    Both models are judged on the same draws. Identical scores give exactly (0, 0, 0).

    Args:
        metric: as `bootstrap_interval`.
        y: classes, or finite numbers where `by_class` is off, shape (n,).
        challenger: its scores, as those of `bootstrap_interval`.
        champion: its scores, the same.
        by_class: draw the rows of each class apart; groups are drawn whole, whatever is said here.
        groups: what belongs together, shape (n,), text or numbers; each row for itself if absent.
        weights: how much each row counts, shape (n,); 1 each if absent.
        resamples: how many times the rows are drawn.
        seed: of `numpy.random.default_rng`.

    Raises:
        ValueError: as `bootstrap_interval`.
    """
    how: dict[str, Any] = {"by_class": by_class, "groups": groups, "weights": weights}
    return bootstrap_both(metric, y, challenger, champion, **how, resamples=resamples, seed=seed)[2]


def bootstrap_both(  # noqa: PLR0913 - as `bootstrap_interval`
    metric: Metric | Function,
    y: ArrayLike,
    challenger: ArrayLike,
    champion: ArrayLike,
    *,
    by_class: bool = True,
    groups: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    resamples: int = 1000,
    seed: int,
) -> tuple[Interval, float, Interval]:
    """Return what `bootstrap_interval` and `bootstrap_difference` do, of the same draws, for half the work.

    Args:
        metric: as `bootstrap_interval`; so are all others.
        y: classes or numbers.
        challenger: its scores.
        champion: its scores.
        by_class: draw the rows of each class apart.
        groups: what belongs together.
        weights: how much each row counts.
        resamples: how many times the rows are drawn.
        seed: of `numpy.random.default_rng`.

    Returns:
        The challenger's figure with its interval, the champion's figure, the difference with its interval.

    Raises:
        ValueError: as `bootstrap_interval`.
    """
    rows = _rows(y, (challenger, champion), weights, groups, by_class=by_class)
    (one, other), found = _bootstrap(metric, rows, resamples, seed)
    difference = percentile_interval(float(one - other), found[0] - found[1], 0.95)
    return percentile_interval(float(one), found[0], 0.95), float(other), difference


@dataclass(frozen=True, eq=False)
class _Rows:
    """Rows in an order of their own: labels, scores of each model, weights, and what is drawn as one."""

    labels: NDArray[Any]
    scores: tuple[Floats, ...]
    weights: Floats | None
    strata: list[slice]
    member: NDArray[np.intp] | None


def _rows(
    y: ArrayLike,
    models: tuple[ArrayLike, ...],
    weights: ArrayLike | None,
    groups: ArrayLike | None,
    *,
    by_class: bool,
) -> _Rows:
    """Return the rows, sorted, so that what is drawn does not depend on the order in which they came."""
    labels = np.asarray(y) if by_class else finite_labels(y)
    codes: NDArray[Any] = class_codes(labels) if by_class else labels
    scores = [finite_answers(each, labels.size) for each in models]
    each_counts = None if weights is None else row_weights(weights, labels.size)
    member = None if groups is None else membership(groups).member
    if member is not None and member.shape != labels.shape:
        raise ValueError(f"groups {member.shape} do not fit labels {labels.shape}")
    if member is not None and not member.any():
        raise ValueError("of one group, nothing can be drawn but itself")
    columns = [column for each in scores for column in np.atleast_2d(each.T)]
    keys = [*(-each for each in reversed(columns)), -codes if by_class else codes]
    keys = keys if each_counts is None else [each_counts, *keys]
    order = np.lexsort(keys if member is None else [*keys, member])
    return _Rows(
        labels[order],
        tuple(each[order] for each in scores),
        None if each_counts is None else each_counts[order],
        _strata(codes) if by_class and member is None else [slice(0, labels.size)],
        None if member is None else member[order],
    )


def _bootstrap(metric: Metric | Function, rows: _Rows, resamples: int, seed: int) -> tuple[Floats, Floats]:
    """Return the figure of each model, shape (models,), and of each resample, shape (models, resamples)."""
    figures, size = [_over(metric, rows, each) for each in rows.scores], rows.labels.size
    once = np.ones((1, size), dtype=np.int32)
    estimates = np.array([float(figure(once)[0]) for figure in figures])
    drawn = (
        _draws(rows.strata, size, resamples, seed)
        if rows.member is None
        else _group_draws(rows.member, resamples, seed)
    )
    found = np.concatenate([[figure(counts) for figure in figures] for counts in drawn], axis=1)
    if not (np.isfinite(estimates).all() and np.isfinite(found).all()):
        raise ValueError("the metric gave nan or infinity; a metric must be finite on every resample")
    return estimates, found


def _over(metric: Metric | Function, rows: _Rows, scores: Floats) -> Figures:
    """Return what takes the metric of one model under many draws, given as counts of shape (k, n)."""
    if isinstance(metric, Metric):
        figures, each_counts = metric.over(rows.labels, scores), rows.weights
        return figures if each_counts is None else lambda counts: figures(counts * each_counts)
    own = np.ones(rows.labels.size) if rows.weights is None else rows.weights
    places = np.arange(rows.labels.size)

    def taken(counts: Weights) -> Floats:
        drawn = (np.repeat(places, each) for each in counts)
        return np.array([metric(rows.labels[each], scores[each], own[each]) for each in drawn])

    return taken


def percentile_interval(estimate: float, figures: Floats, confidence: float) -> Interval:
    """Return the estimate with the central share `confidence` of resampled figures, shape (resamples,)."""
    tail = (1.0 - checked_confidence(confidence)) / 2.0
    low, high = np.quantile(figures, [tail, 1.0 - tail])
    return Interval(estimate, float(low), float(high))


def _strata(codes: NDArray[np.intp]) -> list[slice]:
    """Return the places of each class among sorted rows, the last class first."""
    sizes = np.bincount(codes)[::-1]
    if sizes.size == 1:
        raise ValueError("a bootstrap within classes needs rows of both classes")
    ends = np.cumsum(sizes).tolist()
    return [slice(start, end) for start, end in zip([0, *ends[:-1]], ends, strict=True)]


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
