"""What a command answers: an outcome for machines, a sentence for people, and details for `--json`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gates.errors import ExitCode

UNCHANGED = "unchanged"
PLANNED = "planned"
_CODES = {
    "pass": ExitCode.PASS,
    UNCHANGED: ExitCode.PASS,
    PLANNED: ExitCode.PASS,
    "fail": ExitCode.FAIL,
    "undecided": ExitCode.UNDECIDED,
    "tampered": ExitCode.TAMPERED,
}


@dataclass(frozen=True)
class Result:
    """The answer of a job or command.

    Attributes:
        outcome: pass, fail, undecided, tampered, unchanged (nothing to do) or planned (not done yet).
        sentence: What happened and why, in one sentence.
        digest: Digest of what this job hands on; empty where it hands on nothing.
        verdict: Path of the verdict or statement, relative to the project; empty where there is none.
        look: Where a person looks next; empty where the sentence says it all.
        details: Everything else that `--json` prints.
    """

    outcome: str
    sentence: str
    digest: str = ""
    verdict: str = ""
    look: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def exit_code(self) -> ExitCode:
        """The process exit code."""
        return _CODES[self.outcome]

    def to_document(self) -> dict[str, Any]:
        """Return the answer as plain JSON data."""
        document = {"outcome": self.outcome, "sentence": self.sentence, **self.details}
        optional = {"digest": self.digest, "verdict": self.verdict, "look": self.look}
        return document | {name: value for name, value in optional.items() if value}


def planned(steps: Sequence[object], command: str) -> Result:
    """Answer what would be done, and by which command."""
    return Result(
        PLANNED,
        "This is the plan; nothing has moved yet." if steps else "Nothing is left to do.",
        look=command if steps else "gates history",
        details={"plan": [str(step) for step in steps]},
    )
