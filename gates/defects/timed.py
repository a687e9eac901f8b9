"""Defects of latency: slower on the whole, slow in the tail alone, or hardly timed."""

from collections.abc import Mapping, Sequence

from gates import timings
from gates.defects.case import LATENCY, Case, Changes, Defect
from gates.timings import QUANTILE, TURNS

SLOWER = 1.5
EVERY = 40  # one request of so many is slow: more than the hundredth that a p99 leaves out
STUCK = 10.0
FEW = 100
BEYOND = 2.0
MS = 1_000.0
GATE = ("latency",)


def slower(case: Case) -> Changes:
    """Let every request take half as long again as the champion's."""
    timed = timings.read(case.root / LATENCY)
    return _timed(case, timed, [each * SLOWER for each in _usual(timed)])


def heavy_tail(case: Case) -> Changes:
    """Let one request of forty take ten times as long as the champion's p99, and the others as long."""
    timed = timings.read(case.root / LATENCY)
    usual = _usual(timed)
    stuck = STUCK * sorted(usual)[int(QUANTILE * len(usual))] if usual else 0.0
    seconds = [stuck if place % EVERY == 0 else each for place, each in enumerate(usual)]
    return _timed(case, timed, seconds)


def beyond_limit(case: Case) -> Changes:
    """Let every request take twice as long as the policy allows its p99."""
    timed = timings.read(case.root / LATENCY)
    allowed = float(getattr(case.policy.block("latency"), "p99_ms", 0.0)) / MS
    return _timed(case, timed, [allowed * BEYOND for _ in timed["challenger"]])


def hardly_timed(case: Case) -> Changes:
    """Keep the first hundred requests: too few to bound a p99."""
    timed = timings.read(case.root / LATENCY)
    return _timed(case, timed, timed["challenger"][:FEW])


def written(timed: Mapping[str, Sequence[float]]) -> dict[str, object]:
    """Return the document that `gates.timings.read` reads, of model name to the seconds of its requests."""
    return {
        "benchmarks": [
            {"name": model, "extra_info": {TURNS: [model]}, "stats": {"data": list(seconds)}}
            for model, seconds in timed.items()
        ]
    }


def _usual(timed: Mapping[str, Sequence[float]]) -> Sequence[float]:
    """Return how long requests take today: the champion's, where there is one."""
    return timed.get("champion") or timed["challenger"]


def _timed(case: Case, timed: Mapping[str, Sequence[float]], challenger: Sequence[float]) -> Changes:
    return case.with_document(LATENCY, written({**timed, "challenger": challenger}))


DEFECTS = (
    Defect(
        "latency +50 %",
        "Every request takes half as long again as the champion's.",
        GATE,
        slower,
        "latency.max_p99_ratio, or a p99_ms near what is usual",
    ),
    Defect(
        "a heavy tail only",
        "One request of forty takes ten times as long as the p99; the median is what it was.",
        GATE,
        heavy_tail,
        "latency.max_p99_ratio, or a p99_ms near what is usual",
    ),
    Defect(
        "beyond the latency limit",
        "Every request takes twice as long as the policy allows.",
        GATE,
        beyond_limit,
        "latency.p99_ms",
    ),
    Defect(
        "hardly timed", "100 requests were timed, no more.", GATE, hardly_timed, "the gate latency, always"
    ),
)
