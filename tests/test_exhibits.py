"""What a report draws: of every task, of damaged and of hardly any data."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from gates import exhibits
from gates.digest import canonical_json
from gates.errors import InvalidError
from gates.run import exhibits as run
from tests import decided
from tests.checks.project import Project

LARGEST_BYTES = 60_000


def taken(made: Project) -> dict[str, Any]:
    """Take the exhibits as the judge does."""
    return run.taken(made.opened())


@pytest.mark.parametrize("task", decided.TASKS)
def test_every_task_has_its_own(tmp_path: Path, task: str) -> None:
    """Of both models, small, of finite figures alone, and the same whatever the order of the rows."""
    made = decided.project(tmp_path / "one", task)
    found = taken(made)
    drawn = {"binary": "roc", "multiclass": "histogram", "regression": "reliability", "ranking": "places"}
    assert found["scores"]["task"] == task
    assert {*found["scores"]["models"]} == {"challenger", "champion"}
    assert all(drawn[task] in each for each in found["scores"]["models"].values())
    written = canonical_json(found)
    assert len(written) < LARGEST_BYTES
    json.loads(written, parse_constant=pytest.fail)
    for name in ("predictions", "labels", "features"):
        made.change(name, lambda table: table.sample(frac=1, random_state=7))
    assert canonical_json(taken(made)) == written


def test_a_first_model_is_drawn_alone(tmp_path: Path) -> None:
    """There is no champion to compare with."""
    made = decided.project(tmp_path)
    made.change("predictions", lambda table: table.drop(columns="champion"))
    assert {*taken(made)["scores"]["models"]} == {"challenger"}


@pytest.mark.parametrize("task", decided.TASKS)
@pytest.mark.parametrize("rows", [0, 1, 2])
def test_hardly_any_rows(tmp_path: Path, task: str, rows: int) -> None:
    """A gate says that they are too few; what is drawn of them does not stop it from saying so."""
    made = decided.project(tmp_path, task)
    for name in ("predictions", "labels", "features"):
        made.change(name, lambda table: table.head(rows))
    found = taken(made)
    assert found["scores"]["rows"] == rows
    assert bool(found["scores"]["models"]) is (rows > 0)


def test_one_class_has_no_curve(tmp_path: Path) -> None:
    """The rest is drawn."""
    made = decided.project(tmp_path)
    made.change("labels", lambda table: table.assign(churn=0))
    challenger = taken(made)["scores"]["models"]["challenger"]
    assert {*challenger} == {"reliability", "histogram"}


@pytest.mark.parametrize(
    "values",
    [
        [1.0, 1.0, 1.0],
        [-1.7e308, 1.7e308, 0.0],
        [5e-324, 0.0, -5e-324],
        [math.nan, math.inf, -math.inf],
        [None, None, None],
    ],
    ids=str,
)
def test_odd_numbers(tmp_path: Path, values: list[float | None]) -> None:
    """A histogram of them has every finite one in it, and no figure that JSON cannot hold."""
    made = decided.project(tmp_path)
    table = made.table("train").head(3).assign(monthly_charges=pd.array(values, dtype="Float64"))
    made.write_table("train", table)
    columns = {each["name"]: each for each in taken(made)["columns"]["train"]["columns"]}
    finite = sum(each is not None and math.isfinite(each) for each in values)
    assert sum(columns["monthly_charges"].get("bars", [])) == finite
    json.dumps(columns, allow_nan=False)


def test_a_histogram_is_that_of_the_values(tmp_path: Path) -> None:
    """Whole months from 13 to 72 in 16 bars, as NumPy counts them; texts by how often they occur."""
    made = decided.project(tmp_path)
    columns = {each["name"]: each for each in taken(made)["columns"]["golden"]["columns"]}
    features = made.table("features")
    assert columns["tenure"]["bars"] == np.histogram(features["tenure"], bins=exhibits.BARS)[0].tolist()
    counted = features["contract"].value_counts()
    assert columns["contract"]["often"][0] == [counted.index[0], int(counted.iloc[0])]
    assert columns["tenure"]["promised"] == "int64; no nulls; in_range(13, 120)"


def test_a_wide_table_is_cut(tmp_path: Path) -> None:
    """And says how many columns are not shown."""
    made = decided.project(tmp_path)
    more = pd.DataFrame(1.0, index=range(400), columns=[f"more_{place}" for place in range(100)])
    made.change("train", lambda table: pd.concat([table.reset_index(drop=True), more], axis=1))
    found = taken(made)["columns"]["train"]
    assert len(found["columns"]) == exhibits.MOST_COLUMNS
    assert found["more"] == len(made.table("train").columns) - exhibits.MOST_COLUMNS


def test_another_format_is_not_guessed_at() -> None:
    """It is of a newer version."""
    assert exhibits.require_known({"format": 1}, "it") == {"format": 1}
    with pytest.raises(InvalidError, match="format"):
        exhibits.require_known({"format": 2}, "it")
