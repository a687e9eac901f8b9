"""Whether only a guarded job promotes, what starts it, and whether the actions in it can be exchanged."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gates.controls.roads import (
    ACTION_PINS,
    OIDC,
    PROMOTING_JOB,
    PROMOTING_TRIGGER,
    RECONCILE,
    REVIEWERS,
    Finding,
)
from gates.controls.workflow_steps import Files, Steps, all_jobs, block_steps

PLACEHOLDER = "COMMIT"
ROADS = (PROMOTING_JOB, PROMOTING_TRIGGER, ACTION_PINS, REVIEWERS, OIDC, RECONCILE)

# Started by who has rights in the repository, by another workflow, or by the clock; all else is a stranger's.
_TRUSTED = frozenset(
    {"push", "schedule", "workflow_dispatch", "repository_dispatch", "workflow_call", "release"}
)
_WORKFLOW = re.compile(r"(?P<where>.*)/\.github/workflows/(?P<file>[\w.-]+\.ya?ml)(?:@.*)?")
_OURS = re.compile(r".*/\.github/workflows/(?:ship|rollback|reconcile|drill)\.ya?ml(?:@.*)?")
_COMPARES = re.compile(r"[^/]+/ml-gates/\.github/workflows/reconcile\.yml@.*")
_RELEASED = re.compile(r"[^/]+/ml-gates/\.github/(?:workflows|actions)/[\w./-]+@v\d+(?:\.\d+)*")
_NOBODY = re.compile("(?!)")
_PINNED = re.compile(r"\.{1,2}/.*|\$/.*|.*@[0-9a-f]{40}|docker://.*@sha256:[0-9a-f]{64}")

_GUARDED = (
    "Let ship.yml promote: uses: org/ml-gates/.github/workflows/ship.yml@COMMIT; "
    "or give the job: environment: production"
)
_UNSEEN = "These call make, a script or an action that is not read here, with rights to write or secrets"
_READ_ALONE = "See that it promotes nothing; or give the job: permissions: {contents: read}, and no secret"
_TRUST = (
    '{"StringEquals": {"token.actions.githubusercontent.com:job_workflow_ref": '
    '["org/ml-gates/.github/workflows/ship.yml@COMMIT", and so rollback.yml, reconcile.yml and drill.yml], '
    '"token.actions.githubusercontent.com:environment": ["production", "unattended"], '
    '"token.actions.githubusercontent.com:repository_id": "ID"}}'
)
_SCHEDULE = (
    "In .github/workflows/on-reconcile.yml: {on: {schedule: [{cron: '*/15 * * * *'}]}, permissions: {}, "
    "jobs: {reconcile: {uses: org/ml-gates/.github/workflows/reconcile.yml@COMMIT, "
    "permissions: {contents: read, id-token: write, issues: write}, with: {working-directory: ., "
    "tracking-uri: ADDRESS, ledger: PLACE, aws-role: ROLE}, secrets: {"
    + ", ".join(
        f"{name}: '${{{{ secrets.{name} }}}}'"
        for name in ("GATES_SIGNING_KEY", "PROMOTE_USERNAME", "PROMOTE_PASSWORD")
    )
    + "}}}}"
)


@dataclass(frozen=True)
class _Job:
    """A job: its file, name and steps, and whether environment and reuse guard it."""

    file: str
    name: str
    steps: Steps
    environment: bool
    reusable: bool

    @property
    def guarded(self) -> bool:
        return self.environment and self.reusable


def findings(files: Files) -> Iterator[Finding]:
    """Yield what is found in the workflows and composite actions of a repository, path to document."""
    if files:
        yield from _of_files(files)
    else:
        for road in (PROMOTING_JOB, PROMOTING_TRIGGER, ACTION_PINS):
            yield road.unknown(
                "There is no workflow here: people promote, or a CI of another kind.", _GUARDED
            )
    yield REVIEWERS.look(
        "Who approves, and which branches may deploy, stands in the settings and in no file.",
        "Settings → Environments → production: required reviewers, branch main alone, and the secrets "
        "GATES_SIGNING_KEY and PROMOTE_* there and in `unattended` (main alone), for what the clock starts",
    )
    yield OIDC.look(
        "What a cloud role trusts stands in the cloud and in no file.",
        f"aws iam get-role --role-name PROMOTING_ROLE; its trust is one statement with {_TRUST}",
    )
    yield _schedule(files)


def _of_files(files: Files) -> Iterator[Finding]:
    jobs = [job for name in sorted(files) for job in _jobs(files, name)]
    promoting = [job for job in jobs if job.steps.promote]
    unseen = [job for job in jobs if job.steps.unseen and not job.steps.promote]
    yield _guard(promoting, [job for job in unseen if not job.guarded], _reaching(files, promoting, _OURS))
    yield _triggers(files, promoting, unseen)
    yield _pins(files)


def _guard(jobs: list[_Job], unseen: list[_Job], promoting: set[str]) -> Finding:
    if not promoting:
        return PROMOTING_JOB.unknown(
            "No workflow here promotes: people do from their machines, or a CI whose files lie elsewhere.",
            _GUARDED,
        )
    if bare := [job for job in jobs if not job.environment]:
        return PROMOTING_JOB.open(f"These jobs promote without an environment: {_names(bare)}.", _GUARDED)
    if shared := [job for job in jobs if not job.reusable]:
        return PROMOTING_JOB.detected(
            f"These jobs promote outside a reusable workflow: {_names(shared)}; a branch can change them, "
            "and a role cannot tell them by job_workflow_ref.",
            _GUARDED,
        )
    if unseen:
        return PROMOTING_JOB.look(
            f"{_UNSEEN}: {_names(unseen)}. All else that promotes is guarded.", f"{_READ_ALONE}; {_GUARDED}"
        )
    return PROMOTING_JOB.prevented("Only jobs of a reusable workflow with an environment promote.")


def _triggers(files: Files, jobs: list[_Job], unseen: list[_Job]) -> Finding:
    promoting = _reaching(files, jobs, _OURS)
    strangers = {
        name: found for name, document in sorted(files.items()) if (found := _on(document) - _TRUSTED)
    }
    exposed = [
        f"{name} ({', '.join(sorted(found))})"
        for name, found in strangers.items()
        if name in promoting or "pull_request_target" in found
    ]
    if exposed:
        return PROMOTING_TRIGGER.open(
            f"Strangers start what promotes or has the repository's secrets: {', '.join(exposed)}.",
            "on: {push: {branches: [main]}}; for pull requests: on: pull_request, without what promotes",
        )
    if doubtful := strangers.keys() & _reaching(files, unseen):
        told = ", ".join(f"{name} ({', '.join(sorted(strangers[name]))})" for name in sorted(doubtful))
        return PROMOTING_TRIGGER.look(f"{_UNSEEN}, and strangers start it: {told}.", _READ_ALONE)
    return PROMOTING_TRIGGER.prevented("Nothing that promotes is started by a stranger.")


def _schedule(files: Files) -> Finding:
    """Return whether a schedule compares; a cron elsewhere is seen by nobody here."""
    comparing = [job for name in files for job in _jobs(files, name) if job.steps.reconcile]
    scheduled = sorted(
        name for name in _reaching(files, comparing, _COMPARES) if "schedule" in _on(files.get(name, {}))
    )
    if scheduled:
        return RECONCILE.prevented(f"A schedule runs `gates reconcile`: {', '.join(scheduled)}.")
    return RECONCILE.look("No workflow here runs `gates reconcile` on a schedule.", _SCHEDULE)


def _names(jobs: list[_Job]) -> str:
    return ", ".join(f"{job.file.rpartition('/')[2]}: {job.name}" for job in jobs)


def _pins(files: Files) -> Finding:
    loose = sorted(
        {each for document in files.values() for each in _uses(document) if not _PINNED.fullmatch(each)}
    )
    if foreign := [each for each in loose if not _RELEASED.fullmatch(each)]:
        return ACTION_PINS.open(f"These are not pinned to a commit: {', '.join(foreign)}.", _pinned(foreign))
    if loose:
        moved = f"Who releases ml-gates can move its tag: {', '.join(loose)}."
        return ACTION_PINS.look(moved, _pinned(loose))
    return ACTION_PINS.prevented("Every action is pinned to a commit.")


def _pinned(loose: list[str]) -> str:
    name, _, version = loose[0].partition("@")
    if version == PLACEHOLDER:
        return f"Write for {PLACEHOLDER} the commit of the version that you have read: {name}"
    return f"uses: {name}@{PLACEHOLDER} # {version or 'version'}"


def _reaching(files: Files, jobs: list[_Job], ours: re.Pattern[str] = _NOBODY) -> set[str]:
    """Return the files of these jobs and those that call one of them, or one of these of ml-gates."""
    found = {job.file for job in jobs}
    while True:
        callers = {
            name
            for name, document in files.items()
            if any(_calls(str(job.get("uses", "")), found, ours) for job in all_jobs(document).values())
        }
        if callers <= found:
            return found
        found |= callers


def _calls(uses: str, found: set[str], ours: re.Pattern[str]) -> bool:
    called = _WORKFLOW.fullmatch(uses)
    if called is None:
        return False
    if called["where"] in {".", "$"}:
        return f".github/workflows/{called['file']}" in found
    return bool(ours.fullmatch(uses))


def _jobs(files: Files, name: str) -> Iterator[_Job]:
    document = files[name]
    for job_name, job in all_jobs(document).items():
        yield _Job(
            name,
            job_name,
            Steps.of(files, document, job),
            environment=_environment(job),
            reusable="workflow_call" in _on(document),
        )


def _environment(job: Mapping[str, Any]) -> bool:
    named = job.get("environment", "")
    text = str(named.get("name", "") if isinstance(named, dict) else named)
    return bool(text) and "${{" not in text


def _on(document: Mapping[str, Any]) -> set[str]:
    started = document.get("on", ())
    return {started} if isinstance(started, str) else set(map(str, started))


def _uses(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield everything that a workflow or a composite action uses."""
    runs = document.get("runs")
    blocks = [*all_jobs(document).values(), *([runs] if isinstance(runs, dict) else [])]
    for block in blocks:
        yield from (str(each["uses"]) for each in (block, *block_steps(block)) if "uses" in each)
