"""How often the gate `latency` sees a difference between a model and itself, on a busy machine.

Real requests are timed: a function of numpy, called as both models, in turns and one after the other, while
another process takes the processors for moments. The gate judges what was timed.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter

import numpy as np

from benchmarks.decisions.figure import Figure
from gates.checks import latency
from gates.stats.quantiles import quantile_ratio
from gates.timings import QUANTILE
from gates.verdict import Outcome, Verdict

REQUESTS = 1_000
MOST_RATIO = 1.10
NOISE = """
import random, time
random.seed({seed})
while True:
    until = time.perf_counter() + random.expovariate(1 / 0.15)
    while time.perf_counter() < until:
        pass
    time.sleep(random.expovariate(1 / 0.35))
"""
VALUES = np.linspace(0.0, 1.0, 4_000)


def figures(runs: int) -> Iterator[Figure]:
    """Yield how often twins differ by more than a tenth, over so many trials."""
    with _busy():
        apart = sum(_fails(_one_after_the_other()) for _ in range(runs)) / runs
        turns = sum(_fails(_in_turns()) for _ in range(runs)) / runs
    what = f"p99 of twins more than {MOST_RATIO - 1:.0%} apart, {REQUESTS:,} requests each"
    today = f"one after the other: {apart:.0%}"
    yield Figure("latency", what, turns, 0.05, "at most", runs, today)


def _request() -> float:
    start = perf_counter()
    np.sort(np.exp(VALUES[::-1]))
    return perf_counter() - start


def _in_turns() -> tuple[list[float], list[float]]:
    both = [_request() for _ in range(2 * REQUESTS)]
    return both[::2], both[1::2]


def _one_after_the_other() -> tuple[list[float], list[float]]:
    both = [_request() for _ in range(2 * REQUESTS)]
    return both[:REQUESTS], both[REQUESTS:]


def _fails(timed: tuple[list[float], list[float]]) -> bool:
    """Return whether the gate says that the first is slower than the second allows."""
    ratio = quantile_ratio(*timed, QUANTILE)
    measured = {"requests/challenger": float(REQUESTS)}
    measured |= {"p99_ms/challenger": 1.0, "p99_ms/challenger/high": 1.0}
    if ratio is not None:
        measured |= {"p99_ratio": ratio.estimate, "p99_ratio/low": ratio.low, "p99_ratio/high": ratio.high}
    policy = latency.Policy(max_p99_ratio=MOST_RATIO)
    return Verdict("latency", "block", tuple(latency.judge(policy, measured))).outcome is Outcome.FAIL


@contextmanager
def _busy() -> Iterator[None]:
    """Let one process a core take it for moments, in a rhythm of its own."""
    command = [sys.executable, "-c"]
    noisy = [subprocess.Popen([*command, NOISE.format(seed=seed)]) for seed in range(os.cpu_count() or 1)]
    try:
        yield
    finally:
        for each in noisy:
            each.kill()
            each.wait()
