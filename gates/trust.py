"""Whose signatures are believed, and for which days."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from gates.errors import TamperedError


@dataclass(frozen=True)
class TrustedKey:
    """A verifying key of the policy.

    Attributes:
        key: Its public half as text; see `gates.public_keys`.
        owner: Who keeps the private half.
        start: The first day for which it may sign; None for ever before.
        until: The last day; None for ever after.
        revoked: The day from which nothing that it signed is believed; None where it was not revoked.
    """

    key: str
    owner: str = ""
    start: date | None = None
    until: date | None = None
    revoked: date | None = None

    def why_not(self, day: date) -> str:
        """Return why a signature of this day is not believed; empty where it is."""
        if self.revoked and day >= self.revoked:
            return f"was revoked on {self.revoked}"
        if self.start and day < self.start:
            return f"may sign from {self.start} on"
        if self.until and day > self.until:
            return f"was to sign until {self.until}"
        return ""


def require_valid(trusted: Iterable[TrustedKey], signers: Iterable[str], day: date, name: str) -> None:
    """Hold that every signer of a verified document was trusted on its day.

    Args:
        trusted: The keys of the policy.
        signers: Key ids of the keys that signed.
        day: The day of which the document says to be.
        name: What an error calls the document.

    Raises:
        TamperedError: One was not, or not any more.
    """
    known = {each.key: each for each in trusted}
    for signer in signers:
        why = known[signer].why_not(day) if signer in known else "is not one of the policy's"
        if why:
            owner = known[signer].owner if signer in known else ""
            whose = f" of {owner}" if owner else ""
            raise TamperedError(
                f"{name} is not believed.",
                why=f"It is of {day}; the key {signer[:16]}…{whose} {why}.",
                do="Find who wrote it; bring back what was there before from a backup.",
            )
