"""`gates ship`: the five jobs in a row, each in a process of its own, as CI runs them."""

import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gates import errors
from gates.adapters import connection, dvc, github, keys, model, process
from gates.adapters.registry import Registry
from gates.errors import ConflictError, GatesError
from gates.ledger import History
from gates.render import sentences
from gates.run import report
from gates.run.carry_out import alias_confirmed, point_alias
from gates.run.project import LEDGER_VARIABLE, Project
from gates.run.result import UNCHANGED, Result
from gates.verdict_document import from_document

JOBS = ("data", "train", "predict", "judge", "promote")
# What a room does not have. On one machine this keeps order, and nobody out: files, and the environment of
# the process above, stay readable for the same user. In CI each room is a machine of its own.
WITHHELD = {
    "data": (*github.STEP_FILES, *connection.CREDENTIALS, LEDGER_VARIABLE, keys.VARIABLE),
    "train": (*github.STEP_FILES, LEDGER_VARIABLE, keys.VARIABLE),
    "predict": (*github.STEP_FILES, keys.VARIABLE),
    "judge": (*github.STEP_FILES, keys.VARIABLE),
    "promote": github.STEP_FILES,
}
PROMOTE = JOBS[-1]  # the one that moves something
JUDGED = frozenset({"sha", "candidate", "decision", "verdicts", "policy_changes"})
CHAMPION = ("version", "sha", "run_id", "since")
COMPARISONS = 3  # with a champion that moved meanwhile
STOP_S = 10.0  # a job that is told to end stops DVC and its stages first


@dataclass(frozen=True)
class Ended:
    """A job's answer and the seconds that it took."""

    result: Result
    seconds: float


def run(project: Project, approver: str, until: str = PROMOTE) -> Result:
    """Run the jobs until one stops, and say what was decided; where the champion moved meanwhile, once more.

    Args:
        project: The project.
        approver: Who approves a first model, where the policy asks for it.
        until: The last job to run; before `promote`, nothing is promoted, noted or completed.

    Raises:
        ConflictError: The champion moved each time that the challenger was compared with it.
        GatesError: A job could not look; its own error.
    """
    before = project.history()
    answer = _answered(project, approver, before, until)
    if answer.outcome == UNCHANGED:
        report.tell(project, of_who_serves=True)
    elif until == "judge" and answer.outcome == "pass":
        report.tell(project)  # of what judge stops, and promote ends, they have written it
    return answer


def _answered(project: Project, approver: str, before: History, until: str) -> Result:
    """Run the jobs, unless nothing is to do; where the champion moved meanwhile, once more."""
    if until == PROMOTE and _nothing_changed(project, before):
        return _already(project, before)
    for _ in range(COMPARISONS - 1):
        try:
            return _ship(project, approver, before, until)
        except ConflictError as error:
            # Only what was compared is out of date: data and training are found again as they were.
            project.say(f"{error.what} Comparing with who serves now")
            before = project.history()
    return _ship(project, approver, before, until)


def _ship(project: Project, approver: str, before: History, until: str) -> Result:
    """Run the jobs once.

    Raises:
        ConflictError: Somebody else moved the champion that the challenger was compared with.
    """
    digests: dict[str, str] = {}
    timings: dict[str, float] = {}
    judged: dict[str, Any] = {}
    for job in JOBS[: JOBS.index(until) + 1]:
        with project.screen.step(job) as show:
            ended = _job(project, job, _flags(job, digests, approver), show)
        timings[job] = round(ended.seconds, 2)
        judged |= {name: value for name, value in ended.result.details.items() if name in JUDGED}
        if ended.result.outcome == UNCHANGED:
            return _already(project, project.history(), timings, completes=until == PROMOTE)
        digests[job] = ended.result.digest
        if ended.result.outcome != "pass":
            if job == "judge" and until == PROMOTE:
                _note_refusal(project, digests)
            details = {"stopped_at": job, "timings_s": timings, "before": _champion(before), **judged}
            return _refused(ended.result, details)
    details = {"timings_s": timings, "before": _champion(before), **judged}
    if until != PROMOTE:
        return replace(ended.result, sentence=f"{ended.result.sentence} Nothing moved.", details=details)
    promoted = ended.result.details
    return _promoted({**details, "champion": {name: promoted[name] for name in CHAMPION if name in promoted}})


def _note_refusal(project: Project, digests: dict[str, str]) -> None:
    """Let `promote` note in the ledger what was refused; that it may not sign here changes no answer."""
    try:
        with project.screen.step("promote") as show:
            _job(project, "promote", _flags("promote", digests, ""), show)
    except GatesError as error:
        project.say(f"the refusal was not noted in the ledger: {error.what}")


def _refused(stopped: Result, details: dict[str, Any]) -> Result:
    """Answer which finding stopped the candidate, and by how much."""
    verdicts = list(map(from_document, details.get("verdicts", ())))
    sentence = sentences.refused(stopped.outcome, verdicts, details["before"])
    judged = details["stopped_at"] in JOBS[JOBS.index("judge") :]  # before, there is nothing to report on
    return Result(
        stopped.outcome,
        sentence,
        verdict=stopped.verdict,
        look="evidence/report.html · gates status" if judged else "gates status",
        details=details,
    )


def _promoted(details: dict[str, Any]) -> Result:
    """Answer who serves now instead of whom, and by how much it is better."""
    champion, before = details["champion"], details["before"]
    verdicts = list(map(from_document, details["verdicts"]))
    return Result(
        "pass",
        sentences.promoted(champion["version"], before["version"] if before else None, verdicts),
        verdict="evidence/statement.json",
        look=f"gates show {champion['sha'][:12]} · gates history · evidence/report.html",
        details=details,
    )


def _flags(job: str, digests: dict[str, str], approver: str) -> list[str]:
    """Return the flags of a job: what the jobs before it have handed on, as they told us themselves."""
    if job == "data":
        return []
    flags = ["--expect", digests[JOBS[JOBS.index(job) - 1]]]
    if job == "judge":
        flags += ["--expect-train", digests["train"], "--expect-data", digests["data"]]
        flags += ["--approver", approver] if approver else []
    if job == "promote":
        flags += ["--apply"]
    return flags


def _nothing_changed(project: Project, history: History) -> bool:
    """Return whether what serves is what the stages' outputs hold, and no stage would run."""
    if (
        history.champion is None
        or history.champion.approval
        or not all((project.model_folder / name).exists() for name in model.SERVED_FILES)
    ):
        return False
    if model.served_digest(project.model_folder) != history.champion.sha:
        return False
    return dvc.unchanged(project.root, project.log)


def _already(
    project: Project, history: History, timings: dict[str, float] | None = None, *, completes: bool = True
) -> Result:
    """Answer that nothing is to do, after completing an alias that a killed promotion left behind."""
    if completes and not alias_confirmed(project, history):
        project.say("asking MLflow for the alias")
        point_alias(project, Registry(project.root, project.model))
    champion = history.champion
    if champion is None:
        raise RuntimeError("unchanged means that there is a champion")
    details = {"champion": _champion(history), "timings_s": timings or {}}
    return Result(
        UNCHANGED,
        f"v{champion.version} ({champion.sha[:12]}) is already champion; nothing to do.",
        look="gates status",
        details=details,
    )


def _champion(history: History) -> dict[str, Any] | None:
    champion = history.champion
    return {"version": champion.version, "sha": champion.sha, "run_id": champion.run_id} if champion else None


def _job(project: Project, job: str, flags: Sequence[str], show: Callable[[str], None]) -> Ended:
    """Run one job as a process without the variables that its room does not have."""
    command = [sys.executable, "-P", "-m", "gates", job, "--json", "--project", str(project.root), *flags]
    environment = dict.fromkeys(WITHHELD[job])
    started = time.monotonic()
    ended = process.run(
        command, cwd=project.root, env=environment, log=project.log, on_line=show, grace_s=STOP_S
    )
    seconds = time.monotonic() - started
    try:
        answer = json.loads(ended.stdout)
    except json.JSONDecodeError:
        raise GatesError(
            f"The job `{job}` ended with code {ended.code} and no answer.",
            why=" | ".join(ended.tail[-3:]),
            do=f"Run it alone to see more: gates {job}. Log: {project.log}",
        ) from None
    if "error" in answer:
        raise errors.from_document(answer["error"])
    shared = {name: answer.pop(name, "") for name in ("outcome", "sentence", "digest", "verdict")}
    return Ended(Result(**shared, details=answer), seconds)
