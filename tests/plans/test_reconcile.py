"""What is not as the ledger says is told, each thing once, and put back where it can be."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gates import digest
from gates.break_glass import Approval
from gates.ledger import History
from gates.plans.reconcile import Deviation, Held, Proof, Seen, deviations, plan
from gates.plans.steps import Append, ClearStage, PointAlias, Put, RemoveAlias
from tests.examples import MODEL, champion, following, history, read, sealed, sha, stored

NOW = datetime(2026, 6, 2, tzinfo=UTC)
FOLDER = "f" * 64
GOOD = Seen(
    "2",
    {"1": Held("", "ada, 1 June"), "2": Held("", "grace, 2 June")},
    [Proof(champion(2), FOLDER)],
    None,
    NOW,
)
INSTEAD = "serve an earlier one: gates rollback --to previous --reason …"
LOST = "It cannot be served: bring it back from a backup, or promote another."
LOST_CHAMPION = f"It cannot be served: bring it back from a backup, or {INSTEAD}"
UNPROVEN = f"Without it, it does not serve: bring it back from a backup, or {INSTEAD}"
CHANGED = "The files of version 2 are not those that were promoted."
ALIAS = Deviation("alias", "1", "The alias names version 1, the ledger version 2.", "ada, 1 June")
NO_ALIAS = Deviation("alias", "", "The alias names nobody, the ledger version 2.")
STAGE = Deviation("stage", "1", "Version 1 was put into the stage Archived.", "ada, 1 June")
FILES = Deviation("files", "2", CHANGED, "grace, 2 June", LOST_CHAMPION)


def approved(expires: datetime) -> Approval:
    """Return an approval until a moment."""
    return Approval(MODEL, sha(1), "it is down", NOW - timedelta(days=1), expires)


FOUND: dict[str, tuple[Seen, list[Deviation]]] = {
    "nothing": (GOOD, []),
    "the alias": (replace(GOOD, alias="1"), [ALIAS]),
    "the alias names a version that is gone": (
        replace(GOOD, alias="9"),
        [Deviation("alias", "9", "The alias names version 9, the ledger version 2.")],
    ),
    "no alias": (
        replace(GOOD, alias=None),
        [NO_ALIAS],
    ),
    "a stage": (replace(GOOD, versions={"1": Held("Archived", "ada, 1 June"), "2": Held("", "x")}), [STAGE]),
    "files": (replace(GOOD, proofs=[Proof(champion(2), "0" * 64)]), [FILES]),
    "files that are gone": (
        replace(GOOD, proofs=[Proof(champion(7), "", gone="Version 7 is gone.")]),
        [Deviation("files", "7", "Version 7 is gone.", "", LOST)],
    ),
    "the champion is gone, and its alias with it": (
        replace(GOOD, alias=None, proofs=[Proof(champion(2), "", gone="Version 2 is gone.")]),
        [
            replace(NO_ALIAS, do=f"Who should serve is gone; {INSTEAD}"),
            Deviation("files", "2", "Version 2 is gone.", "grace, 2 June", LOST_CHAMPION),
        ],
    ),
    "an earlier one is gone too": (
        replace(GOOD, alias=None, proofs=[Proof(champion(1), "", gone="Version 1 is gone.")]),
        [NO_ALIAS, Deviation("files", "1", "Version 1 is gone.", "ada, 1 June", LOST)],
    ),
    "a statement": (
        replace(GOOD, proofs=[Proof(champion(2), FOLDER, statement="It is gone.")]),
        [Deviation("statement", "2", "It is gone.", do=UNPROVEN)],
    ),
    "a run": (
        replace(GOOD, proofs=[Proof(champion(2), FOLDER, run="It was edited.")]),
        [Deviation("run", "2", "It was edited.", do="Look at it in MLflow; the statement has the truth.")],
    ),
    "a break-glass that is over": (
        replace(GOOD, approval=approved(NOW)),
        [Deviation("break-glass", "2", "Version 2 came in by break-glass until 2026-06-02T00:00:00Z.")],
    ),
    "a break-glass that is not": (replace(GOOD, approval=approved(NOW + timedelta(seconds=1))), []),
    "everything": (
        replace(
            GOOD,
            alias="1",
            versions={"1": Held("Archived", "ada, 1 June"), "2": Held("", "grace, 2 June")},
            proofs=[Proof(champion(2), "0" * 64), Proof(champion(1), FOLDER)],
        ),
        [ALIAS, STAGE, FILES],
    ),
}


@pytest.mark.parametrize("name", FOUND)
def test_what_is_not_as_the_ledger_says_is_found(name: str) -> None:
    """With who and when, as far as it is known, and what to do where it cannot be put back."""
    seen, expected = FOUND[name]
    assert list(deviations(history(1, 2), seen)) == expected


def test_nobody_serves_and_the_alias_names_nobody() -> None:
    """Before the first promotion; an alias that somebody set is told, and an approval is nobody's."""
    empty = replace(GOOD, alias=None, proofs=[], approval=approved(NOW))
    assert list(deviations(History(MODEL), empty)) == []
    (found,) = deviations(History(MODEL), replace(empty, alias="1"))
    assert found == Deviation("alias", "1", "The alias names version 1, the ledger nobody.", "ada, 1 June")


def noted(before: History, *found: Deviation) -> tuple[Put, Append]:
    """Return the note that a plan ends with, and hold that it says what was found."""
    put, append = plan(before, found)[-2:]
    assert isinstance(put, Put)
    assert isinstance(append, Append)
    report = {"deviations": [vars(each) for each in found]}
    assert (put.data, put.what) == (digest.canonical_json(report), "what was found")
    head = before.head.sha256 if before.head else None
    evidence = digest.of_document(report)
    assert append == Append(
        digest.of_document(["repair", head, evidence]),
        "repair",
        None,
        ", ".join(dict.fromkeys(each.kind for each in found)),
        evidence,
    )
    return put, append


def test_alias_and_stages_are_put_back_and_noted() -> None:
    """Every stage, the alias once; what cannot be put back is noted beside them."""
    other = replace(STAGE, version="2")
    steps = plan(history(1, 2), [ALIAS, STAGE, FILES, other])
    assert steps[:-2] == [ClearStage("1"), ClearStage("2"), PointAlias()]
    assert noted(history(1, 2), ALIAS, STAGE, FILES, other)[1].reason == "alias, stage, files"


def test_an_alias_is_not_set_to_who_is_gone() -> None:
    """It is noted, and nothing else is tried."""
    gone = replace(NO_ALIAS, do="Who should serve is gone.")
    assert plan(history(1, 2), [gone, FILES]) == list(noted(history(1, 2), gone, FILES))


def test_an_alias_beside_an_empty_ledger_is_removed() -> None:
    """The ledger names nobody."""
    steps = plan(History(MODEL), [ALIAS])
    assert steps[:-2] == [RemoveAlias()]
    noted(History(MODEL), ALIAS)


def test_what_cannot_be_put_back_is_noted_once() -> None:
    """And not every quarter of an hour; whatever can be put back is put back every time."""
    objects = stored(1, 2)
    for found, again in (((FILES,), 0), ((FILES, ALIAS), 3)):
        _, append = noted(read(objects), *found)
        entry = replace(following(read(objects), 2, "repair"), evidence=append.evidence)
        assert len(plan(read(objects | {3: sealed(entry)}), found)) == again
    other = replace(following(read(objects), 2, "repair"), evidence="e" * 64)
    assert len(plan(read(objects | {3: sealed(other)}), [FILES])) == 2


def test_a_deviation_as_data() -> None:
    """As the note keeps it."""
    assert FILES.to_document() == {
        "kind": "files",
        "version": "2",
        "what": CHANGED,
        "known": "grace, 2 June",
        "do": LOST_CHAMPION,
    }
