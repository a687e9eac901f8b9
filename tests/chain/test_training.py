"""One MLflow run a training: found again, made from a stage's outputs, FAILED when the script raises."""

import shutil
from collections.abc import Callable

import pytest

from tests.chain.conftest import State
from tests.chain.project import MODEL, Project


@pytest.fixture
def shipped(first: State, branch: Callable[[Project], Project]) -> Project:
    """A copy in which v1 is the champion."""
    return branch(first.project)


def test_a_script_that_raises_leaves_a_failed_run(shipped: Project) -> None:
    """Exit 2; the error gives the exception and a log that holds its traceback; what serves stays."""
    before, (known,) = shipped.kept(), shipped.runs()
    shipped.edit(
        "scripts/train.py", "    model = build(", '    raise RuntimeError("no rows left")\n    model = build('
    )
    shipped.commit()
    failed = shipped.gates("train", "--json")
    assert failed.code == 2
    assert "RuntimeError: no rows left" in failed.error["why"]
    log = shipped.path / ".gates/logs/train.log"
    assert str(log) in failed.error["do"]
    assert 'raise RuntimeError("no rows left")' in log.read_text(encoding="utf-8")
    runs = shipped.runs()
    assert runs.pop(known) == "FINISHED"
    assert list(runs.values()) == ["FAILED"]
    assert shipped.kept() == before


def test_deleted_outputs_find_the_run_again(shipped: Project) -> None:
    """The same model has the same SHA, so the training is known."""
    (known,) = shipped.runs()
    for folder in ("models/churn", "data/golden"):
        shutil.rmtree(shipped.path / folder)
    (shipped.path / "metrics/training.json").unlink()
    trained = shipped.gates("train", "--json")
    assert trained.code == 0, trained.out
    assert trained.json["run_id"] == known
    assert shipped.runs() == {known: "FINISHED"}


def test_an_unknown_tracking_server_gets_the_run_from_the_outputs(shipped: Project) -> None:
    """Nothing is trained again, and the run is as whole as the first."""
    (old,) = shipped.runs()
    known = shipped.mlflow.get_run(old)
    answer = shipped.gates("train", "--json", MLFLOW_TRACKING_URI=f"sqlite:///{shipped.path}/fresh.db")
    assert answer.code == 0, answer.out
    assert "running stage" not in answer.err
    new = answer.json["run_id"]
    assert new != old
    shutil.copy(shipped.path / "fresh.db", shipped.path / "mlflow.db")
    run = shipped.mlflow.get_run(new)
    assert run.info.status == "FINISHED"
    assert run.data.params == known.data.params
    assert run.data.metrics == known.data.metrics

    def ours(tags: dict[str, str]) -> dict[str, str]:
        return {name: value for name, value in tags.items() if not name.startswith("mlflow.")}

    assert ours(run.data.tags) == ours(known.data.tags)
    assert run.outputs is not None
    assert len(run.outputs.model_outputs) == 1
    assert shipped.mlflow.get_experiment(run.info.experiment_id).name == MODEL
