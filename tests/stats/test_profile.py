"""The profile of a column: what it counts, and that neither batches nor their order change it."""

from __future__ import annotations

import math
from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from gates.stats import profile
from gates.stats.profile import (
    MOST,
    Categories,
    Column,
    Numbers,
    Other,
    cell_of,
    lower_ends,
    merge,
    summarise_numbers,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

ODD = [0.0, -0.0, math.nan, math.inf, -math.inf, 5e-324, -5e-324, 1e308, -1e308, 3.5e38, 1e-40, 1.0]
VALUES = hnp.arrays(np.float64, st.integers(0, 60), elements=st.floats() | st.sampled_from(ODD))


def told(column: Column) -> Any:  # noqa: ANN401 - whatever the kind holds
    """Everything that a profile says, in a form that can be compared."""
    return {
        name: value.tolist() if isinstance(value, np.ndarray) else value
        for name, value in vars(column).items()
    }


def merged(columns: Iterable[Column]) -> Column:
    """One profile of several, in their order."""
    return reduce(merge, columns)


@pytest.fixture
def few_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    """Join cells and give up categories early, so that a few values show it."""
    monkeypatch.setattr(profile, "MOST", 8)


def test_numbers_are_counted_by_what_they_are() -> None:
    values = np.array([0.0, -0.0, 1.5, -2.0, math.nan, math.inf, -math.inf, math.inf])
    column = summarise_numbers(values, nulls=3)
    assert (column.rows, column.nulls, column.nan, column.infinite) == (11, 3, 1, (1, 2))
    assert (column.low, column.high, column.missing) == (-2.0, 1.5, 4)
    assert column.counts.tolist() == [1, 2, 1]
    assert lower_ends(column, column.cells).tolist() == [-2.0, 0.0, 1.5]


@given(VALUES)
def test_every_row_is_counted_once(values: np.ndarray) -> None:
    column = summarise_numbers(values, nulls=2)
    assert column.rows == values.size + 2
    assert column.counts.sum() + column.nan + sum(column.infinite) + column.nulls == column.rows
    finite = values[np.isfinite(values)]
    assert column.low == (finite.min() if finite.size else None)
    assert column.high == (finite.max() if finite.size else None)


@given(VALUES)
def test_cells_rise_with_the_numbers(values: np.ndarray) -> None:
    finite = np.sort(values[np.isfinite(values)])
    cells = [cell_of(value) for value in finite]
    assert cells == sorted(cells)
    column = summarise_numbers(finite)
    assert np.repeat(column.cells, column.counts).tolist() == cells


@given(st.floats(-1e30, 1e30).filter(lambda value: abs(value) > 1e-30))
def test_a_cell_is_a_2048th_of_a_power_of_two_wide(value: float) -> None:
    column = summarise_numbers(np.array([value]))
    (end,) = lower_ends(column, column.cells)
    assert math.copysign(1, end) == math.copysign(1, value)
    assert abs(end) <= abs(value) * (1 + 1e-7)
    assert abs(value - end) <= abs(value) * (1 / 2048 + 1e-7)


def test_whole_numbers_to_4096_have_cells_of_their_own() -> None:
    column = summarise_numbers(np.arange(-2000, 2001))
    assert column.joined == 0
    assert lower_ends(column, column.cells).tolist() == list(range(-2000, 2001))
    assert len({cell_of(value) for value in range(4097)}) == 4097


@given(VALUES, st.lists(st.integers(0, 60), max_size=6), st.randoms(use_true_random=False))
def test_batches_and_their_order_make_no_difference(values: np.ndarray, cuts: list[int], random: Any) -> None:  # noqa: ANN401 - what hypothesis or pytest gives
    batches = [summarise_numbers(each, nulls=1) for each in np.split(values, sorted(cuts))]
    random.shuffle(batches)
    assert told(merged(batches)) == told(summarise_numbers(values, nulls=len(batches)))


@pytest.mark.usefixtures("few_cells")
def test_batches_make_no_difference_where_cells_are_joined() -> None:
    """Of 200 tables of up to 40 values, dealt into batches in 200 ways, cells for 8 remain."""
    rng = np.random.default_rng(5)
    joined = set()
    for _ in range(200):
        values = rng.normal(rng.integers(0, 50), 1.0, rng.integers(1, 40))
        whole = summarise_numbers(values)
        joined.add(whole.joined)
        assert whole.cells.size <= 8
        batches = [summarise_numbers(each) for each in np.split(rng.permutation(values), [3, 9, 20])]
        assert told(merged(batches)) == told(whole)
        assert told(merge(batches[3], merge(batches[2], merge(batches[1], batches[0])))) == told(whole)
    assert len(joined) > 5


def test_large_batches_are_counted_as_small_ones_are() -> None:
    """In a table of all patterns, where more than 65,536 values come at once."""
    rng = np.random.default_rng(6)
    values = np.concatenate((rng.normal(0, 3, 70_000), [math.nan, math.inf, -0.0]))
    pieces = [summarise_numbers(each) for each in np.array_split(values, 7)]
    whole = summarise_numbers(values)
    assert told(merged(pieces)) == told(whole)
    assert whole.cells.size <= MOST
    assert whole.joined > 0


@pytest.mark.parametrize(
    "dtype", ["int8", "uint8", "int16", "int32", "uint32", "int64", "float32", "float16"]
)
def test_every_type_of_number_gives_the_same_profile(dtype: str) -> None:
    values = np.array([0, 1, 1, 7, 100])
    assert told(summarise_numbers(values.astype(dtype))) == told(summarise_numbers(values.astype("float64")))


def texts(*counts: int) -> Categories:
    """Categories a, b, …, each with its count."""
    there = {chr(97 + place): count for place, count in enumerate(counts) if count}
    return Categories(sum(counts) + 1, 1, there)


def test_categories_add_up() -> None:
    assert merge(texts(1, 2), texts(0, 3, 4)) == Categories(12, 2, {"a": 1, "b": 5, "c": 4})


@pytest.mark.usefixtures("few_cells")
def test_too_many_categories_leave_no_counts_in_any_order() -> None:
    one, other, third = texts(*[1] * 5), texts(*[0] * 5, *[1] * 4), texts(1)
    full = Categories(10 + 3, 3, None)
    for order in ((one, other, third), (third, one, other), (other, third, one)):
        assert merged(order) == full


def test_a_column_of_nulls_takes_any_kind() -> None:
    numbers, empty = summarise_numbers(np.array([1.0])), summarise_numbers(np.zeros(0), nulls=2)
    nothing = Categories(3, 3, {})
    assert merge(empty, texts(1)) == merge(texts(1), empty) == Categories(4, 3, {"a": 1})
    assert told(merge(nothing, numbers)) == told(summarise_numbers(np.array([1.0]), nulls=3))
    assert merge(empty, nothing) == merge(nothing, empty) == Categories(5, 5, {})
    assert merge(empty, Other(1, 0)) == Other(3, 2)
    orders: list[list[Column]] = [
        [empty, nothing, numbers],
        [numbers, nothing, empty],
        [nothing, numbers, empty],
    ]
    for order in orders:
        assert told(merged(order)) == told(summarise_numbers(np.array([1.0]), nulls=5))


def test_two_kinds_of_values_are_no_one_column() -> None:
    with pytest.raises(ValueError, match="one has categories, the other numbers"):
        merge(summarise_numbers(np.array([1.0])), texts(1))
    with pytest.raises(ValueError, match="numbers"):
        merge(Other(2, 1), summarise_numbers(np.array([math.nan])))


@pytest.mark.parametrize("bad", [np.zeros((2, 2)), np.array(["1"]), np.array([True]), np.array([1j])])
def test_what_is_no_number_is_refused(bad: np.ndarray) -> None:
    with pytest.raises(ValueError, match="values must be numbers"):
        summarise_numbers(bad)


def test_a_column_without_rows_is_a_column() -> None:
    assert told(summarise_numbers(np.zeros(0))) == told(
        Numbers(0, 0, 0, (0, 0), None, None, 0, np.zeros(0, np.int64), np.zeros(0, np.int64))
    )
