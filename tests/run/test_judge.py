"""`gates judge` asks ledger, MLflow and git itself, and believes the jobs before only by their digests."""

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from mlflow import MlflowClient

from gates.digest import canonical_json
from gates.documents import read_json
from gates.errors import ConflictError, GatesError, InvalidError, TamperedError
from gates.run import promote
from tests import warm
from tests.checks.project import Project as Checked
from tests.run import judged
from tests.run.judged import Judged


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Judged:
    """A project about to be judged, for copying only."""
    return judged.build(tmp_path_factory.mktemp("ready") / "project")


@pytest.fixture
def ready(template: Judged, tmp_path: Path) -> Judged:
    """A project about to be judged, with the evidence of an earlier judgement."""
    made = template.copy(tmp_path / "project")
    (made.root / "evidence").mkdir()
    (made.root / "evidence/earlier.json").write_text("{}")
    return made


def kept(made: Judged) -> bool:
    """Whether the evidence is still that of the earlier judgement."""
    return [path.name for path in (made.root / "evidence").iterdir()] == ["earlier.json"]


def test_evidence_is_one_verdict_a_gate_and_a_statement(ready: Judged) -> None:
    """With the dvc.lock that it is about; what lay there before is gone."""
    result = ready.judge()
    names = {path.name for path in (ready.root / "evidence").iterdir()}
    gates = {f"{name}.json" for name in ready.project.policy.gates}
    assert names == gates | {"statement.json", "dvc.lock", "replay.parquet", "exhibits.json"}
    assert (result.outcome, ready.decision.outcome.value) == ("pass", "pass")
    assert result.digest == judged.sha256(ready.root / "evidence/statement.json")
    assert ready.decision.candidate.exhibits_sha256 == judged.sha256(ready.root / "evidence/exhibits.json")
    assert (ready.root / "evidence/dvc.lock").read_bytes() == (ready.root / "dvc.lock").read_bytes()


@pytest.mark.parametrize("job", ["predict", "train", "data"])
def test_another_digest_than_a_job_told_is_tampering(ready: Judged, job: str) -> None:
    """Each job tells its own, so a later one cannot put another manifest in the place of an earlier one's."""
    with pytest.raises(TamperedError, match=job):
        ready.judge(replace(ready.told, **{job: "0" * 64}))
    assert kept(ready)


def test_an_earlier_manifest_that_a_later_job_forged_is_tampering(ready: Judged) -> None:
    """Every digest in the files fits; only what `train` itself told does not."""
    path = ready.root / "candidate/train.json"
    path.write_bytes(canonical_json(read_json(path) | {"model_sha": "f" * 64}))
    predict = judged.hand_on(ready.project, ready.told.data, judged.sha256(path)).predict
    with pytest.raises(TamperedError, match="than `train` wrote"):
        ready.judge(replace(ready.told, predict=predict))
    assert kept(ready)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "candidate/predictions.parquet",
            "candidate/latency.json",
            "candidate/behaviour.xml",
            "candidate/replay.parquet",
            "candidate/dvc.lock",
            "data/raw/churn.csv",
        ),
        *("data/golden/features.parquet", "data/golden/labels.parquet"),
    ],
)
def test_a_file_that_was_swapped_is_tampering(ready: Judged, name: str) -> None:
    """Every file that a verdict is about."""
    (ready.root / name).write_bytes((ready.root / name).read_bytes() + b"\n")
    with pytest.raises(TamperedError, match=name):
        ready.judge()
    assert kept(ready)


def test_scores_beside_another_champion_are_a_conflict(ready: Judged) -> None:
    """Exit code 5: the champion moved, or predict told of one that the ledger does not have."""
    told = judged.hand_on(ready.project, ready.told.data, ready.told.train, {"seq": 1, "sha256": "a" * 64})
    with pytest.raises(ConflictError, match="champion moved"):
        ready.judge(told)
    assert kept(ready)


def test_scores_without_the_champion_are_a_conflict(ready: Judged) -> None:
    """A first model's predictions, and somebody serves by now."""
    ready.judge()
    promote.run(ready.project, "", apply=True)
    with pytest.raises(ConflictError, match="champion moved"):
        ready.judge()


def test_the_run_is_mlflows_and_not_a_jobs(ready: Judged) -> None:
    """A file that says FINISHED and clean is written anew."""
    assert ready.judge().outcome == "pass"
    run_id = ready.decision.candidate.run_id
    MlflowClient(ready.registry.uri).set_tag(run_id, "git_dirty", "true")
    result = ready.judge()
    assert result.outcome == "fail"
    assert result.sentence == "Stopped by lineage."
    assert read_json(ready.root / "candidate/run.json")["tags"]["git_dirty"] == "true"


def test_facts_that_a_job_forged_are_not_read(ready: Judged) -> None:
    """Who serves, what the run says, and which commit this is come from ledger, MLflow and git."""
    before = ready.judge().digest
    for name in ("serving", "run", "git"):
        (ready.root / f"candidate/{name}.json").write_text('{"forged": true}')
    assert ready.judge().digest == before


def test_a_run_that_is_gone_decides_nothing(ready: Judged) -> None:
    """Exit code 2, and the evidence as it was."""
    run_id = read_json(ready.root / "candidate/train.json")["run_id"]
    MlflowClient(ready.registry.uri).delete_run(run_id)
    with pytest.raises(InvalidError, match="was deleted"):
        ready.judge()
    assert kept(ready)


@pytest.mark.parametrize(
    ("edit", "error"),
    [
        (lambda root: (root / "dvc.lock").write_text("stages: {}\n"), TamperedError),
        (lambda root: (root / "candidate/predict.json").unlink(), InvalidError),
        (lambda root: (root / "contracts/raw.yaml").write_text("{"), InvalidError),
    ],
    ids=["edited lock", "no predictions", "no contract"],
)
def test_what_cannot_be_read_leaves_the_evidence(
    ready: Judged, edit: Callable[[Path], object], error: type[GatesError]
) -> None:
    """Nothing was decided, so nothing is written."""
    edit(ready.root)
    with pytest.raises(error):
        ready.judge()
    assert kept(ready)


def test_a_fresh_checkout_is_judged_by_the_lock_of_the_training(ready: Judged) -> None:
    """In CI the judge has the committed dvc.lock, and the training's beside it."""
    trained = (ready.root / "dvc.lock").read_bytes()
    (ready.root / "dvc.lock").write_bytes(b"# the one that was committed\n" + trained)
    judged.commit(ready.root)
    assert ready.judge().outcome == "pass"
    assert (ready.root / "dvc.lock").read_bytes() == trained


# ---------------------------------------------------------------- metrics of the team's own

LIES = """
from pathlib import Path

import pandas as pd


def mine(y, prediction, weight):
    table = Path("candidate/predictions.parquet")
    pd.read_parquet(table).assign(challenger=0.5).to_parquet(table)
    return 1.0
"""


HONEST = """
def mine(y, prediction, weight):
    return weight @ (y == (prediction > 0.5)) / weight.sum()
"""


def ask_for(made: Judged, function: str) -> None:
    """Hold a metric of the team's own."""
    (made.root / "own.py").write_text(function, "utf-8")
    checked = Checked(made.root)
    own = {"mine": {"function": "own:mine", "better": "larger"}}
    checked.edit("params.yaml", lambda params: params["gates"].update(metrics=own))
    checked.policy(golden={"min_metrics": {"mine": 0.5}})


def test_a_metric_of_ones_own_is_judged(ready: Judged) -> None:
    """Its figures are in the verdict, with the file that they were left in."""
    ask_for(ready, HONEST)
    ready.judge()
    golden = read_json(ready.root / "evidence/golden.json")
    assert golden["outcome"] == "pass"
    assert golden["inputs"]["named_metrics"] == judged.sha256(ready.root / "candidate/metrics.json")
    assert 0.5 < golden["measurements"]["metric/mine/low"] < golden["measurements"]["metric/mine"] < 1


def test_a_metric_that_changes_what_is_judged_is_tampering(ready: Judged) -> None:
    """It runs before what was handed on is looked at."""
    ask_for(ready, LIES)
    with pytest.raises(TamperedError, match="predictions"):
        ready.judge()
    assert kept(ready)


HIDES = """
import os
import time
from pathlib import Path


def mine(y, prediction, weight):
    if not Path("hidden").exists():
        Path("hidden").touch()
        if not os.fork():
            os.setsid()
            if not os.fork():
                Path("hidden").write_text(str(os.getpid()))
                time.sleep(600)
            os._exit(0)
        while not Path("hidden").read_text():
            pass
    return 1.0 + prediction.mean()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="an orphan becomes our child on Linux alone")
def test_nothing_outlives_a_metric(ready: Judged, monkeypatch: pytest.MonkeyPatch) -> None:
    """A child of a child in a session of its own is ended before anything is judged."""
    monkeypatch.setattr(
        sys, "executable", warm.INTERPRETER
    )  # what another process starts is no child of ours
    ask_for(ready, HIDES)
    ready.judge()
    hidden = int((ready.root / "hidden").read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(hidden, 0)


def test_a_metric_is_given_no_credentials(ready: Judged, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither variables nor a home that hold some."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    ask_for(
        ready,
        "import os\n\n\ndef mine(y, prediction, weight):\n"
        "    assert 'AWS_SECRET_ACCESS_KEY' not in os.environ\n"
        "    assert os.listdir(os.environ['HOME']) == ['answer']\n"
        "    return 1.0 + prediction.mean()\n",
    )
    ready.judge()
    assert read_json(ready.root / "evidence/golden.json")["measurements"]["metric/mine"] > 1


def test_what_was_swapped_before_the_metrics_is_tampering(ready: Judged) -> None:
    """And not a table that a metric cannot read."""
    ask_for(ready, HONEST)
    (ready.root / "candidate/predictions.parquet").write_bytes(b"swapped")
    with pytest.raises(TamperedError, match="predictions"):
        ready.judge()
