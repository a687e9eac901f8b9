"""Parquet in parts, each some row groups of one file, and a part in batches, so that memory is bounded."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from gates.errors import InvalidError, UnavailableError
from gates.paths import require_regular_file, walk

if TYPE_CHECKING:
    import pyarrow as pa

PART = 1_000_000  # rows, from which a part takes no further row group
BATCH = 262_144  # rows that are held at once

T = TypeVar("T")


class _Rows(Protocol):
    @property
    def rows(self) -> int: ...


Counted = TypeVar("Counted", bound=_Rows)


@dataclass(frozen=True)
class Part:
    """Some row groups of a Parquet file.

    Attributes:
        path: The file.
        groups: Numbers of its row groups; none where the file has no rows.
        rows: How many rows they have.
    """

    path: Path
    groups: tuple[int, ...]
    rows: int


# What carries a function over parts: it gives the results in the order of the parts.
Over = Callable[[Sequence[Part], Callable[[Part], T]], Iterable[T]]


def in_turn(parts: Sequence[Part], function: Callable[[Part], T]) -> Iterator[T]:
    """Carry a function over parts, one after the other."""
    return map(function, parts)


def files_of(path: Path) -> list[Path]:
    """Return the files of a table: itself, or those of a folder by their names.

    Raises:
        InvalidError: Not a regular file; of a folder, that it holds none, or anything else than Parquet.
    """
    if not path.is_dir() or path.is_symlink():
        require_regular_file(path)
        return [path]
    found = walk(path)
    for name in found:
        if not name.endswith(".parquet"):
            raise InvalidError(
                f"{path} holds {name}, which is no Parquet.", do="Keep the table's files alone."
            )
    return list(found.values())


def parts_of(files: Iterable[Path]) -> "tuple[list[Part], pa.Schema]":
    """Return the parts of the files of one table, in their order, and the columns that all of them have.

    Raises:
        InvalidError: A file cannot be read, or has other columns than the first.
    """
    import pyarrow.parquet as pq

    parts: list[Part] = []
    first: tuple[Path, Any] | None = None
    for path in files:
        with reading(path), pq.ParquetFile(path, memory_map=False) as file:
            schema, metadata = file.schema_arrow, file.metadata
            parts += _of_file(
                path, [metadata.row_group(at).num_rows for at in range(metadata.num_row_groups)]
            )
        first = first or (path, schema)
        if not schema.equals(first[1]):
            raise InvalidError(
                f"{first[0]} and {path} do not have the same columns.",
                why=_difference(first[1], schema),
                do="Write all files of a table with the same columns, in one order and of one type each.",
            )
    if first is None:
        raise ValueError("no files")
    return parts, first[1]


def complete(parts: Sequence[Part], results: Iterable[Counted]) -> list[Counted]:
    """Return the results, one a part.

    Raises:
        UnavailableError: A part has none, or not all of its rows: what is only partly read decides nothing.
    """
    found = list(results)
    if [each.rows for each in found] != [part.rows for part in parts]:
        rows, listed = sum(each.rows for each in found), sum(part.rows for part in parts)
        raise UnavailableError(
            f"{len(found)} of {len(parts)} parts with {rows:,} of {listed:,} rows could be read.",
            why="What is only partly read decides nothing.",
            do="Run the same command again.",
        )
    return found


def whole_files(files: Iterable[Path]) -> list[Part]:
    """Return one part a file, in their order.

    Raises:
        InvalidError: A file cannot be read.
    """
    import pyarrow.parquet as pq

    parts = []
    for path in files:
        with reading(path), pq.ParquetFile(path, memory_map=False) as file:
            parts.append(Part(path, tuple(range(file.num_row_groups)), file.metadata.num_rows))
    return parts


def batches(part: Part, columns: Sequence[str], texts: Sequence[str] = ()) -> "Iterator[pa.Table]":
    """Yield the rows of a part, some at a time.

    Args:
        part: The part.
        columns: What is read of it.
        texts: Those of the columns that come as codes and a dictionary.

    Raises:
        InvalidError: The file cannot be read, or holds other rows than were listed.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = 0
    with (
        reading(part.path),
        pq.ParquetFile(part.path, memory_map=False, read_dictionary=list(texts)) as file,
    ):
        for batch in file.iter_batches(BATCH, row_groups=list(part.groups), columns=list(columns)):
            rows += len(batch)
            yield pa.Table.from_batches([batch]).select(columns)
    if rows != part.rows:
        raise InvalidError(f"{part.path} changed while it was read.", do="Run the command again.")


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Name the file of which a block could not read something.

    Raises:
        InvalidError: It could not.
    """
    import pyarrow as pa

    try:
        yield
    except (OSError, ValueError, LookupError, TypeError, pa.ArrowException) as error:
        raise InvalidError(
            f"{path} is not a readable table.",
            why=str(error).splitlines()[0] if str(error) else type(error).__name__,
            do="Write it again as Parquet: dvc repro --force",
        ) from error


def _of_file(path: Path, rows: list[int]) -> list[Part]:
    parts = [Part(path, (), 0)]
    for group, count in enumerate(rows):
        last = parts[-1]
        if last.groups and last.rows + count > PART:
            parts.append(Part(path, (group,), count))
        else:
            parts[-1] = Part(path, (*last.groups, group), last.rows + count)
    return parts


def _difference(one: "pa.Schema", other: "pa.Schema") -> str:
    for a, b in zip(one, other, strict=False):
        if not a.equals(b):
            return f"One has {a.name!r} of type {a.type}, the other {b.name!r} of type {b.type}."
    return f"One has {len(one)} columns, the other {len(other)}."
