"""Histories of a ledger, held against the plainest model there is: a list of who served.

Hypothesis draws 1,000 of them: promotions and refusals, rollbacks by every name, repairs, people who append
at once, decisions that are carried out again, and intruders. Plans, chain, signatures and checkpoints are
the real ones; what creates an object if it is absent is a dictionary here.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from gates import checkpoint, ledger
from gates.break_glass import Approval
from gates.errors import ConflictError, InvalidError, TamperedError, UndecidedError
from gates.ledger import Champion, Entry, History
from gates.plans import promote, rollback
from gates.plans.steps import Append, Approve, PointAlias, Put, Register, Sign
from gates.statement import Decision
from gates.verdict import at_least
from tests import examples
from tests.examples import GOLDEN, LATENCY, MODEL, OTHERS, champion, changed, sealed, sha

HISTORIES = 1_000
STEPS = 12
BEGIN = datetime(2026, 6, 1, tzinfo=UTC)
NAMED = [Put(b"policy", "the policy")]
APPROVAL = Approval(MODEL, "d" * 64, "churn is down", BEGIN, BEGIN + timedelta(days=1))
FAILED = changed(GOLDEN, findings=(at_least("auc", 0.7, 0.8),))

INTRUSIONS = ("edit", "remove", "cut", "reorder", "stranger", "thief", "again")
OPENINGS = (
    "",
    "",
    "p1",
    "p1 p2",
    "p1 p2 r",
    "p1 p2 r g2",
    "p1 p2 p3",
    "p1 g2",
)  # promote, roll back, break glass

numbers = st.integers(1, 3)
places = st.integers(0, 1_000)


@dataclass(frozen=True)
class Move:
    """Who serves from here on, and whether by a rollback."""

    number: int
    back: bool = False
    glass: bool = False

    @property
    def champion(self) -> Champion:
        """Who serves then, as the ledger has it."""
        return replace(champion(self.number), approval="a" * 64 if self.glass else None)


class Model:
    """The reference: a list of who served."""

    def __init__(self) -> None:
        self.moves: list[Move] = []

    @property
    def serving(self) -> int | None:
        """Who serves."""
        return self.moves[-1].number if self.moves else None

    @property
    def taken_out(self) -> set[int]:
        """Who was rolled back, and not put back since; by a break-glass nobody comes back or goes."""
        out: set[int] = set()
        before: Move | None = None
        for move in self.moves:
            if move.back and before and not before.glass:
                out.add(before.number)
            if not move.glass:
                out.discard(move.number)
            before = move
        return out

    @property
    def earlier(self) -> list[Move]:
        """Who served before, passed by the gates, newest first, each once, as it came in last."""
        passed = [move for move in self.moves if not move.glass]
        newest = {move.number: move for move in passed}
        order = dict.fromkeys(move.number for move in reversed(passed))
        return [newest[number] for number in order if number != self.serving]

    @property
    def previous(self) -> list[Champion]:
        """Who of them may serve again without being named."""
        return [each.champion for each in self.earlier if each.number not in self.taken_out]


class Histories(RuleBasedStateMachine):
    """A ledger beside its model."""

    drawn = 0

    def __init__(self) -> None:
        super().__init__()
        Histories.drawn += 1
        self.model = Model()
        self.objects: dict[int, bytes] = {}
        self.history = History(MODEL)
        self.past = [self.history]
        self.carried_out: list[tuple[Decision, int]] = []  # decisions, and how many moves there were then

    # ------------------------------------------------------------ the store

    def entry(self, step: Append, target: Champion | None = None, history: History | None = None) -> Entry:
        """Return what a step appends to a history."""
        history = self.history if history is None else history
        return ledger.next_entry(
            history,
            operation=step.operation,
            kind=step.kind,
            target=step.target or target,
            reason=step.reason,
            actor="somebody",
            time=BEGIN + timedelta(minutes=len(history.links)),
            evidence=step.evidence,
        )

    def commit(self, entry: Entry) -> None:
        """Create an entry's object if nobody has."""
        if entry.seq in self.objects:
            raise ConflictError("taken")
        self.objects[entry.seq] = sealed(entry)
        self.history = examples.read(self.objects, self.history.links)
        self.past.append(self.history)

    def decision(self, number: int, history: History | None = None) -> Decision:
        """Return a passing decision about a model, unlike every other one."""
        compared = (self.history if history is None else history).moved
        return replace(examples.decision(number, compared), policy_changes=(str(len(self.past)),))

    def appends(self, number: int) -> tuple[Decision, Append]:
        """Return a passing decision, and the entry that its promotion is planned to append."""
        decision = self.decision(number)
        sign, put, register, append, point = promote.plan(self.history, decision, NAMED)
        assert [sign, put] == [Sign(decision), *NAMED]
        assert register == Register(sha(number), f"run-{number}")
        assert isinstance(append, Append)
        assert point == PointAlias()
        return decision, append

    # ------------------------------------------------------------ what people do

    @initialize(opening=st.sampled_from(OPENINGS))
    def begin(self, opening: str) -> None:
        """Some begin where few drawn ones come to."""
        for step in opening.split():
            if step == "r":
                self.rollback(1, "previous", 0)
            else:
                {"p": self.promote, "g": self.break_glass}[step[0]](int(step[1]))

    @rule(number=numbers)
    def promote(self, number: int) -> None:
        """A better model, compared with who serves."""
        decision, append = self.appends(number)
        self.commit(self.entry(append, champion(number)))
        self.model.moves.append(Move(number))
        self.carried_out.append((decision, len(self.model.moves)))

    @rule(number=numbers)
    def break_glass(self, number: int) -> None:
        """Two people let in what is no pass."""
        decision = replace(self.decision(number), verdicts=(FAILED, LATENCY))
        *_, approve, register, append, point = promote.plan(self.history, decision, NAMED, APPROVAL)
        assert [approve, register] == [Approve(APPROVAL), Register(sha(number), f"run-{number}")]
        assert isinstance(append, Append)
        assert point == PointAlias()
        move = Move(number, glass=True)
        self.commit(self.entry(append, move.champion))
        self.model.moves.append(move)

    @rule(number=numbers)
    def refuse(self, number: int) -> None:
        """A worse one is noted once, and moves nothing."""
        decision = replace(self.decision(number), verdicts=(FAILED, LATENCY))
        sign, put, append = promote.plan(self.history, decision, NAMED)
        assert [sign, put] == [Sign(decision), *NAMED]
        assert isinstance(append, Append)
        self.commit(replace(self.entry(append), evidence="e" * 64))
        assert promote.plan(self.history, decision, NAMED) == []

    @rule()
    def repair(self) -> None:
        """Something that moved without the ledger was put back."""
        self.commit(self.entry(Append(f"repair {len(self.past)}", "repair", champion(9), "alias", "e" * 64)))

    @rule(
        number=st.integers(1, 5),
        form=st.sampled_from(["{0}", "v{0}", "{1}", "{1:.7}", "previous"]),
        nth=places,
    )
    def rollback(self, number: int, form: str, nth: int) -> None:
        """To the previous one, or the next where it does not load; to a version, a SHA, the start of one."""
        model, to = self.model, form.format(number, sha(number))
        named = {move.number: move for move in model.earlier}
        if model.serving is None or (to == "previous" and not model.previous):
            with pytest.raises(UndecidedError):
                list(rollback.targets(self.history, to))
            return
        if to != "previous" and number not in named:
            with pytest.raises(InvalidError):
                list(rollback.targets(self.history, to))
            return
        expected = model.previous if to == "previous" else [named[number].champion]
        assert list(rollback.targets(self.history, to)) == expected
        chosen = expected[nth % len(expected)]
        place = [move.champion for move in model.earlier].index(chosen)
        before = [move.champion for move in model.earlier[place + 1 :]]
        offered = [each for each in before if each in model.previous]
        assert list(rollback.instead_of(self.history, chosen)) == offered
        append, point = rollback.plan(self.history, chosen, "too slow")
        assert isinstance(append, Append)
        assert point == PointAlias()
        self.commit(self.entry(append))
        model.moves.append(Move(int(chosen.version), back=True))

    @rule(one=numbers, other=numbers)
    def two_at_once(self, one: int, other: int) -> None:
        """Whoever comes second finds the place taken, and its comparison stale."""
        before = self.history
        (first, append), (late, late_append) = self.appends(one), self.appends(other)
        late = replace(late, judged_on=late.judged_on + timedelta(days=1))
        self.commit(self.entry(append, champion(one), before))
        with pytest.raises(ConflictError):
            self.commit(self.entry(late_append, champion(other), before))
        with pytest.raises(ConflictError, match="champion moved"):
            promote.plan(self.history, late, NAMED)
        self.model.moves.append(Move(one))
        self.carried_out.append((first, len(self.model.moves)))

    @precondition(lambda self: self.model.moves)
    @rule(number=numbers, when=places)
    def compare_with_the_past(self, number: int, when: int) -> None:
        """A decision against who serves no more is stale; a note in between moves nobody."""
        past = self.past[when % len(self.past)]
        decision = self.decision(number, past)
        if past.moved == self.history.moved:
            assert promote.plan(self.history, decision, NAMED)
            return
        with pytest.raises(ConflictError, match="champion moved"):
            promote.plan(self.history, decision, NAMED)

    @precondition(lambda self: self.carried_out)
    @rule(which=places)
    def carry_out_again(self, which: int) -> None:
        """The same command again: the alias alone is left, or somebody has moved since."""
        decision, moves = self.carried_out[which % len(self.carried_out)]
        if moves == len(self.model.moves):
            assert promote.plan(self.history, decision, NAMED) == [PointAlias()]
        else:
            with pytest.raises(ConflictError, match="champion moved"):
                promote.plan(self.history, decision, NAMED)

    # ------------------------------------------------------------ what intruders do

    @precondition(lambda self: self.objects)
    @rule(
        way=st.sampled_from(["edit", "remove", "cut", "reorder", "stranger", "thief", "again"]), place=places
    )
    def intrude(self, way: str, place: int) -> None:
        """Whatever somebody does who can write to the store, and even who has stolen the key."""
        objects = self.objects
        seq = 1 + place % len(objects)
        entry = self.history.links[seq - 1].entry
        forged = self.entry(Append("forged", "promote", champion(3), "mine"), None, self.past[seq - 1])
        again = self.entry(Append(entry.operation, "promote", champion(1), "again"))
        nobody = self.entry(Append("new", "rollback", champion(7), "a second road"))
        before = {each: objects[each] for each in range(1, seq)}
        data = bytearray(objects[seq])
        data[place % len(data)] ^= 1 + place % 255
        other = 1 + seq % len(objects)
        tampered = {
            "edit": [objects | {seq: bytes(data)}],
            "remove": [{each: data for each, data in objects.items() if each != seq}],
            "cut": [before],
            "reorder": [objects | {seq: objects[other], other: objects[seq]}] if other != seq else [],
            "stranger": [before | {seq: sealed(forged, OTHERS)}, objects | {seq: sealed(entry, OTHERS)}],
            "thief": [before | {seq: sealed(forged)}],
            "again": [objects | {each.seq: sealed(each)} for each in (again, nobody)],
        }
        seen = checkpoint.of(self.history)
        assert seen is not None
        for each in tampered[way]:
            with pytest.raises(TamperedError):
                checkpoint.require_reaches(examples.read(each), seen, "somebody remembers")

    # ------------------------------------------------------------ what holds

    @invariant()
    def agree(self) -> None:
        """Ledger and list say the same of who serves, who served, and who was taken out."""
        history, model = self.history, self.model
        assert history.champion == (model.moves[-1].champion if model.moves else None)
        assert history.served == tuple(move.champion for move in model.moves)
        assert list(history.earlier()) == [move.champion for move in model.earlier]
        out = {number for number in range(1, 6) if rollback.was_rolled_back(history, sha(number))}
        assert out == model.taken_out
        assert [link.entry.seq for link in history.links] == list(range(1, len(self.objects) + 1))

    def teardown(self) -> None:
        """Read from its first entry on, the ledger is what it was when each was read after the others."""
        assert examples.read(self.objects) == self.history


def test_a_thousand_histories() -> None:
    """Whatever an intruder does is refused, and whatever else happens is as the list says."""
    Histories.drawn = 0
    run_state_machine_as_test(
        Histories,
        settings=settings(
            max_examples=HISTORIES,
            stateful_step_count=STEPS,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert Histories.drawn >= HISTORIES
