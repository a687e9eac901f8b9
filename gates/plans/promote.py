"""From a passing decision to the steps that carry it out, exactly once."""

from gates import digest
from gates.errors import ConflictError
from gates.ledger import History
from gates.plans.steps import Append, PointAlias, Register, Step
from gates.statement import Decision


def plan(history: History, decision: Decision, statement: str) -> list[Step]:
    """Return what is left to do for a decision.

    Args:
        history: The verified ledger.
        decision: What was decided; the caller has seen that it may be promoted.
        statement: SHA-256 of its signed statement.

    Raises:
        ConflictError: The champion that it was compared with serves no more.
    """
    operation = digest.of_document(["promote", statement])
    done = history.operation(operation)
    head = history.head
    if done is not None and head is not None and done.entry.seq == head.entry.seq:
        return [PointAlias()]
    compared = decision.champion
    seen = {"seq": head.entry.seq, "sha256": head.sha256} if head else None
    if done is not None or compared != seen:
        raise ConflictError(
            "The champion moved after this model was compared with it.",
            why=f"Compared at {_place(compared)}, the ledger's head is {_place(seen)}.",
            do="Compare again with who serves now: gates ship",
        )
    sha, run_id = decision.candidate.sha, decision.candidate.run_id
    reason = "first champion" if head is None else "better than the champion"
    return [Register(sha, run_id, statement), Append(operation, "promote", None, reason), PointAlias()]


def _place(head: object) -> str:
    return f"entry {head.get('seq')}" if isinstance(head, dict) else "an empty ledger"
