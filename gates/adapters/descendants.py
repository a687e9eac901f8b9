"""Ending all that a program has started, what it hid in sessions of its own included."""

import ctypes
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36  # from linux/prctl.h
POLL_S = 0.01


@contextmanager
def ended() -> Iterator[None]:
    """Let nothing outlive the block that was started in it, however deep below us.

    On Linux an orphan becomes our child, whatever session it is in, and is killed with the rest. Elsewhere
    what left our process group lives on.
    """
    adopting = _adopt(adopt=True)
    before = _children()
    try:
        yield
    finally:
        while left := _children() - before if adopting else set():
            for child in left:
                with suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
                with suppress(ChildProcessError):
                    os.waitpid(child, os.WNOHANG)
            time.sleep(POLL_S)
        _adopt(adopt=False)


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
