"""Where the ledger lies, and whether a second place knows how far it had come."""

from collections.abc import Iterator
from dataclasses import dataclass

from gates.controls.roads import LEDGER_HISTORY, LEDGER_TAIL, LEDGER_WRITERS, Finding

TO_A_BUCKET = "In params.yaml: gates.ledger: s3://bucket/prefix, in a bucket with versions, lock and a policy"


@dataclass(frozen=True)
class Places:
    """Where things lie.

    Attributes:
        ledger: Address of the ledger.
        owner: Whose it is: the folder of the project, another folder, or a bucket's name.
        checkpoints: Address of the second place; empty for none.
        checkpoints_owner: Whose that is, in the same terms.
        notes_fetched: Whether every `git fetch` brings the notes, where the second place is a notes ref.
        locked: Whether the ledger's place lets nobody remove an entry.
    """

    ledger: str
    owner: str
    checkpoints: str = ""
    checkpoints_owner: str = ""
    notes_fetched: bool = False
    locked: bool = False


def folder(places: Places) -> Iterator[Finding]:
    """Yield what is found about a ledger in a folder."""
    yield LEDGER_HISTORY.detected(
        f"The ledger is the folder {places.ledger}: a gap is seen, and nothing brings the entry back.",
        TO_A_BUCKET,
    )
    yield LEDGER_WRITERS.detected(
        f"Who can write to {places.ledger} can add files; signatures tell which are ours.", TO_A_BUCKET
    )


def tail(places: Places) -> Finding:
    """Return what is found about the newest entries."""
    if places.locked:
        return LEDGER_TAIL.prevented("Nobody can remove a version of an entry, and a delete marker is seen.")
    if not places.checkpoints:
        return LEDGER_TAIL.open(
            "No second place knows how far the ledger had come; a machine remembers only what it has read.",
            "In params.yaml: gates.checkpoints: s3://another-bucket/prefix, or git:refs/notes/ml-gates",
        )
    if places.checkpoints.startswith("git:"):
        return _notes(places)
    if places.checkpoints_owner == places.owner:
        return LEDGER_TAIL.open(
            f"Ledger and checkpoints lie together in {places.owner}: who cuts the one cuts the other.",
            "In params.yaml: gates.checkpoints: a bucket or folder with another owner",
        )
    return LEDGER_TAIL.detected(
        f"{places.checkpoints} knows how far the ledger had come.",
        "To prevent it, lock the ledger's objects in S3.",
    )


def _notes(places: Places) -> Finding:
    ref = places.checkpoints.removeprefix("git:")
    if places.notes_fetched:
        return LEDGER_TAIL.detected(
            f"{ref} knows how far the ledger had come, and `git fetch` brings it.",
            f"After each move: git push origin {ref}:{ref}",
        )
    return LEDGER_TAIL.open(
        f"{ref} is brought by no `git fetch` here: a clone would not know how far the ledger had come.",
        f"git config --add remote.origin.fetch {ref}:{ref}",
    )
