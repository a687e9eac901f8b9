"""Is the model good enough on the frozen golden set, overall and on each declared slice?

Every figure is held by its confidence bound: the lower bound of AUC, average precision and R² must reach
its floor, the upper bound of Brier score, log loss, calibration error, RMSE and MAE must stay below its
ceiling. Fails when a figure itself is on the wrong side, or when the golden files are not the pinned ones.
Undecided when the figure is right but its bound is not (it says how many golden rows would show it), or when
a class, or the golden set of a regression, has too few rows.
"""

import math
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import Field, model_validator

from gates import digest
from gates.policy_blocks import GatePolicy
from gates.policy_values import Amount, Count, Probability, Slice
from gates.stats.auc import LEAST_PER_CLASS
from gates.stats.interval import Interval
from gates.stats.scoring import AUC, CLASSIFICATION, LARGER_IS_BETTER, REGRESSION, scored
from gates.tables import binary_labels, numbers, probabilities, read_aligned, slice_of
from gates.verdict import Finding, Measurements, at_least, at_most, enough

if TYPE_CHECKING:
    import pandas as pd

SEED = 20_260_101
MANY = 1e9  # rows that nobody will label


class Policy(GatePolicy):
    """Floors and ceilings; a limit left out is not held."""

    min_auc: Probability
    min_average_precision: Probability | None = None
    max_brier: Probability | None = None
    max_log_loss: Amount | None = None
    max_calibration_error: Probability | None = None
    min_rows_per_class: Count = 200
    min_slice_auc: dict[Slice, Probability] = Field(default_factory=dict)
    min_slice_rows_per_class: Count = 20


class RegressionPolicy(GatePolicy):
    """Ceilings in the unit of the label, and a floor; a limit left out is not held, but one must be there."""

    max_rmse: Amount | None = None
    max_mae: Amount | None = None
    min_r2: Annotated[float, Field(le=1)] | None = None
    min_rows: Count = 100
    max_slice_rmse: dict[Slice, Amount] = Field(default_factory=dict)
    min_slice_rows: Count = 20

    @model_validator(mode="after")
    def _some_limit(self) -> Self:
        if self.max_rmse is None and self.max_mae is None and self.min_r2 is None:
            raise ValueError("needs one of max_rmse, max_mae and min_r2")
        return self


@dataclass(frozen=True)
class Inputs:
    """Predictions, and the golden set in two files."""

    predictions: Annotated[Path, "scores of the golden rows, column `challenger`"]
    labels: Annotated[Path, "the golden labels"]
    features: Annotated[Path, "the golden features, for the slices"]
    labels_sha256: Annotated[str, "digest that the labels must have"]
    features_sha256: Annotated[str, "digest that the features must have"]
    key: Annotated[str, "column that names a row"]
    label: Annotated[str, "column of the label; 0 or 1, or any number of a regression"]
    task: Annotated[str, "classification or regression, as the policy says"] = "classification"
    min_slice_auc: Annotated[tuple[str, ...], "slices to look at, each as column=value"] = ()
    max_slice_rmse: Annotated[tuple[str, ...], "slices of a regression, each as column=value"] = ()


def measure(inputs: Inputs) -> Measurements:
    """Score the challenger overall and per slice, with 95 % intervals."""
    slices = inputs.min_slice_auc + inputs.max_slice_rmse
    parts = {
        inputs.labels: [inputs.label],
        inputs.predictions: ["challenger"],
        inputs.features: sorted({name.partition("=")[0] for name in slices}),
    }
    rows = read_aligned(parts, inputs.key)
    figures = _errors if inputs.task == "regression" else _figures
    measurements: Measurements = {
        "pinned/features": float(digest.of_file(inputs.features) == inputs.features_sha256),
        "pinned/labels": float(digest.of_file(inputs.labels) == inputs.labels_sha256),
    }
    measurements |= figures(inputs, rows)
    for name in slices:
        measurements |= figures(inputs, slice_of(rows, name), name)
    return measurements


def judge(policy: Policy | RegressionPolicy, measurements: Measurements) -> Iterator[Finding]:
    """Hold figures against floors and ceilings, AUC or RMSE first."""
    for name, limit in _limits(policy).items():
        if limit is not None:
            compare = at_least if name in LARGER_IS_BETTER else at_most
            # A bound that is absent must not leave the decision to the figure alone.
            low, high = (measurements.get(f"{name}/{end}", float("nan")) for end in ("low", "high"))
            note = _too_small(measurements, name, limit, low if name in LARGER_IS_BETTER else high)
            yield compare(name, measurements.get(name), limit, low=low, high=high, note=note)
    for file in ("features", "labels"):
        note = f"The golden {file} are not the file that params.yaml pins in gates.golden_set."
        pinned = measurements.get(f"pinned/{file}")
        yield at_least(f"pinned/{file}", pinned, 1, note="" if pinned == 1 else note)
    if isinstance(policy, RegressionPolicy):
        yield enough("rows", measurements.get("rows"), policy.min_rows)
    else:
        for label in (0, 1):
            yield enough(f"rows/{label}", measurements.get(f"rows/{label}"), policy.min_rows_per_class)
    yield from _judge_slices(policy, measurements)


def _too_small(measurements: Measurements, name: str, limit: float, bound: float) -> str:
    """Say how many rows would show a figure that is on its side of the limit, if its bound is not."""
    figure = measurements.get(name, math.nan)
    rows = measurements.get("rows", measurements.get("rows/0", 0.0) + measurements.get("rows/1", 0.0))
    right = figure > limit > bound if name in LARGER_IS_BETTER else figure < limit < bound
    if not right or not math.isfinite(rows):
        return ""
    # An interval narrows with the root of the rows.
    needed = rows * ((bound - figure) / (limit - figure)) ** 2
    many = f"about {needed:,.0f} rows" if needed < MANY else "far more rows"
    return f"This golden set is too small for its own limit: {many} would show what {rows:,.0f} do not."


def _limits(policy: Policy | RegressionPolicy) -> dict[str, float | None]:
    if isinstance(policy, RegressionPolicy):
        return {"rmse": policy.max_rmse, "mae": policy.max_mae, "r2": policy.min_r2}
    return {
        "auc": policy.min_auc,
        "average_precision": policy.min_average_precision,
        "brier": policy.max_brier,
        "log_loss": policy.max_log_loss,
        "calibration_error": policy.max_calibration_error,
    }


def _judge_slices(policy: Policy | RegressionPolicy, measurements: Measurements) -> Iterator[Finding]:
    """Hold each slice by its figure: a slice is too small for its bound to be held."""
    if isinstance(policy, RegressionPolicy):
        for name, ceiling in policy.max_slice_rmse.items():
            yield enough(f"slice_rows/{name}", measurements.get(f"slice_rows/{name}"), policy.min_slice_rows)
            error, low, high = (measurements.get(f"slice_rmse/{name}{end}") for end in ("", "/low", "/high"))
            yield at_most(f"slice_rmse/{name}", error, ceiling, low=low, high=high, by_bound=False)
        return
    for name, floor in policy.min_slice_auc.items():
        for label in (0, 1):
            rows = measurements.get(f"slice_rows/{name}/{label}")
            yield enough(f"slice_rows/{name}/{label}", rows, policy.min_slice_rows_per_class)
        auc, low, high = (measurements.get(f"slice_auc/{name}{end}") for end in ("", "/low", "/high"))
        yield at_least(f"slice_auc/{name}", auc, floor, low=low, high=high, by_bound=False)


def _figures(inputs: Inputs, rows: "pd.DataFrame", of: str = "") -> Measurements:
    """Return rows a class and every figure with its interval; of a slice, the AUC alone."""
    y = binary_labels(inputs.labels, rows[inputs.label])
    scores = probabilities(inputs.predictions, rows["challenger"])
    positives = int(y.sum())
    prefix, suffix = ("slice_", f"/{of}") if of else ("", "")
    measurements: Measurements = {
        f"{prefix}rows{suffix}/0": len(y) - positives,
        f"{prefix}rows{suffix}/1": positives,
    }
    if LEAST_PER_CLASS <= positives <= len(y) - LEAST_PER_CLASS:
        for name in CLASSIFICATION if not of else (AUC,):
            measurements |= _interval(f"{prefix}{name}{suffix}", scored(name, y, scores, seed=SEED))
    return measurements


def _errors(inputs: Inputs, rows: "pd.DataFrame", of: str = "") -> Measurements:
    """Return the rows and every error with its interval; of a slice, the RMSE alone."""
    y = numbers(inputs.labels, rows[inputs.label])
    scores = numbers(inputs.predictions, rows["challenger"])
    prefix, suffix = ("slice_", f"/{of}") if of else ("", "")
    measurements: Measurements = {f"{prefix}rows{suffix}": len(y)}
    for name in (REGRESSION if not of else REGRESSION[:1]) if len(y) else ():
        with suppress(ValueError):  # labels that do not vary, all or as drawn: there is no R²
            measurements |= _interval(f"{prefix}{name}{suffix}", scored(name, y, scores, seed=SEED))
    return measurements


def _interval(name: str, interval: Interval) -> Measurements:
    return {name: interval.estimate, f"{name}/low": interval.low, f"{name}/high": interval.high}
