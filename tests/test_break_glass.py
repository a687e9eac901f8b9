"""An approval is the word of two people, or it is tampering."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from gates import break_glass
from gates.break_glass import PAYLOAD_TYPE, Approval, owners, read, to_document
from gates.envelope import seal
from gates.errors import ExitCode, TamperedError
from gates.public_keys import public_key
from gates.trust import TrustedKey
from tests.examples import MODEL, Keys, keys, sha

ADA, GRACE, ADAS_OTHER, NOBODYS = keys(1), keys(2), keys(3), keys(4)
TRUSTED = [
    TrustedKey(ADA.public, "Ada"),
    TrustedKey(GRACE.public, "Grace"),
    TrustedKey(ADAS_OTHER.public, "Ada"),
    TrustedKey(NOBODYS.public),
]
KEYS = [public_key(each.key) for each in TRUSTED]
APPROVAL = Approval(
    MODEL,
    sha(1),
    "churn model is down",
    datetime(2026, 6, 1, 3, tzinfo=UTC),
    datetime(2026, 6, 2, 3, tzinfo=UTC),
)


def sealed(document: dict[str, Any], *by: Keys) -> bytes:
    """Return a document signed by each, as an approval."""
    return seal(document, PAYLOAD_TYPE, *(each.signer for each in by))


def test_what_two_people_signed_is_read_back() -> None:
    """Also where a third one signed."""
    for signed in ((ADA, GRACE), (GRACE, ADAS_OTHER), (ADA, ADAS_OTHER, GRACE)):
        assert read(sealed(to_document(APPROVAL), *signed), KEYS, TRUSTED, "it") == APPROVAL


@pytest.mark.parametrize("by", [(ADA,), (ADA, ADAS_OTHER), (ADA, NOBODYS), (NOBODYS,), (ADA, keys(9))])
def test_who_is_not_two_people_approves_nothing(by: tuple[Keys, ...]) -> None:
    """Two keys of one owner are one person; a key without an owner is nobody's."""
    with pytest.raises(TamperedError) as caught:
        read(sealed(to_document(APPROVAL), *by), KEYS, TRUSTED, "it")
    assert caught.value.code is ExitCode.TAMPERED


@pytest.mark.parametrize(
    "edit",
    [
        lambda document: {**document, "version": 2},
        lambda document: {**document, "more": 1},
        lambda document: {**document, "expires": "2026-06-02"},
        lambda document: {**document, "expires": None},
        lambda document: {name: value for name, value in document.items() if name != "reason"},
    ],
)
def test_what_is_not_an_approval_of_ours(edit: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """A field more, less, or of another form."""
    with pytest.raises(TamperedError, match="not an approval of ours"):
        read(sealed(edit(to_document(APPROVAL)), ADA, GRACE), KEYS, TRUSTED, "it")


def test_it_ends_at_its_moment() -> None:
    """And not a second before."""
    assert APPROVAL.expired(APPROVAL.expires)
    assert not APPROVAL.expired(APPROVAL.expires.replace(hour=2, minute=59, second=59))


def test_owners_are_people() -> None:
    """Each once, however many keys they have."""
    assert owners([each.key for each in TRUSTED], TRUSTED) == ["Ada", "Grace"]
    assert break_glass.APPROVERS == 2
