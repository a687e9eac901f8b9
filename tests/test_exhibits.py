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
    often = pd.array(values * exhibits.FEWEST_ALIKE, dtype="Float64")
    made.write_table("train", made.table("train").head(len(often)).assign(monthly_charges=often))
    columns = {each["name"]: each for each in taken(made)["columns"]["train"]["columns"]}
    finite = sum(each is not None and math.isfinite(each) for each in often.to_numpy(na_value=math.nan))
    assert sum(columns["monthly_charges"].get("bars", [])) == finite
    json.dumps(columns, allow_nan=False)


def test_a_histogram_is_that_of_the_values(tmp_path: Path) -> None:
    """Months in 16 bars as NumPy counts them, the outermost rows within; texts by how often they occur."""
    made = decided.project(tmp_path)
    columns = {each["name"]: each for each in taken(made)["columns"]["golden"]["columns"]}
    features = made.table("features")
    tenure = np.sort(features["tenure"].to_numpy())
    low, high = (int(tenure[end]) for end in (exhibits.FEWEST_ALIKE - 1, -exhibits.FEWEST_ALIKE))
    assert (columns["tenure"]["low"], columns["tenure"]["high"]) == (low, high)
    bars = np.histogram(tenure.clip(low, high), bins=exhibits.BARS)[0].tolist()
    assert columns["tenure"]["bars"] == bars
    counted = features["contract"].value_counts()
    assert columns["contract"]["often"][0] == [counted.index[0], int(counted.iloc[0])]
    assert columns["tenure"]["promised"] == "int64; no nulls; in_range(13, 120)"


def test_nothing_is_kept_that_names_a_person(tmp_path: Path) -> None:
    """No key, no text that few rows share, no number of one row: the ledger forgets nothing."""
    made = decided.project(tmp_path)
    rows = range(len(made.table("train")))
    made.change(
        "train",
        lambda table: table.assign(
            email=[f"person-{row}@example.org" for row in rows],
            city=["Rareham" if row < exhibits.FEWEST_ALIKE - 1 else "Oftenham" for row in rows],
            income=[987654 if row == 7 else 1000 + row for row in rows],
        ),
    )
    made.change("features", lambda table: table.assign(row_id=[f"key-{row}" for row in range(len(table))]))
    found = taken(made)["columns"]
    assert not any(each in json.dumps(found) for each in ("person-", "Rareham", "987654", "key-"))
    train, golden = ({each["name"]: each for each in found[name]["columns"]} for name in ("train", "golden"))
    assert train["city"]["often"] == [["Oftenham", len(rows) - exhibits.FEWEST_ALIKE + 1]]
    assert (train["income"]["low"], sum(train["income"]["bars"])) == (1010, len(rows))
    assert "low" not in golden["row_id"]


def test_a_golden_set_with_weights_is_drawn_by_them(tmp_path: Path) -> None:
    """As the gates count it: label 1 for a tenth."""
    made = decided.project(tmp_path)
    alike = taken(made)["scores"]["models"]["challenger"]
    made.policy(golden_set={"class_weights": ["0=1", "1=0.1"]})
    scores = taken(made)["scores"]
    weighed = scores["models"]["challenger"]
    assert scores["weighed"]
    for one, other in zip(weighed["reliability"], alike["reliability"], strict=True):
        share = other["observed"]
        assert one["observed"] == pytest.approx(0.1 * share / (0.1 * share + 1 - share), rel=1e-4)
    assert weighed["roc"] == alike["roc"]  # each rate is of one class


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


@pytest.mark.parametrize("text", ["base_model: x\n", "- no mapping\n", "a: [\n"])
def test_a_card_of_somebody_else_s(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    """Where no gate asks for one it is left out, aloud; where one does, it is read strictly."""
    made = decided.project(tmp_path)
    made.path("card").write_text(text)
    with pytest.raises(InvalidError, match=r"model_card\.yaml"):
        taken(made)
    made.edit("params.yaml", lambda params: params["gates"].pop("documentation"))
    assert "card" not in taken(made)
    assert "the report leaves out what people say" in capsys.readouterr().err
