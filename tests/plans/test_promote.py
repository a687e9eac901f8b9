"""Tests of `gates.plans.promote`: what is left to do for a decision, exactly once."""

from dataclasses import replace

import pytest

from gates.errors import ConflictError, ExitCode
from gates.ledger import History
from gates.plans.promote import plan
from gates.plans.steps import Append, PointAlias, Register
from tests.examples import MODEL, champion, decision, following, history, read, sealed, sha, stored

STATEMENT = sha(77)


def appended(objects: dict[int, bytes], step: Append, number: int) -> dict[int, bytes]:
    """Return stored objects after an `Append` of a model was carried out."""
    entry = replace(following(read(objects), number, step.kind), operation=step.operation)
    return objects | {entry.seq: sealed(entry)}


def append_of(before: History, number: int) -> Append:
    """Return the `Append` that is planned for a model after a history."""
    (step,) = (
        each for each in plan(before, decision(number, before.head), STATEMENT) if isinstance(each, Append)
    )
    return step


def test_a_first_champion_is_registered_appended_and_pointed_at() -> None:
    """The alias comes last: until the entry is there, nothing has happened."""
    register, append, point = plan(History(MODEL), decision(1), STATEMENT)
    assert register == Register(sha(1), "run-1", STATEMENT)
    assert isinstance(append, Append)
    assert (append.kind, append.target, append.reason) == ("promote", None, "first champion")
    assert point == PointAlias()


def test_a_better_model_takes_the_same_steps() -> None:
    """It was compared with who serves."""
    before = history(1, 2)
    register, append, point = plan(before, decision(3, before.head), STATEMENT)
    assert register == Register(sha(3), "run-3", STATEMENT)
    assert isinstance(append, Append)
    assert append.reason == "better than the champion"
    assert point == PointAlias()


@pytest.mark.parametrize("moves", [[], [1], [1, 2]])
def test_run_again_after_the_entry_only_the_alias_is_left(moves: list[int]) -> None:
    """A process killed between entry and alias: the same command completes it and appends nothing."""
    objects = stored(*moves)
    before = read(objects)
    after = read(appended(objects, append_of(before, 5), 5))
    assert after.champion == champion(5)
    assert plan(after, decision(5, before.head), STATEMENT) == [PointAlias()]


def test_run_again_before_the_entry_everything_is_left() -> None:
    """Planning changes nothing and names the same operation each time."""
    before = history(1)
    made = decision(2, before.head)
    assert plan(before, made, STATEMENT) == plan(before, made, STATEMENT)


def test_another_statement_is_another_operation() -> None:
    """Two decisions about one model are two moves."""
    one, two = (plan(History(MODEL), decision(1), sha(number))[1] for number in (1, 2))
    assert isinstance(one, Append)
    assert isinstance(two, Append)
    assert one.operation != two.operation


def test_a_decision_is_not_carried_out_again_after_another_move() -> None:
    """A good statement replayed later, after a rollback or a newer champion, is a conflict."""
    objects = stored(1)
    before = read(objects)
    objects = appended(objects, append_of(before, 2), 2)
    for number in (1, 3):
        entry = following(read(objects), number, "rollback" if number == 1 else "promote")
        later = read(objects | {entry.seq: sealed(entry)})
        for compared in (before.head, later.head):
            with pytest.raises(ConflictError):
                plan(later, decision(2, compared), STATEMENT)


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
        plan(found, decision(9, compared), STATEMENT)  # type: ignore[arg-type]  # a link or none
    assert caught.value.code == ExitCode.CONFLICT
    assert caught.value.why.startswith("Compared at ")
    assert caught.value.do


def test_the_conflict_names_both_places() -> None:
    """An empty ledger is a place too."""
    with pytest.raises(ConflictError) as caught:
        plan(history(1, 2), decision(9), STATEMENT)
    assert caught.value.why == "Compared at an empty ledger, the last move is entry 2."


@pytest.mark.parametrize("compared", [{"seq": 1}, {"seq": True, "sha256": "x"}, {}, {"seq": "1"}, {"x": 1}])
def test_a_decision_that_names_no_real_entry_is_a_conflict(compared: dict[str, object]) -> None:
    """Whatever stands where the champion should, it is not the head."""
    with pytest.raises(ConflictError):
        plan(history(1), replace(decision(2), champion=compared), STATEMENT)
