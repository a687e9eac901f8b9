"""MLflow's runs, on real SQLite."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from gates.adapters.tracking import Training
from gates.errors import InvalidError, UnavailableError
from tests.adapters import mlflow_models
from tests.adapters.mlflow_models import Recorded


def test_a_recorded_run_is_finished_and_complete(recorded: Recorded) -> None:
    """Parameters, metrics at their steps, tags, when it began."""
    run, look = recorded.run, mlflow_models.client(recorded.root)
    assert run.info.status == "FINISHED"
    assert run.info.start_time == recorded.training.started_ms
    assert run.data.params == {"train.seed": "20"}
    assert {name: run.data.tags[name] for name in recorded.training.tags} == recorded.training.tags
    history = {(each.step, each.value) for each in look.get_metric_history(recorded.run_id, "auc")}
    assert history == {(5, 0.75), (10, 0.8)}
    assert [each.step for each in look.get_metric_history(recorded.run_id, "log_loss")] == [5]
    assert look.get_experiment(run.info.experiment_id).name == "churn"


def test_the_model_is_described(recorded: Recorded) -> None:
    """Signature, input example and pinned requirements; a skops file and no pickle."""
    folder = mlflow_models.artifacts(recorded.root)
    assert mlflow_models.described(folder) == mlflow_models.SIGNATURE
    assert (folder / "input_example.json").exists()
    pins = (folder / "requirements.txt").read_text().split()
    assert {pin.partition("==")[0] for pin in pins} >= {"numpy", "pandas", "scikit-learn", "skops"}
    assert all("==" in pin for pin in pins)
    assert "serialization_format: skops" in (folder / "MLmodel").read_text()
    assert not list(folder.rglob("*.pkl"))


def test_run_facts_are_ours(recorded: Recorded) -> None:
    """Id, status, and tags without MLflow's own."""
    assert recorded.tracking.run_facts(recorded.run_id) == {
        "run_id": recorded.run_id,
        "status": "FINISHED",
        "tags": recorded.training.tags,
    }


def test_a_quote_in_a_tag_is_no_language(recorded: Recorded) -> None:
    """A bucket under somebody's name, say: MLflow is not asked by it."""
    assert recorded.tracking.find_runs({"model_sha": recorded.sha, "dvc_remote": "/buckets/o'brien"}) == []


def test_a_run_holds_its_model_until_somebody_changes_it(mine: Recorded) -> None:
    """Changed, gone, or never there: it is not taken for the training of that model."""
    assert mine.tracking.holds(mine.run_id, mine.sha)
    assert not mine.tracking.holds(mine.run_id, "f" * 64)
    assert not mine.tracking.holds("f" * 32, mine.sha)
    (mlflow_models.artifacts(mine.root) / "signature.json").write_text("{}")
    assert not mine.tracking.holds(mine.run_id, mine.sha)


def test_no_such_run(recorded: Recorded) -> None:
    """Exit code 2, and not 4: the server answered."""
    with pytest.raises(InvalidError, match="f" * 32):
        recorded.tracking.run_facts("f" * 32)


def test_a_deleted_run(mine: Recorded) -> None:
    """MLflow still answers for it; we do not take it, and do not find it again."""
    mlflow_models.client(mine.root).delete_run(mine.run_id)
    with pytest.raises(InvalidError, match="deleted"):
        mine.tracking.run_facts(mine.run_id)
    assert mine.tracking.find_runs({"model_sha": mine.sha}) == []


def test_nobody_knows_the_model(tmp_path: Path) -> None:
    """A server that was never written to has no run and no error."""
    assert mlflow_models.tracking(tmp_path).find_runs({"model_sha": "f" * 64}) == []


def test_runs_are_found_by_all_their_tags(recorded: Recorded) -> None:
    """Every tag has to be equal; the commit comes with the run."""
    find, sha = recorded.tracking.find_runs, recorded.sha
    assert find({"model_sha": sha, "git_dirty": "false"}) == [(recorded.run_id, "c0ffee")]
    assert find({"model_sha": sha, "git_dirty": "true"}) == []
    assert find({"model_sha": "f" * 64}) == []
    assert mlflow_models.tracking(recorded.root, "another").find_runs({"model_sha": sha}) == []


def test_the_newest_of_equal_runs_comes_first(mine: Recorded) -> None:
    """Only runs that reached their end count; a run without a commit has an empty one."""
    look, experiment = mlflow_models.client(mine.root), mine.run.info.experiment_id
    newer = look.create_run(experiment, start_time=1_800_000_000_000, tags={"model_sha": mine.sha})
    assert mine.tracking.find_runs({"model_sha": mine.sha}) == [(mine.run_id, "c0ffee")]
    look.set_terminated(newer.info.run_id, "FINISHED")
    found = mine.tracking.find_runs({"model_sha": mine.sha})
    assert found == [(newer.info.run_id, ""), (mine.run_id, "c0ffee")]


@pytest.mark.parametrize(
    ("broken", "error"),
    [
        (partial(replace, folder=Path("absent")), UnavailableError),
        (partial(replace, trusted_types=(), model=object()), Exception),
        (partial(replace, metrics={1: {"a/../b": 1.0}}), UnavailableError),
    ],
    ids=["files gone", "no estimator", "bad metric"],
)
def test_an_error_while_recording_leaves_the_run_failed(
    tmp_path: Path, broken: Callable[[Training], Training], error: type[Exception]
) -> None:
    """Never RUNNING, and never found."""
    tracking = mlflow_models.tracking(tmp_path)
    training = mlflow_models.training(tmp_path / "models/churn")
    with pytest.raises(error):
        tracking.record(broken(training))
    (run,) = mlflow_models.runs(tmp_path)
    assert run.info.status == "FAILED"
    assert tracking.find_runs({"model_sha": training.tags["model_sha"]}) == []


def test_an_interrupt_while_recording_leaves_the_run_failed(tmp_path: Path) -> None:
    """Ctrl-C comes as no ordinary exception."""

    class Pressed(dict[str, str]):
        def items(self) -> object:  # type: ignore[override]  # it never returns
            raise KeyboardInterrupt

    tracking = mlflow_models.tracking(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        tracking.record(replace(mlflow_models.training(tmp_path / "models/churn"), params=Pressed()))
    (run,) = mlflow_models.runs(tmp_path)
    assert run.info.status == "FAILED"


def test_a_failed_training_is_recorded(tmp_path: Path) -> None:
    """With its reason, cut to what a tag holds."""
    tracking = mlflow_models.tracking(tmp_path)
    tracking.record_failure("the stage said " + "x" * 6000, 1_700_000_000_000, {"git_commit": "c0ffee"})
    (run,) = mlflow_models.runs(tmp_path)
    assert (run.info.status, run.data.tags["git_commit"]) == ("FAILED", "c0ffee")
    assert run.data.tags["failure"].startswith("the stage said xxx")
