"""How far a ledger had come, for another place to remember: who cuts off its end is then found out."""

from gates.documents import Document
from gates.errors import InvalidError, TamperedError
from gates.ledger import History

FIELDS = 3  # model, seq and sha256


def of(history: History) -> Document | None:
    """Return where a chain has come to, for another place to remember; None where it has not begun."""
    head = history.head
    return {"model": history.model, "seq": head.entry.seq, "sha256": head.sha256} if head else None


def require_reaches(history: History, seen: Document, told: str) -> None:
    """Hold that a chain still contains the entry that it had once come to.

    Args:
        history: The verified chain.
        seen: What `of` returned then.
        told: Who remembers it.

    Raises:
        TamperedError: It is shorter now, or another entry stands there.
        InvalidError: What is remembered is not a checkpoint of this model.
    """
    try:
        model, seq, sha256 = seen["model"], seen["seq"], seen["sha256"]
        if model != history.model or type(seq) is not int or seq < 1 or len(seen) != FIELDS:
            raise ValueError
    except (KeyError, ValueError) as error:
        raise InvalidError(
            f"This is not a checkpoint of the ledger of {history.model}.",
            why=f"{told}.",
            do="Find who wrote it; a checkpoint holds model, seq and sha256.",
        ) from error
    if seq > len(history.links):
        what = f"The ledger of {history.model} has {len(history.links)} entries and once had {seq}."
    elif history.links[seq - 1].sha256 != sha256:
        what = f"Entry {seq} of the ledger of {history.model} is not the one that once stood there."
    else:
        return
    raise TamperedError(what, why=f"{told}.", do="Find who wrote there; bring it back from a backup.")
