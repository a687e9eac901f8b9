"""Tests of `gates.plans.rollback`."""

from collections.abc import Sequence

import pytest

from gates.errors import GatesError, InvalidError, UndecidedError
from gates.ledger import Kind
from gates.plans.rollback import instead_of, is_last, plan, targets, undone, was_rolled_back
from gates.plans.steps import Append, PointAlias
from tests.examples import champion, history, sha

Moves = Sequence[int | tuple[int, Kind]]
BACK: Kind = "rollback"


def test_a_rollback_appends_and_points() -> None:
    """Nothing is registered, since the target served before; the reason is kept for the auditor."""
    append, point = plan(history(1, 2), champion(1), "too slow")
    assert isinstance(append, Append)
    assert (append.kind, append.target, append.reason) == ("rollback", champion(1), "too slow")
    assert point == PointAlias()


def operation(moves: Moves, target: int) -> str:
    """Return the operation of a rollback."""
    append = plan(history(*moves), champion(target), "why")[0]
    assert isinstance(append, Append)
    return append.operation


def test_an_operation_is_one_move_from_one_head() -> None:
    """The same rollback from the same head is the same operation; from or to another it is not."""
    assert operation([1, 2], 1) == operation([1, 2], 1)
    others = [operation(moves, target) for moves, target in (([1, 2], 1), ([1, 2, 3], 1), ([1, 2, 3], 2))]
    again: Moves = [1, 2, (1, BACK), 2]
    assert len({*others, operation(again, 1)}) == 4


def names(moves: Moves, number: int) -> list[str]:
    """Return everything by which the last move can be named."""
    moved = history(*moves).moved
    assert moved
    return [moved.sha256, str(number), f"v{number}", sha(number), sha(number)[:7]]


def test_a_move_is_named_by_its_entry_or_by_who_serves_by_it() -> None:
    """Not by a SHA too short, nor by who served before."""
    assert all(is_last(history(1, 2), name) for name in names([1, 2], 2))
    assert not any(is_last(history(1, 2), name) for name in (*names([1], 1), "3", sha(2)[:6]))
    assert not is_last(history(), "1")


@pytest.mark.parametrize(
    ("moves", "to", "done"),
    [
        ([1, 2, 3, (2, BACK)], "previous", True),
        ([1, 2, 3, (1, BACK)], "previous", True),
        ([1, 2, 3, (1, BACK)], "1", True),
        ([1, 2, 3, (1, BACK)], "2", False),
        ([1, 2, 3, (2, BACK), (1, BACK)], "previous", False),
        ([1, 2, 3, 1], "previous", False),
        ([1, 2, 3], "previous", False),
        ([3], "previous", False),
        ([], "previous", False),
    ],
)
def test_who_asks_second_learns_that_it_is_done(moves: Moves, to: str, *, done: bool) -> None:
    """Where the last move rolled back the one that was meant, to who was asked for; otherwise it is not."""
    found = history(*moves)
    for name in ("3", sha(3)):
        assert undone(found, name, to) == (found.links[-1].entry if done else None)


@pytest.mark.parametrize(
    ("moves", "out"),
    [
        ([], []),
        ([1], []),
        ([1, 2], []),
        ([1, 2, (1, BACK)], [2]),
        ([1, 2, 3, (1, BACK)], [3]),
        ([1, 2, (1, BACK), 3], [2]),
        ([1, 2, (1, BACK), 2], []),
        ([1, 2, (1, BACK), (2, BACK)], [1]),
        ([1, 2, 3, (2, BACK), (1, BACK)], [2, 3]),
        ([1, 2, (1, BACK), 2, (1, BACK)], [2]),
        ([1, 2, 1], []),
    ],
)
def test_who_was_rolled_back_stays_out_until_put_back(moves: Moves, out: list[int]) -> None:
    """Until a later entry makes that SHA serve again; to be overtaken is not to be rolled back."""
    found = history(*moves)
    assert [number for number in (1, 2, 3, 9) if was_rolled_back(found, sha(number))] == out


@pytest.mark.parametrize("to", ["1", sha(1), sha(1)[:8]])
def test_a_rollback_goes_to_the_one_that_is_named(to: str) -> None:
    """And to nobody else, should it not load; also to one that was rolled back, since it is named."""
    assert list(targets(history(1, 2, 3), to)) == [champion(1)]
    assert list(targets(history(2, 1, (2, BACK)), to)) == [champion(1)]


@pytest.mark.parametrize(
    ("moves", "previous"),
    [
        ([1, 2], [1]),
        ([1, 2, 3], [2, 1]),
        ([1, 2, 1, 3], [1, 2]),
        ([1, 2, 3, (2, BACK)], [1]),
        ([1, 2, (1, BACK), 3], [1]),
        ([1, 2, (1, BACK), 2, 3], [2, 1]),
    ],
)
def test_previous_is_every_earlier_champion_that_was_not_rolled_back(
    moves: Moves, previous: list[int]
) -> None:
    """Newest first, each once, never the one that serves: the next is tried where one does not load."""
    assert list(targets(history(*moves), "previous")) == [champion(number) for number in previous]


@pytest.mark.parametrize(
    ("moves", "named", "instead"),
    [([1, 2, 3, 4], 3, [2, 1]), ([1, 2, 3, 4], 1, []), ([1, 2, 3, (1, BACK), 4], 3, [2]), ([1, 2], 2, [])],
)
def test_instead_of_one_that_was_named_come_those_before_it(
    moves: Moves, named: int, instead: list[int]
) -> None:
    """Newest first, and never one that was rolled back."""
    assert list(instead_of(history(*moves), champion(named))) == [champion(number) for number in instead]


@pytest.mark.parametrize(
    ("moves", "to", "error"),
    [
        ([], "previous", UndecidedError),
        ([], "1", UndecidedError),
        ([1], "previous", UndecidedError),
        ([1, 1], "previous", UndecidedError),
        ([1, 2, (1, BACK)], "previous", UndecidedError),
        ([1], "1", InvalidError),
        ([1, 2], "2", InvalidError),
        ([1, 2], sha(2), InvalidError),
        ([1, 2], "3", InvalidError),
    ],
)
def test_a_rollback_without_a_target_is_refused(moves: Moves, to: str, error: type[GatesError]) -> None:
    """Nobody before: undecided. Nobody of that name, or already serving: invalid. Both say what to do."""
    with pytest.raises(error) as caught:
        list(targets(history(*moves), to))
    assert caught.value.do
