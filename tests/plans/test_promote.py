"""Tests of `gates.plans.promote`: what is left to do for a decision, exactly once."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from gates.break_glass import Approval
from gates.errors import ConflictError, ExitCode, InvalidError
from gates.ledger import History
from gates.plans import promote
from gates.plans.promote import operation
from gates.plans.steps import Append, Approve, PointAlias, Put, Register, Sign, Step
from gates.statement import Decision
from gates.verdict import at_least, at_most
from tests.examples import (
    GOLDEN,
    LATENCY,
    MODEL,
    champion,
    decision,
    following,
    history,
    read,
    sealed,
    sha,
    stored,
)

NAMED = [Put(b"policy", "the policy")]


def plan(before: History, made: Decision) -> list[Step]:
    """Return what is planned for a decision that names one object."""
    return promote.plan(before, made, NAMED)


def appended(objects: dict[int, bytes], step: Append, number: int) -> dict[int, bytes]:
    """Return stored objects after an `Append` of a model was carried out."""
    entry = replace(following(read(objects), number, step.kind), operation=step.operation)
    return objects | {entry.seq: sealed(entry)}


def append_of(before: History, number: int) -> Append:
    """Return the `Append` that is planned for a model after a history."""
    (step,) = (each for each in plan(before, decision(number, before.head)) if isinstance(each, Append))
    return step


def test_a_first_champion_is_registered_appended_and_pointed_at() -> None:
    """The alias comes last: until the entry is there, nothing has happened."""
    sign, put, register, append, point = plan(History(MODEL), decision(1))
    assert sign == Sign(decision(1))
    assert put == NAMED[0]
    assert register == Register(sha(1), "run-1")
    assert isinstance(append, Append)
    assert (append.kind, append.target, append.reason) == ("promote", None, "first champion")
    assert point == PointAlias()


def test_a_better_model_takes_the_same_steps() -> None:
    """It was compared with who serves."""
    before = history(1, 2)
    sign, _, register, append, point = plan(before, decision(3, before.head))
    assert sign == Sign(decision(3, before.head))
    assert register == Register(sha(3), "run-3")
    assert isinstance(append, Append)
    assert append.reason == "passes every gate that blocks"
    assert point == PointAlias()


@pytest.mark.parametrize(
    ("delta", "reason"),
    [
        (0.2, "better than the champion"),
        (0.0, "passes every gate that blocks; the gate champion only reports: fail"),
        (None, "passes every gate that blocks; the gate champion only reports: undecided"),
    ],
)
def test_the_ledger_calls_no_model_better_that_the_comparison_did_not(
    delta: float | None, reason: str
) -> None:
    """Where the gate `champion` only reports, the others let the model in."""
    before = history(1)
    made = decision(3, before.head)
    compared = replace(GOLDEN, gate="champion", mode="report", findings=(at_least("delta", delta, 0.1),))
    steps = plan(before, replace(made, verdicts=(*made.verdicts, compared)))
    assert [each.reason for each in steps if isinstance(each, Append)] == [reason]


@pytest.mark.parametrize("moves", [[], [1], [1, 2]])
def test_run_again_after_the_entry_only_the_alias_is_left(moves: list[int]) -> None:
    """A process killed between entry and alias: the same command completes it and appends nothing."""
    objects = stored(*moves)
    before = read(objects)
    after = read(appended(objects, append_of(before, 5), 5))
    assert after.champion == champion(5)
    assert plan(after, decision(5, before.head)) == [PointAlias()]


def test_run_again_before_the_entry_everything_is_left() -> None:
    """Planning changes nothing and names the same operation each time."""
    before = history(1)
    made = decision(2, before.head)
    assert plan(before, made) == plan(before, made)


def refused() -> Decision:
    """Return a decision that is no pass."""
    failing = replace(LATENCY, findings=(at_most("p99_ms/challenger", 400.0, 200, unit="ms"),))
    return replace(decision(1), verdicts=(GOLDEN, failing))


def test_another_decision_is_another_operation() -> None:
    """Two decisions about one model are two moves; a refusal is never the operation of a promotion."""
    others = [decision(1), replace(decision(1), judged_on=date(2026, 6, 2)), decision(2), refused()]
    assert len({operation(each) for each in others}) == len(others)


def test_a_refusal_names_all_that_stopped_it() -> None:
    """Failed ones before undecided ones."""
    both = replace(refused(), verdicts=(replace(GOLDEN, findings=()), refused().verdicts[1]))
    (append,) = (each for each in plan(history(2), both) if isinstance(each, Append))
    assert append.reason == "fail: latency, golden"


def test_a_refusal_is_noted_once_and_moves_nothing() -> None:
    """Signed and kept; the entry names what stopped it. Noted already, nothing is left."""
    sign, put, append = plan(history(2), refused())
    assert [sign, put] == [Sign(refused()), *NAMED]
    assert isinstance(append, Append)
    assert (append.kind, append.target, append.reason) == ("refuse", None, "fail: latency")
    objects = stored(2)
    entry = replace(following(read(objects), 2, "refuse"), operation=append.operation)
    assert plan(read(objects | {entry.seq: sealed(entry)}), refused()) == []


APPROVAL = Approval(
    MODEL, sha(1), "it is down", datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 6, 2, tzinfo=UTC)
)


def test_a_break_glass_is_approved_before_anything_is_registered() -> None:
    """Its entry says what it is, for the reason that was approved."""
    sign, put, approve, register, append, point = promote.plan(history(2), compared(), NAMED, APPROVAL)
    assert [sign, put, approve] == [Sign(compared()), *NAMED, Approve(APPROVAL)]
    assert register == Register(sha(1), "run-1")
    assert isinstance(append, Append)
    assert (append.kind, append.target, append.reason) == ("break-glass", None, "it is down")
    assert append.operation == operation(compared(), APPROVAL)
    assert point == PointAlias()
    objects = stored(2)
    target = replace(champion(1), approval="a" * 64)
    entry = following(read(objects), 1, "break-glass")
    objects[2] = sealed(replace(entry, operation=append.operation, target=target))
    assert promote.plan(read(objects), compared(), NAMED, APPROVAL) == [PointAlias()]


def compared() -> Decision:
    """Return a refusal that was compared with who serves."""
    head = history(2).head
    assert head is not None
    return replace(refused(), champion={"seq": head.entry.seq, "sha256": head.sha256})


def test_no_glass_is_broken_for_a_pass_or_a_stale_comparison() -> None:
    """The first needs none; the second is a conflict as always."""
    with pytest.raises(InvalidError, match="no glass has to be broken"):
        promote.plan(history(), decision(1), NAMED, APPROVAL)
    with pytest.raises(ConflictError):
        promote.plan(history(2), refused(), NAMED, APPROVAL)


def test_a_decision_is_not_carried_out_again_after_another_move() -> None:
    """A good statement replayed later, after a rollback or a newer champion, is a conflict."""
    objects = stored(1)
    before = read(objects)
    objects = appended(objects, append_of(before, 2), 2)
    for number in (1, 3):
        entry = following(read(objects), number, "rollback" if number == 1 else "promote")
        later = read(objects | {entry.seq: sealed(entry)})
        with pytest.raises(ConflictError):
            plan(later, decision(2, before.head))


def conflicts() -> dict[str, tuple[History, object]]:
    """Return histories with the head that a decision was compared with."""
    one, two = history(1), history(1, 2)
    head = two.head
    assert head is not None
    return {
        "somebody was promoted first": (two, one.head),
        "somebody was promoted first of all": (one, None),
        "the champion was rolled back": (history(1, 2, (1, "rollback")), one.head),
        "the ledger is empty now": (History(MODEL), one.head),
        "the ledger is shorter now": (one, two.head),
        "another entry of that number": (history(1, 3), two.head),
        "the digest of another entry": (two, replace(head, sha256="0" * 64)),
    }


@pytest.mark.parametrize("name", conflicts())
def test_a_stale_comparison_is_a_conflict(name: str) -> None:
    """Exit code 5, both places named, and to compare again."""
    found, compared = conflicts()[name]
    with pytest.raises(ConflictError, match="champion moved") as caught:
        plan(found, decision(9, compared))  # type: ignore[arg-type]  # a link or none
    assert caught.value.code == ExitCode.CONFLICT
    assert caught.value.why.startswith("Compared at ")
    assert caught.value.do


def test_the_conflict_names_both_places() -> None:
    """An empty ledger is a place too."""
    with pytest.raises(ConflictError) as caught:
        plan(history(1, 2), decision(9))
    assert caught.value.why == "Compared at an empty ledger, the last move is entry 2."


@pytest.mark.parametrize("compared", [{"seq": 1}, {"seq": True, "sha256": "x"}, {}, {"seq": "1"}, {"x": 1}])
def test_a_decision_that_names_no_real_entry_is_a_conflict(compared: dict[str, object]) -> None:
    """Whatever stands where the champion should, it is not the head."""
    with pytest.raises(ConflictError):
        plan(history(1), replace(decision(2), champion=compared))
