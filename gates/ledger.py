"""The ledger of one model: signed entries in a hash chain, and the fold from history to champion.

An entry is an object `<seq>.json`, a DSSE envelope over

    {"version": 1, "seq", "previous": <sha256 of the entry before, as stored> | null, "operation", "kind",
     "model", "from": <champion> | null, "to": <champion> | null, "evidence": <sha256> | null, "reason",
     "actor", "time"}

where a champion is {"sha", "version", "run_id", "folder_sha256", "statement", "approval"}. An entry that
moves nothing, such as a refusal, names the champion of before in both places, and its evidence by digest.
Creating the object if it is absent is the commit; nothing here stores anything.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import accumulate, takewhile
from typing import Any, Literal, TypeAlias, get_args

from gates import digest
from gates.documents import Document
from gates.envelope import unseal
from gates.errors import InvalidError, TamperedError
from gates.public_keys import VerifyingKey

FORMAT = 1
SHORTEST_SHA = 7
TIME = "%Y-%m-%dT%H:%M:%SZ"
PAYLOAD_TYPE = "application/vnd.ml-gates.entry+json"

Kind: TypeAlias = Literal["promote", "break-glass", "rollback", "refuse", "repair", "drill"]
MOVES = frozenset({"promote", "break-glass", "rollback"})


@dataclass(frozen=True)
class Champion:
    """A model version that serves, or once served.

    Attributes:
        sha: The model's SHA.
        version: Its version in the registry, as MLflow writes it.
        run_id: The MLflow run that recorded its training.
        folder_sha256: Digest of the whole folder that the registry keeps for the version.
        statement: SHA-256 of the signed statement that let it in.
        approval: SHA-256 of what two people signed to let it in though that statement is no pass; None where
            it is one. It goes with the champion wherever it is named.
    """

    sha: str
    version: str
    run_id: str
    folder_sha256: str
    statement: str
    approval: str | None = None


@dataclass(frozen=True)
class Entry:
    """One move of the champion, or a note of what did not move it; see the module's docstring."""

    seq: int
    previous: str | None
    operation: str
    kind: Kind
    model: str
    origin: Champion | None
    target: Champion | None
    evidence: str | None
    reason: str
    actor: str
    time: str

    @property
    def moves(self) -> bool:
        """Whether it says who serves from then on."""
        return self.kind in MOVES


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
        """The newest link, which the next entry follows; None before the first."""
        return self.links[-1] if self.links else None

    @cached_property
    def moved(self) -> Link | None:
        """The newest link that says who serves; None before the first promotion."""
        return next((link for link in reversed(self.links) if link.entry.moves), None)

    @property
    def champion(self) -> Champion | None:
        """What serves."""
        return self.moved.entry.target if self.moved else None

    @property
    def since(self) -> str | None:
        """Since when it serves: time of the newest move, in UTC."""
        return self.moved.entry.time if self.moved else None

    @cached_property
    def served(self) -> tuple[Champion, ...]:
        """Who served, one a move, oldest first."""
        return tuple(link.entry.target for link in self.links if link.entry.moves and link.entry.target)

    @cached_property
    def moments(self) -> tuple[str, ...]:
        """When each entry was written at the earliest: its time, or a later one of an entry before it."""
        return tuple(accumulate((link.entry.time for link in self.links), max))

    def admission(self, champion: Champion) -> tuple[Link, Link | None]:
        """Return the link that last let a champion in, and the move before it.

        Raises:
            TamperedError: No entry did.
        """
        moves = [link for link in self.links if link.entry.moves]
        for position in reversed(range(len(moves))):
            entry = moves[position].entry
            if entry.target == champion and entry.kind != "rollback":
                return moves[position], moves[position - 1] if position else None
        raise TamperedError(
            f"No entry of the ledger of {self.model} let v{champion.version} in.", do="Find who wrote there."
        )

    def operation(self, operation: str) -> Link | None:
        """Return the link that an operation has written, if it has."""
        return next((link for link in self.links if link.entry.operation == operation), None)

    def earlier(self) -> Iterator[Champion]:
        """Yield the champions before the present one that a gate has passed, newest first, each SHA once."""
        seen = {self.champion.sha} if self.champion else set()
        for champion in reversed(self.served):
            if champion.sha not in seen and champion.approval is None:
                seen.add(champion.sha)
                yield champion

    def find(self, target: str) -> Champion:
        """Return the champion, present or past, with this version or SHA.

        Raises:
            InvalidError: None has, or a shortened SHA (at least 7 digits) fits several.
        """
        everyone = set(self.served)
        exact = [each for each in everyone if target in (each.version, f"v{each.version}", each.sha)]
        found = exact or [
            each for each in everyone if len(target) >= SHORTEST_SHA and each.sha.startswith(target)
        ]
        shas = {each.sha for each in found}
        if len(shas) == 1:
            newest = {each: position for position, each in enumerate(self.served)}
            return max(found, key=lambda each: (each.approval is None, newest[each]))
        what = f"{len(shas)} champions fit" if shas else "No champion has the version or SHA"
        raise InvalidError(
            f"{what} {target!r} in the ledger of {self.model}.",
            why=f"A SHA may be shortened to {SHORTEST_SHA} digits, and no further.",
            do="See them all: gates history",
        )


def next_entry(
    history: History,
    *,
    operation: str,
    kind: Kind,
    target: Champion | None,
    reason: str,
    actor: str,
    time: datetime,
    evidence: str | None = None,
) -> Entry:
    """Return the entry that would follow the head; one that moves nothing names the champion again."""
    head = history.head
    return Entry(
        seq=head.entry.seq + 1 if head else 1,
        previous=head.sha256 if head else None,
        operation=operation,
        kind=kind,
        model=history.model,
        origin=history.champion,
        target=target if kind in MOVES else history.champion,
        evidence=evidence,
        reason=reason,
        actor=actor,
        time=time.strftime(TIME),
    )


def to_document(entry: Entry) -> Document:
    """Return an entry as the payload of its envelope."""
    document: Document = {**vars(entry), "version": FORMAT}
    document["from"] = _champion_document(document.pop("origin"))
    document["to"] = _champion_document(document.pop("target"))
    return document


def read(
    model: str, objects: Mapping[int, bytes], trusted: Sequence[VerifyingKey], verified: Sequence[Link] = ()
) -> History:
    """Return the history in the stored objects after verifying every signature and the chain.

    Args:
        model: The model whose ledger it is.
        objects: Sequence number to stored bytes.
        trusted: The keys that may have signed.
        verified: What was verified with these keys a moment ago: the same bytes are not verified again.

    Raises:
        TamperedError: An entry is missing, does not verify, belongs to another model, or does not follow the
            one before it.
    """
    if min(objects, default=1) < 1:
        raise TamperedError(f"The ledger of {model} begins before entry 1.", do="Find who wrote.")
    links = list(takewhile(lambda link: _holds(objects, link), verified))
    for seq in range(len(links) + 1, max(objects, default=0) + 1):
        name = f"Entry {seq} of the ledger of {model}"
        if seq not in objects:
            raise TamperedError(f"{name} is missing.", do="Find who removed it; later entries are not valid.")
        data = objects[seq]
        entry = _entry(unseal(data, PAYLOAD_TYPE, trusted, name), name)
        head = links[-1] if links else None
        expected = (seq, head.sha256 if head else None, model, head.entry.target if head else None)
        kept = entry.moves or entry.target == entry.origin
        if (entry.seq, entry.previous, entry.model, entry.origin) != expected or not kept:
            raise TamperedError(f"{name} does not follow the one before it.", do="Find who wrote there.")
        approved = entry.target is not None and entry.target.approval is not None
        if entry.moves and approved != (entry.kind == "break-glass"):
            raise TamperedError(f"{name} does not say how its champion came in.", do="Find who wrote there.")
        if entry.kind == "rollback" and entry.target not in {link.entry.target for link in links}:
            raise TamperedError(f"{name} rolls back to who never served.", do="Find who wrote there.")
        links.append(Link(entry, digest.of_bytes(data)))
    operations = [link.entry.operation for link in links]
    if len(set(operations)) != len(operations):
        raise TamperedError(f"The ledger of {model} holds an operation twice.", do="Find who wrote there.")
    return History(model, tuple(links))


def _holds(objects: Mapping[int, bytes], link: Link) -> bool:
    data = objects.get(link.entry.seq)
    return data is not None and digest.of_bytes(data) == link.sha256


def _champion_document(champion: Champion | None) -> Document | None:
    return dict(vars(champion)) if champion else None


def _entry(document: Document, name: str) -> Entry:
    try:
        fields: dict[str, Any] = dict(document)
        if fields.pop("version") != FORMAT or fields["kind"] not in get_args(Kind):
            raise ValueError("its version or kind is unknown")
        origin, target = fields.pop("from"), fields.pop("to")
        entry = Entry(
            **fields,
            origin=Champion(**origin) if origin else None,
            target=Champion(**target) if target else None,
        )
        if not _is_moment(entry.time):
            raise ValueError("its time is written in another form")
        if entry.moves and entry.target is None:
            raise ValueError("it moves to nobody")
        texts = [entry.operation, entry.reason, entry.actor, entry.time]
        texts += [] if entry.evidence is None else [entry.evidence]
        if entry.target is not None:
            texts += [text for name, text in vars(entry.target).items() if (name, text) != ("approval", None)]
        if type(entry.seq) is not int or not all(isinstance(text, str) for text in texts):
            raise TypeError("a field is of another type")
        if not digest.same_json(to_document(entry), document):
            raise ValueError("its fields are not plain")
    except (KeyError, TypeError, ValueError) as error:
        raise TamperedError(f"{name} is not an entry of ours: {error}.", do="Find who wrote it.") from error
    return entry


def _is_moment(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).strftime(TIME) == text  # much faster than `strptime`
    except ValueError:
        return False
