"""Is the challenger better than what serves now, on the same golden rows?

Both are scored on the same rows, so the difference in AUC has a paired interval (DeLong, DeLong and
Clarke-Pearson 1988). Of a regression the difference is the champion's RMSE minus the challenger's, in the
unit of the label, with a paired bootstrap interval (Efron 1979). Passes when the difference reaches
`min_delta` and its lower 95 % bound is above 0. Fails when the difference is below `min_delta`. Undecided
when it is large enough but could be luck; the finding says how many golden rows would decide it. Without a
champion, `first_model` decides: `floor` lets the other gates decide, `approve` asks for a named approver,
`block` refuses. A model that was rolled back does not come back by itself: it fails.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

from pydantic import Field

from gates.documents import read_json
from gates.errors import InvalidError
from gates.policy_blocks import GatePolicy
from gates.policy_values import Amount, Count
from gates.stats.auc import LEAST_PER_CLASS, auc_difference, delong, difference_variance, rows_needed
from gates.stats.bootstrap import bootstrap_difference
from gates.stats.interval import Interval, normal_variance
from gates.stats.regression import rmse
from gates.tables import binary_labels, numbers, probabilities, read_aligned, read_table
from gates.verdict import Finding, Measurements, at_least, at_most, beyond_luck, enough

if TYPE_CHECKING:
    import pandas as pd

PREDICT = "Predict again: gates predict"
JUDGE = "Judge again: gates judge"
SEED = 20_260_103
FirstModel: TypeAlias = Literal["floor", "approve", "block"]
ROLLED_BACK = "This very model was taken out of production (on purpose: gates rollback --to SHA --reason …)."


class Policy(GatePolicy):
    """How much better a challenger must be, and what holds while there is no champion."""

    min_delta: Annotated[float, Field(ge=0, lt=1)] = 0.005
    min_rows_per_class: Count = 200
    first_model: FirstModel


class RegressionPolicy(GatePolicy):
    """By how much less a challenger must err, in the unit of the label, and what holds without a champion."""

    min_delta: Amount = 0.0
    min_rows: Count = 100
    first_model: FirstModel


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


def measure(inputs: Inputs) -> Measurements:
    """Return both AUCs, or both RMSEs, and the paired difference with its 95 % interval.

    Raises:
        InvalidError: A file or column cannot be read, or the predictions do not fit who serves.
    """
    serving = read_json(inputs.serving)
    if not isinstance(serving.get("rolled_back"), bool) or "champion" not in serving:
        raise InvalidError(f"{inputs.serving} has no 'champion' or no 'rolled_back'.", do=JUDGE)
    rolled_back = float(serving["rolled_back"])
    scored = "champion" in read_table(inputs.predictions).columns
    if scored != (serving["champion"] is not None):
        why = f"By {inputs.serving} there is {'no' if scored else 'a'} champion."
        raise InvalidError(f"{inputs.predictions} does not fit who serves.", why=why, do=PREDICT)
    if not scored:
        return {"champions": 0, "approvers": float(bool(inputs.approver.strip())), "rolled_back": rolled_back}
    parts = {inputs.labels: [inputs.label], inputs.predictions: ["challenger", "champion"]}
    rows = read_aligned(parts, inputs.key)
    compare = _errors if inputs.task == "regression" else _aucs
    return {"champions": 1, "rolled_back": rolled_back} | compare(inputs, rows)


def _aucs(inputs: Inputs, rows: "pd.DataFrame") -> Measurements:
    """Return both AUCs, their difference, and the rows of the smaller class."""
    y = binary_labels(inputs.labels, rows[inputs.label])
    challenger, champion = (
        probabilities(inputs.predictions, rows[each]) for each in ("challenger", "champion")
    )
    smaller = float(min(y.sum(), len(y) - y.sum()))
    if smaller < LEAST_PER_CLASS:
        return {"rows_per_class": smaller}
    aucs = delong(y, [challenger, champion]).aucs
    figures = {"auc/challenger": float(aucs[0]), "auc/champion": float(aucs[1])}
    variance = difference_variance(y, challenger, champion)
    delta = _difference(auc_difference(y, challenger, champion), variance, len(y))
    return {"rows_per_class": smaller} | figures | delta


def _errors(inputs: Inputs, rows: "pd.DataFrame") -> Measurements:
    """Return both RMSEs, by how much the challenger's is smaller, and the rows."""
    y = numbers(inputs.labels, rows[inputs.label])
    challenger, champion = (numbers(inputs.predictions, rows[each]) for each in ("challenger", "champion"))
    if not len(y):
        return {"rows": 0}
    figures = {"rmse/challenger": rmse(y, challenger), "rmse/champion": rmse(y, champion)}
    difference = bootstrap_difference(rmse, y, champion, challenger, by_class=False, seed=SEED)
    delta = _difference(difference, normal_variance(difference), len(y))
    return {"rows": len(y)} | figures | delta


def _difference(difference: Interval, variance: float, rows: int) -> Measurements:
    delta = {"delta": difference.estimate, "delta/low": difference.low, "delta/high": difference.high}
    needed = rows_needed(difference.estimate, variance, rows)
    return delta | ({"rows_needed": float(needed)} if needed is not None else {})


def judge(policy: Policy | RegressionPolicy, measurements: Measurements) -> Iterator[Finding]:
    """Hold the difference against `min_delta`, or apply the rule for a first model."""
    if measurements.get("champions") == 0:
        yield _first_model(policy, measurements)
    else:
        yield from _better(policy, measurements)
    rolled_back = measurements.get("rolled_back")
    yield at_most("rolled_back", rolled_back, 0, note=ROLLED_BACK if rolled_back else "")


def _better(policy: Policy | RegressionPolicy, measurements: Measurements) -> Iterator[Finding]:
    delta, low, high = (measurements.get(f"delta{end}") for end in ("", "/low", "/high"))
    yield at_least("delta", delta, policy.min_delta, low=low, high=high, by_bound=False)
    if delta is not None and delta >= policy.min_delta:
        needed = measurements.get("rows_needed")
        rows = f"; about {needed:,.0f} golden rows would decide it" if needed else ""
        yield beyond_luck(
            "delta/low", low, note="" if (low or 0) > 0 else f"The difference may be luck{rows}."
        )
    if isinstance(policy, RegressionPolicy):
        yield enough("rows", measurements.get("rows"), policy.min_rows)
    else:
        yield enough("rows_per_class", measurements.get("rows_per_class"), policy.min_rows_per_class)


def _first_model(policy: Policy | RegressionPolicy, measurements: Measurements) -> Finding:
    """Decide without a champion, by the policy's declared rule."""
    if policy.first_model == "floor":
        return at_least("first_model", 1, 1, note="No champion yet: the floors of the other gates decide.")
    if policy.first_model == "approve":
        note = "No champion yet: name who approves it: gates ship --approver NAME"
        approvers = measurements.get("approvers")
        return enough("first_model/approvers", approvers, 1, unit="people", note="" if approvers else note)
    return at_least("first_model", 0, 1, note="No champion yet, and the policy blocks a first model.")
