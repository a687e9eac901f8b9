"""What a person reads of a plan before it is carried out."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gates import digest, statement
from gates.break_glass import Approval
from gates.plans import promote, rollback
from gates.plans.steps import Append, Approve, ClearStage, PointAlias, Put, Register, RemoveAlias, Sign, Step
from gates.verdict import at_least
from tests.examples import GOLDEN, MODEL, champion, changed, decision, history, sha

APPROVAL = Approval(
    MODEL, sha(1), "it is down", datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 6, 2, tzinfo=UTC)
)
SAYS: list[tuple[Step, str]] = [
    (Sign(decision()), "sign the decision (pass) and keep it"),
    (Put(b"x", "the policy"), "keep the policy"),
    (Approve(APPROVAL), "sign and keep the approval of two people, which ends at 2026-06-02T00:00:00Z"),
    (
        Register("abcdef" * 11, "run-1"),
        "register the model abcdefabcdef of run run-1, where the registry does not have it",
    ),
    (Append("o", "rollback", champion(1), "slow"), "append to the ledger: rollback to v1, slow"),
    (Append("o", "promote", None, "better"), "append to the ledger: promote, better"),
    (PointAlias(), "point the alias `champion` at whom the ledger then names, and read it back"),
    (RemoveAlias(), "remove the alias `champion`: the ledger names nobody"),
    (ClearStage("3"), "take version 3 out of its stage"),
]


@pytest.mark.parametrize(("step", "says"), SAYS, ids=[type(step).__name__ for step, _ in SAYS])
def test_a_step_says_what_it_will_do(step: Step, says: str) -> None:
    """One line a step."""
    assert str(step) == says


def test_operations_are_named_as_they_always_were() -> None:
    """A newer version must know what an older one has carried out, or it would do it again."""
    passing, failing = decision(), replace(decision(), verdicts=(changed(GOLDEN, findings=FAILED),))
    assert failing.outcome == "fail"
    expected: dict[str, list[object]] = {
        promote.operation(passing): ["promote", statement.to_document(passing)],
        promote.operation(failing): ["refuse", statement.to_document(failing)],
        promote.operation(failing, APPROVAL): ["break-glass", statement.to_document(failing)],
    }
    moved = history(1, 2).moved
    assert moved is not None
    expected[rollback.operation(history(1, 2), champion(1))] = ["rollback", moved.sha256, sha(1)]
    expected[rollback.operation(history(), champion(1))] = ["rollback", None, sha(1)]
    assert list(expected) == [digest.of_document(each) for each in expected.values()]


FAILED = (at_least("auc", 0.7, 0.8),)
