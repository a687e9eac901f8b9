"""A planted defect turns the run red, and at the right gate."""

import hashlib
from collections.abc import Callable

import pandas as pd
import pytest

from gates import digest
from tests.chain.conftest import State
from tests.chain.project import Project

RAW = "data/raw/churn.csv"


@pytest.fixture
def candidate(judged: Project, branch: Callable[[Project], Project]) -> Project:
    """A copy in which the first model waits for its promotion."""
    return branch(judged)


def test_a_dropped_column(first: State, branch: Callable[[Project], Project]) -> None:
    """The pointer in git moved on, so the old file that still lies here is not what is judged."""
    project = branch(first.project)
    ledger = {name: value for name, value in project.kept().items() if name.startswith(".gates")}
    raw = project.path / RAW
    content = pd.read_csv(raw).drop(columns="tenure").to_csv(index=False).encode()
    md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
    stored = project.path / ".bucket/files/md5" / md5[:2] / md5[2:]
    stored.parent.mkdir(parents=True)
    stored.write_bytes(content)
    old = digest.md5_of_file(raw)
    project.edit(f"{RAW}.dvc", f"md5: {old}", f"md5: {md5}")
    project.edit(f"{RAW}.dvc", "size: ", f"size: {len(content)} # ")
    project.commit()
    red = project.gates("ship", "--json")
    assert red.code == 1, red.out + red.err
    assert red.json["stopped_at"] == "data"
    assert list(red.red()) == ["schema"]
    assert any("tenure" in finding["name"] for finding in red.verdict("schema")["findings"])
    assert red.json["before"]["version"] == "1"
    assert {name: value for name, value in project.kept().items() if name.startswith(".gates")} == ledger


def test_labels_shuffled_in_training(ships: Callable[[str], State]) -> None:
    """The golden set sees a model that knows nothing; whom it selects is a matter of luck."""
    red = ships("shuffled labels").answer
    assert red.code == 1, red.out + red.err
    assert set(red.red()) - {"fairness"} == {"golden", "behaviour"}
    assert "auc" in red.red()["golden"]


def test_golden_rows_copied_into_training(ships: Callable[[str], State]) -> None:
    """Lineage counts them, by content and by key."""
    red = ships("golden rows in training").answer
    assert red.code == 1, red.out + red.err
    assert red.red() == {"lineage": ["overlap/rows", "overlap/keys"]}
    assert red.verdict("lineage")["measurements"]["overlap/rows"] >= 5


def test_a_group_scored_down(ships: Callable[[str], State]) -> None:
    """Fairness blocks on the group that has no waiver, and a test of behaviour sees what hangs on it."""
    red = ships("group scored down").answer
    assert red.code == 1, red.out + red.err
    assert list(red.red()) == ["fairness", "behaviour"]
    assert "failed/test_behaviour.test_gender" in red.red()["behaviour"]
    assert "disparate_impact/female" in red.red()["fairness"]


def test_a_model_slowed_by_300_ms(ships: Callable[[str], State]) -> None:
    """The p99 is above 300 ms, the limit 200."""
    red = ships("slowed").answer
    assert red.code == 1, red.out + red.err
    assert list(red.red()) == ["latency"]
    assert red.verdict("latency")["measurements"]["p99_ms/challenger"] > 300


def test_a_run_tag_removed(candidate: Project) -> None:
    """Lineage misses the tag by its name."""
    (run_id,) = candidate.runs()
    candidate.mlflow.delete_tag(run_id, "data_sha256")
    red = candidate.gates("judge", "--json")
    assert red.code == 1, red.out + red.err
    assert red.red() == {"lineage": ["tag/data_sha256"]}


def test_training_code_edited_after_the_lock_was_written(candidate: Project) -> None:
    """Committing the edit does not help: dvc.lock knows what was run."""
    with (candidate.path / "scripts/train.py").open("a", encoding="utf-8") as file:
        file.write("# one line more\n")
    candidate.commit()
    red = candidate.gates("judge", "--json")
    assert red.code == 1
    assert red.red() == {"lineage": ["stages/changed"]}
    assert "train/scripts/train.py" in red.out


def test_training_data_edited_after_the_lock_was_written(candidate: Project) -> None:
    """One row less than what the model was trained on."""
    path = candidate.path / "data/train.parquet"
    pd.read_parquet(path).iloc[1:].to_parquet(path, index=False)
    red = candidate.gates("judge", "--json")
    assert red.code == 1
    assert list(red.red()) == ["lineage"]
    assert "train/data/train.parquet" in red.out


def test_one_byte_of_the_candidate_changed(candidate: Project) -> None:
    """After the train job handed it on: tampered, and nothing is scored."""
    before = candidate.kept()
    _flip(candidate, "models/churn/model.skops")
    refused = candidate.gates("predict", "--json")
    assert refused.code == 6
    assert "models/churn/model.skops" in refused.error["what"]
    assert candidate.kept() == before


def test_one_byte_of_the_judged_model_changed(candidate: Project) -> None:
    """In the store of MLflow, before the promotion: it never becomes champion."""
    (run_id,) = candidate.runs()
    (kept,) = (candidate.path / "mlruns").glob("models/*/artifacts/model.skops")
    _flip(candidate, kept.relative_to(candidate.path).as_posix())
    refused = candidate.gates("promote", "--apply", "--json")
    assert refused.code == 6
    assert candidate.champion() is None
    assert candidate.runs() == {run_id: "FINISHED"}


def test_one_byte_of_a_champion_changed(second: State, branch: Callable[[Project], Project]) -> None:
    """In the registry, after the promotion: a rollback to it is refused, and v2 stays."""
    project = branch(second.project)
    before = project.kept()
    _flip(project, (project.artifacts("1") / "model.skops").relative_to(project.path).as_posix())
    refused = project.gates("rollback", "--to", "1", "--reason", "slow", "--apply", "--json")
    assert refused.code == 6
    assert project.kept() == before
    assert project.alias() == "2"


def _flip(project: Project, name: str) -> None:
    """Change one bit of a file."""
    path = project.path / name
    path.chmod(0o644)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
