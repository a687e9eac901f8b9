"""Running another program: in a process group of its own, its output in a log, nothing of the group left.

What a program starts in a session of its own, on purpose, leaves the group: it is waited for, as long as it
can still write to what we read.
"""

import math
import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

TAIL_LINES = 12
POLL_S = 0.2


@dataclass(frozen=True)
class Ended:
    """How a program ended: its exit code, its last lines of stderr, and all of its stdout."""

    code: int
    tail: tuple[str, ...]
    stdout: str


def run(
    command: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str | None] | None = None,
    log: Path | None = None,
    on_line: Callable[[str], None] = lambda _: None,
    merge: bool = False,
    grace_s: float = 0,
    limit_s: float = math.inf,
) -> Ended:
    """Run a program to its end; whatever stops us stops its whole process group too.

    Args:
        command: Program and arguments; no shell sees them.
        cwd: Its working folder.
        env: Variables on top of ours; None takes one away.
        log: File to which stderr is appended.
        on_line: Called with each line of stderr as it comes.
        merge: Treat stdout as part of stderr, for programs that tell their progress there.
        grace_s: Seconds that it gets to stop what it has started in groups of its own, before it is killed.
        limit_s: Seconds after which it is stopped, as if it were killed by somebody.
    """
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    merged = {**os.environ, "PATH": path, **(env or {})}
    process = subprocess.Popen(
        list(command),
        cwd=cwd,
        env={name: value for name, value in merged.items() if value is not None},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT if merge else subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    tail: deque[str] = deque(maxlen=TAIL_LINES)
    # Whoever is left of the group is stopped before the readers are waited for: they read until nobody can
    # write any more, and a stage may leave a server in the background.
    with process, log.open("a") if log else nullcontext() as sink, ThreadPoolExecutor(2) as pool:
        followed, collected = process.stderr or process.stdout, process.stdout if process.stderr else None
        try:
            reading = pool.submit(_follow, followed, tail, sink, on_line)
            stdout = pool.submit(collected.read) if collected else None
            _wait(process, reading, time.monotonic() + limit_s)
        finally:
            _stop_group(process, grace_s)
        reading.result()
        return Ended(process.returncode, tuple(tail), stdout.result() if stdout else "")


def _wait(process: "subprocess.Popen[str]", reading: "Future[None]", until: float) -> None:
    """Wait for the program to end, for its reader to fail, or for its time to be over."""
    while process.poll() is None and time.monotonic() < until:
        with suppress(subprocess.TimeoutExpired):
            process.wait(POLL_S)
        if reading.done():
            reading.result()


def _follow(
    stream: IO[str] | None, tail: deque[str], sink: IO[str] | None, on_line: Callable[[str], None]
) -> None:
    for line in stream or ():
        if sink:
            sink.write(line)
        tail.append(line.rstrip())
        on_line(line.rstrip())


def _stop_group(process: "subprocess.Popen[str]", grace_s: float) -> None:
    with suppress(ProcessLookupError):
        if grace_s and process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                process.wait(grace_s)
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
