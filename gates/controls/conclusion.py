"""What all findings together say."""

from collections import Counter
from collections.abc import Sequence

from gates.controls.roads import Finding, Word
from gates.verdict import Outcome

# What a person has to look at says nothing either way; it is told and not counted.
_FAILING = {Word.DETECTS: {Word.OPEN}, Word.PREVENTS: {Word.OPEN, Word.DETECTS}}


def outcome(findings: Sequence[Finding], required: Word) -> Outcome:
    """Return fail where a road is less closed than required, undecided where one could not be asked."""
    words = {each.word for each in findings}
    if words & _FAILING[required]:
        return Outcome.FAIL
    return Outcome.UNDECIDED if Word.UNKNOWN in words else Outcome.PASS


def sentence(findings: Sequence[Finding]) -> str:
    """Return how many roads are closed how far, and which are open."""
    counted = Counter(each.word for each in findings)
    parts = [
        f"{counted[word]} {told}"
        for word, told in (
            (Word.PREVENTS, "prevented"),
            (Word.DETECTS, "detected"),
            (Word.OPEN, "open"),
            (Word.UNKNOWN, "unknown"),
            (Word.LOOK, "to look at"),
        )
        if counted[word]
    ]
    names = ", ".join(each.road for each in findings if each.word is Word.OPEN)
    return (
        f"Of {len(findings)} roads around the gates: {', '.join(parts)}.{f' Open: {names}.' if names else ''}"
    )
