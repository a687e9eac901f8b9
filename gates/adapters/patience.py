"""How long a command waits for one system, over everything that it asks there.

A limit on each request is none on all of them: a server that takes seconds for each of thirty answers is as
good as one that hangs. What is answered at once costs nothing; the rest is counted.
"""

import gc
import math
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

VARIABLE = "GATES_PATIENCE_S"
SECONDS = 10.0
AT_ONCE_S = 0.25
AGAIN_S = 0.01  # after which an interruption that came at a bad moment comes again


class Patience:
    """What is left of the seconds that one system may let us wait.

    Attributes:
        seconds: All of them.
    """

    def __init__(self) -> None:
        """Begin with what the environment allows."""
        self.seconds = _allowed()
        self._left = self.seconds
        self._within = False

    @contextmanager
    def waiting(self, earned: Callable[[], float] = lambda: 0.0) -> Iterator[None]:
        """Count a block that asks.

        In a program's main thread the block is interrupted when nothing is left; in any other, the limits of
        its requests end it, and the next one is not begun.

        Args:
            earned: Seconds that a large answer may take, by how much of it has come so far.

        Raises:
            TimeoutError: Nothing is left.
        """
        if self._within:
            yield
            return
        if self._left <= 0:
            raise self._over()
        begun, self._within = time.monotonic(), True

        def over() -> float:
            return time.monotonic() - begun - AT_ONCE_S - earned()

        try:
            with self._interrupting(over):
                yield
        finally:
            self._within = False
            self._left -= max(0.0, over())

    @contextmanager
    def _interrupting(self, over: Callable[[], float]) -> Iterator[None]:
        in_main = threading.current_thread() is threading.main_thread()
        if not in_main or signal.getsignal(signal.SIGALRM) is not signal.SIG_DFL:
            yield  # the timer is a whole program's, and somebody else's here
            return

        collecting = False

        def collects(phase: str, _: object) -> None:
            nonlocal collecting
            collecting = phase == "start"

        def interrupt(*_: object) -> None:
            more = self._left - over()
            # What the garbage collector calls swallows an error, and prints it.
            if more <= 0 and not collecting:
                raise self._over()
            signal.setitimer(signal.ITIMER_REAL, max(more, AGAIN_S))

        gc.callbacks.append(collects)
        signal.signal(signal.SIGALRM, interrupt)
        signal.setitimer(signal.ITIMER_REAL, self._left + AT_ONCE_S)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            gc.callbacks.remove(collects)

    def _over(self) -> TimeoutError:
        return TimeoutError(f"It took longer than {self.seconds:g} s to answer ({VARIABLE})")


def _allowed() -> float:
    try:
        given = float(os.environ[VARIABLE])
    except (KeyError, ValueError):
        return SECONDS
    return given if 0 < given < math.inf else SECONDS
