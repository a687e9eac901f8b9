"""Break-glass: two people let a model serve that its gates did not pass, for a reason and until a moment.

Their approval is one envelope, signed by the keys of both, over

    {"version": 1, "model", "decision": <sha256 of the decision>, "reason", "approved", "expires"}
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from gates import digest
from gates.documents import Document
from gates.envelope import signers, unseal
from gates.errors import TamperedError
from gates.public_keys import VerifyingKey
from gates.trust import TrustedKey

FORMAT = 1
APPROVERS = 2
TIME = "%Y-%m-%dT%H:%M:%SZ"
PAYLOAD_TYPE = "application/vnd.ml-gates.break-glass+json"


@dataclass(frozen=True)
class Approval:
    """What two people have approved.

    Attributes:
        model: The model whose champion it is to be.
        decision: Digest of the decision that is no pass.
        reason: One sentence for the auditor.
        approved: When they signed, in UTC.
        expires: When it ends, in UTC; from then on `gates reconcile` rolls it back.
    """

    model: str
    decision: str
    reason: str
    approved: datetime
    expires: datetime

    def expired(self, moment: datetime) -> bool:
        """Return whether it has ended."""
        return moment >= self.expires


def to_document(approval: Approval) -> Document:
    """Return an approval as the payload of its envelope."""
    times = {"approved": approval.approved.strftime(TIME), "expires": approval.expires.strftime(TIME)}
    return {**vars(approval), **times, "version": FORMAT}


def read(data: bytes, keys: Iterable[VerifyingKey], trusted: Sequence[TrustedKey], name: str) -> Approval:
    """Return the approval in an envelope after verifying that two people have signed it.

    Args:
        data: The envelope.
        keys: The keys that may have signed it.
        trusted: Whose they are.
        name: What an error calls it.

    Raises:
        TamperedError: It does not verify, or is not the approval of two people.
    """
    document = unseal(data, PAYLOAD_TYPE, keys, name)
    try:
        approved, expires = (
            datetime.strptime(document[name], TIME).replace(tzinfo=UTC) for name in ("approved", "expires")
        )
        approval = Approval(document["model"], document["decision"], document["reason"], approved, expires)
        if not all(isinstance(text, str) for text in (approval.model, approval.decision, approval.reason)):
            raise TypeError("a field is not text")
        if not digest.same_json(to_document(approval), document):
            raise ValueError("its fields are not those of an approval")
        if len(owners(signers(data), trusted)) < APPROVERS:
            raise ValueError("two people have to sign it")
    except (KeyError, TypeError, ValueError) as error:
        why = f"It has no {error}." if isinstance(error, KeyError) else f"{error}."
        raise TamperedError(
            f"{name} is not an approval of ours.", why=why, do="Find who wrote it."
        ) from error
    return approval


def owners(keyids: Iterable[str], trusted: Sequence[TrustedKey]) -> list[str]:
    """Return the people whose keys these are, each once; a key without an owner is nobody's."""
    known = set(keyids)
    return sorted({each.owner for each in trusted if each.key in known and each.owner})
