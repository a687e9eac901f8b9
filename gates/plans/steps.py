"""The steps that move a champion, in the only order in which they are safe."""

from dataclasses import dataclass
from typing import TypeAlias

from gates.ledger import Champion, Kind


@dataclass(frozen=True)
class Register:
    """Make sure that the registry has a version of the model with this SHA, from this run."""

    sha: str
    run_id: str
    statement: str


@dataclass(frozen=True)
class Append:
    """Commit an entry to the ledger: from here on it has happened.

    Attributes:
        operation: Identifies the move, so that carrying it out again changes nothing.
        kind: Why it moves.
        target: Who serves next; None stands for what `Register` made.
        reason: One sentence for the auditor.
        evidence: Digest of what an entry that moves nothing is about.
    """

    operation: str
    kind: Kind
    target: Champion | None
    reason: str
    evidence: str | None = None


@dataclass(frozen=True)
class PointAlias:
    """Set the registry's alias to what the ledger's head names, and read it back."""


Step: TypeAlias = Register | Append | PointAlias
