"""What all roads together say, and the exit code of it."""

import pytest

from gates.controls import roads
from gates.controls.conclusion import outcome, sentence
from gates.controls.roads import ROADS, Finding, Road, Word
from gates.verdict import Outcome

ALL = {Word.DETECTS: "detects", Word.PREVENTS: "prevents"}


def found(*words: Word) -> list[Finding]:
    """Return findings with these words."""
    return [Finding(f"road-{word}", word, "", "") for word in words]


@pytest.mark.parametrize(
    ("words", "detects", "prevents"),
    [
        ([Word.PREVENTS], Outcome.PASS, Outcome.PASS),
        ([Word.PREVENTS, Word.DETECTS], Outcome.PASS, Outcome.FAIL),
        ([Word.PREVENTS, Word.OPEN], Outcome.FAIL, Outcome.FAIL),
        ([Word.UNKNOWN, Word.OPEN], Outcome.FAIL, Outcome.FAIL),
        ([Word.PREVENTS, Word.UNKNOWN], Outcome.UNDECIDED, Outcome.UNDECIDED),
        ([Word.DETECTS, Word.UNKNOWN], Outcome.UNDECIDED, Outcome.FAIL),
        ([Word.PREVENTS, Word.LOOK], Outcome.PASS, Outcome.PASS),
    ],
)
def test_what_is_required(words: list[Word], detects: Outcome, prevents: Outcome) -> None:
    """An open road fails; one that could not be asked leaves it undecided; what to look at does not count."""
    assert outcome(found(*words), Word.DETECTS) is detects
    assert outcome(found(*words), Word.PREVENTS) is prevents


def test_in_a_sentence() -> None:
    """How many of each, and the open ones by name."""
    told = sentence(found(Word.PREVENTS, Word.PREVENTS, Word.OPEN, Word.LOOK))
    assert told == "Of 4 roads around the gates: 2 prevented, 1 open, 1 to look at. Open: road-open."
    assert sentence(found(Word.DETECTS)) == "Of 1 roads around the gates: 1 detected."


def test_every_road_is_listed_once() -> None:
    """A road that is not would be looked at by nobody."""
    declared = [each for each in vars(roads).values() if isinstance(each, Road)]
    assert sorted(each.name for each in ROADS) == sorted(each.name for each in declared)
    assert len({each.name for each in ROADS}) == len(ROADS)
