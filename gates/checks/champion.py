"""Is the challenger better than what serves now, on the same golden rows?

Both are scored on the same rows, so the difference has a paired interval: of the AUC by DeLong, DeLong and
Clarke-Pearson (1988), of any other `metric` by the bootstrap (Efron 1979); above 0 is better. Three rules:
`superior` asks for a lower 95 % bound above 0, `min_delta` for a difference of at least that as well (`auto`:
one standard error of it on this golden set), `non_inferior` for a lower bound above -`margin` and something
that surely `improves`: the p99 of a request (`latency`), its median (`cost`) or a slice. On no slice of
`slices` may the challenger be surely worse (5 % over all of them, Holm 1979). Fails when the difference is on
the wrong side, or a slice is worse. Undecided when it is right but may be luck; the finding says how many
golden rows would decide it. What holds for models that answer alike says `tie`, and `first_model` without a
champion: `floor` lets the other gates decide, `approve` asks for a named approver, `block` refuses. A model
that was rolled back does not come back by itself: it fails.
"""

import math
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Self, TypeAlias

from pydantic import Field, model_validator

from gates import rules, timings
from gates.documents import read_json
from gates.errors import InvalidError
from gates.policy_blocks import GatePolicy
from gates.policy_values import Amount, Count, Criterion, Slice
from gates.stats.multiplicity import holm
from gates.stats.power import detectable_difference, rows_needed
from gates.stats.quantiles import quantile_ratio
from gates.stats.scoring import figure, improvement
from gates.tables import binary_labels, numbers, probabilities, read_aligned, read_table, slice_of
from gates.verdict import Finding, Measurements, at_least, at_most, enough

if TYPE_CHECKING:
    import pandas as pd

PREDICT = "Predict again: gates predict"
JUDGE = "Judge again: gates judge"
SEED = 20_260_103
ALPHA = 0.05
FirstModel: TypeAlias = Literal["floor", "approve", "block"]
ROLLED_BACK = "This very model was taken out of production (on purpose: gates rollback --to SHA --reason …)."
TIE = "Both answer every golden row alike; gates.champion.tie says what then."


class ComparisonPolicy(GatePolicy):
    """What both tasks ask for: the rule, and what holds for ties, for slices and without a champion."""

    rule: Literal["superior", "min_delta", "non_inferior"] = "min_delta"
    margin: Amount = 0.0
    improves: Criterion = ""
    slices: tuple[Slice, ...] = ()
    tie: Literal["block", "promote"] = "block"
    first_model: FirstModel

    @model_validator(mode="after")
    def _something_improves(self) -> Self:
        if (self.rule == "non_inferior") != bool(self.improves):
            raise ValueError("`rule: non_inferior` and `improves` need each other")
        return self


class Policy(ComparisonPolicy):
    """How much better a challenger must be."""

    metric: Literal["auc", "average_precision", "brier", "log_loss", "calibration_error"] = "auc"
    min_delta: Annotated[float, Field(ge=0, lt=1)] | Literal["auto"] = 0.005
    min_rows_per_class: Count = 200
    min_slice_rows_per_class: Count = 20


class RegressionPolicy(ComparisonPolicy):
    """The same of a regression; differences of RMSE and MAE are in the unit of the label."""

    metric: Literal["rmse", "mae", "r2"] = "rmse"
    min_delta: Amount | Literal["auto"] = 0.0
    min_rows: Count = 100
    min_slice_rows: Count = 20


@dataclass(frozen=True)
class Inputs:
    """Predictions of both models on the golden rows."""

    predictions: Annotated[
        Path, "scores of the golden rows, columns `challenger` and, if there is one, `champion`"
    ]
    labels: Annotated[Path, "the golden labels"]
    serving: Annotated[Path, "who serves, and whether the challenger was rolled back: candidate/serving.json"]
    key: Annotated[str, "column that names a row"]
    label: Annotated[str, "column of the label; 0 or 1, or any number of a regression"]
    task: Annotated[str, "classification or regression, as the policy says"] = "classification"
    approver: Annotated[str, "who approves a first model, where the policy asks for it"] = ""
    metric: Annotated[str, "figure by which both are compared"] = "auc"
    improves: Annotated[str, "what must be better under `rule: non_inferior`"] = ""
    slices: Annotated[tuple[str, ...], "slices to compare on, each as column=value"] = ()
    features: Annotated[Path | None, "the golden features, for the slices"] = None
    latency: Annotated[Path | None, "JSON of pytest-benchmark, for `improves`"] = None


def measure(inputs: Inputs) -> Measurements:
    """Return both figures and the paired difference with its 95 % interval, overall and per slice.

    Raises:
        InvalidError: A file or column cannot be read, or the predictions do not fit who serves.
    """
    serving = read_json(inputs.serving)
    if not isinstance(serving.get("rolled_back"), bool) or "champion" not in serving:
        raise InvalidError(f"{inputs.serving} has no 'champion' or no 'rolled_back'.", do=JUDGE)
    rolled_back = float(serving["rolled_back"])
    scored_both = "champion" in read_table(inputs.predictions).columns
    if scored_both != (serving["champion"] is not None):
        why = f"By {inputs.serving} there is {'no' if scored_both else 'a'} champion."
        raise InvalidError(f"{inputs.predictions} does not fit who serves.", why=why, do=PREDICT)
    if not scored_both:
        return {"champions": 0, "approvers": float(bool(inputs.approver.strip())), "rolled_back": rolled_back}
    slices = tuple(dict.fromkeys(inputs.slices + ((inputs.improves,) if "=" in inputs.improves else ())))
    parts = {inputs.labels: [inputs.label], inputs.predictions: ["challenger", "champion"]}
    if slices and inputs.features:
        parts[inputs.features] = sorted({name.partition("=")[0] for name in slices})
    rows = read_aligned(parts, inputs.key)
    measured = {"champions": 1.0, "rolled_back": rolled_back} | compared(inputs, rows)
    for name in slices if inputs.features else ():
        measured |= compared(inputs, slice_of(rows, name), name)
    return measured | _faster(inputs)


def compared(inputs: Inputs, rows: "pd.DataFrame", of: str = "") -> Measurements:
    """Return how many rows there are, both figures, and their difference; of a slice, with its chance.

    Args:
        inputs: Names the columns, the task and the metric; its files are named in errors alone.
        rows: Labels and both models' scores, one row a golden row.
        of: The slice that the rows are; empty for all of them.

    Raises:
        InvalidError: A label or a score is not what the task asks for.
    """
    classes = inputs.task != "regression"
    y = (binary_labels if classes else numbers)(inputs.labels, rows[inputs.label])
    read = probabilities if classes else numbers
    challenger, champion = (read(inputs.predictions, rows[each]) for each in ("challenger", "champion"))
    prefix, suffix = ("slice_", f"/{of}") if of else ("", "")
    counted = "rows_per_class" if classes else "rows"
    count = min(int(y.sum()), len(y) - int(y.sum())) if classes else len(y)
    measured = {f"{prefix}{counted}{suffix}": float(count)}
    with suppress(ValueError):  # too few rows of a class, or labels that do not vary: there is no difference
        better = improvement(inputs.metric, y, challenger, champion, seed=SEED)
        delta = f"{prefix}delta{suffix}"
        measured |= {delta: better.interval.estimate, f"{delta}/low": better.interval.low}
        measured |= {f"{delta}/high": better.interval.high}
        if of:
            return measured | {f"slice_p/{of}": better.chance_worse}
        for who, scores in (("challenger", challenger), ("champion", champion)):
            measured[f"{inputs.metric}/{who}"] = figure(inputs.metric, y, scores)
        measured |= {"tie": float(better.tie), "delta/sigma": math.sqrt(better.variance)}
        needed = rows_needed(better.interval.estimate, better.variance, len(y))
        seen = detectable_difference(better.variance, len(y))
        measured |= {"rows_needed": float(needed)} if needed is not None else {}
        measured |= {"detectable": seen} if seen is not None else {}
    return measured


def _faster(inputs: Inputs) -> Measurements:
    """Return the ratio of the challenger's quantile to the champion's, where the policy asks for it."""
    if inputs.improves not in rules.QUANTILES or inputs.latency is None:
        return {}
    timed = timings.read(inputs.latency)
    challenger, champion = (timed.get(each, []) for each in ("challenger", "champion"))
    ratio = quantile_ratio(challenger, champion, rules.QUANTILES[inputs.improves])
    if ratio is None:
        return {}
    name = f"ratio/{inputs.improves}"
    return {name: ratio.estimate, f"{name}/low": ratio.low, f"{name}/high": ratio.high}


def judge(policy: Policy | RegressionPolicy, measurements: Measurements) -> Iterator[Finding]:
    """Hold the difference to the rule, or apply what is declared for a tie or for a first model."""
    if measurements.get("champions") == 0:
        yield _first_model(policy, measurements)
    else:
        if measurements.get("tie") == 1:
            yield at_least("tie", float(policy.tie == "promote"), 1, note=TIE)
        else:
            yield from _better(policy, measurements)
        yield from _slices(policy, measurements)
        rows, least, _ = _least(policy)
        yield enough(rows, measurements.get(rows), least)
    rolled_back = measurements.get("rolled_back")
    yield at_most("rolled_back", rolled_back, 0, note=ROLLED_BACK if rolled_back else "")


def _better(policy: Policy | RegressionPolicy, measurements: Measurements) -> Iterator[Finding]:
    if policy.rule == "superior":
        return rules.superior(measurements)
    if policy.rule == "non_inferior":
        return rules.non_inferior(measurements, policy.margin, policy.improves)
    return rules.min_delta(measurements, None if policy.min_delta == "auto" else policy.min_delta)


def _slices(policy: Policy | RegressionPolicy, measurements: Measurements) -> Iterator[Finding]:
    """Fail a slice on which the challenger is surely worse, whatever the number of slices."""
    chances = {name: measurements.get(f"slice_p/{name}", math.nan) for name in policy.slices}
    known = [name for name, chance in chances.items() if 0.0 <= chance <= 1.0]
    adjusted = dict(zip(known, holm([chances[name] for name in known]).tolist(), strict=True))
    rows, _, least = _least(policy)
    for name in policy.slices:
        delta, low, high = rules.bounded(f"slice_delta/{name}", measurements)
        told = "" if delta is None else f"The difference there is {delta:+.4f} ({low:+.4f} to {high:+.4f})."
        yield at_least(f"slice_p/{name}", adjusted.get(name), ALPHA, note=told)
        yield enough(f"slice_{rows}/{name}", measurements.get(f"slice_{rows}/{name}"), least)


def _least(policy: Policy | RegressionPolicy) -> tuple[str, int, int]:
    """Return what is counted, and how many of it there must be overall and in a slice."""
    if isinstance(policy, RegressionPolicy):
        return "rows", policy.min_rows, policy.min_slice_rows
    return "rows_per_class", policy.min_rows_per_class, policy.min_slice_rows_per_class


def _first_model(policy: ComparisonPolicy, measurements: Measurements) -> Finding:
    """Decide without a champion, by the policy's declared rule."""
    if policy.first_model == "floor":
        return at_least("first_model", 1, 1, note="No champion yet: the floors of the other gates decide.")
    if policy.first_model == "approve":
        note = "No champion yet: name who approves it: gates ship --approver NAME"
        approvers = measurements.get("approvers")
        return enough("first_model/approvers", approvers, 1, unit="people", note="" if approvers else note)
    return at_least("first_model", 0, 1, note="No champion yet, and the policy blocks a first model.")
