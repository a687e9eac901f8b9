"""Is one request answered fast enough?

Reads the JSON of pytest-benchmark: every request's duration, as the user's own `tests/latency/` measured it,
challenger and champion in turns. The 99th percentile's upper 95 % confidence bound (order statistics) must
stay below `p99_ms`, and the ratio of both 99th percentiles below `max_p99_ratio`, where the policy has one.
Fails when the percentile, or the ratio, is itself above its limit. Undecided when the percentile's bound is
above it, or with fewer than 299 requests, which cannot bound a 99th percentile.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field

from gates import timings
from gates.policy_blocks import GatePolicy
from gates.stats.quantiles import least_samples, quantile_interval, quantile_ratio
from gates.timings import QUANTILE
from gates.verdict import Finding, Measurements, at_most, enough

MOST_REQUESTS = 1_000_000
MS = 1_000.0


class Policy(GatePolicy):
    """The limits, and how the benchmark is run: requests, and seconds that one model may take for them."""

    p99_ms: Annotated[float, Field(gt=0)] = 200.0
    max_p99_ratio: Annotated[float, Field(gt=0)] | None = None
    requests: Annotated[int, Field(ge=least_samples(QUANTILE), le=MOST_REQUESTS)] = 2_000
    budget_s: Annotated[float, Field(gt=0)] = 60.0


@dataclass(frozen=True)
class Inputs:
    """One file."""

    latency: Annotated[Path, "JSON of pytest-benchmark with the raw rounds, the models in turns"]


def measure(inputs: Inputs) -> Measurements:
    """Return p50 and p99 in ms of challenger and champion, their bounds, and the ratio of both p99s."""
    return measured(timings.read(inputs.latency))


def measured(timed: Mapping[str, Sequence[float]]) -> Measurements:
    """Return what `measure` does, of model name to the seconds of each of its requests."""
    measurements: Measurements = {}
    for model, seconds in timed.items():
        measurements[f"requests/{model}"] = len(seconds)
        if not seconds:
            continue
        p50, p99 = quantile_interval(seconds, 0.5), quantile_interval(seconds, QUANTILE)
        measurements[f"p50_ms/{model}"] = p50.estimate * MS
        measurements[f"p99_ms/{model}"] = p99.estimate * MS
        if p99.low is not None:
            measurements[f"p99_ms/{model}/low"] = p99.low * MS
        if p99.high is not None:
            measurements[f"p99_ms/{model}/high"] = p99.high * MS
    ratio = quantile_ratio(timed.get("challenger", []), timed.get("champion", []), QUANTILE)
    if ratio is not None:
        measurements |= {"p99_ratio": ratio.estimate}
        measurements |= {"p99_ratio/low": ratio.low, "p99_ratio/high": ratio.high}
    return measurements


def judge(policy: Policy, measurements: Measurements) -> Iterator[Finding]:
    """Hold the challenger's p99 against the limit, and against the champion's, where there is one."""
    name = "p99_ms/challenger"
    yield at_most(
        name,
        measurements.get(name),
        policy.p99_ms,
        high=measurements.get(f"{name}/high", float("nan")),  # without a bound nothing is decided
        unit="ms",
    )
    if policy.max_p99_ratio is not None and "requests/champion" in measurements:
        ratio, low, high = (measurements.get(f"p99_ratio{end}") for end in ("", "/low", "/high"))
        yield at_most("p99_ratio", ratio, policy.max_p99_ratio, low=low, high=high, by_bound=False)
    requests = measurements.get("requests/challenger")
    yield enough("requests/challenger", requests, least_samples(QUANTILE), unit="requests")
