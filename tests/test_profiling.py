"""From tables to profiles: every type, every layout of the same rows, and what cannot be read."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gates import profiling
from gates.digest import canonical_json
from gates.errors import InvalidError
from gates.profiles import Profile, from_document, merged, read, to_document
from gates.profiling import profile_of
from gates.stats.profile import MOST, Categories, Numbers, Other

if TYPE_CHECKING:
    from pathlib import Path

ROWS = 3000


def table(seed: int = 1, rows: int = ROWS) -> pa.Table:
    """Rows of every type, with gaps."""
    rng = np.random.default_rng(seed)
    amounts = rng.normal(0, 10, rows).tolist()
    amounts[1::7] = [None] * len(amounts[1::7])
    amounts[0:4] = [float("nan"), float("inf"), -float("inf"), -0.0][: len(amounts[0:4])]
    ages = [None if age == 40 else age for age in rng.integers(18, 90, rows).tolist()]
    kinds = [None if kind == "c" else kind for kind in rng.choice(["a", "b", "c", "", "é"], rows).tolist()]
    return pa.table(
        {
            "amount": pa.array(amounts, pa.float64()),
            "age": pa.array(ages, pa.int64()),
            "kind": pa.array(kinds, pa.string()),
            "coded": pa.array(kinds, pa.string()).dictionary_encode(),
            "level": pa.array([age and age // 30 for age in ages], pa.int8()).dictionary_encode(),
            "paid": pa.array([age and age > 30 for age in ages], pa.bool_()),
            "price": pa.array([Decimal(n) / 100 for n in range(rows)], pa.decimal128(10, 2)),
            "when": pa.array([datetime(2026, 1, 1, tzinfo=UTC)] * rows, pa.timestamp("us", "UTC")),
            "nothing": pa.nulls(rows),
            "dotted.name": pa.array(range(rows), pa.int32()),
        }
    )


def told(profile: Profile) -> bytes:
    """The bytes of its document."""
    return canonical_json(to_document(profile))


def written(path: Path, rows: pa.Table, **options: str | int) -> Path:
    """Write Parquet."""
    pq.write_table(rows, path, **options)
    return path


# ---------------------------------------------------------------- reading


def test_each_type_has_its_kind_of_profile(tmp_path: Path) -> None:
    rows = table()
    profile = profile_of(written(tmp_path / "t.parquet", rows))
    kinds = {name: type(column) for name, column in profile.columns.items()}
    assert [name for name, kind in kinds.items() if kind is Categories] == ["kind", "coded", "paid"]
    assert [name for name, kind in kinds.items() if kind is Other] == ["when"]
    assert profile.rows == ROWS
    for name, column in profile.columns.items():
        assert (column.rows, column.nulls) == (ROWS, rows.column(name).null_count)
    amount, age, nothing = (profile.columns[name] for name in ("amount", "age", "nothing"))
    assert isinstance(amount, Numbers)
    assert isinstance(age, Numbers)
    assert isinstance(nothing, Numbers)
    assert (amount.nan, amount.infinite) == (1, (1, 1))
    assert (age.low, age.high, nothing.low) == (18, 89, None)
    assert dict(zip(range(18, 90), age.counts, strict=False))[18] == rows.column("age").to_pylist().count(18)


def test_texts_and_truths_are_counted_as_they_stand(tmp_path: Path) -> None:
    rows = table()
    columns = profile_of(written(tmp_path / "t.parquet", rows)).columns
    for name, native in (("kind", str), ("coded", str), ("paid", json.dumps)):
        listed = [native(each) for each in rows.column(name).to_pylist() if each is not None]
        column = columns[name]
        assert isinstance(column, Categories)
        assert column.counts == {each: listed.count(each) for each in set(listed)}


@pytest.mark.parametrize("batch", [7, 1000, 10**6])
@pytest.mark.parametrize("group", [1, 250, ROWS])
def test_row_groups_order_and_batches_make_no_difference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, group: int, batch: int
) -> None:
    """The same bytes, however the same rows lie in the file."""
    rows = table(rows=600)
    before = told(profile_of(written(tmp_path / "one.parquet", rows)))
    monkeypatch.setattr(profiling, "BATCH", batch)
    dealt = rows.take(np.random.default_rng(2).permutation(len(rows)))
    assert told(profile_of(written(tmp_path / "two.parquet", dealt, row_group_size=group))) == before


def test_files_of_one_table_merge_to_its_profile(tmp_path: Path) -> None:
    """In any order."""
    rows = table()
    parts = [
        profile_of(written(tmp_path / f"{start}.parquet", rows.slice(start, 1000)))
        for start in range(0, ROWS, 1000)
    ]
    whole = told(profile_of(written(tmp_path / "whole.parquet", rows)))
    assert told(merged(parts)) == told(merged(reversed(parts))) == whole


def test_csv_is_profiled_as_parquet_is(tmp_path: Path) -> None:
    frame = pd.DataFrame({"age": [1, 2, 2], "paid": [True, False, True], "kind": ["a", None, "b"]})
    frame.to_csv(tmp_path / "t.csv", index=False)
    frame.to_parquet(tmp_path / "t.parquet", index=False)
    assert told(profile_of(tmp_path / "t.csv")) == told(profile_of(tmp_path / "t.parquet"))


def test_columns_that_nobody_wants_are_not_read(tmp_path: Path) -> None:
    path = written(tmp_path / "t.parquet", table())
    assert list(profile_of(path, lambda name: name in {"age", "dotted.name"}).columns) == [
        "age",
        "dotted.name",
    ]


def test_a_null_by_its_code_is_a_null() -> None:
    """A dictionary may hold one, which Arrow does not count."""
    coded = pa.DictionaryArray.from_arrays(pa.array([0, 1, 1, None]), pa.array(["a", None]))
    assert profiling._column(coded.type, [coded]) == Categories(4, 3, {"a": 1})


def test_the_index_that_pandas_writes_is_no_column(tmp_path: Path) -> None:
    pd.DataFrame({"a": [1, 2, 3]}).iloc[[0, 2]].to_parquet(tmp_path / "t.parquet")
    assert list(profile_of(tmp_path / "t.parquet").columns) == ["a"]


def test_names_that_begin_alike_are_kept_apart(tmp_path: Path) -> None:
    rows = pa.table({"a.b": [1.0], "a": ["x"], "a.b.c": [True]})
    columns = profile_of(written(tmp_path / "t.parquet", rows)).columns
    assert [type(columns[name]) for name in ("a.b", "a", "a.b.c")] == [Numbers, Categories, Categories]


def test_row_groups_that_are_long_give_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path / "t.parquet", table())
    before = told(profile_of(path))
    monkeypatch.setattr(profiling, "BATCH", 500)
    assert told(profile_of(path)) == before


def test_too_many_texts_have_no_counts_and_long_ones_a_digest(tmp_path: Path) -> None:
    many = [f"id {place}" for place in range(MOST + 1)]
    long = ["x" * 1000 + str(place % 2) for place in range(MOST + 1)]
    columns = profile_of(written(tmp_path / "t.parquet", pa.table({"many": many, "long": long}))).columns
    assert columns["many"] == Categories(MOST + 1, 0, None)
    assert isinstance(columns["long"], Categories)
    assert columns["long"].counts is not None
    assert sorted(columns["long"].counts.values()) == [MOST // 2, MOST // 2 + 1]
    assert max(map(len, columns["long"].counts)) < 128


def test_a_table_without_rows_has_a_profile(tmp_path: Path) -> None:
    profile = profile_of(written(tmp_path / "t.parquet", table().slice(0, 0)))
    assert profile.rows == 0
    assert told(from_document(json.loads(told(profile)))) == told(profile)


# ---------------------------------------------------------------- what cannot be read


@pytest.mark.parametrize("spoil", ["cut", "middle", "empty", "text"])
def test_a_table_that_is_only_partly_read_has_none(tmp_path: Path, spoil: str) -> None:
    path = written(tmp_path / "t.parquet", table(), compression="none", row_group_size=500)
    data = path.read_bytes()
    spoilt = {
        "cut": data[: len(data) // 2],
        "middle": data[:200] + b"\xff" * 20_000 + data[20_200:],
        "empty": b"",
        "text": b"a,b\n1,2\n",
    }
    path.write_bytes(spoilt[spoil])
    with pytest.raises(InvalidError, match=r"t\.parquet is not a readable table"):
        profile_of(path)


def test_a_link_is_not_followed_and_a_missing_file_is_named(tmp_path: Path) -> None:
    written(tmp_path / "t.parquet", table())
    (tmp_path / "link.parquet").symlink_to(tmp_path / "t.parquet")
    for name in ("link.parquet", "none.parquet", "none.csv", "none.json"):
        with pytest.raises(InvalidError, match=name):
            profile_of(tmp_path / name)


def test_a_column_that_stands_twice_is_refused(tmp_path: Path) -> None:
    twice = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])
    with pytest.raises(InvalidError, match="'a' twice"):
        profile_of(written(tmp_path / "t.parquet", twice))


def test_tables_that_do_not_fit_are_not_merged(tmp_path: Path) -> None:
    one = profile_of(written(tmp_path / "1.parquet", pa.table({"a": [1]})))
    other = profile_of(written(tmp_path / "2.parquet", pa.table({"b": [1]})))
    text = profile_of(written(tmp_path / "3.parquet", pa.table({"a": ["1"]})))
    with pytest.raises(InvalidError, match="do not all have the column 'a'"):
        merged([one, other])
    with pytest.raises(InvalidError, match="do not agree on the column 'a'"):
        merged([one, text])
    with pytest.raises(InvalidError, match="none"):
        merged([])


# ---------------------------------------------------------------- as a document


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The document of the table above."""
    return to_document(profile_of(written(tmp_path_factory.mktemp("p") / "t.parquet", table())))


def test_a_profile_round_trips_through_json(tmp_path: Path, document: dict[str, Any]) -> None:
    path = tmp_path / "profile.json"
    path.write_bytes(canonical_json(document))
    assert told(read(path)) == told(profile_of(path)) == canonical_json(document)


def test_a_profile_of_many_rows_is_small(tmp_path: Path) -> None:
    """Below 40 KB a column of numbers, whatever they are."""
    rng = np.random.default_rng(4)
    wild = pa.table({"a": rng.standard_cauchy(200_000), "b": rng.normal(0, 1, 200_000)})
    assert len(told(profile_of(written(tmp_path / "t.parquet", wild)))) < 80_000


def changes() -> dict[str, Any]:
    """Ways to spoil a document, each as a function that does it in place."""

    def column(name: str, **values: Any) -> Any:  # noqa: ANN401 - what JSON may hold
        return lambda whole: whole["columns"][name].update(values)

    return {
        "format": lambda whole: whole.update(format=2),
        "no format": lambda whole: whole.pop("format"),
        "extra field": lambda whole: whole.update(extra=1),
        "rows": lambda whole: whole.update(rows=ROWS + 1),
        "rows as text": lambda whole: whole.update(rows="3000"),
        "columns as a list": lambda whole: whole.update(columns=[]),
        "column as a list": lambda whole: whole["columns"].update(age=[]),
        "extra in a column": column("age", extra=1),
        "kind": column("age", kind="strings"),
        "negative nulls": column("when", nulls=-1),
        "more nulls than rows": column("when", nulls=ROWS + 1),
        "nulls as a truth": column("nothing", nulls=True),
        "nan as a float": column("amount", nan=1.0),
        "infinite of three": column("amount", infinite=[0, 1, 2]),
        "joined below 0": column("age", joined=-1),
        "joined too often": column("age", joined=64),
        "joined otherwise": column("age", joined=1),
        "range reversed": column("age", range=[89, 18]),
        "range elsewhere": column("age", range=[18, 500]),
        "range as text": column("age", range=["18", "89"]),
        "no range": lambda whole: whole["columns"]["age"].pop("range"),
        "range of nothing": column("nothing", range=[1, 2]),
        "cells in another order": lambda whole: whole["columns"]["amount"]["cells"].reverse(),
        "a run cut in two": lambda whole: whole["columns"]["dotted.name"]["cells"].insert(1, [1]),
        "an empty cell": lambda whole: whole["columns"]["age"]["cells"][0].append(0),
        "a count as text": lambda whole: whole["columns"]["age"]["cells"][0].__setitem__(1, "7"),
        "a count too many": lambda whole: whole["columns"]["age"]["cells"][0].__setitem__(1, 10**6),
        "a huge cell": lambda whole: whole["columns"]["age"]["cells"][0].__setitem__(0, 10**17),
        "a category without rows": lambda whole: whole["columns"]["kind"]["counts"].update(z=0),
        "a category as a truth": lambda whole: whole["columns"]["kind"]["counts"].update(a=True),
        "a category more": lambda whole: whole["columns"]["kind"]["counts"].update(z=1),
        "counts as a list": column("kind", counts=[1, 2]),
    }


@pytest.mark.parametrize("name", changes())
def test_a_document_that_does_not_add_up_is_refused(document: dict[str, Any], name: str) -> None:
    spoilt = json.loads(canonical_json(document))
    changes()[name](spoilt)
    with pytest.raises(InvalidError, match="profile"):
        from_document(spoilt)
