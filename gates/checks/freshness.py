"""Is the golden set still young, and like the live data?

A golden set ages: the world moves on, and what passes on old rows may fail on today's. Measures its version,
its age since `gates.golden_set.made`, and, where `live` names a table or a stored profile of what the model
is asked now, the population stability index of every column (bias-corrected; Yurdakul and Naranjo 2020).
Fails when it is older than `max_age_days` (a quarter), or a column's index is above `max_psi`. Undecided when
the day on which it was made is not known, or the live data has too few rows. It is run where the policy has
its block, and only reports until the block says `mode: block`: then draw a new version of the golden set.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated

from gates.errors import InvalidError
from gates.policy_blocks import OptionalPolicy
from gates.policy_values import Amount, Count, PlainPath
from gates.profiling import profile_of
from gates.stats.drift import compare
from gates.verdict import Finding, Measurements, Mode, at_most, enough

NEW = "Draw a new version from recent data, label it, and pin it in gates.golden_set."
UNKNOWN = "Write the day in gates.golden_set.made, as YYYY-MM-DD."


class Policy(OptionalPolicy):
    """How old the golden set may be, and how far from the live data.

    Attributes:
        live: Table or profile of what the model is asked now; nothing is compared where left out.
        min_rows: Live rows that a comparison needs.
    """

    mode: Mode = "report"
    max_age_days: Count = 92
    max_psi: Amount = 0.2
    min_rows: Count = 500
    live: PlainPath | None = None


@dataclass(frozen=True)
class Inputs:
    """The golden features, when they were made, and what they are compared with."""

    features: Annotated[Path, "the golden features"]
    key: Annotated[str, "column that names a row; not compared"]
    version: Annotated[str, "version of the golden set, such as v1"]
    as_of: Annotated[str, "day on which its age is taken, YYYY-MM-DD"]
    made: Annotated[str, "day on which it was made, YYYY-MM-DD"] = ""
    live: Annotated[Path | None, "table or profile of what the model is asked now"] = None


def measure(inputs: Inputs) -> Measurements:
    """Return the version's number, the age in days, and the index of each column that both have.

    Raises:
        InvalidError: A file cannot be read, or a day is none or has not come.
    """
    number = inputs.version.removeprefix("v")
    measurements: Measurements = {"version": float(number)} if number.isdecimal() else {}
    if inputs.made:
        measurements["age_days"] = float((_day(inputs.as_of) - _day(inputs.made)).days)
        if measurements["age_days"] < 0:
            raise InvalidError(f"The golden set's day, {inputs.made}, has not come yet.", do=UNKNOWN)
    if inputs.live is None:
        return measurements
    golden = profile_of(inputs.features, lambda name: name != inputs.key)
    live = profile_of(inputs.live, golden.columns.__contains__)
    measurements["rows/live"] = float(live.rows)
    for name in sorted(golden.columns.keys() & live.columns.keys()):
        with suppress(ValueError):  # of another kind: the gate `drift` tells that
            effects = compare(golden.columns[name], live.columns[name])
            measurements |= {f"psi/{name}": effects["psi"].size} if "psi" in effects else {}
    return measurements


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InvalidError(f"{text!r} is no day.", do=UNKNOWN) from error


def judge(policy: Policy, measurements: Measurements) -> Iterator[Finding]:
    """Hold the age first, then each column against the live data."""
    age = measurements.get("age_days")
    note = "" if age is not None and age <= policy.max_age_days else NEW if age is not None else UNKNOWN
    yield at_most("age_days", age, policy.max_age_days, unit="days", note=note)
    if policy.live is None and "rows/live" not in measurements:
        return
    yield enough("rows/live", measurements.get("rows/live"), policy.min_rows)
    columns = [name for name in sorted(measurements) if name.startswith("psi/")]
    yield enough("columns", len(columns), 1, unit="columns")
    for name in columns:
        psi = measurements[name]
        yield at_most(name, psi, policy.max_psi, note="" if psi <= policy.max_psi else NEW)
