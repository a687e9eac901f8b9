"""The gate `schema`: every broken rule is found, counted and named by table and column."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from gates import digest
from gates.adapters.console import Screen
from gates.cli import cli
from gates.errors import ExitCode, InvalidError
from gates.run import gate
from gates.run.project import Project as Opened
from gates.verdict import Outcome
from tests.checks.project import TODAY, decisive, finding

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.checks.project import Project

    Damage = Callable[[pd.DataFrame], pd.DataFrame]

SERVED = "isin(['Month-to-month', 'One year', 'Two year'])"


def blocked(project: Project) -> list[str]:
    """Names of the findings that keep the gate from passing."""
    return [each.name for each in project.judge("schema").findings if each.blocks]


def test_tables_that_keep_their_contracts_pass(project: Project) -> None:
    """Raw, train and golden are looked at, and nothing is found."""
    verdict = project.judge("schema")
    assert verdict.outcome is Outcome.PASS
    assert [each.name for each in verdict.findings] == [
        *(f"violations/{table}" for table in ("raw", "train", "golden")),
        *(f"rows/{table}" for table in ("raw", "train", "golden")),
    ]
    assert finding(verdict, "rows/raw").observed == 1060


DAMAGES: list[tuple[str, Damage, str, int]] = [
    ("missing", lambda t: t.drop(columns="tenure"), "tenure/column_in_dataframe", 1),
    ("extra", lambda t: t.assign(surprise=1), "surprise/column_in_schema", 1),
    ("dtype", lambda t: t.assign(tenure=t["tenure"].astype("float64")), "tenure/dtype('int64')", 1),
    ("text", lambda t: t.assign(monthly_charges="?"), "monthly_charges/dtype('float64')", 0),
    ("all-null", lambda t: t.assign(monthly_charges=np.nan), "monthly_charges/not_nullable", 0),
    ("all-null-text", lambda t: t.assign(contract=None), "contract/not_nullable", 0),
    (
        "one-null",
        lambda t: t.assign(contract=t["contract"].where(t.index != t.index[9])),
        "contract/not_nullable",
        1,
    ),
    (
        "low",
        lambda t: t.assign(monthly_charges=t["monthly_charges"] / 10),
        "monthly_charges/in_range(15, 150)",
        0,
    ),
    ("infinite", lambda t: t.assign(monthly_charges=np.inf), "monthly_charges/in_range(15, 150)", 0),
    ("category", lambda t: t.assign(contract="Weekly"), f"contract/{SERVED}", 0),
]


@pytest.mark.parametrize("table", ["raw", "train", "golden"])
@pytest.mark.parametrize(
    ("damage", "rule", "count"), [each[1:] for each in DAMAGES], ids=[each[0] for each in DAMAGES]
)
def test_each_damage_fails_by_its_rule(
    project: Project, table: str, damage: Damage, rule: str, count: int
) -> None:
    """The verdict names table, column and rule, and counts the rows (0 here: all of them)."""
    file = "features" if table == "golden" else table
    project.change(file, damage)
    verdict = project.judge("schema")
    assert decisive(verdict) == (f"violations/{table}", Outcome.FAIL)
    broken = finding(verdict, f"violations/{table}/{rule}")
    assert (broken.outcome, broken.observed) == (Outcome.FAIL, count or len(project.table(file)))
    assert all(name.startswith(f"violations/{table}") for name in blocked(project))


def test_duplicate_ids_fail_on_every_row_that_shares_one(project: Project) -> None:
    """A key that stands twice names both rows."""
    project.change("raw", lambda raw: pd.concat([raw, raw.head(2)]))
    doubled = finding(project.judge("schema"), "violations/raw/rownames/field_uniqueness")
    assert (doubled.observed, doubled.note) == (4, "First rows: 1, 2, 1061, 1062.")


def test_missing_labels_fail_on_the_label_column(project: Project) -> None:
    """A training row without a label is a null where none is allowed."""
    project.change(
        "train", lambda train: train.assign(churn=train["churn"].where(train.index != train.index[0]))
    )
    assert "violations/train/churn/not_nullable" in blocked(project)


def test_the_first_rows_are_named_and_no_more(project: Project) -> None:
    """Rows count from 1, without the header; five are enough to find the cause."""
    project.change("raw", lambda raw: raw.assign(tenure=raw["tenure"].where(raw.index % 100 != 7, 999)))
    broken = finding(project.judge("schema"), "violations/raw/tenure/in_range(0, 120)")
    assert (broken.observed, broken.note) == (11, "First rows: 8, 108, 208, 308, 408.")


def test_rows_count_from_one_whatever_index_the_file_holds(project: Project) -> None:
    """A Parquet file may bring an index of text; row numbers stay numbers."""
    train = project.table("train")
    train = train.assign(tenure=train["tenure"].where(train.index != 4, 999)).set_index(
        "contract", drop=False
    )
    train.to_parquet(project.path("train"))
    broken = finding(project.judge("schema"), "violations/train/tenure/in_range(13, 120)")
    assert broken.note == "First rows: 5."


def test_all_tables_are_reported_at_once(project: Project) -> None:
    """One run tells everything that has to be mended."""
    for file in ("raw", "train", "features"):
        project.change(file, lambda table: table.assign(tenure=200).drop(columns="partner"))
    found = blocked(project)
    for table in ("raw", "train", "golden"):
        assert f"violations/{table}/partner/column_in_dataframe" in found
        assert any(name.startswith(f"violations/{table}/tenure/in_range") for name in found)


def test_violations_up_to_the_limit_are_let_through_and_told(project: Project) -> None:
    """`max_violations` holds for a table as a whole: its last violation too many fails."""
    project.change("raw", lambda raw: raw.assign(tenure=raw["tenure"].where(raw.index >= 3, 999)))
    project.policy(schema={"max_violations": 3})
    verdict = project.judge("schema")
    assert verdict.outcome is Outcome.PASS
    assert finding(verdict, "violations/raw/tenure/in_range(0, 120)").note == "First rows: 1, 2, 3."
    project.change("raw", lambda raw: raw.assign(contract=raw["contract"].where(raw.index != 5, "Weekly")))
    assert decisive(project.judge("schema")) == ("violations/raw", Outcome.FAIL)


@pytest.mark.parametrize(("file", "table"), [("raw", "raw"), ("train", "train"), ("features", "golden")])
def test_a_table_without_rows_is_undecided(project: Project, file: str, table: str) -> None:
    """With a header and nothing else there is nothing to hold a rule against."""
    project.change(file, lambda rows: rows.head(0))
    assert decisive(project.judge("schema")) == (f"rows/{table}", Outcome.UNDECIDED)


def test_a_header_alone_still_has_to_be_the_right_one(project: Project) -> None:
    """Names of columns can be held without rows."""
    project.change("raw", lambda raw: raw.head(0).drop(columns="tenure"))
    assert blocked(project) == ["violations/raw", "rows/raw", "violations/raw/tenure/column_in_dataframe"]


def test_a_wrong_delimiter_misses_every_column(project: Project) -> None:
    """A file with semicolons reads as one column, so each declared column is missing."""
    raw = project.table("raw")
    raw.to_csv(project.path("raw"), index=False, sep=";")
    found = blocked(project)
    assert all(f"violations/raw/{column}/column_in_dataframe" in found for column in raw.columns)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"rownames\n1\n\xff\n",
        "rownames,N\u00f6\n1,2\n".encode("utf-16"),
        b"a,b\n1,2\n1,2,3\n",
        b"a,b\n1,2,3\n",
    ],
    ids=["empty", "blank", "mixed-encodings", "utf-16", "ragged", "longer-than-header"],
)
def test_a_file_that_is_no_table_is_invalid(project: Project, content: bytes) -> None:
    """What cannot be read is neither good nor bad data: exit code 2, with the path."""
    project.path("raw").write_bytes(content)
    with pytest.raises(InvalidError, match=r"churn\.csv is not a readable table") as caught:
        project.judge("schema")
    assert (caught.value.code, bool(caught.value.why), bool(caught.value.do)) == (
        ExitCode.INVALID,
        True,
        True,
    )


@pytest.mark.parametrize("content", [b"", b"PAR1", b"row_id,churn\n1,0\n"])
def test_a_parquet_file_that_is_none_is_invalid(project: Project, content: bytes) -> None:
    """The suffix says what is to be read."""
    project.path("train").write_bytes(content)
    with pytest.raises(InvalidError, match=r"train\.parquet is not a readable table"):
        project.judge("schema")


def test_an_absent_file_is_invalid(project: Project) -> None:
    """The path is named."""
    project.path("train").unlink()
    with pytest.raises(InvalidError, match=r"train\.parquet cannot be read"):
        project.judge("schema")


BAD_CONTRACTS = {
    "empty": ("", "it is empty"),
    "list": ("[]", "its root is a list"),
    "no-columns": ("schema_type: dataframe\nstrict: true\n", "no `columns`"),
    "empty-columns": ("columns: {}\n", "no `columns`"),
    "series": ("schema_type: series\ncolumns: {tenure: {dtype: int64}}\n", "no `columns`"),
    "column-is-number": ("columns: {tenure: 5}\n", "'int'"),
    "unknown-word": ("schema_type: dataframe\nstrikt: true\ncolumns: {tenure: {dtype: int64}}\n", "'strikt'"),
    "unknown-rule": ("columns: {tenure: {dtype: int64, in_rnge: 5}}\n", "'columns.tenure.in_rnge'"),
    "rule-beside-checks": (
        "columns: {tenure: {checks: {isin: [1]}, greater_than: 5}}\n",
        "'columns.tenure.greater_than'",
    ),
    "coerces": ("coerce: true\ncolumns: {tenure: {dtype: int64}}\n", "mend rows"),
    "coerces-a-column": ("columns: {tenure: {dtype: int64, coerce: true}}\n", "mend rows"),
    "filters": ("strict: filter\ncolumns: {tenure: {dtype: int64}}\n", "mend rows"),
    "drops-rows": ("drop_invalid_rows: true\ncolumns: {tenure: {dtype: int64}}\n", "'drop_invalid_rows'"),
    "drops-rows-of-column": (
        "columns: {tenure: {drop_invalid_rows: true}}\n",
        "'columns.tenure.drop_invalid_rows'",
    ),
    "key-of-no-column": ("unique: [tenur]\ncolumns: {tenure: {dtype: int64}}\n", "'tenur'"),
    "keys-of-no-column": ("unique: [[tenure], [tenure, x]]\ncolumns: {tenure: {dtype: int64}}\n", "'x'"),
    "key-is-a-number": ("unique: [5]\ncolumns: {tenure: {dtype: int64}}\n", "neither a column nor"),
    "key-is-a-mapping": ("unique: {tenure: 1}\ncolumns: {tenure: {dtype: int64}}\n", "neither a column nor"),
    "key-of-letters": (
        "unique: [tenure, [tenure]]\ncolumns: {tenure: {dtype: int64}}\n",
        "neither a column nor",
    ),
    "key-of-a-pattern": ("unique: [ten.*]\ncolumns: {ten.*: {dtype: int64, regex: true}}\n", "'ten.*'"),
    "pattern-that-is-none": ('columns: {"a(": {dtype: int64, regex: true}}\n', "unterminated subpattern"),
    "unknown-type": ("columns: {tenure: {dtype: nonsense}}\n", "'nonsense'"),
    "rule-without-bound": ("columns: {tenure: {in_range: 5}}\n", "max_value"),
    "tag": ("columns: !!python/object:os.system {}\n", "tag"),
    "path": ("contracts/train.yaml\n", "its root is a text"),
}


@pytest.mark.parametrize(("text", "why"), BAD_CONTRACTS.values(), ids=list(BAD_CONTRACTS))
def test_a_contract_that_holds_nothing_is_invalid(project: Project, text: str, why: str) -> None:
    """A mistyped rule must not be a rule that nobody holds."""
    project.path("contracts/raw.yaml").write_text(text, "utf-8")
    with pytest.raises(InvalidError, match=r"contracts/raw\.yaml") as caught:
        project.judge("schema")
    assert why in f"{caught.value.what} {caught.value.why}"


@pytest.mark.parametrize("path", ["../raw.yaml", "/etc/hostname", ""])
def test_a_contract_lies_inside_the_project(project: Project, path: str) -> None:
    """The policy's paths are plain ones."""
    project.policy(schema={"raw_contract": path})
    with pytest.raises(InvalidError, match=r"gates\.schema\.raw_contract|leaves the project"):
        project.judge("schema")


def test_the_data_job_looks_at_the_raw_table_alone(project: Project) -> None:
    """Before any stage has run there is nothing else; a damaged training table does not matter yet."""
    project.path("train").unlink()
    opened = Opened(project.root, project.root / "gates.log", Screen())
    given: dict[str, Any] = {}
    later = frozenset({"train", "train_contract", "features", "golden_contract"})
    verdict = gate.judge(opened, "schema", given, TODAY, skip=later)
    assert verdict.outcome is Outcome.PASS
    assert [each.name for each in verdict.findings] == ["violations/raw", "rows/raw"]
    assert set(verdict.inputs) == {"raw", "raw_contract"}


def test_an_engine_that_is_none_is_refused(project: Project) -> None:
    """Before anything is read."""
    for engine in ("spark", "ray://", "ray://a b", "local "):
        ended = CliRunner().invoke(cli, ["schema", "--engine", engine, "--project", str(project.root)])
        assert ended.exit_code == ExitCode.INVALID, engine


def test_a_folder_is_recorded_by_its_tree(project: Project) -> None:
    """Its files' names and bytes."""
    folder = project.root / "folder"
    folder.mkdir()
    project.table("train").to_parquet(folder / "1.parquet")
    verdict = project.judge("schema", train=folder)
    assert verdict.inputs["train"] == digest.of_tree(folder)
    assert verdict.outcome is Outcome.PASS
