"""From a table to its profile: column by column, a few row groups at a time, so that memory is bounded.

Of a table of any length, one row group's part of a column is held for each processor. What is only partly
read is an error, never a profile.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial, reduce
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gates.errors import InvalidError
from gates.parts import Over, Part, complete, files_of, in_turn, whole_files
from gates.profiles import Profile, merged, read
from gates.stats.profile import (
    MOST,
    Categories,
    Column,
    NumberCounter,
    Numbers,
    Other,
    merge,
    summarise_numbers,
)
from gates.tables import read_table

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

BATCH = 1_048_576  # rows of a column that are summarised at once
LONG = 4  # batches, from which a row group's columns are read one after the other
LONGEST = 128  # characters of a category's name; of a longer text, a digest stands for the end
SHOWN = 64
INDEX = re.compile("__index_level_[0-9]+__")  # which pandas writes beside the columns


def profile_of(
    path: Path, wanted: Callable[[str], bool] = lambda _: True, over: Over[Profile] = in_turn
) -> Profile:
    """Return the profile of a Parquet or CSV table, or the stored one in a JSON file.

    Args:
        path: The file, or a folder of Parquet files; what a file is, its name's ending says.
        wanted: Whether a column of a table is of interest; the others are not read.
        over: What carries a function over the files of a table.

    Raises:
        InvalidError: Not a regular file, not readable to its end, or a column stands twice.
        UnavailableError: Not all of the files were read.
    """
    if path.suffix == ".json":
        return read(path)
    files = files_of(path)
    if files == [path] and path.suffix != ".parquet":
        return _of_csv(path, wanted)
    parts = whole_files(files)
    return merged(complete(parts, over(parts, partial(_of_part, wanted=wanted))), str(path))


def _of_part(part: Part, wanted: Callable[[str], bool]) -> Profile:
    return _of_parquet(part.path, wanted)


def _of_parquet(path: Path, wanted: Callable[[str], bool]) -> Profile:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path, memory_map=False) as file:
            metadata, schema = file.metadata, file.schema_arrow
        names = [name for name in _once(path, schema.names) if not INDEX.fullmatch(name)]

        def summarised(name: str) -> Column:
            kind = schema.field(name).type
            texts = [name] if _is_text(kind) else None
            with pq.ParquetFile(path, memory_map=False, metadata=metadata, read_dictionary=texts) as file:
                column = _column(kind, _chunks(file, name))
            if column.rows != metadata.num_rows:
                raise ValueError(f"{column.rows} of {metadata.num_rows} rows of {name!r} could be read")
            return column

        chosen = [name for name in names if wanted(name)]
        with ThreadPoolExecutor(max_workers=_at_once(metadata)) as pool:
            columns = dict(zip(chosen, pool.map(summarised, chosen), strict=True))
        return Profile(metadata.num_rows, columns)
    except (OSError, ValueError, LookupError, TypeError, pa.ArrowException) as error:
        raise _unreadable(path, error) from error


def _of_csv(path: Path, wanted: Callable[[str], bool]) -> Profile:
    import pyarrow as pa

    frame = read_table(path)
    names = _once(path, [str(name) for name in frame.columns])
    try:
        table = pa.Table.from_pandas(frame, preserve_index=False)
    except (ValueError, TypeError, pa.ArrowException) as error:
        raise _unreadable(path, error) from error
    columns = {name: table.column(name) for name in names if wanted(name)}
    return Profile(len(frame), {name: _column(each.type, each.chunks) for name, each in columns.items()})


def _at_once(metadata: "pq.FileMetaData") -> int:
    """Return how many columns are read at once: pyarrow holds a column of a row group in one piece."""
    import pyarrow as pa

    longest = max((metadata.row_group(place).num_rows for place in range(metadata.num_row_groups)), default=0)
    return int(pa.cpu_count()) if longest <= LONG * BATCH else 1


def _chunks(file: "pq.ParquetFile", name: str) -> "Iterator[pa.Array]":
    """Yield a column's values, a row group at a time; of one with many rows, a part at a time."""
    for place in range(file.num_row_groups):
        if file.metadata.row_group(place).num_rows <= BATCH:
            yield from file.read_row_group(place, columns=[name], use_threads=False).column(name).chunks
        else:
            for batch in file.iter_batches(BATCH, row_groups=[place], columns=[name], use_threads=False):
                yield batch.column(name)


def _is_text(kind: Any) -> bool:  # noqa: ANN401 - pyarrow has no types
    import pyarrow.types as pt

    return bool(pt.is_string(kind) or pt.is_large_string(kind) or pt.is_string_view(kind))


def _column(kind: Any, chunks: "Iterable[pa.Array]") -> Column:  # noqa: ANN401 - pyarrow has no types
    """Return the profile of one column's values, of which ``kind`` is the type."""
    import pyarrow as pa
    import pyarrow.types as pt

    if pt.is_dictionary(kind) and not _is_text(kind.value_type):
        kind, chunks = kind.value_type, (chunk.cast(kind.value_type) for chunk in chunks)
    if pt.is_decimal(kind):
        kind, chunks = pa.float64(), (chunk.cast(pa.float64()) for chunk in chunks)
    if pt.is_integer(kind) or pt.is_floating(kind):
        return _numbers(chunks)
    if _is_text(kind) or pt.is_dictionary(kind):
        return _merged(map(_texts, chunks), Categories(0, 0, {}))
    if pt.is_boolean(kind):
        return _merged(map(_truths, chunks), Categories(0, 0, {}))
    if pt.is_null(kind):
        return summarise_numbers(np.zeros(0), sum(map(len, chunks)))
    return _merged((Other(len(chunk), chunk.null_count) for chunk in chunks), Other(0, 0))


def _merged(parts: Iterable[Column], nothing: Column) -> Column:
    return reduce(merge, parts, nothing)


def _numbers(chunks: "Iterable[pa.Array]") -> Numbers:
    counter = NumberCounter()
    for chunk in chunks:
        there = chunk.drop_null() if chunk.null_count else chunk
        counter.add(there.to_numpy(zero_copy_only=True), chunk.null_count)
    return counter.finish()


def _texts(chunk: "pa.Array") -> Categories:
    if hasattr(chunk, "indices") and chunk.dictionary.null_count:  # a null by its code is one too
        chunk = chunk.cast(chunk.type.value_type)
    encoded = chunk if hasattr(chunk, "indices") else chunk.dictionary_encode()
    here = np.bincount(encoded.indices.drop_null().to_numpy(), minlength=len(encoded.dictionary))
    held = np.flatnonzero(here)
    texts = encoded.dictionary.take(held)
    if held.size > MOST < len(texts.unique()):
        return Categories(len(chunk), chunk.null_count, None)
    counts: dict[str, int] = {}
    for text, count in zip(texts.to_pylist(), here[held].tolist(), strict=True):
        counts[_name(text)] = counts.get(_name(text), 0) + count
    return Categories(len(chunk), chunk.null_count, counts)


def _truths(chunk: "pa.Array") -> Categories:
    false = len(chunk) - chunk.null_count - chunk.true_count
    counts = {"false": false, "true": chunk.true_count}
    return Categories(len(chunk), chunk.null_count, {name: count for name, count in counts.items() if count})


def _name(text: str) -> str:
    if len(text) <= LONGEST:
        return text
    return f"{text[:SHOWN]}…{sha256(text.encode()).hexdigest()[:32]}"


def _once(path: Path, names: list[str]) -> list[str]:
    for name in names:
        if names.count(name) > 1:
            raise InvalidError(f"{path} has the column {name!r} twice.", do="Rename one of them.")
    return names


def _unreadable(path: Path, error: Exception) -> InvalidError:
    why = str(error).splitlines()[0] if str(error) else type(error).__name__
    return InvalidError(
        f"{path} is not a readable table.", why=why, do="Write it again as Parquet: dvc repro --force"
    )
