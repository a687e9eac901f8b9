"""Tests of `gates.tables`: columns are read by name, and errors name the column."""

import math
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gates.errors import ExitCode, InvalidError
from gates.tables import binary_labels, probabilities, read_aligned, read_table, require_unique

Write = Callable[[Path], object]
FRAME = pd.DataFrame({"row_id": [3, 1, 2], "score": [0.3, 0.1, 0.2], "name": ["c", "a", "b"]})

HALF = '{"index_columns": [], "column_indexes": [], "columns": [{"name": "a", "field_name": "a"}]}'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    FRAME.to_parquet(tmp_path / "good.parquet")
    FRAME.to_csv(tmp_path / "good.csv", index=False)
    return tmp_path


@pytest.mark.parametrize("name", ["good.parquet", "good.csv"])
def test_a_table_is_read_whole_or_by_columns_in_their_order(folder: Path, name: str) -> None:
    """Parquet and CSV alike."""
    assert read_table(folder / name).equals(FRAME)
    assert read_table(folder / name, ["score", "row_id"]).equals(FRAME[["score", "row_id"]])


UNREADABLE: dict[str, tuple[str, Write]] = {
    "empty file": ("a.csv", lambda path: path.write_bytes(b"")),
    "blank file": ("a.csv", lambda path: path.write_bytes(b"\n\n")),
    "mixed encodings": ("a.csv", lambda path: path.write_bytes("row_id\nü\n".encode() + b"\xfc\n")),
    "rows longer than the header": ("a.csv", lambda path: path.write_bytes(b"row_id,score\n1,2\n1,2,3\n")),
    "all rows longer than the header": ("a.csv", lambda path: path.write_bytes(b"row_id,score\n1,2,3\n")),
    "open quote": ("a.csv", lambda path: path.write_bytes(b'row_id,score\n1,"2\n')),
    "empty Parquet": ("a.parquet", lambda path: path.write_bytes(b"")),
    "text as Parquet": ("a.parquet", lambda path: path.write_bytes(b"row_id\n1\n")),
    "truncated Parquet": (
        "a.parquet",
        lambda path: path.write_bytes((path.parent / "good.parquet").read_bytes()[:-9]),
    ),
    "Parquet under another name": (
        "a.csv",
        lambda path: path.write_bytes((path.parent / "good.parquet").read_bytes()),
    ),
    "two columns of one name": (
        "a.parquet",
        lambda path: pq.write_table(pa.table([[1], [2]], names=["row_id", "row_id"]), path),
    ),
    "Parquet with half a description": (
        "a.parquet",
        lambda path: pq.write_table(pa.table({"a": [1]}).replace_schema_metadata({"pandas": HALF}), path),
    ),
    "absent": ("a.csv", lambda path: path),
    "folder": ("a.parquet", lambda path: path.mkdir()),
    "link": ("a.csv", lambda path: path.symlink_to("good.csv")),
}


@pytest.mark.parametrize(("name", "write"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_is_no_table_is_refused_by_name(folder: Path, name: str, write: Write) -> None:
    """Exit code 2, the file named, and something to do."""
    write(folder / name)
    with pytest.raises(InvalidError, match=name) as caught:
        read_table(folder / name)
    assert caught.value.code == ExitCode.INVALID
    assert caught.value.do


@pytest.mark.parametrize(
    "text", ["row_id;score\n1;2\n", "row_id\tscore\n1\t2\n", "other,row_id\n1,2\n", "score\n"]
)
def test_a_missing_column_is_named_with_those_that_are_there(tmp_path: Path, text: str) -> None:
    """A wrong delimiter shows as one long column."""
    path = tmp_path / "a.csv"
    path.write_text(text)
    with pytest.raises(InvalidError, match=r"a\.csv has no column '(row_id|score)'") as caught:
        read_table(path, ["row_id", "score"])
    assert text.partition(",")[0].partition("\n")[0] in caught.value.why


def test_types_do_not_depend_on_where_in_the_file_a_value_stands(tmp_path: Path) -> None:
    """One text among many numbers makes the column text, without a warning, wherever it is."""
    path = tmp_path / "a.csv"
    path.write_text("a\n" + "1\n" * 300_000 + "x\n")
    assert {type(value) for value in read_table(path)["a"]} == {str}


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=6), st.floats(0.9, 1)
)
def test_a_damaged_table_is_read_or_refused(
    folder: Path, damage: list[tuple[float, int]], kept: float
) -> None:
    """Bytes changed or cut off anywhere give a table or exit code 2, never another exception."""
    for name in ("good.parquet", "good.csv"):
        data = bytearray((folder / name).read_bytes())
        for place, value in damage:
            data[int(place * len(data))] = value
        path = folder / f"damaged-{name}"
        path.write_bytes(data[: int(kept * len(data)) + 1])
        try:
            read_table(path, ["row_id"])
        except InvalidError as error:
            assert path.name in error.what  # noqa: PT017 - it may also be read


@pytest.mark.parametrize(
    ("keys", "bad"),
    [([1, 2, 3], 0), ([1, 1, 2], 1), ([1, 1, 1], 2), ([1.0, math.nan, 2.0], 1), (["a", None, "a"], 2)],
)
def test_a_key_that_repeats_or_lacks_is_refused_with_its_count(keys: list[object], bad: int) -> None:
    """Duplicate ids and missing ones alike."""
    frame = pd.DataFrame({"row_id": keys})
    if not bad:
        require_unique(Path("a.csv"), frame, "row_id")
        return
    with pytest.raises(InvalidError, match=f"a.csv: {bad} rows repeat or lack a 'row_id'"):
        require_unique(Path("a.csv"), frame, "row_id")


def parquet(path: Path, **columns: object) -> Path:
    """Write a Parquet table and return its path."""
    pq.write_table(pa.table(columns), path)
    return path


def test_tables_are_joined_by_key_whatever_their_order(tmp_path: Path) -> None:
    """Rows come sorted by key, so figures do not depend on the order in the files."""
    labels = parquet(tmp_path / "l.parquet", row_id=[1, 2, 3], churn=[0, 1, 0])
    for order in ([3, 1, 2], [2, 1, 3]):
        scores = parquet(
            tmp_path / "s.parquet", row_id=order, score=[each / 10 for each in order], x=[0, 0, 0]
        )
        joined = read_aligned({labels: ["churn"], scores: ["score"]}, "row_id")
        assert joined.index.tolist() == [1, 2, 3]
        assert joined.to_dict("list") == {"churn": [0, 1, 0], "score": [0.1, 0.2, 0.3]}


MISALIGNED: dict[str, tuple[dict[str, object], str]] = {
    "row missing": ({"row_id": [1, 2], "score": [0.1, 0.2]}, "do not hold the same rows"),
    "row too many": ({"row_id": [1, 2, 3, 4], "score": [0.1] * 4}, "do not hold the same rows"),
    "another row": ({"row_id": [1, 2, 4], "score": [0.1] * 3}, "do not hold the same rows"),
    "no rows": ({"row_id": pa.array([], pa.int64()), "score": pa.array([], pa.float64())}, "the same rows"),
    "keys as text": ({"row_id": ["1", "2", "3"], "score": [0.1] * 3}, "do not hold the same rows"),
    "key doubled": ({"row_id": [1, 2, 2], "score": [0.1] * 3}, "s.parquet: 1 rows repeat or lack"),
    "key null": ({"row_id": [1, 2, None], "score": [0.1] * 3}, "s.parquet: 1 rows repeat or lack"),
    "no key": ({"id": [1, 2, 3], "score": [0.1] * 3}, "s.parquet has no column 'row_id'"),
    "no scores": ({"row_id": [1, 2, 3]}, "s.parquet has no column 'score'"),
    "keys without an order": ({"row_id": [{"a": 1}, {"a": 2}], "score": [0.1] * 2}, "'row_id' has no order"),
}


@pytest.mark.parametrize(("columns", "says"), MISALIGNED.values(), ids=MISALIGNED)
def test_tables_that_do_not_fit_are_refused(tmp_path: Path, columns: dict[str, object], says: str) -> None:
    """Nobody is scored on other rows, and no row is dropped in silence."""
    labels = parquet(tmp_path / "l.parquet", row_id=[1, 2, 3], churn=[0, 1, 0])
    scores = parquet(tmp_path / "s.parquet", **columns)
    with pytest.raises(InvalidError, match=says) as caught:
        read_aligned({labels: ["churn"], scores: ["score"]}, "row_id")
    assert caught.value.do


def test_a_column_asked_for_twice_is_refused(tmp_path: Path) -> None:
    """A label column that is also a score would be compared with itself."""
    path = parquet(tmp_path / "a.parquet", row_id=[1], churn=[1])
    with pytest.raises(InvalidError, match="'churn' is asked for twice"):
        read_aligned({path: ["churn"], tmp_path / "b.parquet": ["churn"]}, "row_id")
    with pytest.raises(InvalidError, match="'row_id' is asked for twice"):
        read_aligned({path: ["row_id"]}, "row_id")


@pytest.mark.parametrize(
    "labels", [[0, 1, 1], [0.0, 1.0, 1.0], [False, True, True], pd.array([0, 1, 1], dtype="Int64")]
)
def test_labels_are_0_and_1_of_any_type(labels: object) -> None:
    """Written as int64."""
    array = binary_labels(Path("a"), pd.Series(labels))
    assert (str(array.dtype), array.tolist()) == ("int64", [0, 1, 1])


@pytest.mark.parametrize(
    ("labels", "bad"),
    [
        ([0, 1, 2], 1),
        ([0, 1, -1], 1),
        ([0.0, 1.0, math.nan], 1),
        ([math.nan] * 3, 3),
        ([0, 1, None], 1),
        (["0", "1", "1"], 3),
        (["Yes", "No", None], 3),
        ([0.5, 0, 1], 1),
        ([[0], [1], [1]], 3),
        (pd.array([0, 1, None], dtype="Int64"), 1),
    ],
)
def test_labels_that_are_missing_or_neither_are_refused(labels: object, bad: int) -> None:
    """With their number, and the column's name."""
    with pytest.raises(InvalidError, match=f"a: {bad} labels in 'churn' are not 0 or 1"):
        binary_labels(Path("a"), pd.Series(labels, name="churn"))


@pytest.mark.parametrize(
    "scores", [[0.0, 0.5, 1.0], [0, 0.5, 1], ["0", "0.5", "1"], pd.array([0, 0.5, 1], dtype="Float64")]
)
def test_probabilities_are_read_as_float64(scores: object) -> None:
    """0 and 1 included."""
    array = probabilities(Path("a"), pd.Series(scores))
    assert (str(array.dtype), array.tolist()) == ("float64", [0.0, 0.5, 1.0])


@pytest.mark.parametrize(
    ("scores", "bad"),
    [
        ([0.5, math.nan], 1),
        ([0.5, math.inf], 1),
        ([0.5, -math.inf], 1),
        ([0.5, 1.0000001], 1),
        ([0.5, -1e-12], 1),
        ([0.5, None], 1),
        (["high", "low"], 2),
        ([[0.5], [0.5]], 2),
        (pd.array([0.5, None], dtype="Float64"), 1),
        (pd.to_datetime(["2026-06-01", "2026-06-02"]), 2),
    ],
)
def test_scores_that_are_no_probabilities_are_refused(scores: object, bad: int) -> None:
    """NaN, infinity, beyond 0 to 1, not a number: with their number, and the column's name."""
    with pytest.raises(
        InvalidError, match=f"a: {bad} scores in 'challenger' are not probabilities"
    ) as caught:
        probabilities(Path("a"), pd.Series(scores, name="challenger"))
    assert caught.value.do
