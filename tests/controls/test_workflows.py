"""What workflow files say about who promotes, what starts it, and whose code runs in it."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from gates.adapters import workflow_files
from gates.controls.roads import Finding, Word
from gates.controls.workflows import findings

SHA = "a" * 40
SHIP = ".github/workflows/ship.yml"
PUSH = ".github/workflows/on-push.yml"
PROMOTE: dict[str, Any] = {
    "environment": "production",
    "steps": [{"uses": f"actions/checkout@{SHA}"}, {"uses": "$/.github/actions/promote"}],
}


def reusable(**job: Any) -> dict[str, Any]:  # noqa: ANN401 - a workflow's own keys
    """Return a reusable workflow whose job promotes."""
    return {"on": {"workflow_call": ""}, "jobs": {"promote": PROMOTE | job}}


def caller(uses: str, *events: str) -> dict[str, Any]:
    """Return a workflow that calls another."""
    return {"on": list(events), "jobs": {"ship": {"uses": uses}}}


def found(files: dict[str, Any]) -> dict[str, Finding]:
    """Return road to finding."""
    return {each.road: each for each in findings(files)}


GUARDED = {SHIP: reusable(), PUSH: caller("$/.github/workflows/ship.yml", "push")}


def test_as_it_should_be() -> None:
    """All that files can tell is prevented; what they cannot is to be looked at."""
    words = {road: each.word for road, each in found(GUARDED).items()}
    looked = dict.fromkeys(("reviewers", "oidc", "reconcile"), Word.LOOK)
    told = dict.fromkeys(("promoting-job", "promoting-trigger", "action-pins"), Word.PREVENTS)
    assert words == told | looked


def test_no_workflow_at_all() -> None:
    """Nothing seen is not closed."""
    words = [each.word for each in findings({})]
    assert words == [Word.UNKNOWN] * 3 + [Word.LOOK] * 3


def test_workflows_that_promote_nothing() -> None:
    """Then somebody else does."""
    job = found({PUSH: {"on": "push", "jobs": {"test": {"steps": [{"run": "pytest"}]}}}})["promoting-job"]
    assert job.word is Word.UNKNOWN


@pytest.mark.parametrize(
    "step",
    [
        {"run": "gates promote --apply"},
        {"run": "set -e\nmake data\n.venv/bin/gates ship"},
        {"run": "gates rollback --to previous --reason x"},
        {"run": "gates reconcile --repair"},
        {"run": "gates reconcile \\\n  --repair"},
        {"run": "gates \\\r\n promote --apply"},
        {"run": "make ship"},
        {"run": "make -C project UPGRADE=1 ship"},
        {"run": "gates reconcile", "env": {"GATES_RECONCILE_REPAIR": "true"}},
        {"uses": "$/.github/actions/reconcile", "with": {"repair": "true"}},
        {"uses": f"org/ml-gates/.github/actions/promote@{SHA}"},
        {"uses": "./.github/actions/rollback"},
    ],
)
@pytest.mark.parametrize("environment", ["", "${{ inputs.environment }}", {"name": ""}])
def test_a_job_that_promotes_without_an_environment(step: dict[str, str], environment: object) -> None:
    """Open, however it promotes; the job is named."""
    job = {"environment": environment, "steps": [step]}
    finding = found({SHIP: reusable(**job)})["promoting-job"]
    assert (finding.word, "ship.yml: promote" in finding.what) == (Word.OPEN, True)
    assert "environment: production" in finding.do


@pytest.mark.parametrize("run", [
    "gates reconcile", "gates status", "echo gates; promote", "mygates_promote",
    "gates reconcile\ngit push --repair",
])  # fmt: skip
def test_a_job_that_promotes_nothing_needs_none(run: str) -> None:
    """It only looks."""
    files = GUARDED | {PUSH: {"on": "schedule", "jobs": {"look": {"steps": [{"run": run}]}}}}
    assert found(files)["promoting-job"].word is Word.PREVENTS


def test_an_environment_with_an_address() -> None:
    """A mapping is one as well."""
    job = {"environment": {"name": "production", "url": "https://example.org"}}
    assert found({SHIP: reusable(**job)})["promoting-job"].word is Word.PREVENTS


def test_a_job_outside_a_reusable_workflow() -> None:
    """Detected at best: a branch can change the file."""
    files = {PUSH: reusable() | {"on": "push"}}
    assert found(files)["promoting-job"].word is Word.DETECTS


@pytest.mark.parametrize(
    "event",
    ["pull_request", "pull_request_target", "pull_request_review", "pull_request_review_comment", "issues",
     "issue_comment", "discussion", "discussion_comment", "fork", "watch", "gollum", "workflow_run",
     "check_run", "what_comes_next_year"],
)  # fmt: skip
@pytest.mark.parametrize(
    "uses",
    [
        "./.github/workflows/ship.yml",
        "$/.github/workflows/ship.yml",
        f"org/ml-gates/.github/workflows/ship.yml@{SHA}",
        f"org/ml-gates/.github/workflows/rollback.yml@{SHA}",
        f"org/ml-gates/.github/workflows/drill.yml@{SHA}",
        f"org/ml-gates/.github/workflows/reconcile.yml@{SHA}",
    ],
)
def test_strangers_start_what_promotes(event: str, uses: str) -> None:
    """Open, with the file and the event."""
    finding = found({SHIP: reusable(), PUSH: caller(uses, "push", event)})["promoting-trigger"]
    assert (finding.word, f"on-push.yml ({event})" in finding.what) == (Word.OPEN, True)


def test_strangers_start_it_by_two_calls() -> None:
    """A call of a call promotes too."""
    middle = {"on": {"workflow_call": ""}, "jobs": {"x": {"uses": "./.github/workflows/ship.yml"}}}
    files = {
        SHIP: reusable(),
        ".github/workflows/middle.yml": middle,
        PUSH: caller("./.github/workflows/middle.yml", "pull_request"),
    }
    assert found(files)["promoting-trigger"].word is Word.OPEN


def test_a_pull_request_that_only_tests() -> None:
    """Prevented; but with the secrets of the repository it is open, whatever it runs."""
    for event, word in (("pull_request", Word.PREVENTS), ("pull_request_target", Word.OPEN)):
        for started in (event, [event], {event: {"branches": ["main"]}}):
            fast = {"on": started, "jobs": {"test": {"steps": [{"run": "pytest"}]}}}
            assert found(GUARDED | {".github/workflows/fast.yml": fast})["promoting-trigger"].word is word


@pytest.mark.parametrize(
    "uses", ["actions/checkout@v6", "actions/checkout@main", "x/y", "docker://a:1", f"x/y@{SHA[1:]}"]
)
def test_an_action_that_can_be_exchanged(uses: str) -> None:
    """Open, in a workflow, a call and a composite action alike; what to paste has its name."""
    step = {"steps": [{"uses": uses}]}
    for name, document in (
        (PUSH, {"on": "push", "jobs": {"test": step}}),
        (PUSH, caller(uses, "push")),
        (".github/actions/setup/action.yml", {"runs": {"using": "composite", **step}}),
    ):
        finding = found(GUARDED | {name: document})["action-pins"]
        assert (finding.word, uses in finding.what) == (Word.OPEN, True)
        assert finding.do.startswith(f"uses: {uses.partition('@')[0]}@COMMIT")


def test_a_version_of_ours_is_to_be_looked_at() -> None:
    """So ml-gates asks to be called; a branch of it, another's tag beside it, a name like ours are open."""
    ours, words = "org/ml-gates/.github/workflows/ship.yml", {}
    for uses in (f"{ours}@v1", f"{ours}@v1.2.3", f"{ours}@main", "x/ml-gates-y/.github/workflows/a.yml@v1"):
        words[uses] = found(GUARDED | {PUSH: caller(uses, "push")})["action-pins"].word
    assert list(words.values()) == [Word.LOOK, Word.LOOK, Word.OPEN, Word.OPEN]
    step = {"test": {"steps": [{"uses": "x/y@v1"}]}, "ship": {"uses": f"{ours}@v1"}}
    beside = found({PUSH: {"on": "push", "jobs": step}})["action-pins"]
    assert (beside.word, "ml-gates" in beside.what) == (Word.OPEN, False)


def test_what_is_pinned() -> None:
    """A commit, a digest, and the repository's own."""
    steps = [f"x/y@{SHA}", "./local", "../beside", "$/.github/actions/x", f"docker://a@sha256:{'0' * 64}"]
    files = {PUSH: {"on": "push", "jobs": {"test": {"steps": [{"uses": each} for each in steps]}}}}
    assert found(files)["action-pins"].word is Word.PREVENTS


@pytest.mark.parametrize(
    "document",
    [{}, {"on": "push"}, {"jobs": "x"}, {"jobs": {"a": "x"}}, {"jobs": {"a": {"steps": "x"}}},
     {"jobs": {"a": {"steps": ["x"]}}}, {"runs": "x"}, {"on": ["push"], "jobs": [1]}],
)  # fmt: skip
def test_files_that_github_would_refuse(document: dict[str, Any]) -> None:
    """They stop nothing here."""
    assert len(list(findings({PUSH: document}))) == 6


ELSEWHERE = [
    "make deploy", "set -e\nmake", "x && make all", "./deploy", "bash deploy.sh", "bash deploy",
    "python tools/x.py", "make shipment", "make; ship",
    "scripts/deploy", ". ./x", "npm run deploy",
    'gates "$COMMAND"', "gates $COMMAND",
    "uv run tools/ship.py",
]  # fmt: skip


def calling(run: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - a workflow's own keys
    """Return a workflow whose job runs something."""
    job = {"permissions": {"contents": "read"}, "steps": [{"run": run}]}
    return {"on": "push", "jobs": {"x": job | more}}


@pytest.mark.parametrize("run", ELSEWHERE)
@pytest.mark.parametrize(
    "more",
    [{"permissions": {"id-token": "write"}}, {"permissions": "write-all"},
     {"env": {"KEY": "${{ secrets.KEY }}"}}, {"env": {"ALL": "${{ toJSON(secrets) }}"}}],
)  # fmt: skip
def test_what_is_written_elsewhere(run: str, more: dict[str, Any]) -> None:
    """With rights or secrets a person has to look; for a stranger's event at what starts it as well."""
    found_here = found(GUARDED | {".github/workflows/x.yml": calling(run, **more)})
    assert (found_here["promoting-job"].word, "x.yml: x" in found_here["promoting-job"].what) == (
        Word.LOOK,
        True,
    )
    assert found_here["promoting-trigger"].word is Word.PREVENTS
    strange = calling(run, **more) | {"on": "issues"}
    trigger = found(GUARDED | {".github/workflows/x.yml": strange})["promoting-trigger"]
    assert (trigger.word, "x.yml (issues)" in trigger.what) == (Word.LOOK, True)


def test_what_is_written_elsewhere_and_may_nothing() -> None:
    """A job that reads promotes nothing; one without a word of its rights may have all."""
    for run in ELSEWHERE:
        harmless = calling(run) | {"on": "pull_request"}
        words = found(GUARDED | {".github/workflows/x.yml": harmless})
        assert words["promoting-job"].word is Word.PREVENTS
        assert words["promoting-trigger"].word is Word.PREVENTS
    unsaid = {"on": "push", "jobs": {"x": {"steps": [{"run": "make x"}]}}}
    assert found(GUARDED | {PUSH: unsaid, SHIP: reusable()})["promoting-job"].word is Word.LOOK
    said = unsaid | {"permissions": ""}
    assert found(GUARDED | {".github/workflows/x.yml": said})["promoting-job"].word is Word.PREVENTS


@pytest.mark.parametrize(
    "run",
    ["pytest", "pip install -r requirements/x.txt", "python -m build", ".venv/bin/gates status", "echo made",
     "gates judge", "aws s3 ls s3://bucket/x"],
)  # fmt: skip
def test_what_is_read_here(run: str) -> None:
    """Nobody has to look at what promotes nothing."""
    files = GUARDED | {".github/workflows/x.yml": calling(run, permissions="write-all")}
    assert found(files)["promoting-job"].word is Word.PREVENTS


def test_an_action_of_the_repository_is_read() -> None:
    """What its steps do, the job does; what no file shows, a person looks at."""
    use = {"steps": [{"uses": "./.github/actions/deploy"}], "permissions": "write-all"}
    files = GUARDED | {".github/workflows/x.yml": {"on": "push", "jobs": {"x": use}}}
    for runs, word in (
        ({"using": "composite", "steps": [{"run": "gates promote --apply"}]}, Word.OPEN),
        ({"using": "composite", "steps": [{"uses": "./.github/actions/deploy"}]}, Word.PREVENTS),
        ({"using": "composite", "steps": [{"run": "make"}]}, Word.LOOK),
        ({"using": "node24", "main": "x.js"}, Word.LOOK),
    ):
        action = {".github/actions/deploy/action.yml": {"runs": runs}}
        assert found(files | action)["promoting-job"].word is word
    assert found(files)["promoting-job"].word is Word.LOOK


def scheduled(*steps: dict[str, Any], event: str = "schedule") -> dict[str, Any]:
    """Return a workflow that runs steps by the clock."""
    job = {"permissions": {"contents": "read"}, "steps": list(steps)}
    return {".github/workflows/x.yml": {"on": {event: ""}, "jobs": {"x": job}}}


@pytest.mark.parametrize(
    "step", [{"run": "gates reconcile"}, {"uses": f"org/ml-gates/.github/actions/reconcile@{SHA}"}]
)
def test_a_schedule_that_compares(step: dict[str, Any]) -> None:
    """By itself or by a call; another event, or another command, is none."""
    assert found(scheduled(step))["reconcile"].word is Word.PREVENTS
    assert found(scheduled(step))["promoting-job"].word is Word.UNKNOWN
    called = scheduled(step, event="workflow_call")
    assert found(called | {PUSH: caller("./.github/workflows/x.yml", "schedule")})["reconcile"].word is (
        Word.PREVENTS
    )
    for files in (called, scheduled(step, event="push"), scheduled({"run": "gates status"}), {}):
        assert found(files)["reconcile"].word is Word.LOOK


@pytest.mark.parametrize(
    ("uses", "event", "word"),
    [
        (f"org/ml-gates/.github/workflows/reconcile.yml@{SHA}", "schedule", Word.PREVENTS),
        (f"org/ml-gates/.github/workflows/reconcile.yml@{SHA}", "push", Word.LOOK),
        (f"org/ml-gates/.github/workflows/ship.yml@{SHA}", "schedule", Word.LOOK),
        (f"org/other/.github/workflows/reconcile.yml@{SHA}", "schedule", Word.LOOK),
    ],
)
def test_a_schedule_that_calls_ours(uses: str, event: str, word: Word) -> None:
    """Its file is not here; that it is ours is told by the repository."""
    assert found({PUSH: caller(uses, event)})["reconcile"].word is word


def test_this_repository_itself() -> None:
    """Only reusable workflows promote, everything is pinned, and a schedule compares."""
    files = workflow_files.read(Path(__file__).parents[2])
    words = {road: each.word for road, each in found(dict(files)).items()}
    looked = dict.fromkeys(("reviewers", "oidc"), Word.LOOK)
    closed = ("promoting-trigger", "action-pins", "reconcile")
    assert words.items() >= (dict.fromkeys(closed, Word.PREVENTS) | looked).items()
    assert words["promoting-job"] is Word.PREVENTS


def test_the_schedule_to_paste() -> None:
    """It compares, is pinned, and opens nothing."""
    text = found(GUARDED)["reconcile"].do.partition(": ")[2]
    pasted = yaml.load(text.replace("COMMIT", SHA), yaml.BaseLoader)  # noqa: S506 - text alone
    words = {road: each.word for road, each in found(GUARDED | {".github/workflows/x.yml": pasted}).items()}
    assert set(words.values()) == {Word.PREVENTS, Word.LOOK}
    assert (words["reconcile"], words["promoting-job"]) == (Word.PREVENTS, Word.PREVENTS)
