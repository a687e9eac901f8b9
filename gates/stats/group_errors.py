"""Fairness between groups of a regression: how wrong it is about each, and how far apart it puts them.

Sources: A. Agarwal, M. Dudík and Z. S. Wu (2019) for the bounded group loss, here as RMSE; T. Calders et al.
(2013) for the difference between the groups' mean predictions.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from gates.stats.bootstrap import percentile_interval
from gates.stats.groups import Membership, membership
from gates.stats.interval import Interval
from gates.stats.rows import Floats, finite_labels, finite_scores


@dataclass(frozen=True)
class GroupErrors:
    """What a regression does to groups, in the unit of the label.

    Attributes:
        rows: Group to its number of rows, in the order of the names.
        rmse: Group to its root mean squared error.
        worst_rmse: The largest of them.
        mean_difference: The largest mean prediction minus the smallest; None with fewer than two groups.
    """

    rows: Mapping[str, int]
    rmse: Mapping[str, float]
    worst_rmse: Interval
    mean_difference: Interval | None


def group_errors(
    y: ArrayLike,
    scores: ArrayLike,
    groups: ArrayLike | Membership,
    *,
    resamples: int = 1000,
    seed: int,
    confidence: float = 0.95,
) -> GroupErrors:
    """Return both figures with their two-sided percentile intervals, resampling the rows of each group.

    Near equality the interval of the difference leans towards inequality: it is never below 0.

    Args:
        y: labels, finite numbers, shape (n,).
        scores: predictions, finite numbers, shape (n,).
        groups: the group of each row, text or numbers, shape (n,), or what `membership` makes of them.
        resamples: number of draws.
        seed: of `numpy.random.default_rng`.
        confidence: of the intervals, two-sided.

    Raises:
        ValueError: other shapes, values that are not finite, a row without a group, or no resamples.
    """
    labels = finite_labels(y)
    values = finite_scores(scores, labels.size)
    of = groups if isinstance(groups, Membership) else membership(groups)
    names, member = of.names, of.member
    if member.shape != labels.shape or resamples < 1:
        raise ValueError(f"groups {member.shape} do not fit labels {labels.shape}, or no resamples")
    # In an order of their own, so that the order of the rows changes no draw.
    order = np.lexsort((labels, values, member))
    member, squared, values = member[order], (values - labels)[order] ** 2, values[order]
    rng = np.random.default_rng(seed)
    edges = np.searchsorted(member, np.arange(len(names) + 1))
    parts = [_means(squared[start:end], values[start:end], resamples, rng) for start, end in pairwise(edges)]
    losses, means = (np.stack(each, axis=1) for each in zip(*parts, strict=True))
    observed = np.sqrt(losses[0])
    worst, apart = np.sqrt(losses.max(axis=1)), means.max(axis=1) - means.min(axis=1)
    return GroupErrors(
        {name: int(rows) for name, rows in zip(names, np.diff(edges), strict=True)},
        {name: float(figure) for name, figure in zip(names, observed, strict=True)},
        percentile_interval(float(worst[0]), worst[1:], confidence),
        percentile_interval(float(apart[0]), apart[1:], confidence) if len(names) > 1 else None,
    )


def _means(
    squared: Floats, values: Floats, resamples: int, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Return mean squared error and mean prediction of the rows, then of each resample: (1 + resamples,)."""
    losses, means = np.empty(1 + resamples), np.empty(1 + resamples)
    losses[0], means[0] = squared.mean(), values.mean()
    for draw in range(1, 1 + resamples):
        drawn = rng.integers(0, squared.size, squared.size)
        losses[draw], means[draw] = squared[drawn].mean(), values[drawn].mean()
    return losses, means
