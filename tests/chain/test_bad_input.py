"""Bad input ends with its exit code and a name, never with a traceback; what was good before is kept."""

import os
import pickle
from collections.abc import Callable

import pytest
import skops.io
from sklearn.dummy import DummyClassifier
from sklearn.preprocessing import FunctionTransformer

from gates import digest
from tests.chain.conftest import State
from tests.chain.project import Project

UNKNOWN = "0" * 64


@pytest.fixture
def candidate(judged: Project, branch: Callable[[Project], Project]) -> Project:
    """A copy in which the first model waits for its promotion."""
    return branch(judged)


@pytest.mark.parametrize(
    "command", [("show",), ("rollback", "--reason", "slow", "--to"), ("restore",)], ids=lambda each: each[0]
)
@pytest.mark.parametrize("kind", ["short", "unknown"])
def test_a_sha_that_names_nobody(
    first: State, branch: Callable[[Project], Project], command: tuple[str, ...], kind: str
) -> None:
    """Fewer than 7 digits name nobody, even where they fit; nor does a SHA that the ledger has not."""
    project = branch(first.project)
    before, lock = project.kept(), (project.path / "dvc.lock").read_bytes()
    target = {"short": project.sha()[:6], "unknown": UNKNOWN}[kind]
    refused = project.gates(*command, target, "--json")
    assert refused.code == refused.error["code"] == 2
    assert target in refused.error["what"]
    assert refused.error["do"]
    assert project.kept() == before
    assert (project.path / "dvc.lock").read_bytes() == lock
    assert project.alias() == "1"


def test_a_dirty_tree(candidate: Project) -> None:
    """A file that nobody committed: lineage names it."""
    (candidate.path / "notes.txt").write_text("later\n", encoding="utf-8")
    red = candidate.gates("judge", "--json")
    assert red.code == 1
    assert red.red() == {"lineage": ["dirty"]}
    assert "notes.txt" in red.out


def test_a_commit_that_is_not_contained(candidate: Project) -> None:
    """The branch was rewritten since the training: the run's commit is no part of it any more."""
    candidate.git("commit", "--quiet", "--amend", "--message", "another history")
    red = candidate.gates("judge", "--json")
    assert red.code == 1
    assert red.red() == {"lineage": ["run/commit_contained"]}


def test_an_unknown_commit(candidate: Project) -> None:
    """The run says that it was made at a commit that this repository never had."""
    (run_id,) = candidate.runs()
    candidate.mlflow.set_tag(run_id, "git_commit", "1" * 40)
    red = candidate.gates("judge", "--json")
    assert red.code == 1
    assert red.red() == {"lineage": ["commit/known", "run/commit_contained"]}


def test_a_failed_run(candidate: Project) -> None:
    """A model from a run that is not FINISHED does not pass; the next training does not take it either."""
    (run_id,) = candidate.runs()
    candidate.mlflow.set_terminated(run_id, "FAILED")
    red = candidate.gates("judge", "--json")
    assert red.code == 1
    assert red.red() == {"lineage": ["run/finished"]}
    trained = candidate.gates("train", "--json")
    assert trained.code == 0, trained.out
    assert candidate.runs() == {run_id: "FAILED", trained.json["run_id"]: "FINISHED"}


def test_a_commit_that_moved_on_after_the_judgement(candidate: Project) -> None:
    """A decision is about one commit."""
    candidate.git("commit", "--quiet", "--allow-empty", "--message", "later")
    refused = candidate.gates("promote", "--apply", "--json")
    assert refused.code == 6
    assert "commit" in refused.error["what"]
    assert candidate.champion() is None


def test_a_wrong_run_id_in_the_manifest(candidate: Project) -> None:
    """Its digest gives it away (6); where that was edited too, MLflow does not know the run (2)."""
    before = candidate.kept()
    told = digest.of_file(candidate.path / "candidate/train.json")
    candidate.handed_on("train", run_id="f" * 32)
    for command in (("predict", "--expect", told), ("judge",)):
        refused = candidate.gates(*command, "--json")
        assert refused.code == 6
        assert "train.json" in refused.error["what"]
    candidate.handed_on("predict", train=digest.of_file(candidate.path / "candidate/train.json"))
    refused = candidate.gates("judge", "--json")
    assert refused.code == 2
    assert "f" * 32 in refused.error["what"]
    assert candidate.kept() == before


def test_a_deleted_run(candidate: Project) -> None:
    """Nothing is judged without the record of the training."""
    before, (run_id,) = candidate.kept(), candidate.runs()
    candidate.mlflow.delete_run(run_id)
    refused = candidate.gates("judge", "--json")
    assert refused.code == 2
    assert f"{run_id} was deleted" in refused.error["what"]
    assert candidate.kept() == before


@pytest.mark.parametrize("plant", ["code", "loader"])
def test_code_beside_a_model_is_not_promoted(candidate: Project, plant: str) -> None:
    """Somebody puts it into the run's artifacts after the training; nobody would load such a champion."""
    (kept,) = (candidate.path / "mlruns").glob("models/*/artifacts")
    if plant == "code":
        (kept / "code").mkdir()
        (kept / "code/loader.py").write_text("print('planted')\n", encoding="utf-8")
    else:
        described = (kept / "MLmodel").read_text(encoding="utf-8")
        assert "loader_module: mlflow.sklearn" in described
        (kept / "MLmodel").write_text(
            described.replace("loader_module: mlflow.sklearn", "loader_module: loader"), encoding="utf-8"
        )
    evidence = candidate.kept()
    refused = candidate.gates("promote", "--apply", "--json")
    assert refused.code == 2
    assert {"code": "'code/loader.py'", "loader": "'loader'"}[plant] in refused.error["what"]
    assert candidate.champion() is None
    assert {
        name: value for name, value in candidate.kept().items() if name.startswith("evidence")
    } == evidence


def constant(shares: list[float]) -> DummyClassifier:
    """Return a model that answers these shares, whatever it is asked."""
    model = DummyClassifier(strategy="prior").fit([[0]] * len(shares), list(range(len(shares))))
    model.class_prior_ = shares
    return model


BAD_MODELS: dict[str, tuple[bytes, str]] = {
    "pickle": (pickle.dumps(constant([0.5, 0.5])), "is not a model that skops can read"),
    "untrusted type": (
        skops.io.dumps(FunctionTransformer(os.getcwd)),
        "types that the policy does not trust",
    ),
    "three columns": (skops.io.dumps(constant([0.2, 0.3, 0.5])), "answered shape (1500, 3)"),
    "NaN": (skops.io.dumps(constant([float("nan")] * 2)), "NaN or outside 0 to 1"),
    "raises": (skops.io.dumps(DummyClassifier()), "predict_proba raised NotFittedError"),
}


@pytest.mark.parametrize("name", BAD_MODELS)
def test_a_bad_model(judged: Project, candidate: Project, name: str) -> None:
    """The error says what is wrong with it, and the last predictions and evidence stay."""
    content, complaint = BAD_MODELS[name]
    (candidate.path / "models/churn/model.skops").write_bytes(content)
    candidate.handed_on("train", model_sha=candidate.sha())
    refused = candidate.gates("predict", "--json")
    assert refused.code == 2, refused.out
    assert complaint in refused.error["what"]
    assert refused.error["do"]
    assert candidate.kept() == judged.kept()
    for kept in ("candidate/predictions.parquet", "candidate/predict.json"):
        assert digest.of_file(candidate.path / kept) == digest.of_file(judged.path / kept)
