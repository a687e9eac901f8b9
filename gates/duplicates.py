"""Marks of keys: equal keys have one mark, so that only rows whose mark stands twice have to be compared.

A mark has 64 bits. It is no proof: that two keys of one mark are the same is looked up in the rows.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pyarrow as pa

Marks = NDArray[np.uint64]
MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)  # odd, so that multiplying loses nothing (Knuth 1973, 6.4)
WIDE = 64
ABSENT = np.uint64(0x5851F42D4C957F2D)


def marks(rows: "pa.Table", columns: Sequence[str]) -> Marks:
    """Return the mark of each row's key, shape (rows,).

    Args:
        rows: The rows.
        columns: The key. Values that are absent are equal to each other; the same number in another type of
            another table is not.
    """
    import pyarrow.compute as pc
    import pyarrow.types as pt

    found = np.zeros(len(rows), dtype=np.uint64)
    for name in columns:
        column = rows.column(name)
        column = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
        here = _of_column(column)
        if column.null_count or pt.is_floating(column.type):
            here = np.where(pc.is_null(column, nan_is_null=True).to_numpy(zero_copy_only=False), ABSENT, here)
        found = here if len(columns) == 1 else (found ^ here) * MULTIPLIER + (found >> np.uint64(29))
    return found


def there(rows: "pa.Table", columns: Sequence[str]) -> NDArray[np.bool_]:
    """Return which rows have any value of a key, shape (rows,): a row that has none repeats nothing."""
    import pyarrow.types as pt

    found = np.zeros(len(rows), dtype=np.bool_)
    for name in columns:
        column = rows.column(name)
        if not column.null_count and not pt.is_floating(column.type):
            return np.ones(len(rows), dtype=np.bool_)
        found |= ~column.is_null(nan_is_null=True).to_numpy()
    return found


def repeated(parts: Sequence[Marks]) -> Marks:
    """Return the marks that stand twice or more, sorted."""
    every = np.concatenate(parts) if parts else np.zeros(0, dtype=np.uint64)
    if (every[1:] > every[:-1]).all():  # as numbers that were counted up
        return every[:0]
    every.sort()
    return np.unique(every[1:][every[1:] == every[:-1]])


def among(found: Marks, wanted: Marks) -> NDArray[np.bool_]:
    """Return which marks are among others, shape of the first; the others are sorted."""
    if wanted.size == 0:
        return np.zeros(found.size, dtype=np.bool_)
    place = np.minimum(np.searchsorted(wanted, found), wanted.size - 1)
    same: NDArray[np.bool_] = wanted[place] == found
    return same


def _of_column(column: Any) -> Marks:  # noqa: ANN401 - pyarrow has no types
    import pyarrow as pa
    import pyarrow.types as pt

    kind = column.type
    if pt.is_dictionary(kind):
        kind, column = kind.value_type, column.cast(kind.value_type)
    if pt.is_temporal(kind):
        kind = pa.int64() if kind.bit_width == WIDE else pa.int32()
        column = column.view(kind)
    if pt.is_floating(kind):
        values = column.cast(pa.float64()).to_numpy(zero_copy_only=False)
        values = np.where(np.isnan(values), np.nan, values + 0.0)  # one zero, one NaN
        return np.asarray(values.view(np.uint64))
    if pt.is_integer(kind) and kind.bit_width == WIDE and column.null_count == 0:
        return np.asarray(column.to_numpy().view(np.uint64))
    if pt.is_integer(kind) or pt.is_boolean(kind):
        wide = pa.uint64() if pt.is_unsigned_integer(kind) else pa.int64()
        return np.asarray(column.cast(wide).fill_null(0).to_numpy(zero_copy_only=False).view(np.uint64))
    from pandas.util import hash_array

    values = column.to_numpy(zero_copy_only=False)
    return np.asarray(hash_array(values.astype(object), categorize=False))
