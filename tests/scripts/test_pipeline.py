"""The stages from the raw file to the model."""

from __future__ import annotations

import hashlib
import json
import shutil
from typing import TYPE_CHECKING

import pandas as pd
import pytest
import skops.io
import yaml

from gates.checks import drift
from tests.shell import COLD

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from tests.shell import Shell

ROW = ["row_id"]
TRUSTED = ["numpy.dtype", "sklearn.tree._tree.Tree"]


def outputs(project: Shell) -> list[str]:
    """Name every output of every stage."""
    stages = yaml.safe_load((project.path / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    return [name for stage in stages.values() for name in [*stage["outs"], *stage.get("metrics", [])]]


def digests(project: Shell) -> dict[str, str]:
    """Hash every output of every stage."""
    return {name: hashlib.sha256((project.path / name).read_bytes()).hexdigest() for name in outputs(project)}


def table(project: Shell, name: str) -> pd.DataFrame:
    """Read one table of the copy."""
    return pd.read_parquet(project.path / "data" / f"{name}.parquet")


def test_two_clean_runs_give_identical_bytes(shipped: Shell, new_project: Callable[[], Shell]) -> None:
    """Another folder, another hash seed and more threads change no byte of any output."""
    other = new_project()
    shutil.copy(shipped.path / "data/raw/churn.csv", other.path / "data/raw/churn.csv")
    for stage in ("ingest", "split", "train"):
        other.must("python", f"scripts/{stage}.py", **COLD, PYTHONHASHSEED="7", OMP_NUM_THREADS="2")
    assert digests(other) == digests(shipped)


def test_the_committed_lock_is_true(shipped: Shell, pytestconfig: pytest.Config) -> None:
    """Running the stages writes the `dvc.lock` that is in git, byte for byte."""
    committed = pytestconfig.rootpath / "dvc.lock"
    assert (shipped.path / "dvc.lock").read_bytes() == committed.read_bytes()


def test_a_second_repro_runs_nothing(shipped: Shell) -> None:
    """With nothing changed no stage starts, and DVC has nothing to say about the state."""
    assert "Running stage" not in shipped.must("dvc", "repro")
    assert json.loads(shipped.must("dvc", "status", "--json")) == {}


def test_a_ship_leaves_git_clean(shipped: Shell) -> None:
    """Data, model and metrics are ignored, dvc.lock is as committed; DVC adds no file of its own."""
    assert shipped.must("git", "status", "--porcelain", "--untracked-files=all") == ""


def test_duplicate_customers_are_dropped(shipped: Shell) -> None:
    """7,043 raw rows hold 22 repeated customers; nothing is null afterwards."""
    clean = table(shipped, "clean")
    assert len(clean) == 7021
    assert not clean.drop(columns=ROW).duplicated().any()
    assert not clean.isna().any(axis=None)
    assert set(clean["churn"]) == {0, 1}


def test_every_customer_is_in_one_place(shipped: Shell) -> None:
    """Train, validation, golden and live share no row number and leave nobody out."""
    parts = [table(shipped, name)["row_id"] for name in ("train", "validation", "golden/features", "live")]
    together = pd.concat(parts)
    assert together.is_unique
    assert set(together) == set(table(shipped, "clean")["row_id"])


@pytest.mark.parametrize("name", ["train", "validation"])
def test_golden_content_is_not_learnt_from(shipped: Shell, name: str) -> None:
    """No customer of the golden set has a twin with the same features among the training rows."""
    golden = table(shipped, "golden/features").drop(columns=ROW)
    learnt = table(shipped, name)[golden.columns]
    assert not pd.concat([golden, learnt]).duplicated(keep=False).any()


def test_golden_has_enough_rows_of_each_class(shipped: Shell) -> None:
    """1,500 rows, 257 of them churned; the gate asks for 200 of each class."""
    labels = table(shipped, "golden/labels")
    assert list(labels.columns) == ["row_id", "churn"]
    assert labels["churn"].value_counts().to_dict() == {0: 1243, 1: 257}


def test_golden_features_hold_no_label(shipped: Shell) -> None:
    """Whoever loads a model needs only the features file."""
    features = table(shipped, "golden/features")
    assert "churn" not in features
    assert list(features["row_id"]) == list(table(shipped, "golden/labels")["row_id"])


def test_live_is_the_cohort_of_new_customers(shipped: Shell) -> None:
    """At most 12 months are live, and nobody else is."""
    assert table(shipped, "live")["tenure"].max() == 12
    for name in ("train", "validation", "golden/features"):
        assert table(shipped, name)["tenure"].min() == 13


def test_classes_are_stratified(shipped: Shell) -> None:
    """Train, validation and golden churn alike."""
    parts = (table(shipped, name) for name in ("train", "validation", "golden/labels"))
    assert [round(part["churn"].mean(), 2) for part in parts] == [0.17, 0.17, 0.17]


def test_splits_do_not_depend_on_row_order(shipped: Shell, stage_module: Callable[[str], ModuleType]) -> None:
    """A shuffled table is dealt the same way."""
    split = stage_module("split")
    clean = table(shipped, "clean")
    first, _ = split.deal(clean, 500, 20)
    second, _ = split.deal(clean.sample(frac=1, random_state=1), 500, 20)
    assert list(first["row_id"]) == list(second["row_id"])


def test_twins_of_golden_rows_leave_training(stage_module: Callable[[str], ModuleType]) -> None:
    """A row with the features of a golden one goes, even with the other label."""
    split = stage_module("split")
    golden = pd.DataFrame({"row_id": [1, 2], "tenure": [20, 30], "churn": [0, 1]})
    rest = pd.DataFrame({"row_id": [3, 4, 5], "tenure": [30, 40, 40], "churn": [0, 1, 0]})
    assert list(split.without(rest, golden)["row_id"]) == [4]


def test_the_model_answers_what_its_signature_says(shipped: Shell) -> None:
    """Loaded with two trusted types, it takes the golden features in the signature's order."""
    signature = json.loads((shipped.path / "models/churn/signature.json").read_text(encoding="utf-8"))
    names = [column["name"] for column in signature["inputs"]]
    features = table(shipped, "golden/features")
    assert [*ROW, *names] == list(features.columns)
    path = shipped.path / "models/churn/model.skops"
    assert skops.io.get_untrusted_types(file=path) == TRUSTED
    answer = skops.io.load(path, trusted=TRUSTED).predict_proba(features[names])
    assert answer.shape == (1500, 2)
    assert answer.dtype == "float64"


def test_the_folder_of_the_model_holds_two_files(shipped: Shell) -> None:
    """The model's SHA is the digest of this folder: nothing else may lie there."""
    found = {path.name for path in (shipped.path / "models/churn").iterdir()}
    assert found == {"model.skops", "signature.json"}


def test_metrics_are_staged(shipped: Shell) -> None:
    """The curve rises in steps and its last point is the final figure."""
    metrics = json.loads((shipped.path / "metrics/training.json").read_text(encoding="utf-8"))
    assert [point["step"] for point in metrics["staged"]] == [5, 10, 15, 20, 25, 30]
    assert metrics["staged"][-1]["metrics"] == metrics["final"]
    assert 0.75 < metrics["final"]["auc"] < 1
    assert metrics["rows"]["train"]["total"] == len(table(shipped, "train"))


def test_the_drift_gate_can_pass_over_what_the_model_does_not_look_at(shipped: Shell) -> None:
    """The training writes every column's importance, in the form in which the gate reads it."""
    metrics = shipped.path / "metrics/training.json"
    shares = json.loads(metrics.read_text(encoding="utf-8"))["importance"]
    signature = json.loads((shipped.path / "models/churn/signature.json").read_text(encoding="utf-8"))
    assert list(shares) == sorted(column["name"] for column in signature["inputs"])
    assert sum(shares.values()) == pytest.approx(1.0, abs=1e-4)
    assert max(shares, key=shares.__getitem__) == "contract"
    train, live = (shipped.path / f"data/{name}.parquet" for name in ("train", "live"))
    for least in (0.0, 0.01):
        inputs = drift.Inputs(
            train, live, key="row_id", label="churn", importance=metrics, least_importance=least
        )
        assert drift.measure(inputs)["columns"] == sum(share >= least for share in shares.values())
