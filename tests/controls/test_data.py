"""What a remote that verifies nothing lets in."""

from gates.controls.data import remote
from gates.controls.roads import Word


def test_a_remote_verifies() -> None:
    """Prevented, or open with the command to paste."""
    assert remote("storage", verifies=True).word is Word.PREVENTS
    found = remote("storage", verifies=False)
    assert (found.word, found.do) == (Word.OPEN, "dvc remote modify storage verify true")
