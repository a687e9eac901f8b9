"""Is one request answered fast enough?

Reads the JSON of pytest-benchmark: every request's duration, as the user's own `tests/latency/` measured
it. The 99th percentile's upper 95 % confidence bound (order statistics) must stay below the limit. Fails
when the percentile itself is above it. Undecided when the bound is above it, or with fewer than 299
requests, which cannot bound a 99th percentile.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from gates.documents import read_json
from gates.errors import InvalidError
from gates.policy_blocks import GatePolicy
from gates.stats.quantiles import least_samples, quantile_interval
from gates.verdict import Finding, Measurements, at_most, enough

QUANTILE = 0.99
MOST_REQUESTS = 1_000_000
MS = 1_000.0
A_DAY = 86_400.0  # no request takes longer; a figure beyond it is no measurement


class Policy(GatePolicy):
    """The limit, and how the benchmark is run: requests, and seconds that one model may take for them."""

    p99_ms: Annotated[float, Field(gt=0)] = 200.0
    requests: Annotated[int, Field(ge=least_samples(QUANTILE), le=MOST_REQUESTS)] = 2_000
    budget_s: Annotated[float, Field(gt=0)] = 60.0


@dataclass(frozen=True)
class Inputs:
    """One file."""

    latency: Annotated[Path, "JSON of pytest-benchmark with the raw rounds, one benchmark a model"]


def measure(inputs: Inputs) -> Measurements:
    """Return p50 and p99 in ms of challenger and champion, with one-sided 95 % bounds of the p99."""
    measurements: Measurements = {}
    for model, seconds in _durations(inputs.latency).items():
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
    return measurements


def judge(policy: Policy, measurements: Measurements) -> Iterator[Finding]:
    """Hold the challenger's p99 against the limit; the champion's is there to compare by eye."""
    name = "p99_ms/challenger"
    yield at_most(
        name,
        measurements.get(name),
        policy.p99_ms,
        high=measurements.get(f"{name}/high", float("nan")),  # without a bound nothing is decided
        unit="ms",
    )
    requests = measurements.get("requests/challenger")
    yield enough("requests/challenger", requests, least_samples(QUANTILE), unit="requests")


def _durations(path: Path) -> dict[str, list[float]]:
    """Return model name to the seconds of each round."""
    found: dict[str, list[float]] = {}
    benchmarks = read_json(path).get("benchmarks")
    if not isinstance(benchmarks, list):
        raise _not_ours(path, "it has no list `benchmarks`")
    for benchmark in benchmarks:
        try:
            model, data = benchmark["params"]["model"], benchmark["stats"]["data"]
        except (KeyError, TypeError) as error:
            raise _not_ours(path, f"a benchmark has no {error}") from error
        if not isinstance(model, str) or not isinstance(data, list) or not all(map(_is_duration, data)):
            raise _not_ours(path, "`params.model` is not text, or `stats.data` not a list of seconds")
        found.setdefault(model, []).extend(data)
    return found


def _is_duration(value: Any) -> bool:  # noqa: ANN401 - parsed JSON
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= A_DAY


def _not_ours(path: Path, why: str) -> InvalidError:
    return InvalidError(
        f"{path} is not a latency benchmark: {why}.",
        do="Use the fixtures `model` and `requests` in tests/latency/, then: gates predict",
    )
