"""The ledger of one model: signed entries in a hash chain, and the fold from history to champion.

An entry is an object `<seq>.json`, a DSSE envelope over

    {"version": 1, "seq", "previous": <sha256 of the entry before, as stored> | null, "operation", "kind",
     "model", "from": <champion> | null, "to": <champion>, "reason", "actor", "time"}

where a champion is {"sha", "version", "run_id", "folder_sha256", "statement"}. Creating the object if it is
absent is the commit; nothing here stores anything.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias, get_args

from gates import digest
from gates.documents import Document
from gates.envelope import unseal
from gates.errors import InvalidError, TamperedError

FORMAT = 1
SHORTEST_SHA = 7
PAYLOAD_TYPE = "application/vnd.ml-gates.entry+json"

Kind: TypeAlias = Literal["promote", "rollback"]


@dataclass(frozen=True)
class Champion:
    """A model version that serves, or once served.

    Attributes:
        sha: The model's SHA.
        version: Its version in the registry, as MLflow writes it.
        run_id: The MLflow run that recorded its training.
        folder_sha256: Digest of the whole folder that the registry keeps for the version.
        statement: SHA-256 of the signed statement that let it in.
    """

    sha: str
    version: str
    run_id: str
    folder_sha256: str
    statement: str


@dataclass(frozen=True)
class Entry:
    """One move of the champion; see the module's docstring."""

    seq: int
    previous: str | None
    operation: str
    kind: Kind
    model: str
    origin: Champion | None
    target: Champion
    reason: str
    actor: str
    time: str


@dataclass(frozen=True)
class Link:
    """An entry with the digest of the bytes that hold it."""

    entry: Entry
    sha256: str


@dataclass(frozen=True)
class History:
    """The verified chain of one model, oldest first."""

    model: str
    links: tuple[Link, ...] = ()

    @property
    def head(self) -> Link | None:
        """The newest link; None before the first promotion."""
        return self.links[-1] if self.links else None

    @property
    def champion(self) -> Champion | None:
        """What serves."""
        return self.head.entry.target if self.head else None

    @property
    def since(self) -> str | None:
        """Since when it serves: time of the newest entry, in UTC."""
        return self.head.entry.time if self.head else None

    def operation(self, operation: str) -> Link | None:
        """Return the link that an operation has written, if it has."""
        return next((link for link in self.links if link.entry.operation == operation), None)

    def earlier(self) -> Iterator[Champion]:
        """Yield the champions before the present one, newest first, each SHA once."""
        seen = {self.champion.sha} if self.champion else set()
        for link in reversed(self.links):
            if link.entry.target.sha not in seen:
                seen.add(link.entry.target.sha)
                yield link.entry.target

    def find(self, target: str) -> Champion:
        """Return the champion, present or past, with this version or SHA.

        Raises:
            InvalidError: None has, or a shortened SHA (at least 7 digits) fits several.
        """
        everyone = {link.entry.target for link in self.links}
        exact = [each for each in everyone if target in (each.version, f"v{each.version}", each.sha)]
        found = exact or [
            each for each in everyone if len(target) >= SHORTEST_SHA and each.sha.startswith(target)
        ]
        shas = {each.sha for each in found}
        if len(shas) == 1:
            return max(found, key=self._last)
        what = f"{len(shas)} champions fit" if shas else "No champion has the version or SHA"
        raise InvalidError(
            f"{what} {target!r} in the ledger of {self.model}.", do="See them all: gates history"
        )

    def _last(self, champion: Champion) -> int:
        return max(link.entry.seq for link in self.links if link.entry.target == champion)


def next_entry(
    history: History,
    *,
    operation: str,
    kind: Kind,
    target: Champion,
    reason: str,
    actor: str,
    time: datetime,
) -> Entry:
    """Return the entry that would follow the head."""
    head = history.head
    return Entry(
        seq=head.entry.seq + 1 if head else 1,
        previous=head.sha256 if head else None,
        operation=operation,
        kind=kind,
        model=history.model,
        origin=history.champion,
        target=target,
        reason=reason,
        actor=actor,
        time=time.strftime("%Y-%m-%dT%H:%M:%SZ"),
    )


def to_document(entry: Entry) -> Document:
    """Return an entry as the payload of its envelope."""
    document: Document = {**asdict(entry), "version": FORMAT}
    document["from"] = document.pop("origin")
    document["to"] = document.pop("target")
    return document


def read(model: str, objects: Mapping[int, bytes], trusted: Sequence[str]) -> History:
    """Return the history in the stored objects after verifying every signature and the chain.

    Args:
        model: The model whose ledger it is.
        objects: Sequence number to stored bytes.
        trusted: Public keys, 64 hex digits each.

    Raises:
        TamperedError: An entry is missing, does not verify, belongs to another model, or does not follow the
            one before it.
    """
    links: list[Link] = []
    if min(objects, default=1) < 1:
        raise TamperedError(f"The ledger of {model} begins before entry 1.", do="Find who wrote.")
    for seq in range(1, max(objects, default=0) + 1):
        name = f"Entry {seq} of the ledger of {model}"
        if seq not in objects:
            raise TamperedError(f"{name} is missing.", do="Find who removed it; later entries are not valid.")
        data = objects[seq]
        entry = _entry(unseal(data, PAYLOAD_TYPE, trusted, name), name)
        head = links[-1] if links else None
        expected = (seq, head.sha256 if head else None, model, head.entry.target if head else None)
        if (entry.seq, entry.previous, entry.model, entry.origin) != expected:
            raise TamperedError(f"{name} does not follow the one before it.", do="Find who wrote there.")
        links.append(Link(entry, digest.of_bytes(data)))
    operations = [link.entry.operation for link in links]
    if len(set(operations)) != len(operations):
        raise TamperedError(f"The ledger of {model} holds an operation twice.", do="Find who wrote there.")
    return History(model, tuple(links))


def _entry(document: Document, name: str) -> Entry:
    try:
        fields: dict[str, Any] = dict(document)
        if fields.pop("version") != FORMAT or fields["kind"] not in get_args(Kind):
            raise ValueError("its version or kind is unknown")
        origin, target = fields.pop("from"), fields.pop("to")
        entry = Entry(**fields, origin=Champion(**origin) if origin else None, target=Champion(**target))
        texts = [entry.operation, entry.reason, entry.actor, entry.time, *vars(entry.target).values()]
        if type(entry.seq) is not int or not all(isinstance(text, str) for text in texts):
            raise TypeError("a field is of another type")
        if digest.canonical_json(to_document(entry)) != digest.canonical_json(document):
            raise ValueError("its fields are not plain")
    except (KeyError, TypeError, ValueError) as error:
        raise TamperedError(f"{name} is not an entry of ours: {error}.", do="Find who wrote it.") from error
    return entry
