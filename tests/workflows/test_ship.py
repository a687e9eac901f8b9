"""The workflows with the real `gates`, DVC and MLflow under act: what serves after each event.

One world lives through a story of pushes; the tests look at what each of them left behind.
"""

import contextlib
import dataclasses
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
import pytest
import yaml

from gates import digest, ledger
from gates.adapters.store import FolderStore
from gates.errors import ExitCode
from gates.public_keys import public_key
from tests import servers, warm
from tests.chain.project import ANSWER
from tests.shell import unhurried
from tests.workflows import harness

pytestmark = pytest.mark.usefixtures("act")  # of session scope, so it comes before `story`

PUSH = {"ref": "refs/heads/main"}
USERS = {"TRAIN": "trainer", "READ": "reader", "PROMOTE": "promoter"}  # rooms that ask MLflow → their account
PASSED = dict.fromkeys(["data", "train", "predict", "judge", "promote"], "success")
SKIPPED = dict.fromkeys(["judge", "promote"], "skipped")
LABELS = "data/golden/labels.parquet"
HANDED_ON = (
    "data",
    "train",
    "predict",
)  # the jobs whose manifests the judge reads, each naming the one before

# The project's own code tells what it saw of the room in which it ran, and what it could do there.
WITNESS = """
def _testify(room, **done):
    import json, os, pathlib
    files = [str(file) for file in pathlib.Path().rglob("*") if file.is_file() and ".git" not in file.parts]
    seen = {"environment": dict(os.environ), "files": files, **done}
    pathlib.Path(os.environ["WITNESS"], f"{room}.json").write_text(json.dumps(seen))

"""
# What a train stage may try: make its own model the champion, and leave a verdict that lets it pass.
INTRUDER = """
def _intrude():
    import pathlib, mlflow
    forged = pathlib.Path("evidence")
    forged.mkdir(exist_ok=True)
    for name in ("statement.json", "champion.json"):
        (forged / name).write_text('{"outcome": "pass"}')
    try:
        mlflow.MlflowClient().set_registered_model_alias("churn", "champion", "1")
    except mlflow.exceptions.MlflowException as error:
        return error.get_http_status_code()

"""


@dataclass(frozen=True)
class Chapter:
    """What one event did, and what stood afterwards in ledger and registry."""

    commit: str
    run: harness.Run
    history: ledger.History
    alias: str | None
    evidence: dict[str, Any]

    @property
    def serves(self) -> tuple[str | None, str | None]:
        """The version that serves by the ledger, and by the alias."""
        champion = self.history.champion
        return champion.version if champion else None, self.alias


@dataclass(frozen=True)
class Stage:
    """A world with bucket, ledger, tracking and key."""

    world: harness.World
    public: str
    accounts: servers.Accounts

    @property
    def kept(self) -> Path:
        """Artifacts and ledger as the push that was refused left them."""
        return self.world.folder / "kept"

    def play(
        self, workflow: str, event: str, payload: dict[str, Any], smuggled: Path | None = None
    ) -> Chapter:
        """Play an event and look at what it left; hostile jobs add what lies in the smuggled folder."""
        more = {"STAND_IN_SMUGGLED": str(smuggled)} if smuggled else {}
        world = dataclasses.replace(self.world, environment={**self.world.environment, **more})
        run = harness.play(world, workflow, event, payload)
        entries = FolderStore(self.world.folder / "ledger" / "churn").entries()
        evidence = self.world.artifacts / "churn-evidence"
        return Chapter(
            harness.git(self.world.project, "rev-parse", "HEAD").strip(),
            run,
            ledger.read("churn", entries, [public_key(self.public)]),
            alias(self.accounts.folder / "mlflow.db"),
            {file.stem: json.loads(file.read_text()) for file in evidence.glob("*.json")},
        )

    def push(self, message: str, smuggled: Path | None = None, **params: int) -> Chapter:
        """Push a commit with these parameters of the stages."""
        file = self.world.project / "params.yaml"
        for name, value in params.items():
            changed, count = re.subn(rf"\b{name}: \d+", f"{name}: {value}", file.read_text(), count=1)
            assert count, name
            file.write_text(changed)
        harness.commit(self.world.project, message)
        return self.play("on-push.yml", "push", PUSH, smuggled)

    def drop_column(self, name: str) -> Chapter:
        """Push new raw data that lacks a column, and take it back afterwards."""
        project = self.world.project
        raw, pointer = project / "data" / "raw" / "churn.csv", project / "data" / "raw" / "churn.csv.dvc"
        before = pointer.read_text()

        def dvc(command: str, file: Path) -> None:
            subprocess.run(["dvc", command, str(file)], cwd=project, check=True, capture_output=True)

        dvc("pull", pointer)
        pd.read_csv(raw).drop(columns=name).to_csv(raw, index=False)
        dvc("add", raw)
        dvc("push", pointer)
        told = self.push(f"without {name}")
        pointer.write_text(before)
        raw.unlink()
        return told

    def testimony(self, room: str) -> dict[str, Any]:
        """What the project's code last saw in a room."""
        loaded: dict[str, Any] = json.loads((self.world.folder / "witness" / f"{room}.json").read_text())
        return loaded


def alias(database: Path) -> str | None:
    """The version that the alias names; by a fresh connection, since an older one may see old rows."""
    query = "SELECT version FROM registered_model_aliases WHERE name = 'churn' AND alias = 'champion'"
    with contextlib.closing(sqlite3.connect(database)) as connection:
        row = connection.execute(query).fetchone()
    return None if row is None else str(row[0])


def replace_in(file: Path, old: str, new: str) -> None:
    """Replace a text that must be in the file."""
    text = file.read_text()
    assert old in text, f"{file} has no {old!r}"
    file.write_text(text.replace(old, new, 1))


def new_project(folder: Path, bucket: Path) -> Path:
    """This repository as a project, with fewer requests, and its data in the bucket."""
    project = harness.export(folder)
    replace_in(project / "params.yaml", "requests: 2000", "requests: 300")
    unhurried(project / "params.yaml")
    replace_in(project / ".dvc" / "config", "../.bucket", str(bucket))
    return project


def new_bucket(folder: Path) -> Path:
    """A folder that stands for the data bucket, filled as `make ship` fills it."""
    script = folder / "scripts" / "fill_bucket.py"
    script.parent.mkdir(parents=True)
    shutil.copy2(harness.ROOT / "scripts" / "fill_bucket.py", script)
    subprocess.run([sys.executable, script], check=True)
    return folder / ".bucket"


def gates_key(project: Path, *options: str) -> str:
    """What `gates key` prints on somebody's machine."""
    here = {name: value for name, value in os.environ.items() if name not in {"CI", "GITHUB_ACTIONS"}}
    command = [str(warm.programs() / "gates"), "key", "--json", "--project", str(project), *options]
    answer = subprocess.run(command, env=here, check=True, capture_output=True, text=True).stdout
    return str(next(iter(json.loads(answer).values())))


@pytest.fixture(scope="module")
def accounts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Accounts]:
    """An MLflow server where each room has an account of its own, and `promote` alone writes the registry."""
    folder = tmp_path_factory.mktemp("mlflow")
    with servers.mlflow_accounts(folder) as accounts, pytest.MonkeyPatch.context() as patch:
        for user in USERS.values():
            accounts.add(user)
        for name, value in accounts.environment("admin").items():
            patch.setenv(name, value)
        client = mlflow.MlflowClient(accounts.uri, accounts.uri)
        client.create_registered_model("churn")
        experiment = client.create_experiment("churn")
        patch.undo()
        accounts.grant(USERS["TRAIN"], "experiment", experiment, "EDIT")
        accounts.grant(USERS["PROMOTE"], "registered_model", "churn", "EDIT")
        accounts.grant(USERS["PROMOTE"], "experiment", experiment, "EDIT")
        yield accounts


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory, accounts: servers.Accounts) -> Stage:
    """A repository with everything that an administrator sets up before the first push."""
    folder = tmp_path_factory.mktemp("ship")
    project = new_project(folder / "project", new_bucket(folder / "remote"))
    replace_in(project / "tests/latency/test_latency.py", "return model.predict_proba(row)", ANSWER)
    administrator = folder / "administrator"
    administrator.mkdir()
    shutil.copy2(project / "params.yaml", administrator)
    private = gates_key(administrator, "--private")
    public = gates_key(administrator)
    replace_in(project / "params.yaml", "  model: churn\n", f'  model: churn\n  trusted_keys: ["{public}"]\n')
    entry = 'if __name__ == "__main__":\n'
    tried = f'{WITNESS}{INTRUDER}{entry}    _testify("train", alias=_intrude())\n'
    replace_in(project / "scripts" / "train.py", entry, tried)
    latency = project / "tests" / "latency" / "test_latency.py"
    latency.write_text(f'{latency.read_text()}\n{WITNESS}\n_testify("predict")\n')
    (folder / "witness").mkdir()
    world = harness.World(
        folder,
        secrets={"GATES_SIGNING_KEY": private}
        | {f"{room}_USERNAME": user for room, user in USERS.items()}
        | {f"{room}_PASSWORD": accounts.password for room in USERS},
        variables={"GATES_LEDGER": str(folder / "ledger"), "MLFLOW_TRACKING_URI": accounts.uri},
        # A busy machine is no silent server.
        environment={"WITNESS": str(folder / "witness"), "GATES_PATIENCE_S": "60"},
    )
    return Stage(world, public, accounts)


@pytest.fixture(scope="module")
def story(stage: Stage) -> dict[str, Chapter]:
    """Pushes of all kinds, in this order."""
    told = {
        name: stage.push(name, n_estimators=trees)
        for name, trees in (("first", 10), ("better", 30), ("worse", 12))
    }
    shutil.copytree(stage.world.artifacts, stage.kept / "artifacts")
    shutil.copytree(stage.world.folder / "ledger", stage.kept / "ledger")
    told["column"] = stage.drop_column("tenure")
    model = stage.world.folder / "smuggled" / "train" / "churn" / "model.skops"
    model.parent.mkdir(parents=True)
    model.write_bytes(b"another model")
    told["swapped"] = stage.push("swapped", model.parents[2], n_estimators=31)
    told["golden"] = stage.push("golden", n_estimators=30, golden_rows=1501)
    told["same"] = stage.push("same", golden_rows=1500)
    return told


@pytest.fixture
def judge_room(stage: Stage, story: dict[str, Chapter], tmp_path: Path) -> Path:
    """The workspace of the job `judge` in the push that was refused, before its command ran."""
    assert story["worse"].run.results["predict"] == "success"
    room = tmp_path / "room"
    harness.git(tmp_path, "clone", "--quiet", str(stage.world.project), str(room))
    harness.git(room, "checkout", "--quiet", story["worse"].commit)
    ship = yaml.safe_load((harness.ROOT / ".github" / "workflows" / "ship.yml").read_text())
    for step in ship["jobs"]["judge"]["steps"]:
        if step["uses"].startswith("actions/download-artifact@"):
            target = step["with"]["path"].replace("${{ inputs.working-directory }}", str(room))
            name = step["with"]["name"].replace("${{ needs.data.outputs.model }}", "churn")
            shutil.copytree(stage.kept / "artifacts" / name, target, dirs_exist_ok=True)
    return room


def digests(chapter: Chapter) -> dict[str, str]:
    """The digest that each job told the judge."""
    return {job: chapter.run.jobs[job].outputs[f"{job}.digest"] for job in HANDED_ON}


def judge(stage: Stage, room: Path, told: dict[str, str]) -> int:
    """Run the command of the job `judge` as who only reads, told these digests, and return its exit code."""
    options = ["--expect", told["predict"], "--expect-train", told["train"], "--expect-data", told["data"]]
    command = [str(warm.programs() / "gates"), "judge", *options, "--project", str(room)]
    variables = {
        **stage.world.variables,
        **stage.accounts.environment(USERS["READ"]),
        "GATES_LEDGER": str(stage.kept / "ledger"),
        "GITHUB_ACTIONS": "",
    }
    return subprocess.run(command, env={**os.environ, **variables}, check=False).returncode


def outcomes(run: harness.Run) -> dict[str, str]:
    """Job → what its command answered."""
    return {
        name: job.outputs[f"{name}.outcome"]
        for name, job in run.jobs.items()
        if f"{name}.outcome" in job.outputs
    }


def verdicts(chapter: Chapter) -> dict[str, str]:
    """Gate → outcome, as the evidence has it."""
    return {gate: each["outcome"] for gate, each in chapter.evidence.items() if "outcome" in each}


@pytest.mark.parametrize(("chapter", "version"), [("first", "1"), ("better", "2")])
def test_a_push_of_a_model_that_passes_every_gate_makes_it_champion(
    story: dict[str, Chapter], chapter: str, version: str
) -> None:
    told = story[chapter]
    assert (told.run.code, told.run.results) == (0, PASSED), told.run.log
    assert outcomes(told.run) == dict.fromkeys(PASSED, "pass")
    assert told.serves == (version, version)
    assert set(verdicts(told).values()) == {"pass"}


def test_a_decision_is_bound_to_the_commit_that_was_pushed(story: dict[str, Chapter]) -> None:
    told = [story[name] for name in ("first", "better", "worse")]
    assert [each.commit in json.dumps(each.evidence["statement"]) for each in told] == [True] * 3


def test_a_push_of_a_worse_model_is_refused_and_the_champion_untouched(story: dict[str, Chapter]) -> None:
    told, before = story["worse"], story["better"]
    assert told.run.code == 1
    assert told.run.results == PASSED | {"judge": "failure", "promote": "skipped"}, told.run.log
    assert outcomes(told.run) == dict.fromkeys(["data", "train", "predict"], "pass") | {"judge": "fail"}
    assert (told.history, told.alias) == (before.history, before.alias)


def test_a_refusal_says_which_gate_stopped_it_and_keeps_the_evidence(story: dict[str, Chapter]) -> None:
    told = story["worse"]
    gates = told.evidence.keys() - {"statement", "exhibits"}
    assert verdicts(told) == dict.fromkeys(gates, "pass") | {"champion": "fail"}
    assert "Stopped by champion." in told.run.jobs["judge"].log["judge"]
    summary = told.run.jobs["judge"].summary["judge"]
    assert "## judge: fail" in summary
    assert re.search(r"^- champion: delta -0\.\d+ .*missed by", summary, flags=re.MULTILINE), summary


def test_a_push_of_data_without_a_column_stops_before_anything_is_trained(story: dict[str, Chapter]) -> None:
    told, before = story["column"], story["better"]
    after = dict.fromkeys(["train", "predict", "judge", "promote"], "skipped")
    assert (told.run.code, told.run.results) == (1, {"data": "failure"} | after), told.run.log
    assert outcomes(told.run) == {"data": "fail"}
    assert "tenure" in told.run.jobs["data"].summary["data"]
    assert (told.history, told.alias) == (before.history, before.alias)


def test_a_model_that_was_swapped_between_the_jobs_is_not_even_loaded(story: dict[str, Chapter]) -> None:
    told, before = story["swapped"], story["better"]
    skipped = dict.fromkeys(["judge", "promote"], "skipped")
    assert (told.run.code, told.run.results) == (1, PASSED | {"predict": "failure"} | skipped), told.run.log
    assert "predict: exit status 6" in told.run.log
    assert (told.history, told.alias) == (before.history, before.alias)


def test_a_golden_set_that_nobody_pinned_is_refused(story: dict[str, Chapter]) -> None:
    told, before = story["golden"], story["better"]
    assert (told.run.code, told.run.results) == (
        1,
        PASSED | {"judge": "failure", "promote": "skipped"},
    ), told.run.log
    assert verdicts(told)["golden"] == "fail"
    assert "pinned/features" in told.run.jobs["judge"].summary["judge"].replace("\\", "")
    assert (told.history, told.alias) == (before.history, before.alias)


def test_the_code_that_trains_cannot_move_the_alias(stage: Stage, story: dict[str, Chapter]) -> None:
    assert story["better"].serves == ("2", "2")
    assert stage.testimony("train")["alias"] == 403


def test_a_verdict_that_the_code_which_trains_has_forged_reaches_nobody(
    stage: Stage, story: dict[str, Chapter]
) -> None:
    """It stays in the room where it was written; what is handed on as evidence is the judge's own."""
    assert story["worse"].evidence["champion"]["outcome"] == "fail"
    assert "evidence/champion.json" in stage.testimony("train")["files"]
    artifacts = stage.kept / "artifacts"
    found = {file.relative_to(artifacts).parts[0] for file in artifacts.rglob("champion.json")}
    assert found == {"churn-evidence"}


def test_a_push_that_makes_the_champion_again_is_green_and_moves_nothing(story: dict[str, Chapter]) -> None:
    told, before = story["same"], story["better"]
    assert (told.run.code, told.run.results) == (0, PASSED | SKIPPED), told.run.log
    assert outcomes(told.run) == {"data": "pass", "train": "pass", "predict": "unchanged"}
    assert (told.history, told.alias) == (before.history, before.alias)
    assert "is the champion already" in told.run.jobs["predict"].summary["predict"]


def test_the_code_that_trains_sees_neither_key_nor_ledger(stage: Stage, story: dict[str, Chapter]) -> None:
    assert story["better"].serves == ("2", "2")
    seen = stage.testimony("train")
    assert LABELS in seen["files"]  # the witness did look
    assert not {name for name in seen["environment"] if name in {"GATES_LEDGER", "GATES_SIGNING_KEY"}}
    forbidden = [stage.world.secrets["GATES_SIGNING_KEY"], stage.world.variables["GATES_LEDGER"]]
    assert not [
        text for text in forbidden if text in json.dumps(seen) or text in seen["environment"].values()
    ]
    assert not [file for file in seen["files"] if file.endswith(".pem")]


def test_the_code_that_serves_a_model_sees_features_but_neither_labels_nor_key(
    stage: Stage, story: dict[str, Chapter]
) -> None:
    assert story["better"].serves == ("2", "2")
    seen = stage.testimony("predict")
    tables = {
        file for file in seen["files"] if file.startswith("data/") and file.endswith((".parquet", ".csv"))
    }
    assert tables == {"data/golden/features.parquet"}
    assert not [file for file in seen["files"] if "labels" in file or file.endswith(".pem")]
    assert "GATES_SIGNING_KEY" not in seen["environment"]
    assert stage.world.secrets["GATES_SIGNING_KEY"] not in seen["environment"].values()


def test_what_the_rooms_handed_on_is_judged_as_it_is(
    stage: Stage, story: dict[str, Chapter], judge_room: Path
) -> None:
    """The same files give the same verdict on another machine; the tests of swapped files lean on that."""
    assert judge(stage, judge_room, digests(story["worse"])) == ExitCode.FAIL
    statement = json.loads((judge_room / "evidence" / "statement.json").read_text())
    assert statement == story["worse"].evidence["statement"]


def test_a_verdict_forged_before_the_judge_comes_is_written_over(
    stage: Stage, story: dict[str, Chapter], judge_room: Path
) -> None:
    """Even where it lies in the judge's own room, as if it had come in an artifact: it is no input."""
    honest = story["better"].evidence
    forged = {name: honest[name] for name in ("statement", "champion")}
    for name, document in forged.items():
        file = judge_room / "evidence" / f"{name}.json"
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(digest.canonical_json(document))
    assert judge(stage, judge_room, digests(story["worse"])) == ExitCode.FAIL
    for name, document in forged.items():
        told = json.loads((judge_room / "evidence" / f"{name}.json").read_text())
        assert told == story["worse"].evidence[name] != document


@pytest.mark.parametrize(
    "file",
    [
        "candidate/data.json",
        "candidate/dvc.lock",
        "candidate/latency.json",
        "candidate/behaviour.xml",
        "candidate/predict.json",
        "candidate/predictions.parquet",
        "candidate/replay.parquet",
        "candidate/train.json",
        "data/raw/churn.csv",
        LABELS,
    ],
)
def test_a_file_that_was_swapped_on_the_way_to_the_judge_is_caught(
    stage: Stage, story: dict[str, Chapter], judge_room: Path, file: str
) -> None:
    with (judge_room / file).open("ab") as swapped:
        swapped.write(b"\n")
    assert judge(stage, judge_room, digests(story["worse"])) == ExitCode.TAMPERED
    assert not (judge_room / "evidence").exists()


@pytest.mark.parametrize(("forger", "forged"), [("predict", "train"), ("predict", "data"), ("train", "data")])
def test_a_manifest_that_a_later_job_forged_is_caught_though_every_digest_in_the_files_fits(
    stage: Stage, story: dict[str, Chapter], judge_room: Path, forger: str, forged: str
) -> None:
    """The forger names its forgery in its own manifest, whose digest it tells the judge itself."""
    told, change = digests(story["worse"]), {"forged": "yes"}
    for job in HANDED_ON[HANDED_ON.index(forged) :]:
        file = judge_room / "candidate" / f"{job}.json"
        file.write_bytes(digest.canonical_json(json.loads(file.read_text()) | change))
        change = {job: digest.of_file(file)}
        if HANDED_ON.index(job) >= HANDED_ON.index(forger):
            told |= change
    assert judge(stage, judge_room, told) == ExitCode.TAMPERED
    assert not (judge_room / "evidence").exists()


def test_the_key_is_in_no_artifact_and_no_log(stage: Stage, story: dict[str, Chapter]) -> None:
    secret = stage.world.secrets["GATES_SIGNING_KEY"].splitlines()[1]
    assert not [name for name, told in story.items() if secret in told.run.log]
    files = [file for file in (stage.kept / "artifacts").rglob("*") if file.is_file()]
    assert {"statement.json", "report.html"} <= {file.name for file in files}
    assert not [file for file in files if secret.encode() in file.read_bytes()]
