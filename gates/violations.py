"""The rows of a table that break its contract, counted, with the first of them; memory is bounded.

pandera judges, twice. First the witnesses of each column (`gates.witnesses`): most tables keep their
contract, and few values show it. Then, where a witness breaks a rule or a column has none, the rows
themselves, batch by batch; and of keys the rows that may repeat one. Rules about more than one value at a
time (see `gates.contracts.by_value`) need the whole table; so does CSV, whose types depend on all rows.
"""

import warnings
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial, reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gates import contracts, duplicates, witnesses
from gates.broken import Broken, Violations, counted, merge, one_way
from gates.contracts import NAMED, OF_COLUMNS, Outline, Rule, broken_rules
from gates.duplicates import Marks
from gates.errors import GatesError
from gates.parts import Over, Part, batches, complete, files_of, in_turn, parts_of, reading
from gates.tables import read_table
from gates.witnesses import Key, Seen, Sought

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


@dataclass(frozen=True)
class Doubts:
    """What only the rows can tell: of which columns, and which marks of keys stand twice.

    Attributes:
        schema: The contract, without its keys.
        columns: The columns whose rows are judged.
        gaps: Columns that lack a value somewhere, which decides on their type.
        marks: Of each key, those that stand twice.
    """

    schema: Any
    columns: tuple[str, ...]
    gaps: frozenset[str]
    marks: Mapping[Key, Marks]

    @property
    def any(self) -> bool:
        """Whether there is any doubt."""
        return bool(self.columns) or any(marks.size for marks in self.marks.values())


def under_contract(path: Path, contract: Path, over: Over[Any] = in_turn) -> Violations:
    """Return what the rows of a table break of the contract in a file.

    pandera takes as long to import as a million rows to read: both happen at once.

    Raises:
        InvalidError: The contract is none, or the table cannot be read to its end.
    """
    with ThreadPoolExecutor(max_workers=1) as aside:
        schema = aside.submit(contracts.read_contract, contract)
        outline = contracts.outline(contract)
        try:
            seen = _seen_by(path, outline, over) if outline else None
        except GatesError:
            schema.result()  # a contract that is none is told first
            raise
        return of_table(path, schema.result(), over, seen)


def of_table(
    path: Path,
    schema: Any,  # noqa: ANN401 - pandera's
    over: Over[Any] = in_turn,
    before: tuple[Sought, Seen] | None = None,
) -> Violations:
    """Return what the rows of a table break of a contract.

    Args:
        path: CSV, Parquet, or a folder of Parquet files that are one table.
        schema: The schema in the contract.
        over: What carries a function over the parts of the table.
        before: What was seen of the table before, and what was sought then.

    Raises:
        InvalidError: The table cannot be read to its end.
    """
    from pyarrow.types import is_dictionary as is_coded  # which pandas reads as categories, all at once

    files = files_of(path)
    if files == [path] and path.suffix != ".parquet":
        return of_frame(read_table(path), schema)
    parts, columns = parts_of(files)
    outline = contracts.outline_of(schema)
    if not contracts.by_value(schema) or not _told_apart(columns, outline):
        return of_frame(_together(files), schema)
    sought = sought_in(columns, outline)
    seen = before[1] if before and before[0] == sought else _look(parts, sought, over)
    doubts, sure = doubts_of(seen, columns, schema)
    if coded := [name for name in doubts.columns if is_coded(columns.field(name).type)]:
        doubts = replace(doubts, columns=tuple(name for name in doubts.columns if name not in coded))
        broken = broken_rules(_together(files, coded), doubts.schema)
        sure |= {rule: counted(rows) for rule, rows in broken.items() if _of_rows(rule, coded)}
    if not doubts.any:
        return Violations(seen.rows, sure)
    judged = complete(parts, over(parts, partial(of_part, doubts=doubts)))
    return finish(reduce(merge, judged, Violations(0, sure)), columns, schema)


def of_frame(frame: "pd.DataFrame", schema: Any) -> Violations:  # noqa: ANN401 - pandera's
    """Return what a table that is held as a whole breaks of a contract."""
    broken = broken_rules(frame.reset_index(drop=True), schema)
    if len(frame) == 0:
        broken = _of_names(broken)
    return Violations(len(frame), {rule: counted(rows) for rule, rows in broken.items()})


def of_part(part: Part, doubts: Doubts) -> Violations:
    """Return what the rows of a part break, as far as there is doubt.

    Raises:
        InvalidError: It cannot be read to its end.
    """
    keys = [key for key, marks in doubts.marks.items() if marks.size]
    names = dict.fromkeys([*doubts.columns, *(name for key in keys for name in key)])
    judged = (summarise(batch, doubts) for batch in batches(part, list(names)))
    return reduce(merge, judged, Violations(0))


def summarise(batch: "pa.Table", doubts: Doubts) -> Violations:
    """Return what a batch of rows breaks; of keys, which rows may repeat one."""
    found: dict[Rule, Broken] = {}
    if doubts.columns:
        rows_of = broken_rules(_framed(batch.select(doubts.columns), doubts.gaps), doubts.schema)
        found = {rule: counted(rows) for rule, rows in rows_of.items() if _of_rows(rule, doubts.columns)}
    repeating = {}
    for key, marks in doubts.marks.items():
        if marks.size:
            may = duplicates.among(duplicates.marks(batch, key), marks) & duplicates.there(batch, key)
            repeating[key] = (np.flatnonzero(may), batch.select(key).filter(may))
    return Violations(len(batch), found, repeating)


def finish(found: Violations, columns: "pa.Schema", schema: Any) -> Violations:  # noqa: ANN401 - pandera's
    """Return the same with the keys compared that may stand twice."""
    broken = {rule: one_way(rule, each) for rule, each in found.broken.items()}
    for key, rule_of_key in _keys(columns, schema):
        rows, values = found.repeating.get(key, (None, None))
        if values is None:
            continue
        frame = values.to_pandas(ignore_metadata=True)
        frame.index = rows
        here = broken_rules(frame, rule_of_key)
        broken |= {rule: counted(each) for rule, each in here.items()}
        if here and rule_of_key.unique:
            break  # of several such keys, pandera tells the first that is broken
    return Violations(found.rows, broken)


def sought_in(columns: "pa.Schema", outline: Outline) -> Sought:
    """Return what has to be seen of a table's columns to hold a contract."""
    kinds = {
        each.name: witnesses.kind_of(each, names, contracts.BETWEEN)
        for each in columns
        if (names := outline.checks_of(each.name)) is not None
    }
    here = (tuple(name for name in key if name in columns.names) for key in outline.keys)
    keys = tuple(dict.fromkeys(filter(None, here)))
    further: dict[str, witnesses.Kind] = {name: "none" for key in keys for name in key if name not in kinds}
    return Sought({**kinds, **further}, keys)


def doubts_of(seen: Seen, columns: "pa.Schema", schema: Any) -> tuple[Doubts, dict[Rule, Broken]]:  # noqa: ANN401 - pandera's
    """Return what the witnesses leave open, and what they tell for sure: the rules about columns."""
    rest, outline = contracts.without_keys(schema), contracts.outline_of(schema)
    gaps = frozenset(name for name, found in seen.columns.items() if found.nulls)
    broken = broken_rules(_framed(witnesses.frame_of(columns, seen.columns), gaps), rest)
    if seen.rows == 0:
        broken = _of_names(broken)
    sure = {rule: counted(rows) for rule, rows in broken.items() if not _of_rows(rule, seen.columns)}
    doubted = {subject for subject, _ in broken.keys() - sure.keys()}
    for name, found in seen.columns.items():
        if not found.enough and outline.checks_of(name) is not None:
            doubted.add(name)
    marks = {key: duplicates.repeated(found) for key, found in seen.marks.items()}
    return Doubts(rest, tuple(name for name in columns.names if name in doubted), gaps, marks), sure


def _seen_by(path: Path, outline: Outline, over: Over[Any]) -> tuple[Sought, Seen] | None:
    """Return what is seen of Parquet where a contract asks for what its outline tells."""
    files = files_of(path)
    if files == [path] and path.suffix != ".parquet":
        return None
    parts, columns = parts_of(files)
    if not _told_apart(columns, outline):
        return None
    sought = sought_in(columns, outline)
    return sought, _look(parts, sought, over)


def _look(parts: Sequence[Part], sought: Sought, over: Over[Any]) -> Seen:
    return witnesses.merged(complete(parts, over(parts, partial(witnesses.of_part, sought=sought))))


def _keys(columns: "pa.Schema", schema: Any) -> list[tuple[Key, Any]]:  # noqa: ANN401 - pandera's
    """Return the columns of each key, as far as they are there, and its rule."""
    found = []
    for rule in contracts.keys(schema):
        key = tuple(name for name in contracts.key_columns(rule) if name in columns.names)
        found += [(key, rule)] if key else []
    return found


def _told_apart(columns: "pa.Schema", outline: Outline) -> bool:
    """Return whether columns have names of their own, and keys no lists in them."""
    import pyarrow.types as pt

    if len(set(columns.names)) < len(columns):
        return False
    keys = {name for key in outline.keys for name in key if name in columns.names}
    return not any(pt.is_nested(columns.field(name).type) for name in keys)


def _together(files: Sequence[Path], columns: list[str] | None = None) -> "pd.DataFrame":
    """Return all rows of the files at once."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    tables = []
    for path in files:
        with reading(path):
            tables.append(pq.read_table(path, columns=columns))
    return _framed(pa.concat_tables(tables), ())


def _framed(rows: "pa.Table", gaps: Collection[str]) -> "pd.DataFrame":
    """Return rows as pandas has them, in the types that the whole table would have."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "make_block is deprecated")  # as pandas reads Parquet
        frame: pd.DataFrame = rows.to_pandas().reset_index(drop=True)
    for name in gaps:
        kind = frame[name].dtype.kind if name in frame and isinstance(frame[name].dtype, np.dtype) else ""
        if kind in {"i", "u", "b"}:  # without a null here, but with one elsewhere
            frame[name] = frame[name].astype(object if kind == "b" else "float64")
    return frame


def _of_rows(rule: Rule, columns: Collection[str]) -> bool:
    return rule[0] in columns and rule[1] not in OF_COLUMNS


def _of_names(broken: Mapping[Rule, list[int | None]]) -> dict[Rule, list[int | None]]:
    """Return the rules about names of columns: types of no values say nothing."""
    return {rule: rows for rule, rows in broken.items() if rule[1].endswith(NAMED)}
