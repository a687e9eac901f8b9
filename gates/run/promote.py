"""Job `promote`: sign the decision, append it to the ledger, move the alias. No user's code runs in here."""

import shlex
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import Any

from gates import digest, statement
from gates.adapters import github, replay
from gates.adapters.registry import Registry
from gates.break_glass import TIME, Approval
from gates.documents import read_json
from gates.errors import InvalidError, TamperedError
from gates.ledger import Champion, History
from gates.plans import promote as promotion
from gates.plans.steps import Put
from gates.public_keys import Signer
from gates.render import sentences
from gates.run import card, exhibits, handoff, known, preconditions, serving, signing
from gates.run.carry_out import carry_out
from gates.run.project import Project, now
from gates.run.result import Result, planned
from gates.statement import Decision
from gates.verdict import Outcome


@dataclass(frozen=True)
class Glass:
    """Who lets in what is no pass, why, and for how long.

    Attributes:
        approvers: The signer of each, by URI.
        reason: One sentence for the auditor.
        lasts: How long until `gates reconcile` rolls it back.
    """

    approvers: tuple[str, ...]
    reason: str
    lasts: timedelta


def run(project: Project, expect: str, *, apply: bool, glass: Glass | None = None) -> Result:
    """Promote what `evidence/statement.json` decided; where that is no pass, note it and move nothing.

    Args:
        project: The project.
        expect: Digest of the decision, as the job `judge` told it; empty on a laptop.
        apply: Carry the plan out; else it is told, and nothing is signed, written or moved.
        glass: Who lets in what is no pass; None where nobody does.

    Raises:
        InvalidError: There is no decision, or it is not of today; or the approvers are not two people.
        TamperedError: The decision, or what it names, was changed.
        ConflictError: The champion moved in the meantime.
    """
    with known.told(known.NOTHING_MOVED):
        decision = _decision(project, expect)
        preconditions.require_current(project, decision)
        before = project.history()
        preconditions.require_told_changes(project, before, decision)
        registry = Registry(project.root, project.model)
        preconditions.require_known_champion(project, registry, before)
        approval, approvers = _approval(project, decision, glass) if glass else (None, [])
        steps = promotion.plan(before, decision, _named(project, decision), approval)
    if not apply:
        return planned(steps, _command(glass))
    history = carry_out(project, registry, steps, before, approvers)
    if decision.outcome is not Outcome.PASS and approval is None:
        done = _refused(decision)
    else:
        done = _promoted(project, history, promotion.operation(decision, approval), glass)
        card.log(project, registry, decision, done.details["version"])
    return replace(done, details={**done.details, **_told(decision)})


def _command(glass: Glass | None) -> str:
    if glass is None:
        return "gates promote --apply"
    words = ["gates", "promote", "--break-glass", *(f"--approver={each}" for each in glass.approvers)]
    hours = int(glass.lasts.total_seconds() // 3600)
    return shlex.join([*words, f"--reason={glass.reason}", f"--expires={hours}h", "--apply"])


def _decision(project: Project, expect: str) -> Decision:
    path = project.evidence / "statement.json"
    if not path.exists():
        raise InvalidError(
            "There is no decision to promote.", why=f"{path} is absent.", do="Judge first: gates judge"
        )
    handoff.require_told(expect, "judge")
    if expect and digest.of_file(path) != expect:
        raise TamperedError(
            f"{path} is not what the job `judge` wrote.", do="Find who wrote there; then: gates ship"
        )
    try:
        return statement.from_document(read_json(path), str(path))
    except InvalidError as error:
        raise InvalidError(error.what, why=error.why, do="Judge again: gates judge") from error


def _named(project: Project, decision: Decision) -> list[Put]:
    """Return what the decision names by digest, for the ledger to keep."""
    policy = Put(digest.canonical_json(project.policy.document), "the policy")
    lock = Put((project.evidence / "dvc.lock").read_bytes(), "dvc.lock")
    rows = Put((project.evidence / replay.NAME).read_bytes(), "golden rows with their scores")
    named = [policy, lock, rows]
    if decision.candidate.exhibits_sha256:
        named.append(Put((project.evidence / exhibits.NAME).read_bytes(), "what its report draws"))
    return named


def _approval(project: Project, decision: Decision, glass: Glass) -> tuple[Approval, list[Signer]]:
    """Return what is approved, and by whom: two people whom the policy trusts."""
    approvers = signing.approvers(project, glass.approvers)
    longest = timedelta(hours=project.policy.project.break_glass_hours)
    if glass.lasts > longest:
        raise InvalidError(
            f"A break-glass lasts at most {longest} (gates.break_glass_hours).",
            do="Name a shorter --expires.",
        )
    moment = now().replace(microsecond=0)  # as an entry writes it
    decided = decision.sha256
    return Approval(project.model, decided, glass.reason, moment, moment + glass.lasts), approvers


def _promoted(project: Project, history: History, operation: str, glass: Glass | None) -> Result:
    written = history.operation(operation)
    if written is None or written.entry.target is None:
        raise RuntimeError("a promotion leaves its entry")
    promoted = written.entry.target
    sentence = f"v{promoted.version} is the champion of {history.model}."
    if written != history.moved and history.champion:
        sentence = (
            f"v{promoted.version} was promoted; v{history.champion.version} serves since {history.since}."
        )
    if glass:
        sentence = f"{sentence} {_broken(project, history, promoted, glass)}"
        github.annotate("warning", "break-glass", sentence)
    details = {
        "version": promoted.version,
        "sha": promoted.sha,
        "run_id": promoted.run_id,
        "since": written.entry.time,
    }
    return Result("pass", sentence, details=details)


def _told(decision: Decision) -> dict[str, Any]:
    """Return what was decided about whom, for people who read the end of the road alone."""
    return {
        "candidate": asdict(decision.candidate),
        "decision": decision.sha256,
        "decided": decision.outcome.value,
        "against_champion": sentences.against_champion(decision.verdicts),
    }


def _broken(project: Project, history: History, champion: Champion, glass: Glass) -> str:
    """Return what the ledger says of a break-glass.

    Raises:
        InvalidError: It was broken before, with another reason or for another time.
    """
    found = serving.approval(project, history, champion)
    told = f"It came in by break-glass, until {found.expires:{TIME}}: {found.reason}"
    if (found.reason, found.expires - found.approved) != (glass.reason, glass.lasts):
        raise InvalidError(
            f"The glass was broken before, for v{champion.version}.",
            why=f"{told}.",
            do="It cannot be prolonged: when it is over, gates reconcile --repair, and break it anew.",
        )
    return told


def _refused(decision: Decision) -> Result:
    names = ", ".join(verdict.gate for verdict in statement.blocking(decision.verdicts))
    return Result(
        decision.outcome.value, f"Nothing is promoted: {names} stopped it.", look="evidence/ · gates history"
    )
