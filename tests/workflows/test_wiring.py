"""The workflows, run under act with a recorder in place of `gates`: what passes between the rooms."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.workflows import harness

pytestmark = pytest.mark.usefixtures("act")  # of session scope, so it comes before `shipped`

PUSH = {"ref": "refs/heads/main"}
PASSED = dict.fromkeys(["data", "train", "predict", "judge", "promote"], "success")
SECRETS = [
    "DATA_ACCESS_KEY_ID",
    "DATA_SECRET_ACCESS_KEY",
    "TRAIN_USERNAME",
    "TRAIN_PASSWORD",
    "READ_ACCESS_KEY_ID",
    "READ_SECRET_ACCESS_KEY",
    "READ_USERNAME",
    "READ_PASSWORD",
    "PROMOTE_USERNAME",
    "PROMOTE_PASSWORD",
    "GATES_SIGNING_KEY",
    "GATES_WEBHOOK",
]
ARTIFACTS = {
    *("data-handoff", "raw", "train-handoff", "models", "features", "tables", "metrics"),
    *("predict-handoff", "evidence"),
}
READ = {name for name in SECRETS if name.startswith("READ_")}


def new_world(folder: Path) -> harness.World:
    """A project of two files, every secret and variable set, and the recorder as `gates`."""
    world = harness.World(
        folder,
        gates=harness.STAND_INS / "recorder",
        secrets={name: f"secret {name}\nof two lines" for name in SECRETS},
        variables={"GATES_LEDGER": "/ledger", "MLFLOW_TRACKING_URI": "sqlite:///tracking.db"},
        environment={"RECORD": str(folder / "record")},
    )
    (folder / "record").mkdir()
    world.project.mkdir()
    (world.project / "params.yaml").write_text("seed: 1\n")
    (world.project / ".gitignore").write_text("/candidate/\n/evidence/\n")
    (world.project / "contracts").mkdir()
    (world.project / "contracts" / "raw.yaml").write_text("columns: {}\n")
    harness.commit(world.project)
    return world


@pytest.fixture
def world(tmp_path: Path) -> harness.World:
    """A world of the test's own."""
    return new_world(tmp_path)


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> harness.World:
    """A world after one push in which every command passed; to be read only."""
    world = new_world(tmp_path_factory.mktemp("shipped"))
    run = harness.play(world, "on-push.yml", "push", PUSH)
    assert (run.code, run.results) == (0, PASSED), run.log
    return world


def with_outcomes(world: harness.World, **outcomes: str) -> harness.World:
    """Tell the recorder how commands end."""
    return replace(world, environment={**world.environment, "OUTCOMES": json.dumps(outcomes)})


def record(world: harness.World, command: str) -> dict[str, Any]:
    """What the recorder wrote down for a command."""
    loaded: dict[str, Any] = json.loads((world.folder / "record" / f"{command}.json").read_text())
    return loaded


def handed_on(world: harness.World, command: str) -> dict[str, str]:
    """The files that a command found beside those of the commit, and what stood in them."""
    committed = harness.git(world.project, "ls-files").splitlines()
    files = record(world, command)["files"]
    return {
        file: text for file, text in files.items() if file not in committed and not file.startswith(".git/")
    }


def commands(world: harness.World) -> set[str]:
    """The commands that ran."""
    return {file.stem for file in (world.folder / "record").iterdir()}


def secrets_seen(world: harness.World, command: str) -> set[str]:
    """Names of the secrets whose value a command had in its environment."""
    values = record(world, command)["environment"].values()
    return {name for name, secret in world.secrets.items() if secret in values}


def test_every_job_gets_the_digest_that_the_one_before_computed(shipped: harness.World) -> None:
    got = {name: record(shipped, name)["environment"].get(f"GATES_{name.upper()}_EXPECT") for name in PASSED}
    assert got == {
        "data": None,
        "train": "digest-of-data",
        "predict": "digest-of-train",
        "judge": "digest-of-predict",
        "promote": "digest-of-judge",
    }


def test_judge_gets_the_digest_of_every_manifest_from_the_job_that_wrote_it(
    shipped: harness.World,
) -> None:
    """A job that ran the project's code does not vouch for the manifests of the jobs before it."""
    environment = record(shipped, "judge")["environment"]
    got = {name: text for name, text in environment.items() if name.startswith("GATES_JUDGE_EXPECT")}
    assert got == {
        "GATES_JUDGE_EXPECT": "digest-of-predict",
        "GATES_JUDGE_EXPECT_TRAIN": "digest-of-train",
        "GATES_JUDGE_EXPECT_DATA": "digest-of-data",
    }


def test_a_secret_reaches_only_its_room(shipped: harness.World) -> None:
    assert {name: secrets_seen(shipped, name) for name in PASSED} == {
        "data": {"DATA_ACCESS_KEY_ID", "DATA_SECRET_ACCESS_KEY"},
        "train": {"TRAIN_USERNAME", "TRAIN_PASSWORD"},
        "predict": READ,
        "judge": READ,
        "promote": {"PROMOTE_USERNAME", "PROMOTE_PASSWORD", "GATES_SIGNING_KEY"},
    }


def test_ledger_and_tracking_are_told_to_the_jobs_that_ask_them(shipped: harness.World) -> None:
    told = {
        variable: [name for name in PASSED if record(shipped, name)["environment"].get(variable) == value]
        for variable, value in shipped.variables.items()
    }
    assert told == {
        "GATES_LEDGER": ["predict", "judge", "promote"],
        "MLFLOW_TRACKING_URI": ["train", "predict", "judge", "promote"],
    }


def test_golden_labels_never_enter_the_job_that_scores(shipped: harness.World) -> None:
    assert set(handed_on(shipped, "predict")) == {
        "candidate/dvc.lock",
        "candidate/train.json",
        "data/golden/features.parquet",
        "models/churn/model.skops",
    }
    assert "data/golden/labels.parquet" in handed_on(shipped, "judge")


def test_judge_reads_what_each_room_wrote_and_not_what_a_later_room_made_of_it(
    shipped: harness.World,
) -> None:
    assert handed_on(shipped, "judge") == {
        "candidate/data.json": "of data",
        "candidate/dvc.lock": "of train",
        "candidate/behaviour.xml": "of predict",
        "candidate/latency.json": "of predict",
        "candidate/replay.parquet": "of predict",
        "candidate/predict.json": "of predict",
        "candidate/predictions.parquet": "of predict",
        "candidate/train.json": "of train",
        "data/clean.parquet": "of train",
        "data/golden/features.parquet": "of train",
        "data/golden/labels.parquet": "of train",
        "data/raw/churn.csv": "of data",
        "metrics/training.json": "of train",
        "models/churn/model.skops": "of train",
    }


def test_a_hostile_artifact_reaches_no_reviewed_file_and_no_file_of_a_room_before(
    world: harness.World,
) -> None:
    """What `train` and `predict` smuggle into their artifacts stays in the folders of those artifacts."""
    reviewed = {
        ".git/config",
        ".git/hooks/post-checkout",
        "contracts/raw.yaml",
        "params.yaml",
        "sitecustomize.py",
    }
    earlier = {"train": {"data.json", "raw/churn.csv"}, "predict": {"data.json", "dvc.lock", "train.json"}}
    for job, forged in earlier.items():
        for name in forged | reviewed:
            file = world.folder / "smuggled" / job / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("smuggled")
    world = replace(
        world, environment={**world.environment, "STAND_IN_SMUGGLED": str(world.folder / "smuggled")}
    )
    run = harness.play(world, "on-push.yml", "push", PUSH)
    assert (run.code, run.results) == (0, PASSED), run.log
    found = {
        job: {file for file, text in record(world, job)["files"].items() if text == "smuggled"}
        for job in ("judge", "promote")
    }
    folders = ("candidate", "data", "metrics", "models")
    harmless = {f"{folder}/{name}" for folder in folders for name in reviewed | earlier["train"]}
    assert found == {"judge": harmless - {"candidate/data.json", "data/raw/churn.csv"}, "promote": set()}


def test_promote_gets_the_evidence_and_nothing_else(shipped: harness.World) -> None:
    assert set(handed_on(shipped, "promote")) == {"evidence/golden.json", "evidence/statement.json"}


def test_nothing_to_do_ends_green_after_predict(world: harness.World) -> None:
    world = with_outcomes(world, predict="unchanged")
    run = harness.play(world, "on-push.yml", "push", PUSH)
    skipped = dict.fromkeys(["judge", "promote"], "skipped")
    assert (run.code, run.results) == (0, PASSED | skipped), run.log
    assert commands(world) == {"data", "train", "predict"}


@pytest.mark.parametrize("outcome", ["fail", "undecided"])
def test_what_does_not_pass_is_not_promoted_and_its_evidence_is_kept(
    world: harness.World, outcome: str
) -> None:
    world = with_outcomes(world, judge=outcome)
    run = harness.play(world, "on-push.yml", "push", PUSH)
    assert run.code == 1
    assert run.results == PASSED | {"judge": "failure", "promote": "skipped"}, run.log
    assert run.jobs["judge"].outputs["judge.outcome"] == outcome
    assert (world.artifacts / "churn-evidence" / "statement.json").exists()
    assert "promote" not in commands(world)


@pytest.mark.parametrize("broken", ["data", "train", "predict"])
def test_a_job_that_fails_stops_every_job_after_it(world: harness.World, broken: str) -> None:
    run = harness.play(with_outcomes(world, **{broken: "fail"}), "on-push.yml", "push", PUSH)
    order = list(PASSED)
    after = order[order.index(broken) + 1 :]
    assert run.code == 1
    assert run.results == PASSED | {broken: "failure"} | dict.fromkeys(after, "skipped"), run.log


def test_a_pull_request_is_reviewed_without_any_secret_and_told_by_a_job_that_has_nothing_of_it(
    world: harness.World,
) -> None:
    payload = {"number": 7, "head": {"repo": {"full_name": "org/ml-gates"}}, "user": {"login": "ada"}}
    token = "of the job"  # noqa: S105 - seen by nobody
    with_token = replace(world, secrets={**world.secrets, "GITHUB_TOKEN": token})
    run = harness.play(with_token, "on-pull-request.yml", "pull_request", {"pull_request": payload})
    assert (run.code, run.results) == (0, dict.fromkeys(["fast", "comment"], "success")), run.log
    assert commands(world) == {"review", "comment"}
    assert [secrets_seen(world, command) for command in ("review", "comment")] == [set(), set()]
    assert "GITHUB_TOKEN" not in record(world, "review")["environment"]
    told = record(world, "comment")
    assert set(told["files"]) == {"candidate/review.md"}
    given = {name: told["environment"].get(f"GATES_COMMENT_{name}") for name in ("NUMBER", "ABOUT", "ENDED")}
    assert given == {"NUMBER": "7", "ABOUT": ".", "ENDED": "success"}
    assert told["environment"]["GITHUB_TOKEN"] == token


def test_a_rollback_by_hand_passes_on_target_and_reason_word_for_word(world: harness.World) -> None:
    """Text of a person reaches the command as data, whatever it says."""
    inputs = {"to": "3", "reason": "\"; touch pwned; '$(id)` ${{ github.token }}"}
    run = harness.play(world, "on-dispatch.yml", "workflow_dispatch", {"inputs": inputs})
    assert (run.code, run.results) == (0, {"rollback": "success", "failed": "skipped"}), run.log
    environment = record(world, "rollback")["environment"]
    assert environment["GATES_ROLLBACK_TO"] == inputs["to"]
    assert environment["GATES_ROLLBACK_REASON"] == inputs["reason"]
    assert record(world, "rollback")["arguments"] == []
    assert commands(world) == {"tell", "rollback"}
    assert secrets_seen(world, "tell") == {"GATES_WEBHOOK"}
    assert secrets_seen(world, "rollback") == {"PROMOTE_USERNAME", "PROMOTE_PASSWORD", "GATES_SIGNING_KEY"}


@pytest.mark.parametrize(
    ("workflow", "event", "command"),
    [
        ("on-dispatch.yml", {"inputs": {"to": "3", "reason": "r"}}, "rollback"),
        ("on-drill.yml", {}, "drill"),
        ("on-reconcile.yml", {}, "reconcile"),
    ],
)
def test_what_fails_is_red_and_an_issue_is_opened_by_a_job_without_any_secret_but_the_webhook(
    world: harness.World, workflow: str, event: dict[str, Any], command: str
) -> None:
    run = harness.play(with_outcomes(world, **{command: "fail"}), workflow, "workflow_dispatch", event)
    assert (run.code, run.results) == (1, {command: "failure", "failed": "success"}), run.log
    assert secrets_seen(world, command) == {"PROMOTE_USERNAME", "PROMOTE_PASSWORD", "GATES_SIGNING_KEY"}
    assert secrets_seen(world, "issue") == set()
    assert record(world, "issue")["environment"]["GATES_ISSUE_TEXT"] == f"sentence of {command}"


def test_a_telling_that_fails_stops_no_rollback(world: harness.World) -> None:
    run = harness.play(
        with_outcomes(world, tell="fail"),
        "on-dispatch.yml",
        "workflow_dispatch",
        {"inputs": {"to": "3", "reason": "r"}},
    )
    assert (run.code, run.results) == (0, {"rollback": "success", "failed": "skipped"}), run.log


ALERT = {"action": "alert", "client_payload": {"version": "4", "say": "`$(touch pwned)` ' \" ${{ x }}"}}


def test_an_alert_is_judged_as_it_came_and_its_sentence_is_the_reason(world: harness.World) -> None:
    run = harness.play(world, "on-alert.yml", "repository_dispatch", ALERT)
    assert (run.code, run.results) == (0, {"rollback": "success", "failed": "skipped"}), run.log
    assert json.loads(record(world, "alert")["environment"]["GATES_ALERT_PAYLOAD"]) == ALERT["client_payload"]
    assert secrets_seen(world, "alert") == set()
    environment = record(world, "rollback")["environment"]
    given = {name: text for name, text in environment.items() if name.startswith("GATES_ROLLBACK_")}
    assert given == {
        "GATES_ROLLBACK_TO": "previous",
        "GATES_ROLLBACK_REASON": "sentence of alert",
        "GATES_ROLLBACK_EXPECT": "digest-of-alert",
        "GATES_ROLLBACK_APPLY": "true",
    }


def test_an_alert_that_is_no_reason_rolls_nothing_back_and_tells_nobody(world: harness.World) -> None:
    run = harness.play(with_outcomes(world, alert="unchanged"), "on-alert.yml", "repository_dispatch", ALERT)
    assert (run.code, run.results) == (0, {"rollback": "success", "failed": "skipped"}), run.log
    assert commands(world) == {"alert"}


CALLER = """
on: push
jobs:
  ship:
    uses: $/.github/workflows/ship.yml
    with:
      working-directory: models/second
      approver: Ada Example
"""


def test_a_caller_names_the_folder_of_the_project_and_who_approves_a_first_model(
    world: harness.World,
) -> None:
    world = replace(world, callers={"caller.yml": CALLER})
    (world.project / "models" / "second").mkdir(parents=True)
    (world.project / "params.yaml").rename(world.project / "models" / "second" / "params.yaml")
    harness.commit(world.project)
    run = harness.play(world, "caller.yml", "push", PUSH)
    assert (run.code, run.results) == (0, PASSED), run.log
    files = record(world, "judge")["files"]
    assert files.keys() >= {
        "params.yaml",
        "data/raw/churn.csv",
        "data/golden/labels.parquet",
        "candidate/predict.json",
    }
    assert record(world, "judge")["environment"]["GATES_JUDGE_APPROVER"] == "Ada Example"


BOTH = """
on: push
jobs:
  first:
    uses: $/.github/workflows/ship.yml
    with:
      working-directory: models/first
  second:
    uses: $/.github/workflows/ship.yml
    with:
      working-directory: models/second
"""


def test_two_models_that_one_run_ships_get_their_own_files(world: harness.World) -> None:
    for name in ("first", "second"):
        params = world.project / "models" / name / "params.yaml"
        params.parent.mkdir(parents=True)
        params.write_text(f"gates:\n  model: {name}\n")
    harness.commit(world.project)
    run = harness.play(replace(world, callers={"both.yml": BOTH}), "both.yml", "push", PUSH)
    assert run.code == 0, run.log
    uploaded = {folder.name for folder in world.artifacts.iterdir()}
    assert uploaded == {f"{name}-{each}" for name in ("first", "second") for each in ARTIFACTS}
    assert set(handed_on(world, "promote")) == {"evidence/golden.json", "evidence/statement.json"}


def test_the_role_in_aws_is_taken_on_by_promote_alone(world: harness.World) -> None:
    role = "arn:aws:iam::123456789012:role/promote"
    world = replace(world, variables={**world.variables, "PROMOTE_ROLE": role})
    run = harness.play(world, "on-push.yml", "push", PUSH)
    assert (run.code, run.results) == (0, PASSED), run.log
    taken = [name for name in PASSED if record(world, name)["environment"].get("AWS_SESSION_TOKEN") == role]
    assert taken == ["promote"]


@pytest.mark.parametrize("command", ["rollback", "drill", "reconcile"])
def test_what_writes_production_takes_the_role_on_and_what_tells_of_it_does_not(
    world: harness.World, command: str
) -> None:
    role = "arn:aws:iam::123456789012:role/promote"
    world = replace(world, variables={**world.variables, "PROMOTE_ROLE": role})
    workflow = "on-dispatch.yml" if command == "rollback" else f"on-{command}.yml"
    event = {"inputs": {"to": "3", "reason": "r"}}
    harness.play(with_outcomes(world, **{command: "fail"}), workflow, "workflow_dispatch", event)
    taken = [
        name
        for name in (command, "issue")
        if record(world, name)["environment"].get("AWS_SESSION_TOKEN") == role
    ]
    assert taken == [command]


def test_an_action_without_a_stand_in_is_named(world: harness.World) -> None:
    text = "on: push\njobs: {a: {runs-on: ubuntu-latest, steps: [{\nuses: foreign/thing@v1\n}]}}\n"
    with pytest.raises(LookupError, match="foreign/thing@v1"):
        harness.play(replace(world, callers={"caller.yml": text}), "caller.yml", "push", PUSH)
