"""What the gates that read predictions and the golden set do with tables that are not as they should be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from gates.errors import ExitCode, InvalidError
from gates.verdict import Outcome
from tests.checks.project import decisive

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.checks.project import Project

    Damage = Callable[[pd.DataFrame], pd.DataFrame]

GATES = ("golden", "fairness", "champion")
HEADLINE = {"golden": "auc", "fairness": "disparate_impact/female", "champion": "delta"}
READ = {  # gate, file, the columns that it reads there
    ("golden", "predictions"): ("row_id", "challenger"),
    ("golden", "labels"): ("row_id", "churn"),
    ("golden", "features"): ("row_id", "contract", "female"),
    ("fairness", "predictions"): ("row_id", "challenger"),
    ("fairness", "labels"): ("row_id", "churn"),
    ("fairness", "features"): ("row_id", "female"),
    ("champion", "predictions"): ("row_id", "challenger", "champion"),
    ("champion", "labels"): ("row_id", "churn"),
}
NUMBERS = [
    (gate, file, column)
    for (gate, file), columns in READ.items()
    for column in columns
    if file != "features" and column != "row_id"
]


def invalid(project: Project, gate: str) -> str:
    """Judge, hold that it ends with exit code 2 and a next step, and give what it says."""
    with pytest.raises(InvalidError) as caught:
        project.judge(gate)
    assert caught.value.code is ExitCode.INVALID
    assert caught.value.do
    return f"{caught.value.what} {caught.value.why}"


@pytest.mark.parametrize(
    ("gate", "file", "column"), [(*key, column) for key, columns in READ.items() for column in columns]
)
def test_a_missing_column_is_named(project: Project, gate: str, file: str, column: str) -> None:
    """With the file that lacks it and, for a first look, the columns that it has."""
    project.change(file, lambda table: table.drop(columns=column))
    if column == "champion":  # its absence says that there is none, which serving.json knows better
        assert "does not fit who serves" in invalid(project, gate)
    else:
        assert f"{project.path(file)} has no column '{column}'. Its columns are" in invalid(project, gate)


@pytest.mark.parametrize(("gate", "file"), READ)
def test_an_extra_column_changes_nothing(project: Project, gate: str, file: str) -> None:
    """A gate reads the columns that it names."""
    before = project.judge(gate)
    project.change(file, lambda table: table.assign(surprise=1))
    project.pin()
    after = project.judge(gate)
    assert (after.findings, after.measurements) == (before.findings, before.measurements)


@pytest.mark.parametrize(("gate", "file"), READ)
@pytest.mark.parametrize(
    "content", [b"", b"PAR1PAR1", b"row_id;challenger\n1;0.5\n"], ids=["empty", "cut", "text"]
)
def test_a_file_that_is_no_table_is_invalid(project: Project, gate: str, file: str, content: bytes) -> None:
    """The path is named."""
    project.path(file).write_bytes(content)
    assert f"{project.path(file)} is not a readable table" in invalid(project, gate)


@pytest.mark.parametrize("gate", GATES)
def test_no_rows_at_all_are_undecided(project: Project, gate: str) -> None:
    """A header alone: there is nothing to decide on."""
    for file in ("predictions", "labels", "features"):
        project.change(file, lambda table: table.head(0))
    project.pin()
    assert decisive(project.judge(gate)) == (HEADLINE[gate], Outcome.UNDECIDED)


@pytest.mark.parametrize(("gate", "file"), READ)
@pytest.mark.parametrize("rows", [0, 599])
def test_rows_that_are_missing_in_one_file_are_invalid(
    project: Project, gate: str, file: str, rows: int
) -> None:
    """Scoring some of the golden rows is not scoring them; the message gives one key that is missing."""
    odd = project.table("labels")["row_id"].iloc[-1]
    project.change(file, lambda table: table.head(rows))
    told = invalid(project, gate)
    assert "do not hold the same rows" in told
    assert "'row_id'" in told
    assert rows == 0 or f"such as {odd}." in told


@pytest.mark.parametrize(("gate", "file"), READ)
def test_duplicate_ids_are_invalid(project: Project, gate: str, file: str) -> None:
    """They are counted, and the key is named."""
    project.change(file, lambda table: pd.concat([table, table.head(3)]))
    assert "3 rows repeat or lack a 'row_id'" in invalid(project, gate)


@pytest.mark.parametrize(("gate", "file"), READ)
def test_missing_ids_are_invalid(project: Project, gate: str, file: str) -> None:
    """A row without a key belongs to nobody."""
    project.change(
        file, lambda table: table.assign(row_id=table["row_id"].where(table.index != table.index[0]))
    )
    assert "1 rows repeat or lack a 'row_id'" in invalid(project, gate)


@pytest.mark.parametrize(("gate", "file"), READ)
def test_ids_of_another_type_are_invalid(project: Project, gate: str, file: str) -> None:
    """Text is not the number that it shows."""
    project.change(file, lambda table: table.assign(row_id=table["row_id"].astype("str")))
    assert "do not hold the same rows" in invalid(project, gate)


@pytest.mark.parametrize(("gate", "file"), READ)
def test_whole_ids_as_floats_are_the_same_ids(project: Project, gate: str, file: str) -> None:
    """A changed dtype that keeps every value changes no finding."""
    before = project.judge(gate)
    project.change(file, lambda table: table.assign(row_id=table["row_id"].astype("float64")))
    project.pin()
    assert project.judge(gate).findings == before.findings


@pytest.mark.parametrize(("gate", "file", "column"), NUMBERS)
@pytest.mark.parametrize("value", [None, np.nan, np.inf, -np.inf, -0.001, 1.001, 2, "yes"], ids=str)
def test_a_column_of_nonsense_is_named(
    project: Project, gate: str, file: str, column: str, value: object
) -> None:
    """All null, not finite, out of range or text: labels are 0 or 1, scores are probabilities."""
    project.change(file, lambda table: table.assign(**{column: value}))
    told = invalid(project, gate)
    assert str(project.path(file)) in told
    assert f"600 {'labels' if column == 'churn' else 'scores'} in '{column}' are not" in told


@pytest.mark.parametrize(("gate", "file", "column"), NUMBERS)
@pytest.mark.parametrize("value", [np.nan, np.inf, 1.5])
def test_one_value_of_nonsense_is_enough(
    project: Project, gate: str, file: str, column: str, value: float
) -> None:
    """A single missing label or score is never dropped in silence."""

    def spoil(table: pd.DataFrame) -> pd.DataFrame:
        return table.assign(
            **{column: table[column].astype("float64").where(table.index != table.index[7], value)}
        )

    project.change(file, spoil)
    assert f"1 {'labels' if column == 'churn' else 'scores'} in '{column}' are not" in invalid(project, gate)


@pytest.mark.parametrize("gate", GATES)
@pytest.mark.parametrize("dtype", ["float64", "bool", "Int64", "int8"])
def test_labels_of_another_dtype_are_the_same_labels(project: Project, gate: str, dtype: str) -> None:
    """0 and 1 are 0 and 1."""
    before = project.judge(gate)
    project.change("labels", lambda labels: labels.assign(churn=labels["churn"].astype(dtype)))
    project.pin()
    assert project.judge(gate).findings == before.findings


@pytest.mark.parametrize("gate", GATES)
def test_labels_as_text_are_invalid(project: Project, gate: str) -> None:
    """'1' may be a code for anything."""
    project.change("labels", lambda labels: labels.assign(churn=labels["churn"].astype("str")))
    assert "600 labels in 'churn' are not 0 or 1" in invalid(project, gate)
