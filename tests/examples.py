"""Small verdicts, decisions and ledgers, signed with keys made here."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from securesystemslib.signer import CryptoSigner

from gates import digest, ledger
from gates.envelope import seal
from gates.ledger import Champion, Entry, History, Kind, Link
from gates.public_keys import Signer, VerifyingKey, public_key
from gates.statement import Candidate, Decision
from gates.verdict import Verdict, at_least, at_most

TODAY = date(2026, 6, 1)
MODEL = "churn"
POLICY = "0" * 64


@dataclass(frozen=True)
class Keys:
    """A signer and the text of its public half."""

    signer: Signer
    public: str

    @property
    def key(self) -> VerifyingKey:
        """What verifies."""
        return self.signer.public_key


def keys(seed: int) -> Keys:
    """Return the key pair of a seed."""
    private = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
    public = private.public_key().public_bytes_raw().hex()
    return Keys(CryptoSigner(private, public_key(public)), public)


OURS, OTHERS = keys(1), keys(2)

GOLDEN = Verdict(
    "golden",
    "block",
    (at_least("auc", 0.85, 0.8, low=0.82, high=0.88), at_most("brier", 0.1, 0.14)),
    {"auc": 0.85},
    {"predictions": "1" * 64},
    POLICY,
)
LATENCY = Verdict(
    "latency", "block", (at_most("p99_ms/challenger", 4.0, 200, unit="ms"),), policy_sha256=POLICY
)
MODES = {"golden": "block", "latency": "block"}


def sha(number: int) -> str:
    """Return the SHA-256 of a number's text."""
    return digest.of_bytes(str(number).encode())


def decision(number: int = 1, head: ledger.Link | None = None) -> Decision:
    """Return a passing decision about the model with this number, compared with a ledger's head."""
    candidate = Candidate(
        sha=sha(number),
        run_id=f"run-{number}",
        commit="c" * 40,
        lock_sha256="1" * 64,
        params_sha256="2" * 64,
        data_sha256="3" * 64,
        data_md5="4" * 32,
        remote="storage",
        golden_version="v1",
        golden_sha256="5" * 64,
        replay_sha256="6" * 64,
    )
    champion = {"seq": head.entry.seq, "sha256": head.sha256} if head else None
    return Decision(MODEL, candidate, champion, TODAY, POLICY, (GOLDEN, LATENCY))


def champion(number: int) -> Champion:
    """Return the champion with this number as its version."""
    return Champion(sha(number), str(number), f"run-{number}", "f" * 64, sha(1000 + number))


def following(history: History, number: int, kind: Kind = "promote") -> Entry:
    """Return the entry by which a model follows in a history."""
    length = len(history.links)
    return ledger.next_entry(
        history,
        operation=f"operation {length + 1}",
        kind=kind,
        target=champion(number),
        reason="because",
        actor="somebody",
        time=datetime(2026, 6, 1, 12, length, tzinfo=UTC),
    )


def sealed(entry: Entry, by: Keys = OURS) -> bytes:
    """Return an entry as it is stored."""
    return seal(ledger.to_document(entry), ledger.PAYLOAD_TYPE, by.signer)


def stored(*moves: int | tuple[int, Kind]) -> dict[int, bytes]:
    """Return the stored objects of a ledger in which these models followed one another."""
    objects: dict[int, bytes] = {}
    for seq, move in enumerate(moves, start=1):
        number, kind = move if isinstance(move, tuple) else (move, "promote")
        objects[seq] = sealed(following(read(objects), number, kind))
    return objects


def read(objects: dict[int, bytes], verified: Sequence[Link] = ()) -> History:
    """Return the verified history of stored objects."""
    return ledger.read(MODEL, objects, [OURS.key], verified)


def history(*moves: int | tuple[int, Kind]) -> History:
    """Return the history in which these models followed one another."""
    return read(stored(*moves))


def changed(verdict: Verdict, **fields: object) -> Verdict:
    """Return the verdict with other fields."""
    return replace(verdict, **fields)  # type: ignore[arg-type]  # any field of a verdict
