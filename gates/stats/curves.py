"""What pictures of a model draw: curves and counts with few points, however many rows there are."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gates.stats.interval import two_sided_z
from gates.stats.proportions import wilson
from gates.stats.rows import Floats, binary_labels, finite_labels, finite_scores

ROC_POINTS = 120
MOST_BINS = 10
FEWEST_PER_BIN = 20  # rows, below which a bin says nothing
QUANTILES = (*(each / 100 for each in range(100)), 0.995, 0.999, 1.0)


@dataclass(frozen=True)
class Bin:
    """Rows of about the same answer.

    Attributes:
        rows: How many.
        answer: Mean of what the model answered.
        observed: Mean of what was so.
        low: Lower end of its 95 % interval.
        high: Upper end.
    """

    rows: int
    answer: float
    observed: float
    low: float
    high: float


def roc_curve(y: ArrayLike, scores: ArrayLike) -> tuple[Floats, Floats]:
    """Return false and true positive rates at falling thresholds (T. Fawcett, 2006), from (0, 0) to (1, 1).

    Args:
        y: Labels 0 and 1, shape (n,).
        scores: Any numbers, higher for class 1, shape (n,).

    Returns:
        Two arrays of the same shape, of at most `ROC_POINTS` points; equal scores share one.

    Raises:
        ValueError: One class alone, or as `gates.stats.rows` asks.
    """
    positive = binary_labels(y)
    values = finite_scores(scores, positive.size)
    if positive.all() or not positive.any():
        raise ValueError("one class alone has no curve")
    order = np.argsort(-values, kind="stable")
    last = np.flatnonzero(np.diff(values[order], append=-np.inf) != 0)  # of each run of equal scores
    hits = np.cumsum(positive[order])[last]
    true = np.concatenate([[0.0], hits / positive.sum()])
    false = np.concatenate([[0.0], (last + 1 - hits) / (~positive).sum()])
    kept = _spread(true.size, ROC_POINTS)
    return false[kept], true[kept]


def reliability(outcomes: ArrayLike, answers: ArrayLike) -> list[Bin]:
    """Return bins of equally many rows, sorted by answer, with what was so in each.

    A reliability diagram (M. DeGroot and S. Fienberg, 1983) in bins of equal counts. Rows of one answer stay
    together. The interval of a share is Wilson's (1927), that of another mean is by its standard error.

    Args:
        outcomes: What was so, shape (n,): 0 and 1, or numbers.
        answers: What the model said it would be, shape (n,).

    Raises:
        ValueError: As `gates.stats.rows` asks.
    """
    known = finite_labels(outcomes)
    said = finite_scores(answers, known.size)
    shares = bool(np.isin(known, (0.0, 1.0)).all())
    order = np.argsort(said, kind="stable")
    known, said = known[order], said[order]
    count = max(1, min(MOST_BINS, known.size // FEWEST_PER_BIN))
    starts = np.searchsorted(said, said[np.arange(count) * known.size // count])
    found = []
    for rows in np.split(np.arange(known.size), np.unique(starts)[1:]):
        observed = known[rows]
        low, high = _mean_bounds(observed, shares=shares)
        found.append(Bin(rows.size, float(said[rows].mean()), float(observed.mean()), low, high))
    return found


def counts_between(values: ArrayLike, low: float, high: float, cells: int) -> NDArray[np.int64]:
    """Return how many values lie in each of equally wide cells, shape (cells,); the last one is closed.

    Raises:
        ValueError: Values that are NaN or infinite, or lie outside.
    """
    numbers = np.asarray(values, dtype=np.float64)
    if not (np.isfinite(numbers).all() and (numbers >= low).all() and (numbers <= high).all()):
        raise ValueError(f"values must lie between {low} and {high}")
    width = (high - low) / cells
    # Not np.histogram: it moves a value that lies on an edge by rounding of its own.
    place = (
        np.floor((numbers - low) / width).astype(np.int64) if width > 0 else np.zeros(numbers.size, np.int64)
    )
    return np.bincount(np.minimum(place, cells - 1), minlength=cells)


def empirical_quantiles(values: ArrayLike) -> Floats:
    """Return the smallest value that at least a share `QUANTILES` of the values does not exceed, each.

    Raises:
        ValueError: No values.
    """
    ordered = np.sort(np.asarray(values, dtype=np.float64))
    if not ordered.size:
        raise ValueError("no values have no quantiles")
    places = [max(0, math.ceil(share * ordered.size) - 1) for share in QUANTILES]
    found: Floats = ordered[places]
    return found


def _mean_bounds(values: Floats, *, shares: bool) -> tuple[float, float]:
    if shares:
        found = wilson(int(values.sum()), values.size)
        return found.low, found.high
    mean = float(values.mean())
    spread = float(values.std(ddof=1)) / math.sqrt(values.size) if values.size > 1 else 0.0
    half = two_sided_z(0.95) * spread
    return mean - half, mean + half


def _spread(count: int, most: int) -> NDArray[np.int64]:
    """Return at most so many places, spread evenly from the first to the last."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(np.int64))
