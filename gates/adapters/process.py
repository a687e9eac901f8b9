"""Running another program: in a process group of its own, its output in a log, nothing left behind."""

import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

TAIL_LINES = 12


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
    env: Mapping[str, str] | None = None,
    log: Path | None = None,
    on_line: Callable[[str], None] = lambda _: None,
    merge: bool = False,
) -> Ended:
    """Run a program to its end; whatever stops us stops its whole process group too.

    Args:
        command: Program and arguments; no shell sees them.
        cwd: Its working folder.
        env: Variables on top of ours.
        log: File to which stderr is appended.
        on_line: Called with each line of stderr as it comes.
        merge: Treat stdout as part of stderr, for programs that tell their progress there.
    """
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    process = subprocess.Popen(
        list(command),
        cwd=cwd,
        env={**os.environ, "PATH": path, **(env or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT if merge else subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    try:
        return _follow(process, log, on_line)
    finally:
        _stop_group(process)


def _follow(process: "subprocess.Popen[str]", log: Path | None, on_line: Callable[[str], None]) -> Ended:
    """Follow one stream line by line while a thread collects the other, so that neither pipe fills up."""
    tail: deque[str] = deque(maxlen=TAIL_LINES)
    followed, collected = process.stderr or process.stdout, process.stdout if process.stderr else None
    if followed is None:
        raise RuntimeError("no pipe to follow")
    with ThreadPoolExecutor(1) as pool, log.open("a") if log else nullcontext() as sink:
        stdout = pool.submit(collected.read) if collected else None
        for line in followed:
            if sink:
                sink.write(line)
            tail.append(line.rstrip())
            on_line(line.rstrip())
        return Ended(process.wait(), tuple(tail), stdout.result() if stdout else "")


def _stop_group(process: "subprocess.Popen[str]") -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    process.wait()
