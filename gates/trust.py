"""Whose signatures are believed, and for which days."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date

from gates import digest
from gates.errors import TamperedError
from gates.public_keys import SIGSTORE


@dataclass(frozen=True)
class Identity:
    """Who signs keyless, as Sigstore certifies it.

    Attributes:
        identity: The certificate's subject: a workflow at a ref.
        issuer: Who told Sigstore so.
        repository: For whom the workflow runs; whoever may call a reusable one signs by its name.
    """

    identity: str
    issuer: str
    repository: str = ""

    @property
    def keyid(self) -> str:
        """What an envelope calls it."""
        return SIGSTORE + digest.of_document(asdict(self))

    def __str__(self) -> str:
        """As it stands in the policy."""
        return "{" + ", ".join(f"{name}: {json.dumps(value)}" for name, value in asdict(self).items()) + "}"


@dataclass(frozen=True)
class TrustedKey:
    """A verifying key of the policy.

    Attributes:
        key: Its key id: its public half as text; see `gates.public_keys`.
        owner: Who keeps the private half.
        start: The first day for which it may sign; None for ever before.
        until: The last day; None for ever after.
        revoked: The day from which nothing that it signed is believed; None where it was not revoked.
        identity: Who signs, where that is keyless; None for a key.
    """

    key: str
    owner: str = ""
    start: date | None = None
    until: date | None = None
    revoked: date | None = None
    identity: Identity | None = None

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
