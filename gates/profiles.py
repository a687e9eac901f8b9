"""The profile of a table as a document: small, versioned, and one of several parts that can be merged."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from gates.digest import same_json
from gates.documents import Document, read_json
from gates.errors import InvalidError
from gates.stats import profile
from gates.stats.profile import MOST, Categories, Column, Numbers, Other

FORMAT = 1
MOST_JOINS = 20  # after so many, one cell is left


@dataclass(frozen=True)
class Profile:
    """How many rows a table has, and the profile of each of its columns by name."""

    rows: int
    columns: Mapping[str, Column]


def merged(profiles: Iterable[Profile], name: str = "The tables") -> Profile:
    """Return one profile of several parts of a table, the same in whichever order they come.

    Raises:
        InvalidError: There is none, or they have other columns or columns of other kinds.
    """
    parts = list(profiles)
    if not parts:
        raise InvalidError(f"{name} are none.", do="Name at least one table.")
    return reduce(lambda one, other: _merged(one, other, name), parts)


def _merged(one: Profile, other: Profile, name: str) -> Profile:
    if odd := sorted(one.columns.keys() ^ other.columns.keys()):
        raise InvalidError(f"{name} do not all have the column {odd[0]!r}.", do="Profile them apart.")
    columns: dict[str, Column] = {}
    for column in sorted(one.columns):
        try:
            columns[column] = profile.merge(one.columns[column], other.columns[column])
        except ValueError as error:
            raise InvalidError(
                f"{name} do not agree on the column {column!r}: {error}.", do="Profile them apart."
            ) from error
    return Profile(one.rows + other.rows, columns)


def read(path: Path) -> Profile:
    """Return the profile in a file.

    Raises:
        InvalidError: It is not a plain document, or not a profile as `to_document` writes it.
    """
    return from_document(read_json(path), str(path))


def to_document(table: Profile) -> Document:
    """Return the profile as plain JSON data, in one form for each profile."""
    columns = {name: _column_document(table.columns[name]) for name in sorted(table.columns)}
    return {"format": FORMAT, "rows": table.rows, "columns": columns}


def from_document(document: Mapping[str, Any], name: str = "profile") -> Profile:
    """Return the profile in a document made by `to_document`.

    Raises:
        InvalidError: A field is missing, unknown or of another type or form, or the counts do not add up.
    """
    if document.get("format") != FORMAT:
        raise InvalidError(f"{name} has a format that this version does not know.", do="Update ml-gates.")
    try:
        rows = document["rows"]
        columns = {each: _column(document["columns"][each]) for each in sorted(document["columns"])}
        table = Profile(rows, columns)
        if not same_json(to_document(table), document):
            raise ValueError("a field is missing, or is written in another form")
        for column in columns.values():
            _require_sound(column, rows)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise InvalidError(
            f"{name} is not a profile: {error}.", do="Write it again: gates profile --data … --out …"
        ) from error
    return table


# ---------------------------------------------------------------- one column


def _column_document(column: Column) -> Document:
    shared = {"rows": column.rows, "nulls": column.nulls}
    match column:
        case Numbers():
            document = {
                **shared,
                "kind": "numbers",
                "nan": column.nan,
                "infinite": list(column.infinite),
                "joined": column.joined,
                "cells": _runs(column),
            }
            return document if column.low is None else {**document, "range": [column.low, column.high]}
        case Categories():
            counted = {} if column.counts is None else {"counts": dict(sorted(column.counts.items()))}
            return {**shared, "kind": "categories", **counted}
        case Other():
            return {**shared, "kind": "other"}


def _runs(column: Numbers) -> list[list[int]]:
    """Return each run of neighbouring cells as the first one's number and the counts of all."""
    starts = np.flatnonzero(np.diff(column.cells) != 1) + 1
    runs = zip(np.split(column.cells, starts), np.split(column.counts, starts), strict=True)
    return [[int(cells[0]), *counts.tolist()] for cells, counts in runs if cells.size]


def _column(document: Mapping[str, Any]) -> Column:
    rows, nulls = document["rows"], document["nulls"]
    match document["kind"]:
        case "numbers":
            runs = document["cells"]
            cells = [run[0] + place for run in runs for place in range(len(run) - 1)]
            counts = [count for run in runs for count in run[1:]]
            if not all(type(each) is int for each in (*cells, *counts)):
                raise ValueError("a cell or a count is no whole number")
            low, high = document.get("range", (None, None))
            below, above = document["infinite"]
            return Numbers(
                rows,
                nulls,
                document["nan"],
                (below, above),
                low,
                high,
                document["joined"],
                np.array(cells, dtype=np.int64),
                np.array(counts, dtype=np.int64),
            )
        case "categories":
            texts = document.get("counts")
            return Categories(rows, nulls, None if texts is None else dict(texts))
        case "other":
            return Other(rows, nulls)
        case kind:
            raise ValueError(f"there are no columns of the kind {kind!r}")


def _require_sound(column: Column, rows: int) -> None:
    """Hold that counts are counts, add up to the rows, and stand where they belong.

    Raises:
        ValueError: They do not.
    """
    rest: list[Any] = []
    match column:
        case Numbers():
            rest = [column.nan, *column.infinite, *column.counts.tolist()]
            _require_sound_cells(column)
        case Categories(counts=dict() as counts):
            rest = list(counts.values())
            if len(counts) > MOST or 0 in rest:
                raise ValueError("a category has no rows, or there are too many")
    every = [rows, column.rows, column.nulls, *rest]
    if not all(type(each) is int and each >= 0 for each in every):
        raise ValueError("a count is no whole number of at least 0")
    open_sum = isinstance(column, Other) or (isinstance(column, Categories) and column.counts is None)
    told = column.nulls + sum(rest)
    if column.rows != rows or told > rows or (told < rows and not open_sum):
        raise ValueError("the counts do not add up to the rows")


def _require_sound_cells(column: Numbers) -> None:
    if type(column.joined) is not int or not 0 <= column.joined <= MOST_JOINS:
        raise ValueError("`joined` is out of range")
    if column.cells.size > MOST or 0 in column.counts or any(a >= b for a, b in pairwise(column.cells)):
        raise ValueError("cells are empty, too many, or in another order")
    if (column.low is None) is not (column.cells.size == 0):
        raise ValueError("range and cells do not fit")
    if column.low is not None and column.high is not None:
        ends = [column.low, column.high]
        if not all(type(end) is float for end in ends) or ends[0] > ends[1]:
            raise ValueError("the range is none")
        cells = [profile.cell_of(end) >> column.joined for end in ends]
        if cells != [int(column.cells[0]), int(column.cells[-1])]:
            raise ValueError("range and cells do not fit")
