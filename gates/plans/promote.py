"""From a passing decision to the steps that carry it out, exactly once."""

from gates import digest
from gates.errors import ConflictError
from gates.ledger import History
from gates.plans.steps import Append, PointAlias, Register, Step
from gates.statement import Decision, blocking


def plan(history: History, decision: Decision, statement: str) -> list[Step]:
    """Return what is left to do for a decision.

    Args:
        history: The verified ledger.
        decision: What was decided; the caller has seen that it may be promoted.
        statement: SHA-256 of its signed statement.

    Raises:
        ConflictError: The champion that it was compared with serves no more.
    """
    done = history.operation(operation(statement))
    moved = history.moved
    if done is not None and done == moved:
        return [PointAlias()]
    compared = decision.champion
    seen = {"seq": moved.entry.seq, "sha256": moved.sha256} if moved else None
    if done is not None or compared != seen:
        raise ConflictError(
            "The champion moved after this model was compared with it.",
            why=f"Compared at {_place(compared)}, the last move is {_place(seen)}.",
            do="Compare again with who serves now: gates ship",
        )
    sha, run_id = decision.candidate.sha, decision.candidate.run_id
    reason = "first champion" if moved is None else "better than the champion"
    return [
        Register(sha, run_id, statement),
        Append(operation(statement), "promote", None, reason),
        PointAlias(),
    ]


def operation(statement: str) -> str:
    """Return what names the promotion by a statement, so that it happens once."""
    return digest.of_document(["promote", statement])


def refusal(decision: Decision, statement: str) -> Append:
    """Return the entry that a decision leaves which is no pass; each decision leaves one.

    Args:
        decision: What was decided.
        statement: SHA-256 of its signed statement, which is the evidence.
    """
    names = ", ".join(verdict.gate for verdict in blocking(decision.verdicts))
    noted = digest.of_document(["refuse", statement])
    return Append(noted, "refuse", None, f"{decision.outcome}: {names}", evidence=statement)


def _place(head: object) -> str:
    return f"entry {head.get('seq')}" if isinstance(head, dict) else "an empty ledger"
