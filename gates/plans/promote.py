"""From a decision to the steps that carry it out, exactly once."""

from collections.abc import Sequence

from gates import digest, statement
from gates.errors import ConflictError
from gates.ledger import History
from gates.plans.steps import Append, PointAlias, Put, Register, Sign, Step
from gates.statement import Decision
from gates.verdict import Outcome


def plan(history: History, decision: Decision, named: Sequence[Put]) -> list[Step]:
    """Return what is left to do for a decision: a promotion, or the note of a refusal.

    Args:
        history: The verified ledger.
        decision: What was decided; the caller has seen that it holds.
        named: What it names by digest, for the ledger to keep.

    Raises:
        ConflictError: The champion that it was compared with serves no more.
    """
    done = history.operation(operation(decision))
    if decision.outcome is not Outcome.PASS:
        return [] if done else [Sign(decision), *named, _refusal(decision)]
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
        Sign(decision),
        *named,
        Register(sha, run_id),
        Append(operation(decision), "promote", None, reason),
        PointAlias(),
    ]


def operation(decision: Decision) -> str:
    """Return what names the entry of a decision, so that there is one, however often it is signed."""
    verb = "promote" if decision.outcome is Outcome.PASS else "refuse"
    return digest.of_document([verb, statement.to_document(decision)])


def _refusal(decision: Decision) -> Append:
    names = ", ".join(verdict.gate for verdict in statement.blocking(decision.verdicts))
    return Append(operation(decision), "refuse", None, f"{decision.outcome}: {names}")


def _place(head: object) -> str:
    return f"entry {head.get('seq')}" if isinstance(head, dict) else "an empty ledger"
