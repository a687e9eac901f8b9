"""What was ordered here and not yet answered: the same order, given again, is not a second one.

A rollback to `previous` means another model once it has happened. Whoever was killed before the answer, or
heard that a system did not answer, types the same line again and means the first.
"""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from gates.adapters import files, github
from gates.documents import read_json
from gates.errors import InvalidError
from gates.ledger import Entry, History
from gates.run.project import Project

FOLDER = Path(".gates") / "begun"


def begin(project: Project, operation: str, order: Sequence[str]) -> None:
    """Remember an order, before anything of it is carried out.

    Raises:
        UnavailableError: The folder cannot be written.
    """
    files.write_json(_note(project), {"operation": operation, "order": list(order)})


def answered(project: Project) -> None:
    """Forget the order: from now on the same words mean another one."""
    with suppress(OSError):  # one too many remembered asks a person to type it twice, and no more
        _note(project).unlink(missing_ok=True)


def entry_of(project: Project, history: History, order: Sequence[str]) -> Entry | None:
    """Return the entry that this very order has left: on this machine, or in this run of a workflow."""
    if github.on_actions():  # a job that is run again has a new machine and the same run id
        mine = (github.actor(), order[-1])
        entries = [link.entry for link in reversed(history.links) if link.entry.kind == "rollback"]
        return next((each for each in entries if (each.actor, each.reason) == mine), None)
    if not _note(project).exists():
        return None
    with suppress(InvalidError):  # half a note is none
        note = read_json(_note(project))
        link = history.operation(str(note.get("operation")))
        return link.entry if link and note.get("order") == list(order) else None
    return None


def _note(project: Project) -> Path:
    return project.root / FOLDER / f"{project.model}.json"
