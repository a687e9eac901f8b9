"""A small profile of a column, from which its distribution can be compared with another's.

Numbers are counted in cells of their float32 bit pattern: its leading 20 bits, so a cell is 1/2,048 of a
power of two wide, and whole numbers up to 4,096 have a cell each. Where more than `MOST` cells are held,
neighbours are joined by dropping one bit after the other, until as many are left. Which bits are dropped
depends on the values alone, so batches may come in any number and order and give the same profile.

How values are taken: -0.0 is 0.0, and so is what lies nearer to 0 than 6e-42; NaN and the infinities are
counted apart from the numbers and from nulls; what is too large for a float32 shares a cell at either end.
Texts and truth values are counted one by one, up to `MOST` distinct ones; a column with more has no counts.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Cells = NDArray[np.int64]
MOST = 4096  # cells, or categories, that a profile keeps
DROPPED = 12  # bits of a float32 that no cell tells apart
PATTERNS = 1 << (32 - DROPPED)
POSITIVE = PATTERNS >> 1  # patterns below it have no sign bit
INFINITE = 0x7F800000 >> DROPPED  # the pattern of infinity, and of what is too large for a float32
CACHED = 131_072  # values that are counted at once: what is made of them stays near the processor
FEW = 65_536  # values, which are sorted faster than counted in a table of all patterns


@dataclass(frozen=True, eq=False)
class Numbers:
    """The profile of a column of numbers.

    Attributes:
        rows: all of them, with those that hold no number.
        nulls: rows without a value.
        nan: rows with NaN.
        infinite: rows with minus infinity, and with infinity.
        low: smallest finite number; None where there is none.
        high: largest finite number.
        joined: how often neighbouring cells were joined.
        cells: which cells are held, in rising order, shape (k,).
        counts: finite numbers in each, shape (k,).
    """

    rows: int
    nulls: int
    nan: int
    infinite: tuple[int, int]
    low: float | None
    high: float | None
    joined: int
    cells: Cells
    counts: Cells

    @property
    def missing(self) -> int:
        """Rows that tell no number at all: null or NaN."""
        return self.nulls + self.nan


@dataclass(frozen=True)
class Categories:
    """The profile of a column of texts or truth values.

    Attributes:
        rows: all of them.
        nulls: rows without a value.
        counts: category to its rows; None where there are more than `MOST` categories.
    """

    rows: int
    nulls: int
    counts: dict[str, int] | None

    @property
    def missing(self) -> int:
        """Rows without a value."""
        return self.nulls


@dataclass(frozen=True)
class Other:
    """The profile of a column of any other type, such as times: only its nulls are counted."""

    rows: int
    nulls: int

    @property
    def missing(self) -> int:
        """Rows without a value."""
        return self.nulls


Column = Numbers | Categories | Other


class NumberCounter:
    """Counts numbers batch by batch; what it has counted is the profile of all of them."""

    def __init__(self) -> None:
        self._rows = self._nulls = self._nan = self._counted = 0
        self._infinite = (0, 0)
        self._low, self._high = math.inf, -math.inf
        self._few: list[tuple[Cells, Cells]] = []
        self._table: Cells | None = None

    def add(self, values: NDArray[np.generic], nulls: int = 0) -> None:
        """Count a batch.

        Args:
            values: the rows that are not null, integers or floats of any width, shape (n,).
            nulls: how many rows beside them are null.

        Raises:
            ValueError: other than one dimension, or no numbers.
        """
        if values.ndim != 1 or values.dtype.kind not in "iuf":
            raise ValueError(f"values must be numbers of the shape (n,), got {values.dtype} {values.shape}")
        self._rows += values.size + nulls
        self._nulls += nulls
        for start in range(0, values.size, CACHED):
            self._count(values[start : start + CACHED])

    def finish(self) -> Numbers:
        """Return the profile of all that was counted."""
        found = list(self._few)
        if self._table is not None:
            held = np.flatnonzero(self._table)
            found.append((held, self._table[held]))
        patterns = np.concatenate([_none(), *(each for each, _ in found)])
        counts = np.concatenate([_none(), *(each for _, each in found)])
        # Two's complement puts the cells in the order of their numbers; negative zero, -1, joins zero.
        cells = np.where(patterns < POSITIVE, patterns, POSITIVE - 1 - patterns)
        cells[cells == -1] = 0
        low, high = (self._low + 0.0, self._high + 0.0) if cells.size else (None, None)
        rest = (self._rows, self._nulls, self._nan, self._infinite)
        return _fitted(Numbers(*rest, low, high, 0, *_summed(cells, counts)))

    def _count(self, values: NDArray[np.generic]) -> None:
        low, high = float(values.min()), float(values.max())
        if not math.isfinite(low) or not math.isfinite(high):
            below, above = int((values == -np.inf).sum()), int((values == np.inf).sum())
            self._nan += int(np.isnan(values).sum())
            self._infinite = (self._infinite[0] + below, self._infinite[1] + above)
            values = values[np.isfinite(values)]
            if not values.size:
                return
            low, high = float(values.min()), float(values.max())
        self._low, self._high = min(self._low, low), max(self._high, high)
        with np.errstate(over="ignore"):  # too large for a float32 is a cell of its own
            leading = np.array(values, dtype=np.float32).view(np.uint32)
        leading >>= np.uint32(DROPPED)
        self._counted += values.size
        if self._counted < FEW:
            patterns, counts = np.unique(leading, return_counts=True)
            self._few.append((patterns.astype(np.int64), counts.astype(np.int64)))
            return
        if self._table is None:
            self._table = np.zeros(PATTERNS, dtype=np.int64)
        np.add.at(self._table, leading.astype(np.int64), np.int64(1))


def summarise_numbers(values: NDArray[np.generic], nulls: int = 0) -> Numbers:
    """Return the profile of one batch of numbers; arguments and errors are those of `NumberCounter.add`."""
    counter = NumberCounter()
    counter.add(values, nulls)
    return counter.finish()


def merge(one: Column, other: Column) -> Column:
    """Return the profile of the rows of both; in which order profiles are merged makes no difference.

    Raises:
        ValueError: One has numbers and the other texts, or another two kinds of values.
    """
    if type(one) is not type(other):
        one, other = _as(one, other), _as(other, one)
    rows, nulls = one.rows + other.rows, one.nulls + other.nulls
    if isinstance(one, Numbers) and isinstance(other, Numbers):
        joined = max(one.joined, other.joined)
        cells = np.concatenate([each.cells >> (joined - each.joined) for each in (one, other)])
        return _fitted(
            Numbers(
                rows,
                nulls,
                one.nan + other.nan,
                (one.infinite[0] + other.infinite[0], one.infinite[1] + other.infinite[1]),
                min((each.low for each in (one, other) if each.low is not None), default=None),
                max((each.high for each in (one, other) if each.high is not None), default=None),
                joined,
                *_summed(cells, np.concatenate([one.counts, other.counts])),
            )
        )
    if isinstance(one, Categories) and isinstance(other, Categories):
        return Categories(rows, nulls, _bounded(one.counts, other.counts))
    return Other(rows, nulls)


def lower_ends(column: Numbers, cells: Cells) -> NDArray[np.float64]:
    """Return the number nearest to 0 of each cell, shape (k,): a whole number where the cell holds one."""
    first = np.where(cells < 0, (cells + 1) << column.joined, cells << column.joined)
    magnitude = np.minimum(np.abs(first), INFINITE - 1).astype(np.uint32) << np.uint32(DROPPED)
    found: NDArray[np.float64] = np.where(cells < 0, -1.0, 1.0) * magnitude.view(np.float32)
    return found + 0.0


def cell_of(value: float) -> int:
    """Return the cell of a finite number, before any are joined."""
    return int(summarise_numbers(np.array([value])).cells[0])


def _summed(cells: Cells, counts: Cells) -> tuple[Cells, Cells]:
    """Return cells in rising order, each once, with the sum of its counts."""
    order = np.argsort(cells, kind="stable")
    return _joined(cells[order], counts[order])


def _joined(cells: Cells, counts: Cells) -> tuple[Cells, Cells]:
    """Return rising cells, each once, with the sum of its counts."""
    first = np.flatnonzero(np.diff(cells, prepend=cells[:1] - 1))
    return cells[first], np.add.reduceat(counts, first) if first.size else counts


def _fitted(column: Numbers) -> Numbers:
    """Return the column with cells joined until at most `MOST` are held."""
    more = 0
    while np.count_nonzero(np.diff(column.cells >> more)) >= MOST:
        more += 1
    cells, counts = _joined(column.cells >> more, column.counts)
    return replace(column, joined=column.joined + more, cells=cells, counts=counts)


def _none() -> Cells:
    return np.zeros(0, dtype=np.int64)


def _bounded(one: dict[str, int] | None, other: dict[str, int] | None) -> dict[str, int] | None:
    if one is None or other is None:
        return None
    counts = dict(one)
    for category, count in other.items():
        counts[category] = counts.get(category, 0) + count
    return counts if len(counts) <= MOST else None


def _as(one: Column, other: Column) -> Column:
    """Return a column of nulls alone as one of the other's kind; of two such, numbers give way to the rest.

    Raises:
        ValueError: Both hold more than nulls.
    """
    if one.nulls < one.rows and other.nulls < other.rows:
        names = sorted(type(each).__name__.lower() for each in (one, other))
        raise ValueError(f"one has {names[0]}, the other {names[1]}")
    kinds = (Numbers, Categories, Other)
    kind = type(max(one, other, key=lambda each: (each.nulls < each.rows, kinds.index(type(each)))))
    if isinstance(one, kind):
        return one
    if kind is Numbers:
        return summarise_numbers(np.zeros(0), one.rows)
    return Categories(one.rows, one.rows, {}) if kind is Categories else Other(one.rows, one.rows)
