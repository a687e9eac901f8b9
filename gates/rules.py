"""The rules by which a challenger is better than a champion: a paired difference in, findings out.

Above 0 is better. `delta/low` and `delta/high` bound the difference; a bound that is absent decides nothing.
"""

import math
from collections.abc import Iterator

from gates.timings import QUANTILE
from gates.verdict import Finding, Measurements, above, at_least, at_most, beyond_luck

QUANTILES = {"latency": QUANTILE, "cost": 0.5}  # of a request's time: what waits for it, and what it costs


def superior(measurements: Measurements) -> Iterator[Finding]:
    """Ask for a lower bound above 0."""
    delta, low, high = bounded("delta", measurements)
    luck = f" {_luck(measurements)}" if delta is not None and delta > 0 and not low > 0 else ""
    yield above("delta", delta, 0.0, low=low, high=high, note=f"Rule superior: must surely be better.{luck}")


def min_delta(measurements: Measurements, least: float | None) -> Iterator[Finding]:
    """Ask for a difference of ``least`` (None: of one standard error) and a lower bound above 0."""
    delta, low, high = bounded("delta", measurements)
    words = "so much" if least is not None else "one standard error of this golden set"
    limit = measurements.get("delta/sigma", math.nan) if least is None else least
    if not math.isfinite(limit):
        delta, limit = None, 0.0
    note = f"Rule min_delta: must be better by {words}, and not by luck."
    yield at_least("delta", delta, limit, low=low, high=high, by_bound=False, note=note)
    if delta is not None and delta >= limit:
        yield beyond_luck("delta/low", low, note="" if low > 0 else _luck(measurements))


def non_inferior(measurements: Measurements, margin: float, improves: str) -> Iterator[Finding]:
    """Ask for a lower bound above -margin, and for something that is surely better."""
    delta, low, high = bounded("delta", measurements)
    note = f"Rule non_inferior: must not be worse by more than the margin, and better in {improves}."
    yield at_least("delta", delta, -margin, low=low, high=high, note=note)
    if improves in QUANTILES:
        ratio, low, high = bounded(f"ratio/{improves}", measurements)
        note = "A request must surely take less time than the champion's."
        yield at_most(f"ratio/{improves}", ratio, 1.0, low=low, high=high, note=note)
    else:
        delta, low, high = bounded(f"slice_delta/{improves}", measurements)
        note = "This slice must surely be better."
        yield above(f"slice_delta/{improves}", delta, 0.0, low=low, high=high, note=note)


def bounded(name: str, measurements: Measurements) -> tuple[float | None, float, float]:
    """Return a figure with its bounds; one that is absent is NaN, by which nothing passes."""
    low, high = (measurements.get(f"{name}/{end}", math.nan) for end in ("low", "high"))
    return measurements.get(name), low, high


def _luck(measurements: Measurements) -> str:
    """Say what would decide a difference that may be luck, and what this golden set can see at all."""
    needed, seen = measurements.get("rows_needed"), measurements.get("detectable")
    rows = f"; about {needed:,.0f} golden rows would decide it" if needed else ""
    least = f" These rows show a true difference of {seen:.2g} four times of five." if seen else ""
    return f"The difference may be luck{rows}.{least}"
