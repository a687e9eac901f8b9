"""A key is believed for the days that the policy gives it."""

from dataclasses import replace
from datetime import date

import pytest
import yaml

from gates.errors import ExitCode, TamperedError
from gates.trust import Identity, TrustedKey, require_valid

KEY = "a" * 64
TERM = TrustedKey(KEY, "platform team", date(2026, 3, 1), date(2026, 9, 30), date(2026, 6, 15))


@pytest.mark.parametrize(
    ("day", "why"),
    [
        (date(2026, 2, 28), "from 2026-03-01 on"),
        (date(2026, 3, 1), ""),
        (date(2026, 6, 14), ""),
        (date(2026, 6, 15), "revoked on 2026-06-15"),
        (date(2026, 10, 1), "revoked on 2026-06-15"),
    ],
)
def test_the_days_of_a_key(day: date, why: str) -> None:
    """First and last day included; what it signed before it was revoked stays believed."""
    told = TERM.why_not(day)
    assert (why in told) if why else (told == "")


def test_the_last_day() -> None:
    """Not the day after."""
    key = TrustedKey(KEY, until=date(2026, 9, 30))
    assert key.why_not(date(2026, 9, 30)) == ""
    assert "until 2026-09-30" in key.why_not(date(2026, 10, 1))


def test_a_key_without_days_is_believed_always() -> None:
    """As one that is listed by its digits alone."""
    assert TrustedKey(KEY).why_not(date.min) == TrustedKey(KEY).why_not(date.max) == ""


def test_an_identity_is_known_by_all_of_it() -> None:
    """Workflow, issuer and repository; in the policy it reads as it is printed."""
    one = Identity(
        "https://github.com/a/b/.github/workflows/ship.yml@refs/heads/main", "https://i", "https://r"
    )
    others = [replace(one, **{name: "x"}) for name in ("identity", "issuer", "repository")]
    assert len({each.keyid for each in (one, *others)}) == 4
    assert Identity(**yaml.safe_load(str(one))) == one


def test_every_signer_has_to_hold() -> None:
    """Exit code 6; the owner and the reason are told, or that nobody knows the key."""
    require_valid([TERM], [KEY], date(2026, 4, 1), "Entry 1")
    with pytest.raises(TamperedError, match="Entry 1 is not believed") as caught:
        require_valid([TERM], [KEY, "b" * 64], date(2026, 4, 1), "Entry 1")
    assert "is not one of the policy's" in caught.value.why
    assert caught.value.code is ExitCode.TAMPERED
    with pytest.raises(TamperedError, match="Entry 1 is not believed") as caught:
        require_valid([TERM], [KEY], date(2026, 7, 1), "Entry 1")
    assert "of platform team was revoked" in caught.value.why
