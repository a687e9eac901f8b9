"""What stops a command, one class per exit code.

A finding of a gate is data and never an exception; these say that we could not look, or must not go on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any


class ExitCode(IntEnum):
    """The process exit codes; every non-zero one blocks."""

    PASS = 0
    FAIL = 1
    INVALID = 2
    UNDECIDED = 3
    UNAVAILABLE = 4
    CONFLICT = 5
    TAMPERED = 6


@dataclass(frozen=True)
class Remark:
    """One thing that is said about one place.

    Attributes:
        text: What is said, one sentence.
        file: The file that it is about; empty where it is about none.
        line: The line, from 1; 0 where it is not known.
        address: Dotted address in a YAML file, such as ``gates.latency.p99_ms``, where the line is not known.
    """

    text: str
    file: str = ""
    line: int = 0
    address: str = ""


class GatesError(Exception):
    """A command cannot go on: what happened, why, and what to do next."""

    code = ExitCode.INVALID

    def __init__(self, what: str, *, why: str = "", do: str = "", remarks: Sequence[Remark] = ()) -> None:
        """Keep the three parts apart, so that each surface can lay them out.

        Args:
            what: One sentence that says what happened, naming the field, column or file.
            why: The cause, when it adds something.
            do: The next step, with the exact command or YAML to paste.
            remarks: The places at fault, one remark each, where there are such.
        """
        super().__init__(what)
        self.what = what
        self.why = why
        self.do = do
        self.remarks = tuple(remarks)

    def to_document(self) -> dict[str, Any]:
        """Return the error as plain JSON data."""
        return {"code": int(self.code), "what": self.what, "why": self.why, "do": self.do}


class InvalidError(GatesError):
    """Usage, policy or input is wrong; the field is named."""

    code = ExitCode.INVALID


class UndecidedError(GatesError):
    """There is nothing to decide on, such as no champion to roll back to."""

    code = ExitCode.UNDECIDED


class UnavailableError(GatesError):
    """A system that we need did not answer; the outcome of a write may be unknown."""

    code = ExitCode.UNAVAILABLE


class ConflictError(GatesError):
    """Somebody else moved the ledger's head; the comparison is stale."""

    code = ExitCode.CONFLICT


class TamperedError(GatesError):
    """A digest, signature or chain does not hold."""

    code = ExitCode.TAMPERED


_KINDS = {
    kind.code: kind for kind in (InvalidError, UndecidedError, UnavailableError, ConflictError, TamperedError)
}


def from_document(document: Mapping[str, Any]) -> GatesError:
    """Return the error that another process of ours has told."""
    return _KINDS[ExitCode(document["code"])](document["what"], why=document["why"], do=document["do"])
