"""From a decision to the steps that carry it out, exactly once."""

from collections.abc import Sequence

from gates import digest, statement
from gates.break_glass import Approval
from gates.errors import ConflictError, InvalidError
from gates.ledger import History, Link
from gates.plans.steps import Append, Approve, PointAlias, Put, Register, Sign, Step
from gates.statement import Decision
from gates.verdict import Outcome


def plan(
    history: History, decision: Decision, named: Sequence[Put], approval: Approval | None = None
) -> list[Step]:
    """Return what is left to do for a decision: a promotion, or the note of a refusal.

    Args:
        history: The verified ledger.
        decision: What was decided; the caller has seen that it holds.
        named: What it names by digest, for the ledger to keep.
        approval: What two people approve, to let in what is no pass.

    Raises:
        InvalidError: It is a pass, and needs no approval.
        ConflictError: The champion that it was compared with serves no more.
    """
    done = history.operation(operation(decision, approval))
    if decision.outcome is not Outcome.PASS and approval is None:
        return [] if done else [Sign(decision), *named, _refusal(decision)]
    if decision.outcome is Outcome.PASS and approval is not None:
        raise InvalidError("The decision is a pass; no glass has to be broken.", do="gates promote --apply")
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
    entry = Append(operation(decision, approval), "promote", None, _reason(decision, moved))
    approve: list[Step] = []
    if approval is not None:
        approve = [Approve(approval)]
        entry = Append(operation(decision, approval), "break-glass", None, approval.reason)
    return [Sign(decision), *named, *approve, Register(sha, run_id), entry, PointAlias()]


def operation(decision: Decision, approval: Approval | None = None) -> str:
    """Return what names the entry of a decision, so that there is one, however often it is signed."""
    verb = "promote" if decision.outcome is Outcome.PASS else "refuse"
    return digest.of_document(["break-glass" if approval else verb, statement.to_document(decision)])


def _reason(decision: Decision, moved: Link | None) -> str:
    """Return why a decision that passes moves the champion: the gate that compares may only report."""
    if moved is None:
        return "first champion"
    said = [verdict.outcome for verdict in decision.verdicts if verdict.gate == "champion"]
    if said == [Outcome.PASS]:
        return "better than the champion"
    compared = f"; the gate champion only reports: {said[0]}" if said else ""
    return f"passes every gate that blocks{compared}"


def _refusal(decision: Decision) -> Append:
    names = ", ".join(verdict.gate for verdict in statement.blocking(decision.verdicts))
    return Append(operation(decision), "refuse", None, f"{decision.outcome}: {names}")


def _place(head: object) -> str:
    return f"entry {head.get('seq')}" if isinstance(head, dict) else "an empty ledger"
