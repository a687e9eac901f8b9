"""What act ignores but GitHub does not: read from the text of workflows and actions."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.workflows import harness

WORKFLOWS = sorted((harness.ROOT / ".github" / "workflows").glob("*.yml"))
ACTIONS = sorted((harness.ROOT / ".github" / "actions").glob("*/action.yml"))
OWN = ["ci.yml", "release.yml"]  # about this repository itself; nobody calls them
REUSABLE = [file for file in WORKFLOWS if not file.stem.startswith("on-") and file.name not in OWN]
CALLERS = [file for file in WORKFLOWS if file.stem.startswith("on-")]
BY_THE_CLOCK = {"drill.yml/drill", "reconcile.yml/reconcile"}
PRODUCTION = {
    "ship.yml/promote",
    "rollback.yml/rollback",
    "drill.yml/drill",
    "reconcile.yml/reconcile",
}
SAYS_WHO_IT_IS, WRITES_ISSUES = {"id-token": "write"}, {"issues": "write"}
MORE_RIGHTS = {
    "release.yml/release": {"contents": "write", "checks": "read"},
    "ship.yml/promote": SAYS_WHO_IT_IS,
    "rollback.yml/rollback": SAYS_WHO_IT_IS,
    "rollback.yml/failed": WRITES_ISSUES,
    "drill.yml/drill": SAYS_WHO_IT_IS,
    "drill.yml/failed": WRITES_ISSUES,
    "reconcile.yml/reconcile": SAYS_WHO_IT_IS,
    "reconcile.yml/failed": WRITES_ISSUES,
    "on-push.yml/ship": SAYS_WHO_IT_IS,
    "on-dispatch.yml/rollback": SAYS_WHO_IT_IS | WRITES_ISSUES,
    "on-alert.yml/rollback": SAYS_WHO_IT_IS | WRITES_ISSUES,
    "on-drill.yml/drill": SAYS_WHO_IT_IS | WRITES_ISSUES,
    "on-reconcile.yml/reconcile": SAYS_WHO_IT_IS | WRITES_ISSUES,
    "site.yml/publish": {"pages": "write", "id-token": "write"},
    "on-site.yml/site": {"pages": "write", "id-token": "write"},
    "fast.yml/comment": {"pull-requests": "write"},
    "on-pull-request.yml/fast": {"pull-requests": "write"},
}
NO_RIGHTS = {"ci.yml/required", "fast.yml/comment", "site.yml/publish"}
ARTIFACT = re.compile(r"^\$\{\{ (?:steps|needs)\.data\.outputs\.model \}\}-")

every_file = pytest.mark.parametrize(
    "file", [*WORKFLOWS, *ACTIONS], ids=lambda file: f"{file.parent.name}/{file.name}"
)
every_workflow = pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)


def load(file: Path) -> dict[str, Any]:
    """Read a workflow; YAML 1.1 reads the key `on` as true."""
    loaded: dict[Any, Any] = yaml.safe_load(file.read_text())
    return {"on" if key is True else key: value for key, value in loaded.items()}


def jobs(files: list[Path] = WORKFLOWS) -> Iterator[tuple[str, dict[str, Any]]]:
    """List every job as `<file>/<id>` and its text."""
    for file in files:
        for name, job in load(file)["jobs"].items():
            yield f"{file.name}/{name}", job


def steps(file: Path) -> Iterator[dict[str, Any]]:
    """List every step of a workflow or an action."""
    loaded = load(file)
    for part in [loaded["runs"]] if "runs" in loaded else loaded["jobs"].values():
        yield from part.get("steps", [])


def own_jobs() -> list[Any]:
    """The jobs that have steps of their own, as parameters of a test."""
    return [pytest.param(name, job, id=name) for name, job in jobs() if "steps" in job]


def test_the_five_rooms_are_five_jobs_in_a_row() -> None:
    ship = load(harness.ROOT / ".github" / "workflows" / "ship.yml")["jobs"]
    needs = {name: job.get("needs") for name, job in ship.items()}
    assert needs == {
        "data": None,
        "train": "data",
        "predict": ["data", "train"],
        "judge": ["data", "train", "predict"],
        "promote": ["data", "predict", "judge"],
    }


def test_where_the_champion_serves_already_nothing_is_judged_or_promoted() -> None:
    ship = load(harness.ROOT / ".github" / "workflows" / "ship.yml")["jobs"]
    conditions = {name: job["if"] for name, job in ship.items() if "if" in job}
    assert conditions == dict.fromkeys(["judge", "promote"], "needs.predict.outputs.outcome != 'unchanged'")


@pytest.mark.parametrize("file", REUSABLE, ids=lambda file: file.name)
def test_a_reusable_workflow_is_only_called(file: Path) -> None:
    """Its inputs, outputs and secrets are described, and so is the default of what is not required."""
    (trigger, call), *others = load(file)["on"].items()
    assert (trigger, others) == ("workflow_call", [])
    for kind in ("inputs", "secrets", "outputs"):
        for name, each in (call.get(kind) or {}).items():
            assert each["description"], name
            assert kind != "inputs" or each.get("required") or "default" in each, name


@pytest.mark.parametrize("file", CALLERS, ids=lambda file: file.name)
def test_a_caller_is_thin(file: Path) -> None:
    """It only says when, and with which values."""
    assert [job["uses"].partition("/")[0] for job in load(file)["jobs"].values()] == ["$"]


def test_push_to_main_is_what_ships() -> None:
    push = load(harness.ROOT / ".github" / "workflows" / "on-push.yml")["on"]["push"]
    assert push["branches"] == ["main"]
    assert {"params.yaml", "dvc.yaml", "dvc.lock", "scripts/**", "contracts/**", "data/**.dvc"} <= set(
        push["paths"]
    )


@every_workflow
def test_a_workflow_has_no_rights_but_those_that_a_job_asks_for(file: Path) -> None:
    assert load(file)["permissions"] == {}
    for name, job in jobs([file]):
        least = {} if name in NO_RIGHTS else {"contents": "read"}
        assert job["permissions"] == least | MORE_RIGHTS.get(name, {}), name


def test_no_job_but_those_of_production_and_the_pages_can_say_who_it_is() -> None:
    """With a token of its own it would sign keyless by the name of the workflow; `publish` runs no code."""
    who = {name for name, job in jobs(REUSABLE) if "id-token" in job["permissions"]}
    assert not who - PRODUCTION - {"site.yml/publish"}
    publish = load(harness.ROOT / ".github" / "workflows" / "site.yml")["jobs"]["publish"]
    assert [step["uses"].partition("@")[0] for step in publish["steps"]] == ["actions/deploy-pages"]


@every_workflow
def test_every_right_has_a_reason_beside_it(file: Path) -> None:
    rights = re.findall(r"^ +[a-z-]+: (?:read|write)\b(.*)$", file.read_text(), flags=re.MULTILINE)
    assert rights
    assert all(re.fullmatch(r" # \S.*", reason) for reason in rights), rights


@pytest.mark.parametrize(("name", "job"), own_jobs())
def test_every_job_has_a_timeout_of_at_most_an_hour(name: str, job: dict[str, Any]) -> None:
    """Training alone may be given more, by who calls."""
    if name == "ship.yml/train":
        assert job["timeout-minutes"] == "${{ inputs.train-minutes }}"
        (file,) = (each for each in WORKFLOWS if each.name == "ship.yml")
        assert load(file)["on"]["workflow_call"]["inputs"]["train-minutes"]["default"] == 60
    else:
        assert 0 < job["timeout-minutes"] <= 60, name


@pytest.mark.parametrize(("name", "job"), own_jobs())
def test_only_what_writes_production_is_in_its_environment_and_queue(name: str, job: dict[str, Any]) -> None:
    """Promotions and rollbacks of one project wait for one another, and none is cancelled half-way."""
    if name in PRODUCTION:
        group = "gates-production-${{ inputs.working-directory }}"
        queue = {"group": group, "cancel-in-progress": False, "queue": "max"}
        environment = "unattended" if name in BY_THE_CLOCK else "production"
        assert (job["environment"], job["concurrency"]) == (environment, queue)
    elif name == "site.yml/publish":
        assert job["environment"]["name"] == "github-pages"
    elif name == "release.yml/release":
        assert job["environment"] == "release"
    else:
        assert not {"environment", "concurrency"} & job.keys()


def test_the_token_that_comments_is_where_nothing_of_the_pull_request_is() -> None:
    """That job checks nothing out and installs nothing of it; the other one is given no token."""
    fast, comment = (dict(jobs())[f"fast.yml/{name}"] for name in ("fast", "comment"))
    used = [step["uses"].partition("@")[0] for step in comment["steps"]]
    assert used == ["$/.github/actions/setup", "actions/download-artifact", "$/.github/actions/comment"]
    assert "requirements" not in str(comment)
    assert ("github.token" in str(fast), "github.token" in str(comment)) == (False, True)
    assert "head.repo.full_name == github.repository" in comment["if"]


@pytest.mark.parametrize(("name", "job"), own_jobs())
def test_the_signing_key_goes_to_what_writes_production_alone(name: str, job: dict[str, Any]) -> None:
    assert ("secrets.GATES_SIGNING_KEY" in str(job)) == (name in PRODUCTION)


@pytest.mark.parametrize(("name", "job"), own_jobs())
def test_a_secret_is_given_to_the_one_step_that_needs_it(name: str, job: dict[str, Any]) -> None:
    secret = [step for step in job["steps"] if "secrets." in str(step).replace("secrets.GATES_WEBHOOK", "")]
    assert len(secret) <= 1, name
    told = {step["uses"] for step in job["steps"] if "secrets.GATES_WEBHOOK" in str(step)}
    assert told <= {"$/.github/actions/tell"}
    assert "secrets." not in str({key: value for key, value in job.items() if key != "steps"})


def test_packages_of_the_project_are_installed_only_where_its_code_runs_or_its_model_is_loaded() -> None:
    told = {name for name, job in jobs(REUSABLE) if "inputs.requirements" in str(job)}
    assert told == {
        *("ship.yml/train", "ship.yml/predict", "fast.yml/fast"),
        *("rollback.yml/rollback", "reconcile.yml/reconcile", "drill.yml/drill"),  # they load the model
    }


@every_file
def test_an_action_is_ours_or_pinned_by_sha_with_its_version(file: Path) -> None:
    for used, comment in re.findall(r"uses: +(\S+)(.*)$", file.read_text(), flags=re.MULTILINE):
        pinned = re.fullmatch(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}", used) and re.fullmatch(
            r" # v\d+\.\d+\.\d+", comment
        )
        assert used.startswith("$/.github/") or pinned, used


def test_one_version_of_an_action_everywhere() -> None:
    used = {step["uses"] for file in [*WORKFLOWS, *ACTIONS] for step in steps(file) if "uses" in step}
    foreign = sorted(each.partition("@")[0] for each in used if not each.startswith("$/"))
    assert foreign == sorted(set(foreign))


@every_file
def test_no_expression_becomes_part_of_a_script(file: Path) -> None:
    for step in steps(file):
        assert "${{" not in step.get("run", "")


@pytest.mark.parametrize(
    "file", [each for each in ACTIONS if each.parent.name != "setup"], ids=lambda f: f.parent.name
)
def test_an_action_is_one_command_with_its_values_in_the_environment(file: Path) -> None:
    (step,) = steps(file)
    assert step["run"] == f"gates {file.parent.name}"
    inputs = load(file)["inputs"].keys() - {"project"}
    assert set(step.get("env", {}).values()) == {f"${{{{ inputs.{name} }}}}" for name in inputs}
    assert all(re.fullmatch(r"[a-z][a-z0-9-]*", name) for name in inputs)


@every_workflow
def test_a_workflow_has_no_script_of_its_own(file: Path) -> None:
    """In our own CI, a comparison of outcomes at most, and a manifest that no job has handed on."""
    scripts = [step["run"] for step in steps(file) if "run" in step]
    forged = r"mkdir candidate && echo '\{\}' >candidate/data\.json"
    ours = rf'bash \.ci/run|gates release|test "\$[A-Z]+" = "[a-z ]+"|{forged}'
    allowed = ours if file.name in OWN else "$."
    assert all(re.fullmatch(allowed, script) for script in scripts), scripts


def test_the_required_job_waits_for_every_other_and_always_runs() -> None:
    ci = load(harness.ROOT / ".github" / "workflows" / "ci.yml")["jobs"]
    assert set(ci["required"]["needs"]) == ci.keys() - {"required"}
    assert ci["required"]["if"] == "always()"


@every_workflow
def test_a_checkout_leaves_no_token_behind(file: Path) -> None:
    for step in steps(file):
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


def test_only_judge_asks_for_the_whole_history() -> None:
    """It asks whether the run's commit is part of the one that is judged; a review, for the one before."""
    deep = {
        name: step["with"]["fetch-depth"]
        for name, job in jobs()
        for step in job.get("steps", [])
        if "fetch-depth" in step.get("with", {})
    }
    assert deep == {"ship.yml/judge": 0, "fast.yml/fast": 2}


def test_an_artifact_is_one_folder_and_is_unpacked_into_that_folder() -> None:
    """Whatever a hostile job put into it, it writes nowhere else."""
    uploaded, downloaded = {}, set()
    for step in steps(harness.ROOT / ".github" / "workflows" / "ship.yml"):
        used, given = step["uses"].partition("@")[0], step.get("with", {})
        if used == "actions/upload-artifact":
            paths = [path for path in given["path"].splitlines() if not path.startswith("!")]
            folders = {path.rstrip("/") if path.endswith("/") else path.rpartition("/")[0] for path in paths}
            (uploaded[ARTIFACT.sub("", given["name"])],) = folders
        elif used == "actions/download-artifact":
            downloaded.add((ARTIFACT.sub("", given["name"]), given["path"]))
    assert uploaded.pop("report") == "${{ inputs.working-directory }}/evidence"  # for people
    assert downloaded == set(uploaded.items())
    below = {folder.removeprefix("${{ inputs.working-directory }}/") for folder in uploaded.values()}
    assert below == {"candidate", "data", "data/golden", "data/raw", "evidence", "metrics", "models"}


def test_every_artifact_has_the_name_of_its_model() -> None:
    """Two models that one run ships have artifacts of their own."""
    ship = steps(harness.ROOT / ".github" / "workflows" / "ship.yml")
    names = [step["with"]["name"] for step in ship if "artifact" in step["uses"]]
    assert all(map(ARTIFACT.match, names)), names


def test_train_writes_to_tracking_and_reaches_no_ledger() -> None:
    told = {name for name, job in jobs(REUSABLE) if "GATES_LEDGER" in str(job)}
    assert told == {"ship.yml/predict", "ship.yml/judge", "site.yml/build"} | PRODUCTION


def test_what_fails_is_told_by_a_plain_job_that_writes_nothing_but_an_issue() -> None:
    """Whatever became of the job before, unless it was left out; and whoever called the workflow."""
    for name in ("rollback", "drill", "reconcile"):
        failed = load(harness.ROOT / ".github" / "workflows" / f"{name}.yml")["jobs"]["failed"]
        result = f"needs.{name}.result"
        asked = f"${{{{ always() && {result} != 'success' && {result} != 'skipped' }}}}"
        assert (failed["needs"], failed["if"]) == (name, asked)
        assert failed["steps"][-1]["uses"] == "$/.github/actions/issue"
        assert "continue-on-error" not in failed["steps"][-1]


def test_telling_stops_nothing() -> None:
    """Nor does it take longer than a minute."""
    told = [step for file in REUSABLE for step in steps(file) if step.get("uses") == "$/.github/actions/tell"]
    assert [(step["continue-on-error"], step["timeout-minutes"]) for step in told] == [(True, 1)] * 4


def test_an_alert_is_judged_in_the_queue_in_which_it_rolls_back() -> None:
    """In a job before, a second one would be judged before the first has rolled back."""
    rollback = load(harness.ROOT / ".github" / "workflows" / "rollback.yml")["jobs"]["rollback"]
    decides, back = (
        next(step for step in rollback["steps"] if step.get("id") == name) for name in ("alert", "rollback")
    )
    assert decides["if"] == "inputs.alert != ''"
    assert back["if"] == "inputs.alert == '' || steps.alert.outputs.outcome == 'pass'"
    assert back["with"]["expect"] == "${{ steps.alert.outputs.digest || inputs.serving }}"


def test_the_clock_and_the_dispatches_that_start_something() -> None:
    started = {file.name: load(file)["on"] for file in CALLERS}
    crons = {
        name: [each["cron"] for each in on["schedule"]] for name, on in started.items() if "schedule" in on
    }
    assert crons == {
        "on-drill.yml": ["23 4 3 * *"],
        "on-reconcile.yml": ["*/15 * * * *"],
        "on-site.yml": ["41 2 * * *"],
    }
    types = {
        name: on["repository_dispatch"]["types"]
        for name, on in started.items()
        if "repository_dispatch" in on
    }
    assert types == {"on-alert.yml": ["alert"], "on-reconcile.yml": ["alias-moved"]}
    by_hand = {name for name, on in started.items() if "workflow_dispatch" in on}
    assert by_hand == {"on-dispatch.yml", "on-drill.yml", "on-reconcile.yml", "on-site.yml"}


@every_file
def test_nothing_is_restored_from_a_cache(file: Path) -> None:
    assert not re.search(r"\bcache\b", file.read_text())
