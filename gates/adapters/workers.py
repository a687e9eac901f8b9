"""Work that needs no other's result, on all cores."""

import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context
from typing import Any, Protocol, TypeVar

from gates.errors import UnavailableError

REPAYS = 4  # tasks that are worth the start of a process
Task = TypeVar("Task")
Done = TypeVar("Done")


class Each(Protocol):
    """What does the work."""

    def __call__(self, work: Callable[[Task], Done], tasks: Sequence[Task], /) -> Iterator[Done]:
        """Call a function of a module, since other processes import it; results are in the tasks' order."""


@contextmanager
def hired(tasks: int) -> Iterator[Each]:
    """Give what does work in processes of ours, as many as it repays; in this one where that is one.

    Args:
        tasks: How many there are about to be.

    Raises:
        UnavailableError: A process was ended from outside, as where memory is short.
    """
    from joblib import cpu_count  # what this process may use, in a container too

    many = min(cpu_count(), tasks // REPAYS)
    if many <= 1:
        yield map
        return
    # Processes of their own, not forks: what this one holds open, threads included, is not theirs. Who stops
    # this one with Ctrl-C stops them through it, and sees nothing of theirs.
    deaf: dict[str, Any] = {"initializer": signal.signal, "initargs": (signal.SIGINT, signal.SIG_IGN)}
    with ProcessPoolExecutor(many, get_context("spawn"), **deaf) as pool:
        try:
            yield pool.map
        except BrokenProcessPool as error:
            raise UnavailableError(
                "A process that worked for this command was ended.",
                why="Mostly that is memory running out.",
                do="Free some, and give the same command again.",
            ) from error
