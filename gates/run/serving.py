"""What serves: facts about it from the ledger, and its files from the registry, verified."""

import shutil
from pathlib import Path
from typing import Any

from gates import break_glass, statement, trust
from gates.adapters import model
from gates.adapters.registry import Registry
from gates.break_glass import TIME, Approval
from gates.documents import parse_json
from gates.envelope import signers, unseal
from gates.errors import TamperedError
from gates.leaves import differences
from gates.ledger import Champion, History, Link
from gates.plans.rollback import was_rolled_back
from gates.run.project import Project, now
from gates.statement import Decision
from gates.verdict import Outcome


def facts(history: History, sha: str) -> dict[str, Any]:
    """Return which entry says who serves, and whether a candidate was once taken out of production."""
    return {
        "champion": _place(history.moved),
        "rolled_back": was_rolled_back(history, sha),
    }


def decision(project: Project, history: History, champion: Champion) -> Decision:
    """Return the decision that let a champion in.

    Raises:
        TamperedError: Its statement is gone, does not verify, is about another model, run or decision, or was
            made beside another champion than the one that its entry replaced.
    """
    name = f"The statement of v{champion.version}"
    found = _signed(project, champion.statement, name)
    passed = found.outcome is Outcome.PASS
    if champion.approval is not None:
        passed = approval(project, history, champion).decision == found.sha256
    about = (found.model, found.candidate.sha, found.candidate.run_id)
    if not passed or about != (project.model, champion.sha, champion.run_id):
        raise TamperedError(f"{name} is about another model or decision.", do="Find who wrote the entry.")
    _, before = history.admission(champion)
    if found.champion != _place(before):
        raise TamperedError(
            f"{name} is an old one: it was made beside another champion than the one it replaced.",
            do="Find who wrote the entry.",
        )
    return found


def decision_of(project: Project, link: Link) -> Decision:
    """Return the decision that an entry has made, signed by somebody whom the policy trusts.

    Raises:
        TamperedError: Its statement is gone, does not verify, or its key was not trusted on that day.
    """
    entry = link.entry
    kept = entry.evidence if entry.kind == "refuse" else entry.target and entry.target.statement
    name = f"The statement of entry {entry.seq}"
    if not kept:
        raise TamperedError(f"{name} is not named.", do="Find who wrote the entry.")
    return _signed(project, kept, name)


def _signed(project: Project, sha256: str, name: str) -> Decision:
    """Return a kept decision that somebody signed whom the policy trusted on its day."""
    envelope = project.store.get(sha256)
    payload = unseal(envelope, statement.PAYLOAD_TYPE, project.trusted_keys, name)
    try:
        found = statement.from_document(payload, name)
    except TamperedError as error:
        do = "Find who wrote it; if it serves, serve another: gates rollback --to previous --reason …"
        raise TamperedError(error.what, why=error.why, do=do) from error
    project.require_trusted(envelope, found.judged_on, name)
    return found


def approval(project: Project, history: History, champion: Champion) -> Approval:
    """Return the approval of two people by which a champion came in.

    Raises:
        TamperedError: It is gone, does not verify, is about another model, or of another time than its entry.
    """
    if champion.approval is None:
        raise ValueError("a decision let it in")
    name = f"The approval of v{champion.version}"
    envelope, approvers = project.store.get(champion.approval), project.policy.approvers
    found = break_glass.read(envelope, project.approver_keys, approvers, name)
    trust.require_valid(approvers, signers(envelope), found.approved.date(), name)
    link, _ = history.admission(champion)
    moment = history.moments[link.entry.seq - 1]
    timely = f"{found.approved:{TIME}}" <= moment < f"{found.expires:{TIME}}"
    if found.model != project.model or not timely:
        raise TamperedError(f"{name} is about another model or time.", do="Find who wrote the entry.")
    return found


def glass(project: Project, history: History, champion: Champion) -> dict[str, str]:
    """Return who let in a champion that no gate has passed, why, and until when, for people.

    Raises:
        TamperedError: What they signed does not hold.
    """
    found = approval(project, history, champion)
    signed = champion.approval or ""
    people = break_glass.owners(signers(project.store.get(signed)), project.policy.approvers)
    over = " (over: gates reconcile --repair rolls it back)" if found.expired(now()) else ""
    until = f"{found.expires:{TIME}}{over}"
    return {"by": ", ".join(people), "reason": found.reason, "until": until, "approval": signed}


def _place(link: Link | None) -> dict[str, Any] | None:
    return {"seq": link.entry.seq, "sha256": link.sha256} if link else None


def policy_changes(project: Project, history: History) -> tuple[str, ...]:
    """Return what the policy says otherwise than the one that let the champion in.

    Raises:
        TamperedError: The ledger does not keep that policy any more.
    """
    champion = history.champion
    if champion is None:
        return ()
    kept = project.store.get(decision(project, history, champion).policy_sha256)
    before = parse_json(kept, f"The policy of v{champion.version}")
    return differences(before, project.policy.document, "gates")


def fetch(project: Project, registry: Registry, history: History, champion: Champion, target: Path) -> Path:
    """Download a champion and return the folder with the two files that answer requests.

    Raises:
        TamperedError: Its statement does not hold, or the registry's files are not those that were promoted.
        InvalidError: The version is gone, or brings what MLflow would run.
    """
    decision(project, history, champion)
    shutil.rmtree(target, ignore_errors=True)
    whole = registry.fetch(champion.version, target)
    if whole != champion.folder_sha256 or model.served_digest(target) != champion.sha:
        raise TamperedError(
            f"Version {champion.version} of {project.model} is not what was promoted.",
            why="A file of it was changed, added or removed in the registry.",
            do="Find who wrote there. Serve an earlier one: gates rollback --to previous --reason …",
        )
    model.require_plain_folder(target, project.policy.project.trusted_types)
    model.keep_served(target)
    return target
