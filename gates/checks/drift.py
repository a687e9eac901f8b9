"""Is the live data still like the data the model learned from?

Every column of the reference (the training or golden table, or a stored profile of it) is held against the
live one; a column of scores that both have is one of them. Two families of findings ask for two different
answers. `fault/…`: the pipeline is broken: a column is absent or of another type, nulls have jumped, it
stands still, numbers are out of range, categories are unknown, a unit has changed by a factor; mend the
pipeline. `drift/…`: the world has changed: the population stability index (bias-corrected; Yurdakul and
Naranjo 2020) or the Kolmogorov-Smirnov distance; train again. Fails when a figure is above its limit and
that is not luck: its p-value, adjusted over all columns and figures (Holm 1979), is at most alpha. Undecided
when there are too few rows, when a figure above its limit may be luck, or when a column cannot be compared.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from gates.documents import read_json
from gates.errors import InvalidError
from gates.parts import Over, in_turn
from gates.policy_blocks import LivePolicy
from gates.policy_values import Amount, Count, Name, PlainPath, Probability
from gates.profiles import Profile
from gates.profiling import profile_of
from gates.stats.drift import compare
from gates.stats.multiplicity import holm
from gates.stats.profile import Column
from gates.verdict import Finding, Measurements, Outcome, at_most, enough

FIGURES = {  # as `compare` names them: family, what to do, and the unit
    "nulls": ("fault", "Values are missing that were there: find the job that no longer fills the column."),
    "constant": ("fault", "Every row has one value: find the job that no longer fills the column."),
    "range": (
        "fault",
        "Numbers lie outside of what the model has seen: look for a wrong field or a sentinel.",
    ),
    "unseen": ("fault", "The model knows no such category: look for a renamed or recoded value."),
    "scale": ("fault", "All numbers differ by one factor: look for a changed unit."),
    "psi": ("drift", "The distribution has changed: judge the model on recent labels, and train again."),
    "ks": ("drift", "The distribution has changed: judge the model on recent labels, and train again."),
}
BROKEN = {
    "absent": "The live data lacks the column: find the job that no longer writes it.",
    "type": "Values are of another kind, such as texts for numbers: find the job that writes the column.",
}
APART = "No value to compare with, or a time, an id or a text: name such a column in gates.drift.ignore."
AFTER = "The column has a fault, which may be all there is: mend that first."
LUCK = "It may be luck: look again with more rows."


class Policy(LivePolicy):
    """Which columns are held against which limits; a limit left out is not held.

    Attributes:
        reference: Table or profile of what the model learned from.
        live: Table or profile of what it is asked now.
        columns: The columns to compare; all of the reference's where left out.
        ignore: Columns not to compare, beside key and label.
        importance: JSON with `importance`, column to number, as the training wrote it.
        least_importance: Columns of less importance are not compared.
        alpha: Chance of any failure while nothing has changed, over all columns and figures.
        max_scale: Factor of a changed unit.
    """

    reference: PlainPath | None = None
    live: PlainPath | None = None
    columns: tuple[Name, ...] = ()
    ignore: tuple[Name, ...] = ()
    importance: PlainPath | None = None
    least_importance: Amount = 0.0
    min_rows: Count = 500
    alpha: Probability = 0.05
    max_psi: Amount | None = 0.2
    max_ks: Probability | None = 0.2
    max_nulls: Probability | None = 0.05
    max_range: Probability | None = 0.02
    max_unseen: Probability | None = 0.02
    max_scale: Annotated[float, Field(ge=1)] | None = 1.5


@dataclass(frozen=True)
class Inputs:
    """What was, what is, and which of their columns are compared."""

    reference: Annotated[Path, "table or profile of what the model learned from"]
    live: Annotated[Path, "table or profile of what the model is asked now"]
    key: Annotated[str, "column that names a row; not compared"] = ""
    label: Annotated[str, "column of the label; not compared"] = ""
    columns: Annotated[tuple[str, ...], "columns to compare; all where left out"] = ()
    ignore: Annotated[tuple[str, ...], "columns not to compare"] = ()
    importance: Annotated[Path | None, "JSON with `importance`, column to number"] = None
    least_importance: Annotated[float, "columns of less importance are not compared"] = 0.0


def measure(inputs: Inputs) -> Measurements:
    """Return rows, and per column each figure of `gates.stats.drift.compare` with its p-value."""
    return measure_over(inputs, in_turn)


def measure_over(inputs: Inputs, over: Over[Any]) -> Measurements:
    """Return what `measure` does, with what carries a function over the parts of a table."""
    importance = _importance(inputs)
    passed_over = {inputs.key, inputs.label, *inputs.ignore}
    passed_over |= {name for name, weight in importance.items() if weight < inputs.least_importance}

    def wanted(name: str) -> bool:
        return name not in passed_over and (not inputs.columns or name in inputs.columns)

    reference = profile_of(inputs.reference, wanted, over)
    _require_known(inputs, reference)
    chosen = {name for name in reference.columns if wanted(name)}
    return measured(reference, profile_of(inputs.live, chosen.__contains__, over), chosen)


def measured(reference: Profile, live: Profile, chosen: Iterable[str]) -> Measurements:
    """Return what `measure` does, of two profiles and the columns of the first that are compared."""
    chosen = sorted(chosen)
    measurements: Measurements = {"rows/reference": reference.rows, "rows/live": live.rows}
    measurements["columns"] = len(chosen)
    for name in chosen:
        if name in live.columns:
            measurements |= _compared(name, reference.columns[name], live.columns[name])
        else:
            measurements[f"fault/absent/{name}"] = 1
    return measurements


def judge(policy: Policy, measurements: Measurements) -> Iterator[Finding]:
    """Hold every figure against its limit: faults first, then drift, columns by name."""
    for rows in ("rows/live", "rows/reference"):
        yield enough(rows, measurements.get(rows), policy.min_rows)
    yield enough("columns", measurements.get("columns"), 1, unit="columns")
    chances = _adjusted(measurements)
    for kind, note in BROKEN.items():
        for name in _named(measurements, f"fault/{kind}/"):
            yield at_most(name, measurements[name], 0, note=note)
    broken: set[str] = set()
    for kind, (family, note) in FIGURES.items():
        limit = getattr(policy, f"max_{kind}", 0.0)  # there is none of a constant: one value is too few
        prefix = f"{family}/{kind}/"
        for name in _named(measurements, prefix) if limit is not None else ():
            column = name.removeprefix(prefix)
            told = AFTER if family == "drift" and column in broken else note
            found = _held(at_most(name, measurements[name], limit), chances.get(name), policy.alpha, told)
            if family == "fault" and found.outcome is Outcome.FAIL:
                broken.add(column)
            yield found
    for name in _named(measurements, "not_compared/"):
        yield at_most(name, None, 0, note=APART)


def _held(finding: Finding, chance: float | None, alpha: float, note: str) -> Finding:
    """Return a finding that fails only where more than luck is behind it."""
    if finding.outcome is not Outcome.FAIL:
        return finding
    if chance is not None and chance <= alpha:
        return replace(finding, note=note)
    return replace(finding, outcome=Outcome.UNDECIDED, note=LUCK)


def _compared(name: str, reference: Column, live: Column) -> Measurements:
    try:
        effects = compare(reference, live)
    except ValueError:
        return {f"fault/type/{name}": 1}
    measurements: Measurements = {}
    for kind, effect in effects.items():
        full = f"{FIGURES[kind][0]}/{kind}/{name}"
        measurements |= {full: effect.size, f"p/{full}": effect.p_value}
    if "psi" not in effects and live.missing < live.rows:
        measurements[f"not_compared/{name}"] = 1
    return measurements


def _adjusted(measurements: Mapping[str, float]) -> dict[str, float]:
    """Return the name of each figure to its p-value, adjusted over all of them.

    A change of unit has that of the distance which it explains, and counts as no test of its own.
    """
    p_values = {name: measurements[name] for name in _named(measurements, "p/")}
    own = {name: p for name, p in p_values.items() if not name.startswith("p/fault/scale/")}
    tests = [name for name in own if 0.0 <= own[name] <= 1.0]
    found = dict(zip(tests, holm(np.array([own[name] for name in tests])).tolist(), strict=True))
    for name in _named(p_values, "p/fault/scale/"):
        distance = name.replace("fault/scale", "drift/ks", 1)
        if distance in found:
            found[name] = found[distance]
    return {name.removeprefix("p/"): p for name, p in found.items()}


def _named(measurements: Mapping[str, float], prefix: str) -> list[str]:
    return sorted(name for name in measurements if name.startswith(prefix))


def _require_known(inputs: Inputs, reference: Profile) -> None:
    for name in inputs.columns:
        if name not in reference.columns and name not in inputs.ignore:
            raise InvalidError(
                f"{inputs.reference} has no column {name!r}.",
                do="Correct gates.drift.columns in params.yaml.",
            )


def _importance(inputs: Inputs) -> dict[str, float]:
    """Return column to importance; nothing where no file of them is given.

    Raises:
        InvalidError: There is none though one is asked for, or the file has no mapping of numbers.
    """
    if inputs.importance is None:
        if inputs.least_importance > 0:
            raise InvalidError(
                "gates.drift.least_importance needs a file of importances.",
                do="Name it in gates.drift.importance.",
            )
        return {}
    weights = read_json(inputs.importance).get("importance")
    if not isinstance(weights, dict) or not all(_is_number(weight) for weight in weights.values()):
        raise InvalidError(
            f"{inputs.importance} has no `importance`, column to number.",
            do="Let the training write it, or leave gates.drift.importance out.",
        )
    return weights


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
