"""What pictures of a model draw: curves and counts with few points, however many rows there are."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gates.stats.interval import two_sided_z
from gates.stats.proportions import wilson_bounds
from gates.stats.rows import Floats, binary_labels, finite_labels, finite_scores, row_weights

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


def roc_curve(y: ArrayLike, scores: ArrayLike, weights: ArrayLike | None = None) -> tuple[Floats, Floats]:
    """Return false and true positive rates at falling thresholds (T. Fawcett, 2006), from (0, 0) to (1, 1).

    Args:
        y: Labels 0 and 1, shape (n,).
        scores: Any numbers, higher for class 1, shape (n,).
        weights: How much each row counts, shape (n,); 1 each if absent.

    Returns:
        Two arrays of the same shape, a point for each different score and the first one; `thinned` has fewer.

    Raises:
        ValueError: One class alone counts, or as `gates.stats.rows` asks.
    """
    positive = binary_labels(y)
    values = finite_scores(scores, positive.size)
    counts = row_weights(weights, positive.size)
    order = np.argsort(-values, kind="stable")
    last = np.flatnonzero(np.diff(values[order], append=-np.inf) != 0)  # of each run of equal scores
    hits = np.cumsum(np.where(positive, counts, 0.0)[order])[last]
    false = np.cumsum(np.where(positive, 0.0, counts)[order])[last]
    if not (hits[-1] > 0.0 and false[-1] > 0.0):
        raise ValueError("one class alone has no curve")
    return np.concatenate([[0.0], false / false[-1]]), np.concatenate([[0.0], hits / hits[-1]])


def thinned(curve: tuple[Floats, Floats]) -> tuple[Floats, Floats]:
    """Return at most `ROC_POINTS` points of a curve, spread evenly from the first to the last."""
    xs, ys = curve
    kept = np.unique(np.linspace(0, xs.size - 1, min(xs.size, ROC_POINTS)).round().astype(np.int64))
    return xs[kept], ys[kept]


def height(curve: tuple[Floats, Floats], x: float) -> float:
    """Return how high a rising curve from x = 0 to 1 is at x, of a vertical line its top."""
    xs, ys = curve
    at = int(np.searchsorted(xs, x, side="right")) - 1
    if at + 1 == xs.size:
        return float(ys[at])
    return float(ys[at] + (x - xs[at]) / (xs[at + 1] - xs[at]) * (ys[at + 1] - ys[at]))


def reliability(outcomes: ArrayLike, answers: ArrayLike, weights: ArrayLike | None = None) -> list[Bin]:
    """Return bins of equally many rows, sorted by answer, with what was so in each.

    A reliability diagram (M. DeGroot and S. Fienberg, 1983) in bins of equal counts. Rows of one answer stay
    together. The interval of a share is Wilson's (1927), that of another mean is by its standard error; rows
    with weights have it of as many rows alike as say as much (L. Kish, 1965).

    Args:
        outcomes: What was so, shape (n,): 0 and 1, or numbers.
        answers: What the model said it would be, shape (n,).
        weights: How much each row counts, shape (n,); 1 each if absent. Where none counts, there is no bin.

    Raises:
        ValueError: As `gates.stats.rows` asks.
    """
    known = finite_labels(outcomes)
    said = finite_scores(answers, known.size)
    counts = row_weights(weights, known.size)
    shares = bool(np.isin(known, (0.0, 1.0)).all())
    order = np.argsort(said, kind="stable")
    known, said, counts = known[order], said[order], counts[order]
    many = max(1, min(MOST_BINS, known.size // FEWEST_PER_BIN))
    starts = np.searchsorted(said, said[np.arange(many) * known.size // many])
    return [
        _bin(known[rows], said[rows], counts[rows], shares=shares)
        for rows in np.split(np.arange(known.size), np.unique(starts)[1:])
        if counts[rows].any()
    ]


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


def _bin(observed: Floats, said: Floats, counts: Floats, *, shares: bool) -> Bin:
    mean, answer = (float(np.average(each, weights=counts)) for each in (observed, said))
    alike = max(1.0, float(counts.sum() ** 2 / (counts**2).sum()))
    if shares:
        low, high = (float(end[0]) for end in wilson_bounds([mean * alike], [alike], two_sided_z(0.95)))
    else:
        spread = float(np.average((observed - mean) ** 2, weights=counts))
        half = two_sided_z(0.95) * math.sqrt(spread / (alike - 1.0)) if alike > 1.0 else 0.0
        low, high = mean - half, mean + half
    return Bin(observed.size, answer, mean, low, high)
