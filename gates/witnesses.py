"""Few values that stand for all of a column: where these keep a contract, every row does.

A rule about one value at a time is kept by all rows of a column if it is kept by every value that occurs. For
numbers whose rules are ranges, the least and the greatest are enough. A column with too many different values
has no witnesses. With them goes what tells which keys may stand twice.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from gates.duplicates import Marks, marks, there
from gates.parts import Part, batches

if TYPE_CHECKING:
    import pyarrow as pa

MOST = 10_000  # different values of a column; with more, its rows are judged

Kind = Literal["ends", "first", "every", "codes", "none"]  # codes: every, of texts
Key = tuple[str, ...]


@dataclass(frozen=True)
class Sought:
    """What is looked for: for each column that is read, the witnesses that its rules need; and the keys."""

    columns: Mapping[str, Kind]
    keys: tuple[Key, ...]


@dataclass(frozen=True)
class Witnesses:
    """Those of one column.

    Attributes:
        kind: Which ones.
        nulls: Whether a value is absent.
        values: Some of those that occur; all of them, or the ends, as the column's rules need.
        enough: Whether they stand for all rows.
    """

    kind: Kind
    nulls: bool
    values: "pa.Array"
    enough: bool


@dataclass(frozen=True)
class Seen:
    """What one look at some rows gives: their number, the columns' witnesses, the marks of each key."""

    rows: int
    columns: Mapping[str, Witnesses]
    marks: Mapping[Key, tuple[Marks, ...]]


def of_part(part: Part, sought: Sought) -> Seen:
    """Return what is seen in a part.

    Raises:
        InvalidError: It cannot be read to its end.
    """
    texts = [name for name, kind in sought.columns.items() if kind == "codes"]
    seen = [summarise(batch, sought) for batch in batches(part, list(sought.columns), texts)]
    return reduce(merge, seen, Seen(0, {}, {}))


def summarise(batch: "pa.Table", sought: Sought) -> Seen:
    """Return what is seen in a batch of rows."""
    columns = {name: _witnesses(_chunk(batch.column(name)), kind) for name, kind in sought.columns.items()}
    found = {}
    for key in sought.keys:
        here = marks(batch, key)
        some = there(batch, key)
        found[key] = (here if some.all() else here[some],)
    return Seen(len(batch), columns, found)


def merge(one: Seen, other: Seen) -> Seen:
    """Return what is seen in the rows of both."""
    if not one.rows or not other.rows:
        return one if one.rows else other
    columns = {name: _merged(one.columns[name], other.columns[name]) for name in one.columns}
    return Seen(one.rows + other.rows, columns, {key: one.marks[key] + other.marks[key] for key in one.marks})


def kind_of(field: "pa.Field", names: Collection[str], between: Collection[str]) -> Kind:
    """Return which witnesses a column needs.

    Args:
        field: The column.
        names: Its checks.
        between: The checks that hold between two values that keep them.
    """
    import pyarrow.types as pt

    kind = field.type
    if pt.is_nested(kind) or (pt.is_dictionary(kind) and (kind.ordered or pt.is_nested(kind.value_type))):
        return "none"
    if set(names) <= set(between) and (pt.is_integer(kind) or pt.is_floating(kind) or pt.is_timestamp(kind)):
        return "ends"
    if pt.is_string(kind) or pt.is_large_string(kind):
        return "codes" if names else "first"
    return "every"


def frame_of(schema: "pa.Schema", columns: Mapping[str, Witnesses]) -> "pa.Table":
    """Return a table of all columns whose rows are the witnesses, the shorter columns filled up."""
    import pyarrow as pa

    held = {}
    for name, found in columns.items():
        values = found.values
        held[name] = pa.concat_arrays([values, pa.nulls(1, values.type)]) if found.nulls else values
    rows = max((len(values) for values in held.values()), default=0)
    arrays = [_filled(held.get(field.name), field.type, rows) for field in schema]
    return pa.table(arrays, schema=schema)


def merged(parts: Sequence[Seen]) -> Seen:
    """Return what is seen in the rows of all."""
    return reduce(merge, parts, Seen(0, {}, {}))


def _filled(values: Any, kind: Any, rows: int) -> "pa.Array":  # noqa: ANN401 - pyarrow has no types
    import pyarrow as pa
    import pyarrow.types as pt

    if values is None or not len(values):
        return pa.nulls(rows, kind)
    values = values.take(pa.array(np.minimum(np.arange(rows), len(values) - 1)))
    return (values.dictionary_encode() if pt.is_dictionary(kind) else values).cast(kind)


def _merged(one: Witnesses, other: Witnesses) -> Witnesses:
    """Return the witnesses of what two have seen, which are those of their values."""
    import pyarrow as pa

    found = _witnesses(pa.concat_arrays([one.values, other.values]), one.kind)
    enough = one.enough and other.enough and found.enough
    return Witnesses(one.kind, one.nulls or other.nulls or found.nulls, found.values, enough)


def _witnesses(column: "pa.Array", kind: Kind) -> Witnesses:
    import pyarrow.types as pt

    nulls = column.null_count > 0
    if pt.is_dictionary(column.type):  # of texts, the rows of a file hold nearly all that its dictionary does
        column = column.dictionary if kind == "codes" else _used(column)
    if column.null_count:
        nulls, column = True, column.drop_null()
    if kind == "ends":
        return _ends_of_floats(column, nulls) if pt.is_floating(column.type) else _ends(column, nulls)
    if kind in {"every", "codes"}:
        values = column.unique()
        return Witnesses(kind, nulls, values.slice(0, MOST), len(values) <= MOST)
    return Witnesses(kind, nulls, column.slice(0, 1), kind == "first")


def _chunk(column: Any) -> Any:  # noqa: ANN401 - pyarrow has no types
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _used(column: Any) -> Any:  # noqa: ANN401 - pyarrow has no types
    """Return the values of a dictionary that occur."""
    import pyarrow as pa

    indices = column.indices.drop_null() if column.indices.null_count else column.indices
    used = np.flatnonzero(np.bincount(indices.to_numpy().astype(np.int64)))
    return column.dictionary.take(pa.array(used, type=pa.int64()))


def _ends(column: Any, nulls: bool) -> Witnesses:  # noqa: ANN401, FBT001 - pyarrow has no types; as above
    import pyarrow as pa
    import pyarrow.compute as pc

    ends = pc.min_max(column)
    values = [end for end in (ends["min"], ends["max"]) if end.is_valid]
    return Witnesses("ends", nulls, pa.array(values, type=column.type), enough=True)


def _ends_of_floats(column: Any, nulls: bool) -> Witnesses:  # noqa: ANN401, FBT001 - as above
    import pyarrow as pa

    values = column.to_numpy()
    if values.size and np.isnan(values.min()):
        nulls, values = True, values[~np.isnan(values)]
    ends = [values.min(), values.max()] if values.size else []
    return Witnesses("ends", nulls, pa.array(ends, type=column.type), enough=True)
