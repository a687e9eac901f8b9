"""Violations counted by parts are those that pandera finds in the whole table."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gates import duplicates, parts, violations, witnesses
from gates.broken import Broken, Violations
from gates.contracts import read_contract
from gates.errors import InvalidError, UnavailableError
from gates.parts import parts_of
from gates.violations import of_frame, of_table, under_contract

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from gates.parts import Part
    from gates.witnesses import Seen, Sought

# A column's type, and values of which some break the rules below.
TYPES: dict[str, tuple[pa.DataType, list[Any]]] = {
    "int64": (pa.int64(), [0, 1, 2, 9, -5, None]),
    "int8": (pa.int8(), [0, 1, 9, None]),
    "uint64": (pa.uint64(), [0, 1, 2**63, None]),
    "float64": (pa.float64(), [0.0, -0.0, 1.0, 2.5, float("nan"), float("inf"), None]),
    "float32": (pa.float32(), [0.5, 1.0, 9.0, float("nan"), None]),
    "str": (pa.string(), ["a", "b", "", "kind", "é", None]),
    "large": (pa.large_string(), ["a", "b", None]),
    "coded": (pa.dictionary(pa.int32(), pa.string()), ["a", "b", None]),
    "bool": (pa.bool_(), [True, False, None]),
    "day": (pa.date32(), [date(2026, 1, 1), date(2026, 1, 2), None]),
    "when": (pa.timestamp("us"), [datetime(2026, 1, 1), datetime(2026, 1, 2, 3), None]),  # noqa: DTZ001 - without a zone
    "zoned": (pa.timestamp("us", "UTC"), [datetime(2026, 1, 1, tzinfo=UTC), None]),
    "span": (pa.duration("ns"), [timedelta(1), timedelta(2), None]),
    "price": (pa.decimal128(10, 2), [Decimal("1.00"), Decimal("2.50"), None]),
    "bytes": (pa.binary(), [b"a", b"b", None]),
    "nothing": (pa.null(), [None]),
    "list": (pa.list_(pa.int64()), [[1], [2, 3], None]),
}
MANY = 15  # times five tables
REPORTED = ["all", "exclude_first", "exclude_last"]
RULES: list[dict[str, Any]] = [
    {"isin": ["a", "b"]},
    {"isin": [0, 1]},
    {"notin": [1]},
    {"in_range": {"min_value": 0, "max_value": 2}},
    {"greater_than": 0},
    {"less_than_or_equal_to": 1},
    {"equal_to": 1},
    {"not_equal_to": 1},
    {"str_matches": "[ab]"},
    {"str_length": {"min_value": 1, "max_value": 2}},
    {"checks": {"in_range": {"min_value": 0, "max_value": 2, "options": {"ignore_na": False}}}},
    {"unique_values_eq": [0, 1]},
]
DTYPES = ["int64", "float64", "str", "category", "object", "bool", "datetime64[us]", "Int64", None]


def drawn(rng: random.Random) -> tuple[pa.Table, dict[str, Any]]:
    """Draw a table and a contract, which it may break in any way."""
    rows = rng.randint(0, 12)
    table: dict[str, pa.Array] = {}
    columns: dict[str, dict[str, Any]] = {}
    for name in rng.sample(["a", "b.c", "b", "d"], rng.randint(1, 3)):
        kind, values = TYPES[rng.choice(sorted(TYPES))]
        few = rng.choices(values, k=rng.randint(1, 3))
        table[name] = pa.array(rng.choices(few, k=rows), type=kind)
        rules: dict[str, Any] = {}
        for rule in rng.sample(RULES, rng.randint(0, 2)):
            rules |= rule
        columns[name] = {"checks": rules["checks"]} if "checks" in rules else rules
        columns[name] |= {"dtype": rng.choice([*DTYPES, str(kind)])}
        columns[name] |= {word: rng.random() < 0.5 for word in ("nullable", "unique")}
        columns[name]["report_duplicates"] = rng.choice(REPORTED)
    names = [*columns, "absent"]
    contract: dict[str, Any] = {word: rng.random() < 0.3 for word in ("strict", "ordered")}
    contract["report_duplicates"] = rng.choice(REPORTED)
    if rng.random() < 0.3:
        contract["unique"] = rng.sample(names, rng.randint(1, 2))
    if rng.random() < 0.2:
        columns["absent"] = {"dtype": "int64"}
    if rng.random() < 0.2:
        columns.pop(next(iter(columns)))
    return pa.table(table), contract | {"columns": columns}


def judged(work: Callable[..., Violations], *given: object) -> tuple[object, ...]:
    """What is found, or that nothing could be."""
    try:
        found = work(*given)
    except InvalidError as error:
        return (error.what,)
    return found.rows, found.broken


@pytest.mark.filterwarnings("ignore")  # of pandas about what pandera compares
@pytest.mark.parametrize("seed", range(MANY))
def test_parts_are_judged_as_the_whole_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    """Whatever the types, the rules, the row groups and the batches."""
    rng = random.Random(seed)  # noqa: S311 - a test's
    for place in range(5):
        table, document = drawn(rng)
        path = tmp_path / f"{place}.parquet"
        if rng.random() < 0.5:  # with what pandas says of its types
            table = pa.Table.from_pandas(table.to_pandas())
        pq.write_table(table, path, row_group_size=rng.randint(2, 9))
        path.with_suffix(".yaml").write_text(json.dumps(document))
        try:
            schema = read_contract(path.with_suffix(".yaml"))
        except InvalidError:
            continue
        monkeypatch.setattr(parts, "PART", rng.choice([1, 5, 100]))
        monkeypatch.setattr(parts, "BATCH", rng.choice([3, 100]))
        monkeypatch.setattr(witnesses, "MOST", rng.choice([1, 100]))
        whole = judged(of_frame, pd.read_parquet(path), schema)
        assert judged(under_contract, path, path.with_suffix(".yaml")) == whole, (table, document)


# ---------------------------------------------------------------- one by one


def written(path: Path, table: pa.Table, contract: str, group: int = 4) -> tuple[Path, Any]:
    """Write a table in row groups, and read its contract."""
    pq.write_table(table, path, row_group_size=group)
    path.with_suffix(".yaml").write_text(contract, "utf-8")
    return path, read_contract(path.with_suffix(".yaml"))


KEYED = "columns: {id: {dtype: int64, unique: true}, kind: {dtype: str, isin: [a, b]}}"


def keyed(rows: int = 20) -> pa.Table:
    return pa.table({"id": np.arange(rows), "kind": ["a", "b"] * (rows // 2)})


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts and batches of few rows."""
    monkeypatch.setattr(parts, "PART", 4)
    monkeypatch.setattr(parts, "BATCH", 3)


@pytest.mark.usefixtures("small")
def test_rows_are_numbered_through_the_table(tmp_path: Path) -> None:
    """Not by part nor batch."""
    frame = keyed().to_pandas()
    frame.loc[[2, 9, 17], "kind"] = "c"
    frame.loc[18, "id"] = 3
    found = of_table(*written(tmp_path / "t.parquet", pa.table(frame), KEYED))
    assert found.broken == {
        ("kind", "isin(['a', 'b'])"): Broken(3, (2, 9, 17)),
        ("id", "field_uniqueness"): Broken(2, (3, 18)),
    }


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(("row", "other"), [(0, 1), (0, 19), (7, 8), (11, 12)])
@pytest.mark.parametrize("text", [False, True])
def test_a_key_that_stands_twice_is_found_wherever_it_does(
    tmp_path: Path,
    row: int,
    other: int,
    text: bool,  # noqa: FBT001 - the case
) -> None:
    keys = np.arange(20)
    keys[other] = keys[row]
    names = pa.array([f"key {key}" for key in keys]) if text else pa.array(keys)
    contract = f"columns: {{id: {{dtype: {'str' if text else 'int64'}, unique: true}}}}"
    found = of_table(*written(tmp_path / "t.parquet", pa.table({"id": names}), contract))
    assert found.broken == {("id", "field_uniqueness"): Broken(2, (row, other))}


def test_two_keys_of_one_mark_are_not_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mark is no proof."""
    monkeypatch.setattr(duplicates, "marks", lambda rows, _: np.zeros(len(rows), dtype=np.uint64))
    table, contract = keyed(), KEYED
    assert of_table(*written(tmp_path / "t.parquet", table, contract)).broken == {}


@pytest.mark.parametrize("kind", [pa.int64(), pa.int32(), pa.float64(), pa.string(), pa.timestamp("us")])
def test_different_keys_have_different_marks(kind: pa.DataType) -> None:
    """Mostly: else each of them would be read again."""
    numbers = np.random.default_rng(3).permutation(100_000)
    keys = pa.array(numbers).cast(kind)
    marks = duplicates.marks(pa.table({"a": keys, "b": keys[::-1]}), ["a"])
    assert duplicates.repeated([marks[:50_000], marks[50_000:]]).size == 0
    both = duplicates.marks(pa.table({"a": pa.array(numbers // 400), "b": pa.array(numbers % 400)}), "ab")
    assert duplicates.repeated([both]).size == 0


def test_a_table_that_keeps_its_contract_is_looked_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """pandera judges the witnesses, and no row."""
    monkeypatch.setattr(violations, "of_part", pytest.fail)
    assert of_table(*written(tmp_path / "t.parquet", keyed(), KEYED)) == Violations(20)


def test_it_is_looked_at_while_pandera_is_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plain contract tells without pandera what to look for, and that is not done again."""
    path, _ = written(tmp_path / "t.parquet", keyed(), KEYED)
    looks = []
    see = witnesses.of_part

    def noted(part: Part, sought: Sought) -> Seen:
        looks.append(sought)
        return see(part, sought)

    monkeypatch.setattr(witnesses, "of_part", noted)
    assert under_contract(path, path.with_suffix(".yaml")) == Violations(20)
    assert len(looks) == 1


def test_a_contract_that_is_none_is_told_before_its_table(tmp_path: Path) -> None:
    (tmp_path / "t.parquet").write_bytes(b"no table")
    (tmp_path / "c.yaml").write_text("columns: {id: {dtype: nonsense}}")
    with pytest.raises(InvalidError, match=r"c\.yaml is not a contract"):
        under_contract(tmp_path / "t.parquet", tmp_path / "c.yaml")


@pytest.mark.usefixtures("small")
def test_only_the_columns_in_doubt_are_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = []
    batches = parts.batches

    def noted(part: Part, names: Sequence[str], texts: Sequence[str] = ()) -> Iterator[pa.Table]:
        read.append(list(names))
        return batches(part, names, texts)

    monkeypatch.setattr(violations, "batches", noted)
    table = keyed().set_column(1, "kind", pa.array(["a", "c"] * 10))
    assert of_table(*written(tmp_path / "t.parquet", table, KEYED)).broken
    assert read == [["kind"]] * 5


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("lost", [slice(0, 4), slice(1, None), slice(0, 0)])
@pytest.mark.parametrize("turn", [0, 1])
def test_what_is_partly_read_decides_nothing(tmp_path: Path, lost: slice, turn: int) -> None:
    """Neither in the first look nor in the second."""
    table = keyed().set_column(1, "kind", pa.array(["a", "c"] * 10))
    path, schema = written(tmp_path / "t.parquet", table, KEYED)
    turns: list[int] = []

    def over(listed: Sequence[Part], function: Callable[[Part], Any]) -> list[Any]:
        turns.append(len(turns))
        done = list(map(function, listed))
        return done[lost] if turns[-1] == turn else done

    with pytest.raises(UnavailableError, match=r"of 5 parts .* of 20 rows could be read"):
        of_table(path, schema, over)


def test_a_file_that_shrank_meanwhile_is_refused(tmp_path: Path) -> None:
    path, _ = written(tmp_path / "t.parquet", keyed(), KEYED)
    (listed,), _ = parts_of([path])
    written(path, keyed(10), KEYED)
    with pytest.raises(InvalidError, match=r"t\.parquet"):
        list(parts.batches(listed, ["id"]))


def test_files_of_a_folder_are_one_table(tmp_path: Path) -> None:
    """In the order of their names; a key may not stand in two of them."""
    folder = tmp_path / "table"
    folder.mkdir()
    for place in range(3):
        _, schema = written(folder / f"{place}.parquet", keyed(4), KEYED)
    for path in folder.glob("*.yaml"):
        path.unlink()
    found = of_table(folder, schema)
    assert (found.rows, found.broken) == (12, {("id", "field_uniqueness"): Broken(12, (0, 1, 2, 3, 4))})
    (folder / "_SUCCESS").touch()
    with pytest.raises(InvalidError, match="_SUCCESS, which is no Parquet"):
        of_table(folder, schema)


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (pa.table({"id": [1]}), "columns"),
        (pa.table({"id": [1.0], "kind": ["a"]}), "'id' of type int64"),
        (pa.table({"kind": ["a"], "id": [1]}), "'id' of type int64"),
    ],
)
def test_files_of_other_columns_are_no_table(tmp_path: Path, other: pa.Table, why: str) -> None:
    (tmp_path / "t").mkdir()
    pq.write_table(keyed(4), tmp_path / "t" / "1.parquet")
    pq.write_table(other, tmp_path / "t" / "2.parquet")
    _, schema = written(tmp_path / "0.parquet", keyed(4), KEYED)
    with pytest.raises(InvalidError, match="do not have the same columns") as caught:
        of_table(tmp_path / "t", schema)
    assert why in caught.value.why


def test_rules_about_many_values_see_all_of_them(tmp_path: Path) -> None:
    """No row group holds all that has to be there; together they do."""
    contract = "columns: {id: {dtype: int64, unique_values_eq: [0, 1, 2]}}"
    found = of_table(*written(tmp_path / "t.parquet", pa.table({"id": [0, 1, 2, 0, 1]}), contract, 1))
    assert found == Violations(5)
    found = of_table(*written(tmp_path / "t.parquet", pa.table({"id": [0, 1, 1, 0, 1]}), contract, 1))
    assert found.broken == {("id", "unique_values_eq([0, 1, 2])"): Broken(whole=1)}


HELD = """
import sys
from pathlib import Path
from gates.contracts import read_contract
from gates.violations import of_table
print(of_table(Path(sys.argv[1]), read_contract(Path(sys.argv[2]))).broken)
"""


@pytest.mark.parametrize(
    "setting", [{"PANDERA_VALIDATION_ENABLED": "False"}, {"PANDERA_VALIDATION_DEPTH": "SCHEMA_ONLY"}]
)
def test_the_environment_switches_no_rule_off(tmp_path: Path, setting: dict[str, str]) -> None:
    """pandera over a LazyFrame of polars looks at types alone and passes bad rows; here rows are always held.

    pandera reads its variables when it is imported.
    """
    table = pa.table({"id": [0, 1, 2], "kind": ["a", "b", "no such kind"]})
    path, _ = written(tmp_path / "t.parquet", table, KEYED)
    command = [sys.executable, "-c", HELD, str(path), str(path.with_suffix(".yaml"))]
    ended = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, **setting})
    assert "(2,)" in ended.stdout
