"""From a target to the steps that make it serve again."""

from gates import digest
from gates.ledger import Champion, History
from gates.plans.steps import Append, PointAlias, Step


def plan(history: History, target: Champion, reason: str) -> list[Step]:
    """Return the steps of a rollback; nobody needs to be registered, since the target served before."""
    head = history.head.sha256 if history.head else None
    operation = digest.of_document(["rollback", head, target.sha])
    return [Append(operation, "rollback", target, reason), PointAlias()]


def was_rolled_back(history: History, sha: str) -> str:
    """Return the sentence that says who took a model out of production, empty if nobody did.

    It counts while no later entry has put that SHA back.
    """
    for link in reversed(history.links):
        entry = link.entry
        if entry.target.sha == sha:
            return ""
        if entry.kind == "rollback" and entry.origin and entry.origin.sha == sha:
            why = f" ({entry.reason})" if entry.reason else ""
            return f"v{entry.origin.version} was rolled back by {entry.actor} at {entry.time}{why}."
    return ""
