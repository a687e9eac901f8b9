"""What ledger, statement and plans refuse: each error word for word, since it is all that a person sees."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, NamedTuple

import pytest

from gates import checkpoint, ledger, statement
from gates.break_glass import Approval
from gates.envelope import seal
from gates.errors import ConflictError, GatesError, InvalidError, TamperedError, UndecidedError
from gates.ledger import Entry, History
from gates.plans import promote, rollback
from gates.statement import from_document, require_promotable, to_document
from gates.verdict import at_least
from tests.examples import (
    GOLDEN,
    LATENCY,
    MODEL,
    MODES,
    OURS,
    POLICY,
    champion,
    changed,
    decision,
    following,
    history,
    read,
    sealed,
    sha,
    stored,
)

OF_CHURN = "of the ledger of churn"
JUDGE = "Judge again: gates judge"
ASKED = "Compared at an empty ledger, the last move is entry 2."
APPROVAL = Approval(
    MODEL, sha(1), "it is down", datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 6, 2, tzinfo=UTC)
)


class Refusal(NamedTuple):
    """What is tried, and how it is refused."""

    tried: Callable[[], object]
    kind: type[GatesError]
    what: str
    do: str
    why: str = ""


def second(entry: Entry) -> Callable[[], object]:
    """Read a ledger whose second entry is this one, well signed."""
    return lambda: read(stored(1) | {2: sealed(entry)})


def written(**fields: object) -> Callable[[], object]:
    """Read a ledger whose first entry has other fields in its document, well signed."""
    document = ledger.to_document(following(History(MODEL), 1)) | fields
    return lambda: read({1: seal(document, ledger.PAYLOAD_TYPE, OURS.signer)})


def no_entry(why: str) -> tuple[type[GatesError], str, str]:
    """An entry that is none of ours."""
    return TamperedError, f"Entry 1 {OF_CHURN} is not an entry of ours: {why}.", "Find who wrote it."


def stated(edit: Callable[[dict[str, Any]], object]) -> Callable[[], object]:
    """Read an edited statement."""

    def tried() -> object:
        document = to_document(decision())
        edit(document)
        return from_document(document, "the file")

    return tried


def to(target: str, *moves: int) -> Callable[[], object]:
    """Ask for who may serve again."""
    return lambda: list(rollback.targets(history(*moves), target))


def let_in(number: int) -> Entry:
    """An entry by which a model came in by break-glass."""
    target = replace(champion(number), approval="a" * 64)
    return replace(following(history(1), number, "break-glass"), target=target)


def by_glass() -> History:
    """A history with such an entry, after which another model was promoted."""
    objects = stored(1) | {2: sealed(let_in(2))}
    return read(objects | {3: sealed(following(read(objects), 3))})


THERE = "Find who wrote there."
BACKUP = "Find who wrote there; bring it back from a backup."
CHECKPOINT = "Find who wrote it; a checkpoint holds model, seq and sha256."
SEEN = checkpoint.of(history(1, 2)) or {}

REFUSALS: dict[str, Refusal] = {
    "an entry before the first": Refusal(
        lambda: read(stored(1) | {0: b"{}"}),
        TamperedError,
        "The ledger of churn begins before entry 1.",
        "Find who wrote.",
    ),
    "nothing but an entry 0": Refusal(
        lambda: read({0: b"{}"}),
        TamperedError,
        "The ledger of churn begins before entry 1.",
        "Find who wrote.",
    ),
    "a missing entry": Refusal(
        lambda: read({2: stored(1, 2)[2]}),
        TamperedError,
        f"Entry 1 {OF_CHURN} is missing.",
        "Find who removed it; later entries are not valid.",
    ),
    "an entry that follows another": Refusal(
        second(following(History(MODEL), 1)),
        TamperedError,
        f"Entry 2 {OF_CHURN} does not follow the one before it.",
        THERE,
    ),
    "a promotion with an approval": Refusal(
        second(replace(let_in(2), kind="promote")),
        TamperedError,
        f"Entry 2 {OF_CHURN} does not say how its champion came in.",
        THERE,
    ),
    "a break-glass without one": Refusal(
        second(replace(let_in(2), target=champion(2))),
        TamperedError,
        f"Entry 2 {OF_CHURN} does not say how its champion came in.",
        THERE,
    ),
    "a rollback to a stranger": Refusal(
        second(following(history(1), 9, "rollback")),
        TamperedError,
        f"Entry 2 {OF_CHURN} rolls back to who never served.",
        THERE,
    ),
    "an operation twice": Refusal(
        second(replace(following(history(1), 2), operation="operation 1")),
        TamperedError,
        "The ledger of churn holds an operation twice.",
        THERE,
    ),
    "another version of entries": Refusal(written(version=2), *no_entry("its version or kind is unknown")),
    "another kind of entry": Refusal(written(kind="rise"), *no_entry("its version or kind is unknown")),
    "a time in another form": Refusal(
        written(time="2026-6-1T1:2:3Z"), *no_entry("its time is written in another form")
    ),
    "a move to nobody": Refusal(written(to=None), *no_entry("it moves to nobody")),
    "evidence that is no text": Refusal(written(evidence=[]), *no_entry("a field is of another type")),
    "a champion without a SHA": Refusal(
        written(to=vars(champion(1)) | {"sha": None}), *no_entry("a field is of another type")
    ),
    "a number that is a truth": Refusal(written(seq=True), *no_entry("a field is of another type")),
    "a reason that is no text": Refusal(written(reason=1), *no_entry("a field is of another type")),
    "an origin of another form": Refusal(written(**{"from": {}}), *no_entry("its fields are not plain")),
    "a ledger that lost its tail": Refusal(
        lambda: checkpoint.require_reaches(history(1), SEEN, "Somebody says so"),
        TamperedError,
        "The ledger of churn has 1 entries and once had 2.",
        BACKUP,
        "Somebody says so.",
    ),
    "a ledger that was written anew": Refusal(
        lambda: checkpoint.require_reaches(history(1, 3), SEEN, "Somebody says so"),
        TamperedError,
        f"Entry 2 {OF_CHURN} is not the one that once stood there.",
        BACKUP,
        "Somebody says so.",
    ),
    **{
        f"a checkpoint {name}": Refusal(
            lambda kept=kept: checkpoint.require_reaches(history(1, 2), kept, "It"),  # type: ignore[misc]  # bound now, not when it is called
            InvalidError,
            "This is not a checkpoint of the ledger of churn.",
            CHECKPOINT,
            "It.",
        )
        for name, kept in {
            "of another model": SEEN | {"model": "x"},
            "without a place": {"model": MODEL, "sha256": "x", "x": 1},
            "without a digest": {"model": MODEL, "seq": 1, "x": 1},
            "without a model": {"seq": 1, "sha256": "x", "x": 1},
            "at no place": SEEN | {"seq": 0},
            "at a truth": SEEN | {"seq": True},
            "with more": SEEN | {"x": 1},
        }.items()
    },
    "nobody of that name": Refusal(
        lambda: history(1).find("7"),
        InvalidError,
        "No champion has the version or SHA '7' in the ledger of churn.",
        "See them all: gates history",
        "A SHA may be shortened to 7 digits, and no further.",
    ),
    "a statement without candidate": Refusal(
        stated(lambda d: d["predicate"].pop("candidate")),
        TamperedError,
        "the file is not a statement of ours.",
        JUDGE,
        "It has no 'candidate'.",
    ),
    "a digest that is no text": Refusal(
        stated(lambda d: d["predicate"]["candidate"].update(commit=5)),
        TamperedError,
        "the file is not a statement of ours.",
        JUDGE,
        "a text is not one.",
    ),
    "a change of policy that is no text": Refusal(
        stated(lambda d: d["predicate"].update(policy_changes=[1])),
        TamperedError,
        "the file is not a statement of ours.",
        JUDGE,
        "a text is not one.",
    ),
    "a verdict of another format": Refusal(
        stated(lambda d: d["predicate"]["verdicts"][0].update(format=2)),
        TamperedError,
        "the file is not a statement of ours.",
        JUDGE,
        "the file has a format that this version does not know.",
    ),
    "a statement with a field of its own": Refusal(
        stated(lambda d: d.update(comment="x")),
        TamperedError,
        "the file was changed after it was written.",
        JUDGE,
    ),
    "a statement that nobody named": Refusal(
        lambda: from_document({}),
        TamperedError,
        "statement is not a statement of ours.",
        JUDGE,
        "It has no 'predicate'.",
    ),
    "verdicts that are missing": Refusal(
        lambda: require_promotable(replace(decision(), verdicts=()), MODES, MODES, POLICY),
        TamperedError,
        "The statement does not hold one verdict of every gate: golden, latency.",
        "gates judge",
    ),
    "a verdict that one gate more gave": Refusal(
        lambda: require_promotable(decision(), ["golden"], MODES, POLICY),
        TamperedError,
        "The statement does not hold one verdict of every gate: latency.",
        "gates judge",
    ),
    "another policy": Refusal(
        lambda: require_promotable(decision(), MODES, MODES, "1" * 64),
        TamperedError,
        "The statement was judged under another policy than params.yaml's.",
        "gates judge",
    ),
    "another mode": Refusal(
        lambda: require_promotable(decision(), MODES, MODES | {"golden": "report"}, POLICY),
        TamperedError,
        "The statement was judged under another policy than params.yaml's.",
        "gates judge",
    ),
    "a glass that need not be broken": Refusal(
        lambda: promote.plan(History(MODEL), decision(), [], APPROVAL),
        InvalidError,
        "The decision is a pass; no glass has to be broken.",
        "gates promote --apply",
    ),
    "a stale comparison": Refusal(
        lambda: promote.plan(history(1, 2), decision(9), []),
        ConflictError,
        "The champion moved after this model was compared with it.",
        "Compare again with who serves now: gates ship",
        ASKED,
    ),
    "a comparison with the past": Refusal(
        lambda: promote.plan(history(1, 2), decision(9, history(1).head), []),
        ConflictError,
        "The champion moved after this model was compared with it.",
        "Compare again with who serves now: gates ship",
        "Compared at entry 1, the last move is entry 2.",
    ),
    "a rollback before the first champion": Refusal(
        to("previous"), UndecidedError, "churn has no champion yet.", "Promote one first: gates ship"
    ),
    "a rollback to who serves": Refusal(
        to("2", 1, 2), InvalidError, "v2 is the champion already.", "Choose another: gates history"
    ),
    "a rollback to nobody before": Refusal(
        to("previous", 1),
        UndecidedError,
        "No earlier champion of churn is left to roll back to.",
        "Ship a better one: gates ship",
        why="Nobody served before.",
    ),
    "a rollback to who came in by break-glass": Refusal(
        lambda: list(rollback.targets(by_glass(), "2")),
        InvalidError,
        "v2 came in by break-glass, and no gate has passed it.",
        "Choose another: gates history; or break the glass again: gates promote --break-glass …",
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_it_is_refused_in_these_words(name: str) -> None:
    """What happened, why, and what to do; of its kind, which is the exit code."""
    refusal = REFUSALS[name]
    with pytest.raises(GatesError) as caught:
        refusal.tried()
    error = caught.value
    assert (type(error), error.what, error.why, error.do) == (
        refusal.kind,
        refusal.what,
        refusal.why,
        refusal.do,
    )


def test_what_is_good_is_not_refused() -> None:
    """The same, untouched."""
    written()()
    assert from_document(to_document(decision())) == decision()
    assert from_document(to_document(replace(decision(), policy_changes=("x",)))).policy_changes == ("x",)
    require_promotable(decision(), MODES, MODES, POLICY)
    checkpoint.require_reaches(history(1, 2), SEEN, "It")
    checkpoint.require_reaches(history(1, 2, 3), SEEN, "It")
    checkpoint.require_reaches(history(1), checkpoint.of(history(1)) or {}, "It")
    assert by_glass().champion == champion(3)


def test_a_checkpoint_names_the_head() -> None:
    """Nothing before the first entry."""
    head = history(1, 2).head
    assert head is not None
    assert checkpoint.of(history(1, 2)) == {"model": MODEL, "seq": 2, "sha256": head.sha256}
    assert checkpoint.of(History(MODEL)) is None


def test_blocking_verdicts_come_failed_first() -> None:
    """And those that pass, or only report, not at all."""
    undecided = changed(LATENCY, findings=())
    failed = changed(GOLDEN, gate="zebra", findings=(at_least("auc", 0.7, 0.8),))
    report = changed(failed, mode="report")
    assert statement.blocking([undecided, GOLDEN, report, failed]) == [failed, undecided]
