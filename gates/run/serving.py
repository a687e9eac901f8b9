"""What serves: facts about it from the ledger, and its files from the registry, verified."""

import shutil
from pathlib import Path
from typing import Any

from gates import break_glass, digest, statement
from gates.adapters import model
from gates.adapters.registry import Registry
from gates.break_glass import Approval
from gates.documents import parse_json
from gates.envelope import unseal
from gates.errors import TamperedError
from gates.leaves import differences
from gates.ledger import Champion, History
from gates.plans.rollback import was_rolled_back
from gates.run.project import Project
from gates.statement import Decision
from gates.verdict import Outcome


def facts(history: History, sha: str) -> dict[str, Any]:
    """Return which entry says who serves, and whether a candidate was once taken out of production."""
    moved = history.moved
    return {
        "champion": {"seq": moved.entry.seq, "sha256": moved.sha256} if moved else None,
        "rolled_back": was_rolled_back(history, sha),
    }


def decision(project: Project, champion: Champion) -> Decision:
    """Return the decision that let a champion in.

    Raises:
        TamperedError: Its statement is gone, does not verify, or is about another model or decision.
    """
    name = f"The statement of v{champion.version}"
    envelope = project.store.get(champion.statement)
    payload = unseal(envelope, statement.PAYLOAD_TYPE, project.trusted_keys, name)
    try:
        found = statement.from_document(payload, name)
    except TamperedError as error:
        do = "Find who wrote it; serve another: gates rollback --to previous --reason …"
        raise TamperedError(error.what, why=error.why, do=do) from error
    project.require_trusted(envelope, found.judged_on, name)
    outcome = found.outcome is Outcome.PASS
    if champion.approval is not None:
        outcome = approval(project, champion).decision == digest.of_document(payload)
    if not outcome or (found.model, found.candidate.sha) != (project.model, champion.sha):
        raise TamperedError(f"{name} is about another model or decision.", do="Find who wrote the entry.")
    return found


def approval(project: Project, champion: Champion) -> Approval:
    """Return the approval of two people by which a champion came in.

    Raises:
        TamperedError: It is gone, does not verify, or is about another model.
    """
    if champion.approval is None:
        raise ValueError("a decision let it in")
    name = f"The approval of v{champion.version}"
    envelope, trusted = project.store.get(champion.approval), project.policy.trusted_keys
    found = break_glass.read(envelope, project.trusted_keys, trusted, name)
    project.require_trusted(envelope, found.approved.date(), name)
    if found.model != project.model:
        raise TamperedError(f"{name} is about another model.", do="Find who wrote the entry.")
    return found


def policy_changes(project: Project, champion: Champion | None) -> tuple[str, ...]:
    """Return what the policy says otherwise than the one that let the champion in.

    Raises:
        TamperedError: The ledger does not keep that policy any more.
    """
    if champion is None:
        return ()
    kept = project.store.get(decision(project, champion).policy_sha256)
    before = parse_json(kept, f"The policy of v{champion.version}")
    return differences(before, project.policy.document, "gates")


def fetch(project: Project, registry: Registry, champion: Champion, target: Path) -> Path:
    """Download a champion and return the folder with the two files that answer requests.

    Raises:
        TamperedError: Its statement does not hold, or the registry's files are not those that were promoted.
        InvalidError: The version is gone, or brings what MLflow would run.
    """
    decision(project, champion)
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
