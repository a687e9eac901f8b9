"""Where ledger and checkpoints lie, and what a cut tail is up against."""

from dataclasses import replace

import pytest

from gates.controls.ledger import Places, folder, tail
from gates.controls.roads import Word

APART = Places("s3://ledger/production", "s3://ledger", "s3://witness/production", "s3://witness")


def test_a_folder_detects() -> None:
    """History and writers alike; a bucket is what to move to."""
    found = list(folder(Places("here", "project")))
    assert [each.word for each in found] == [Word.DETECTS] * 2
    assert all("s3://bucket/prefix" in each.do for each in found)


def test_a_second_place_detects() -> None:
    """A lock prevents, whether there is one or not."""
    assert tail(APART).word is Word.DETECTS
    assert tail(replace(APART, locked=True)).word is Word.PREVENTS
    assert tail(Places("s3://ledger", "s3://ledger", locked=True)).word is Word.PREVENTS


@pytest.mark.parametrize(
    ("places", "do"),
    [
        (replace(APART, checkpoints="", checkpoints_owner=""), "gates.checkpoints"),
        (replace(APART, checkpoints_owner="s3://ledger"), "another owner"),
        (
            replace(APART, checkpoints="git:refs/notes/x"),
            "git config --add remote.origin.fetch refs/notes/x:refs/notes/x",
        ),
    ],
)
def test_a_cut_tail_that_nobody_sees(places: Places, do: str) -> None:
    """No second place, one beside the first, and notes that no clone has."""
    found = tail(places)
    assert found.word is Word.OPEN
    assert do in found.do


def test_notes_that_every_fetch_brings() -> None:
    """Detected, as long as somebody pushes them."""
    found = tail(replace(APART, checkpoints="git:refs/notes/x", notes_fetched=True))
    assert found.word is Word.DETECTS
    assert found.do.endswith("git push origin refs/notes/x:refs/notes/x")
