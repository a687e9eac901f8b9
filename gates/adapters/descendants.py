"""Ending all that a program has started, what it hid in sessions of its own included."""

import ctypes
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gates.errors import UnavailableError

PR_SET_CHILD_SUBREAPER = 36  # from linux/prctl.h
POLL_S = 0.01
TRIES = 1000


@contextmanager
def ended() -> Iterator[None]:
    """Let nothing outlive the block that was started in it, however deep below us.

    On Linux an orphan becomes our child, whatever session it is in, and is killed with the rest. Elsewhere
    what left our process group lives on.

    Raises:
        UnavailableError: Something cannot be ended.
    """
    adopting = _adopt(adopt=True)
    before = _children()
    try:
        yield
    finally:
        if adopting:
            _end(before)
            _adopt(adopt=False)


def _end(before: set[int]) -> None:
    """Kill our children but those of before, and whoever becomes our child by that."""
    for _ in range(TRIES):
        left = _children() - before
        if not left:
            return
        for child in left:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(child, signal.SIGKILL)
            with suppress(ChildProcessError):
                os.waitpid(child, os.WNOHANG)
        time.sleep(POLL_S)
    raise UnavailableError(
        f"What was started here cannot be ended: {', '.join(f'process {child}' for child in sorted(left))}.",
        why="It runs as another user, or hangs in the system.",
        do="End it, then run the same command again.",
    )


def _adopt(*, adopt: bool) -> bool:
    """Become whose children orphans below us are, or stop being it; False where the system has no such."""
    try:
        return bool(ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, int(adopt), 0, 0, 0) == 0)
    except (AttributeError, OSError):
        return False


def _children() -> set[int]:
    """Return the processes whose parent we are."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError, IndexError):
            # After the name in brackets, which may hold anything: state, parent, …
            if int(stat.read_text().rpartition(")")[2].split()[1]) == os.getpid():
                found.add(int(stat.parent.name))
    return found
