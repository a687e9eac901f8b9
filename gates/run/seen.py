"""What was seen of a ledger before, on this machine and in a second place.

A ledger whose tail was cut off is still a valid chain. So every reader remembers the highest entry that it
saw, and every move leaves a checkpoint in a place where who can write to the ledger should not be able to.
"""

from contextlib import suppress
from pathlib import Path

from gates import checkpoint, digest
from gates.adapters import files
from gates.adapters.store import Checkpoints
from gates.documents import Document, parse_json, read_json
from gates.errors import ConflictError, TamperedError, UnavailableError
from gates.ledger import History

FOLDER = Path(".gates") / "seen"


def recall(root: Path, place: str, checkpoints: Checkpoints | None) -> list[tuple[Document, str]]:
    """Return where the ledger is known to have come to, each with who knows it.

    To be asked before the ledger is read: who asks afterwards may hear of an entry that came in between.

    Args:
        root: The project.
        place: Where the ledger is; each place has a memory of its own.
        checkpoints: The second place, if the policy names one.

    Raises:
        InvalidError: What is remembered cannot be read.
        UnavailableError: The second place cannot be read.
    """
    known = []
    path = _memory(root, place)
    if path.exists():
        known.append((read_json(path), f"{path} remembers it; to begin anew on purpose, remove it"))
    kept = checkpoints.entries() if checkpoints else {}
    if checkpoints and kept:
        told = f"Checkpoint {max(kept)} in {checkpoints.place}"
        known.append((parse_json(kept[max(kept)], told), f"{told} says so"))
    return known


def remember(root: Path, place: str, history: History) -> None:
    """Remember where the ledger has come to, on this machine; a slow reader does not lower what it finds."""
    path, here = _memory(root, place), checkpoint.of(history)
    if here is not None and not (path.exists() and read_json(path)["seq"] >= here["seq"]):
        with suppress(UnavailableError):  # who may only read cannot remember
            files.write_json(path, here)


def leave_checkpoint(history: History, checkpoints: Checkpoints | None) -> None:
    """Write where the chain has come to into the second place, if it is not there yet.

    Raises:
        TamperedError: Another chain has come as far there.
        UnavailableError: The second place cannot be written.
    """
    here = checkpoint.of(history)
    if checkpoints is None or here is None:
        return
    data, seq = digest.canonical_json(here), int(here["seq"])
    try:
        if checkpoints.entries().get(seq) != data:
            checkpoints.append(seq, data)
    except ConflictError as error:
        raise TamperedError(
            f"Checkpoint {seq} in {checkpoints.place} is of another chain than this ledger.",
            do="Find who wrote there; bring the ledger back from a backup.",
        ) from error


def _memory(root: Path, place: str) -> Path:
    return root / FOLDER / f"{digest.of_bytes(place.encode())[:16]}.json"
