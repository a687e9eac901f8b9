"""One line of the table, and what times both sides of it."""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RUNS = 5
MB = 1024.0


@dataclass(frozen=True)
class Line:
    """Ours and theirs in seconds, medians of runs by turns.

    Attributes:
        what: What both did.
        ours: Our seconds.
        theirs: Theirs.
        goal: How many times as fast we are to be; below 1 where they do a part of what we do.
        memory: The most memory that our process held, in MB; None where it was not asked.
        most_memory: Its goal.
    """

    what: str
    ours: float
    theirs: float
    goal: float
    memory: float | None = None
    most_memory: float | None = None

    @property
    def ratio(self) -> float:
        """How many times as fast as theirs ours is."""
        return self.theirs / self.ours

    @property
    def kept(self) -> bool:
        """Whether both goals are kept."""
        within = self.memory is None or self.most_memory is None or self.memory <= self.most_memory
        return self.ratio >= self.goal and within


def by_turns(
    ours: Callable[[], object], theirs: Callable[[], object], runs: int = RUNS
) -> tuple[float, float]:
    """Return the median seconds of each."""
    seconds: tuple[list[float], list[float]] = ([], [])
    for _ in range(runs):
        for taken, work in zip(seconds, (ours, theirs), strict=True):
            begun = time.perf_counter()
            work()
            taken.append(time.perf_counter() - begun)
    return statistics.median(seconds[0]), statistics.median(seconds[1])


def output(command: list[str]) -> bytes:
    """Return what a command prints; a gate that fails has worked too."""
    ended = subprocess.run(command, capture_output=True, check=False, cwd=ROOT)
    if not ended.stdout:
        raise SystemExit(ended.stderr.decode())
    return ended.stdout


def memory_of(command: list[str]) -> float:
    """Return the most memory that a command held, in MB; asked of a process that starts nothing else."""
    code = f"""
import resource, subprocess, sys
subprocess.run({command!r}, capture_output=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
    return int(output([sys.executable, "-c", code])) / MB
