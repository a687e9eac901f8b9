"""Whether only a guarded job promotes, what starts it, and whether the actions in it can be exchanged."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from gates.controls.roads import (
    ACTION_PINS,
    OIDC,
    PROMOTING_JOB,
    PROMOTING_TRIGGER,
    REVIEWERS,
    Finding,
)

Files: TypeAlias = Mapping[str, Mapping[str, Any]]

# Started by what somebody without rights in the repository does, or right after it.
_STRANGERS = frozenset(
    {"pull_request", "pull_request_target", "issue_comment", "discussion_comment", "workflow_run"}
)
_COMMAND = re.compile(r"\bgates\s+(?:ship|promote|rollback|reconcile\b.*--repair)\b")
_ACTION = re.compile(r"/\.github/actions/(?:promote|rollback|reconcile)(?:@.*)?")
_WORKFLOW = re.compile(r"(?P<where>.*)/\.github/workflows/(?P<file>[\w.-]+\.ya?ml)(?:@.*)?")
_OURS = frozenset({"ship.yml", "rollback.yml", "reconcile.yml"})
_PINNED = re.compile(r"\.{1,2}/.*|\$/.*|.*@[0-9a-f]{40}|docker://.*@sha256:[0-9a-f]{64}")

_GUARDED = (
    "Let ship.yml promote: uses: org/ml-gates/.github/workflows/ship.yml@COMMIT; "
    "or give the job: environment: production"
)
_TRUST = (
    '{"StringEquals": {"token.actions.githubusercontent.com:job_workflow_ref": '
    '"org/ml-gates/.github/workflows/ship.yml@COMMIT", '
    '"token.actions.githubusercontent.com:environment": "production", '
    '"token.actions.githubusercontent.com:repository_id": "ID"}}'
)


@dataclass(frozen=True)
class _Job:
    """A job that moves the champion: its file and name, and whether environment and reuse guard it."""

    name: str
    environment: bool
    reusable: bool


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
        "GATES_SIGNING_KEY and PROMOTE_* there and nowhere else",
    )
    yield OIDC.look(
        "What a cloud role trusts stands in the cloud and in no file.",
        f"aws iam get-role --role-name PROMOTING_ROLE; its trust is one statement with {_TRUST}",
    )


def _of_files(files: Files) -> Iterator[Finding]:
    promoting = _promoting(files)
    jobs = [job for name in sorted(promoting) for job in _jobs(name, files[name])]
    yield _guard(jobs, promoting)
    yield _triggers(files, promoting)
    yield _pins(files)


def _guard(jobs: list[_Job], promoting: set[str]) -> Finding:
    if not promoting:
        return PROMOTING_JOB.unknown(
            "No workflow here promotes: people do from their machines, or a CI whose files lie elsewhere.",
            _GUARDED,
        )
    bare = [job.name for job in jobs if not job.environment]
    if bare:
        return PROMOTING_JOB.open(f"These jobs promote without an environment: {', '.join(bare)}.", _GUARDED)
    shared = [job.name for job in jobs if not job.reusable]
    if shared:
        return PROMOTING_JOB.detected(
            f"These jobs promote outside a reusable workflow: {', '.join(shared)}; a branch can change them, "
            "and a role cannot tell them by job_workflow_ref.",
            _GUARDED,
        )
    return PROMOTING_JOB.prevented("Only jobs of a reusable workflow with an environment promote.")


def _triggers(files: Files, promoting: set[str]) -> Finding:
    exposed = [
        f"{name} ({', '.join(sorted(found))})"
        for name, document in sorted(files.items())
        if (found := _STRANGERS & _on(document)) and (name in promoting or "pull_request_target" in found)
    ]
    if exposed:
        return PROMOTING_TRIGGER.open(
            f"Strangers start what promotes or has the repository's secrets: {', '.join(exposed)}.",
            "on: {push: {branches: [main]}}; for pull requests: on: pull_request, without what promotes",
        )
    return PROMOTING_TRIGGER.prevented("Nothing that promotes is started by a pull request.")


def _pins(files: Files) -> Finding:
    loose = sorted(
        {each for document in files.values() for each in _uses(document) if not _PINNED.fullmatch(each)}
    )
    if loose:
        return ACTION_PINS.open(
            f"These are not pinned to a commit: {', '.join(loose)}.",
            f"uses: {loose[0].partition('@')[0]}@COMMIT # {loose[0].partition('@')[2] or 'version'}",
        )
    return ACTION_PINS.prevented("Every action is pinned to a commit.")


def _promoting(files: Files) -> set[str]:
    """Return the files with a job that promotes, and those that call one of them."""
    found = {name for name, document in files.items() if _jobs(name, document)}
    while True:
        callers = {
            name
            for name, document in files.items()
            if any(_calls(str(job.get("uses", "")), found) for job in _all_jobs(document).values())
        }
        if callers <= found:
            return found
        found |= callers


def _calls(uses: str, promoting: set[str]) -> bool:
    """Return whether a job calls a workflow that promotes: one of these files, or one of ml-gates."""
    called = _WORKFLOW.fullmatch(uses)
    if called is None:
        return False
    if called["where"] in {".", "$"}:
        return f".github/workflows/{called['file']}" in promoting
    return called["file"] in _OURS


def _jobs(name: str, document: Mapping[str, Any]) -> list[_Job]:
    """Return the jobs of a file that promote by a step of their own."""
    reusable = "workflow_call" in _on(document)
    return [
        _Job(f"{name.rpartition('/')[2]}: {job_name}", _environment(job), reusable)
        for job_name, job in _all_jobs(document).items()
        if any(
            _COMMAND.search(str(step.get("run", ""))) or _ACTION.search(str(step.get("uses", "")))
            for step in _steps(job)
        )
    ]


def _environment(job: Mapping[str, Any]) -> bool:
    named = job.get("environment", "")
    text = str(named.get("name", "") if isinstance(named, dict) else named)
    return bool(text) and "${{" not in text


def _on(document: Mapping[str, Any]) -> set[str]:
    started = document.get("on", ())
    return {started} if isinstance(started, str) else set(map(str, started))


def _all_jobs(document: Mapping[str, Any]) -> dict[str, Any]:
    jobs = document.get("jobs")
    return (
        {name: job for name, job in jobs.items() if isinstance(job, dict)} if isinstance(jobs, dict) else {}
    )


def _steps(block: Mapping[str, Any]) -> list[Any]:
    steps = block.get("steps")
    return [step for step in steps if isinstance(step, dict)] if isinstance(steps, list) else []


def _uses(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield everything that a workflow or a composite action uses."""
    runs = document.get("runs")
    blocks = [*_all_jobs(document).values(), *([runs] if isinstance(runs, dict) else [])]
    for block in blocks:
        yield from (str(each["uses"]) for each in (block, *_steps(block)) if "uses" in each)
