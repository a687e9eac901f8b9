"""What the key of this machine and the keys of the policy say."""

import pytest

from gates.controls.keys import Key, signing, trusted
from gates.controls.roads import Word

MINE, THEIRS = "a" * 64, "b" * 64
FILE = Key("file", "key.pem", public=MINE)
CI = Key("environment", "$GATES_SIGNING_KEY", public=MINE, in_ci=True)


@pytest.mark.parametrize(
    ("key", "word"),
    [
        (Key(), Word.PREVENTS),
        (CI, Word.PREVENTS),
        (FILE, Word.DETECTS),
        (Key("keyless", "sigstore:"), Word.PREVENTS),
        (Key("service", "awskms:x"), Word.PREVENTS),
        (Key("service", "awskms:x", may_sign=True, in_ci=True), Word.PREVENTS),
        (Key("service", "awskms:x", may_sign=True), Word.DETECTS),
        (Key("environment", "$GATES_SIGNING_KEY", public=MINE), Word.DETECTS),
        (Key("file", "key.pem", readable=True, public=MINE), Word.OPEN),
    ],
)
def test_who_can_sign_here(key: Key, word: Word) -> None:
    """Nobody, a job of CI, who is logged in, everybody."""
    assert signing(key).word is word


def test_a_key_that_others_can_read() -> None:
    """What to paste closes it."""
    assert signing(Key("file", "key.pem", readable=True)).do == "chmod 600 key.pem"


@pytest.mark.parametrize(
    ("listed", "key", "word"),
    [
        ([], FILE, Word.OPEN),
        ([], Key(), Word.OPEN),
        ([MINE], FILE, Word.DETECTS),
        ([THEIRS, MINE], FILE, Word.DETECTS),
        ([THEIRS], FILE, Word.PREVENTS),
        ([THEIRS], Key(), Word.PREVENTS),
        ([MINE], CI, Word.PREVENTS),
    ],
)
def test_whose_signature_is_believed(listed: list[str], key: Key, word: Word) -> None:
    """Whoever makes a key, who is logged in here, CI alone."""
    assert trusted(listed, key).word is word


def test_what_to_list() -> None:
    """The key of this machine, where there is one; that it is the only one is said."""
    assert trusted([], FILE).do.endswith(f"[{MINE}]")
    assert "alone" in trusted([MINE], FILE).what
