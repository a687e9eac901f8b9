"""What is known about a write when a system did not answer: not begun, perhaps applied, or applied."""

from collections.abc import Iterator
from contextlib import contextmanager

from gates.errors import UnavailableError

NOTHING_MOVED = "This run has written nothing and moved nothing."
NOTHING_JUDGED = "Nothing was judged: evidence/ is as it was."
NOTHING_CHANGED = "This run has changed nothing."
NOT_YET = "The ledger holds no entry of this yet."
UNKNOWN = "Whether the entry was written is not known; the same command finds out, and writes no second one."
ONLY_THE_ALIAS = "The ledger holds the entry; only the alias may still name another version."


@contextmanager
def told(known: str) -> Iterator[None]:
    """Add to an error of a system that did not answer what is known about the write."""
    try:
        yield
    except UnavailableError as error:
        raise UnavailableError(error.what, why=f"{error.why} {known}".strip(), do=error.do) from error
