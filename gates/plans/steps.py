"""The steps that move a champion, in the only order in which they are safe.

A release of this repository has steps of its own, beside its plan: they move no champion, and are carried
out without ledger and registry.
"""

from dataclasses import dataclass
from typing import TypeAlias

from gates.break_glass import TIME, Approval
from gates.ledger import Champion, Kind
from gates.statement import Decision


@dataclass(frozen=True)
class Put:
    """Keep bytes among the ledger's objects, under their digest.

    Attributes:
        data: The bytes.
        what: What they are.
    """

    data: bytes
    what: str

    def __str__(self) -> str:
        """Say it to who reads the plan."""
        return f"keep {self.what}"


@dataclass(frozen=True)
class Sign:
    """Sign a decision and keep it among the ledger's objects."""

    decision: Decision

    def __str__(self) -> str:
        """Say it to who reads the plan."""
        return f"sign the decision ({self.decision.outcome.value}) and keep it"


@dataclass(frozen=True)
class Approve:
    """Have the approvers sign that a decision is carried out which is no pass, and keep that."""

    approval: Approval

    def __str__(self) -> str:
        """Say it to who reads the plan."""
        return f"sign and keep the approval of two people, which ends at {self.approval.expires:{TIME}}"


@dataclass(frozen=True)
class Register:
    """Make sure that the registry has a version of the model with this SHA, from this run."""

    sha: str
    run_id: str

    def __str__(self) -> str:
        """Say it to who reads the plan."""
        return f"register the model {self.sha[:12]} of run {self.run_id}, where the registry does not have it"


@dataclass(frozen=True)
class Append:
    """Commit an entry to the ledger: from here on it has happened.

    Attributes:
        operation: Identifies the move, so that carrying it out again changes nothing.
        kind: Why it moves.
        target: Who serves next; None stands for what `Register` made.
        reason: One sentence for the auditor.
        evidence: Digest of what an entry that moves nothing is about; None stands for what `Sign` kept.
    """

    operation: str
    kind: Kind
    target: Champion | None
    reason: str
    evidence: str | None = None

    def __str__(self) -> str:
        """Say it to who reads the plan."""
        target = f" to v{self.target.version}" if self.target else ""
        return f"append to the ledger: {self.kind}{target}, {self.reason}"


@dataclass(frozen=True)
class PointAlias:
    """Set the registry's alias to what the ledger's head names, and read it back."""

    def __str__(self) -> str:
        """Say it to who reads the plan."""
        return "point the alias `champion` at whom the ledger then names, and read it back"


@dataclass(frozen=True)
class RemoveAlias:
    """Let the registry's alias name nobody."""

    def __str__(self) -> str:
        """Say it to who reads the plan."""
        return "remove the alias `champion`: the ledger names nobody"


@dataclass(frozen=True)
class ClearStage:
    """Take a version out of its stage: a second road to production, which nobody here uses."""

    version: str

    def __str__(self) -> str:
        """Say it to who reads the plan."""
        return f"take version {self.version} out of its stage"


Step: TypeAlias = Sign | Put | Approve | Register | Append | PointAlias | RemoveAlias | ClearStage
