"""Where the policy is pinned, and who watches the pin."""

import pytest

from gates.controls.pinned import Pin, policy
from gates.controls.roads import Word


@pytest.mark.parametrize(
    ("pin", "word"),
    [
        (Pin(in_environment=True), Word.PREVENTS),
        (Pin(in_file=True, has_owners=True), Word.PREVENTS),
        (Pin(in_file=True), Word.DETECTS),
        (Pin(has_owners=True), Word.DETECTS),
        (Pin(), Word.DETECTS),
    ],
)
def test_how_far_a_weakened_threshold_comes(pin: Pin, word: Word) -> None:
    """Not past a pin with reviewers of its own; else every decision shows it."""
    found = policy(pin)
    assert found.word is word
    assert bool(found.do) is (word is Word.DETECTS)
    assert ("gates policy --pin" in found.do) is (word is Word.DETECTS and not pin.in_file)
