"""What one look at a proposed change has seen."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

from gates.errors import Remark
from gates.run import places

Seen: TypeAlias = Literal["pass", "warning", "fail", "undecided", "skipped"]


@dataclass(frozen=True)
class Base:
    """What a change is compared with.

    Attributes:
        name: As it was named.
        commit: Its full SHA; empty where it is not here.
    """

    name: str
    commit: str


@dataclass(frozen=True)
class Look:
    """One look.

    Attributes:
        outcome: pass; warning, for a person to look at; fail and undecided, which block; skipped, with why.
        sentence: What was seen, and what to do.
        remarks: The places that it is about.
        lines: What a program said, or what else is shown as it is.
    """

    outcome: Seen
    sentence: str
    remarks: tuple[Remark, ...] = ()
    lines: tuple[str, ...] = field(default=())

    def to_document(self, name: str, root: Path) -> dict[str, Any]:
        """Return it as plain JSON data, each remark with its line and its file as the project names it."""
        return {
            "look": name,
            "outcome": self.outcome,
            "sentence": self.sentence,
            "remarks": [_remark(places.placed(each), root) for each in self.remarks],
            "lines": list(self.lines),
        }


def _remark(remark: Remark, root: Path) -> dict[str, Any]:
    path = Path(remark.file)
    file = Path(os.path.relpath(path, root)).as_posix() if path.is_absolute() else remark.file
    return {"text": remark.text, "file": file, "line": remark.line}
