"""How much exposure a ranking gives to groups: who stands high in a query is seen by more.

Source: A. Singh and T. Joachims (2018), with the position bias of the discounted cumulative gain (K.
Järvelin and J. Kekäläinen, 2002): the row at rank r of its query has the exposure 1 / log2(1 + r).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gates.stats.bootstrap import percentile_interval
from gates.stats.groups import Membership
from gates.stats.interval import Interval
from gates.stats.rows import Floats, finite_scores


@dataclass(frozen=True)
class GroupExposure:
    """What a ranking does to groups.

    Attributes:
        rows: Group to its number of rows, in the order of the names.
        exposure: Group to the mean exposure of its rows; 1 where all are seen alike.
        ratio: The lowest over the highest; None with fewer than two groups.
    """

    rows: Mapping[str, int]
    exposure: Mapping[str, float]
    ratio: Interval | None


def exposures(scores: ArrayLike, queries: ArrayLike) -> Floats:
    """Return the exposure of each row, shape (n,), as a multiple of its query's mean.

    Rows of one score share that of their places. A long query has many low places, whoever is in it.

    Args:
        scores: finite; the higher, the higher in the query, shape (n,).
        queries: which query each row belongs to, shape (n,).

    Raises:
        ValueError: other shapes, or scores that are not finite.
    """
    _, query = np.unique(np.asarray(queries), return_inverse=True)
    values = finite_scores(scores, query.size)
    order = np.lexsort((-values, query))
    sorted_query, sorted_values = query[order], values[order]
    first = np.searchsorted(sorted_query, sorted_query, side="left")
    seen = 1.0 / np.log2(2.0 + np.arange(query.size) - first)
    new = np.concatenate(([True], (np.diff(sorted_query) != 0) | (np.diff(sorted_values) != 0)))
    tie = np.cumsum(new) - 1
    shared = np.bincount(tie, seen) / np.bincount(tie)
    found = np.empty(query.size)
    found[order] = shared[tie]
    mean = np.bincount(sorted_query, seen) / np.bincount(sorted_query)
    return found / mean[query]


def group_exposure(
    scores: ArrayLike,
    queries: ArrayLike,
    groups: Membership,
    *,
    resamples: int = 1000,
    seed: int,
) -> GroupExposure:
    """Return the mean exposure of each group, and the ratio with its two-sided 95 % percentile interval.

    Whole queries are resampled (B. Efron, 1979), so the order of rows changes nothing.

    Args:
        scores: as `exposures`.
        queries: as `exposures`.
        groups: the group of each row.
        resamples: number of draws.
        seed: of `numpy.random.default_rng`.

    Raises:
        ValueError: as `exposures`, or no resamples.
    """
    if resamples < 1:
        raise ValueError(f"resamples must be at least 1, got {resamples}")
    seen = exposures(scores, queries)
    _, query = np.unique(np.asarray(queries), return_inverse=True)
    cells, size = query * len(groups.names) + groups.member, (int(query.max()) + 1, len(groups.names))
    # In an order of its own: a sum depends on the order of what is added.
    order = np.lexsort((seen, cells))
    sums = np.bincount(cells[order], seen[order], size[0] * size[1]).reshape(size)
    rows = np.bincount(cells, minlength=size[0] * size[1]).reshape(size)
    means = sums.sum(axis=0) / rows.sum(axis=0)
    ratio = None
    if len(groups.names) > 1:
        rng = np.random.default_rng(seed)
        drawn = np.array([_ratio(sums, rows, rng.integers(0, size[0], size[0])) for _ in range(resamples)])
        ratio = percentile_interval(float(means.min() / means.max()), drawn[np.isfinite(drawn)], 0.95)
    return GroupExposure(
        dict(zip(groups.names, rows.sum(axis=0).tolist(), strict=True)),
        dict(zip(groups.names, means.tolist(), strict=True)),
        ratio,
    )


def _ratio(sums: NDArray[Any], rows: NDArray[Any], drawn: NDArray[Any]) -> float:
    """Return the lowest mean exposure over the highest in a draw; NaN where a group was not drawn."""
    counts = rows[drawn].sum(axis=0)
    if not counts.all():
        return float("nan")
    means = sums[drawn].sum(axis=0) / counts
    return float(means.min() / means.max())
