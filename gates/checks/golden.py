"""Is the model good enough on the frozen golden set, overall and on each declared slice?

Every figure is held by its confidence bound: what is better the larger it is must reach its floor with its
lower bound, what is better the smaller it is must stay below its ceiling with its upper bound.
`min_metrics` and `max_metrics` hold metrics by their names, scikit-learn's or those of `gates.metrics`.
`max_auc` holds an AUC that is too good to be true: a feature may tell the label.
Fails when a figure itself is on the wrong side, or when the golden files are not the pinned ones. Undecided
when the figure is right but its bound is not (it says how many golden rows would show it), or when there
are too few rows: of a class, of a regression, or queries of a ranking.
"""

import math
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Self, TypeAlias

from pydantic import Field, model_validator

from gates import digest, golden_rows, named_figures
from gates.golden_rows import GoldenRows, WeighedFiles
from gates.metric_limits import MetricsPolicy, NamedPolicy
from gates.policy_values import Amount, Count, Probability, Slice, Task
from gates.stats.auc import LEAST_PER_CLASS
from gates.stats.scoring import AUC, BINARY, LARGER_IS_BETTER, REGRESSION, scored
from gates.verdict import Finding, Measurements, at_least, at_most, enough

SEED = 20_260_101
MANY = 1e9  # rows that nobody will label
TOO_GOOD = "Too good to be true: look for a feature that tells the label, as one known only afterwards."


class Policy(MetricsPolicy):
    """Floors and ceilings; a limit left out is not held."""

    min_auc: Probability
    max_auc: Probability | None = None
    min_average_precision: Probability | None = None
    max_brier: Probability | None = None
    max_log_loss: Amount | None = None
    max_calibration_error: Probability | None = None
    min_rows_per_class: Count = 200
    min_slice_auc: dict[Slice, Probability] = Field(default_factory=dict)
    min_slice_rows_per_class: Count = 20


class RegressionPolicy(MetricsPolicy):
    """Ceilings in the unit of the label, and a floor; a limit left out is not held, but one must be there."""

    max_rmse: Amount | None = None
    max_mae: Amount | None = None
    min_r2: Annotated[float, Field(le=1)] | None = None
    min_rows: Count = 100
    max_slice_rmse: dict[Slice, Amount] = Field(default_factory=dict)
    min_slice_rows: Count = 20

    @model_validator(mode="after")
    def _some_limit(self) -> Self:
        limits = (self.max_rmse, self.max_mae, self.min_r2)
        if limits == (None, None, None) and not self.min_metrics and not self.max_metrics:
            raise ValueError("needs one of max_rmse, max_mae, min_r2, min_metrics and max_metrics")
        return self


class MulticlassPolicy(NamedPolicy):
    """Metrics, and how many rows of the class that has fewest."""

    min_rows_per_class: Count = 50


class RankingPolicy(NamedPolicy):
    """Metrics, and how many queries; one whose rows all have one label counts nothing."""

    min_queries: Count = 100


AnyPolicy: TypeAlias = Policy | MulticlassPolicy | RegressionPolicy | RankingPolicy


@dataclass(frozen=True, kw_only=True)
class Inputs(WeighedFiles):
    """Predictions, and the golden set in two files."""

    labels_sha256: Annotated[str, "digest that the labels must have"]
    features_sha256: Annotated[str, "digest that the features must have"]
    named_metrics: Annotated[Path | None, "figures of the metrics that the policy names"] = None
    min_slice_auc: Annotated[tuple[str, ...], "slices to look at, each as column=value"] = ()
    max_slice_rmse: Annotated[tuple[str, ...], "slices of a regression, each as column=value"] = ()


def measure(inputs: Inputs) -> Measurements:
    """Score the challenger overall and per slice, with 95 % intervals."""
    slices = inputs.min_slice_auc + inputs.max_slice_rmse
    rows = golden_rows.read(inputs, ["challenger"], {name.partition("=")[0] for name in slices})
    measurements: Measurements = {
        "pinned/features": float(digest.of_file(inputs.features) == inputs.features_sha256),
        "pinned/labels": float(digest.of_file(inputs.labels) == inputs.labels_sha256),
    }
    measurements |= _counted(inputs.task, rows) | _figures(inputs.task, rows)
    measurements |= rows.count_of_groups() if inputs.task != "ranking" else {}
    for name in slices:
        part = rows.slice(name)
        measurements |= _counted(inputs.task, part, name) | _figures(inputs.task, part, name)
    return measurements | (_named(inputs, inputs.named_metrics) if inputs.named_metrics else {})


def judge(policy: AnyPolicy, measurements: Measurements) -> Iterator[Finding]:
    """Hold figures against floors and ceilings, the task's own first."""
    for name, limit in _limits(policy).items():
        if limit is not None:
            yield _held(measurements, name, limit, larger_is_better=name in LARGER_IS_BETTER)
    if isinstance(policy, Policy) and (most := policy.max_auc) is not None:
        auc = measurements.get("auc")
        yield at_most("too_good/auc", auc, most, note=TOO_GOOD if auc is not None and auc > most else "")
    for name, limit in policy.min_metrics.items():
        yield _held(measurements, f"metric/{name}", limit, larger_is_better=True)
    for name, limit in policy.max_metrics.items():
        yield _held(measurements, f"metric/{name}", limit, larger_is_better=False)
    for file in ("features", "labels"):
        note = f"The golden {file} are not the file that params.yaml pins in gates.golden_set."
        pinned = measurements.get(f"pinned/{file}")
        yield at_least(f"pinned/{file}", pinned, 1, note="" if pinned == 1 else note)
    yield from _judge_rows(policy, measurements)
    yield from _judge_slices(policy, measurements)


def _held(measurements: Measurements, name: str, limit: float, *, larger_is_better: bool) -> Finding:
    """Hold a figure by its bound; one that is absent must not leave the decision to the figure alone."""
    low, high = (measurements.get(f"{name}/{end}", math.nan) for end in ("low", "high"))
    compare, bound = (at_least, low) if larger_is_better else (at_most, high)
    note = _too_small(measurements, name, limit, bound)
    return compare(name, measurements.get(name), limit, low=low, high=high, note=note)


def _judge_rows(policy: AnyPolicy, measurements: Measurements) -> Iterator[Finding]:
    if "groups" in measurements:  # drawn as one: they decide, and not their rows
        yield enough("groups", measurements["groups"], policy.min_groups)
    if isinstance(policy, RankingPolicy):
        yield enough("queries", measurements.get("queries"), policy.min_queries)
    elif isinstance(policy, RegressionPolicy):
        yield enough("rows", measurements.get("rows"), policy.min_rows)
    elif isinstance(policy, MulticlassPolicy):
        yield enough("rows_per_class", measurements.get("rows_per_class"), policy.min_rows_per_class)
    else:
        for label in (0, 1):
            yield enough(f"rows/{label}", measurements.get(f"rows/{label}"), policy.min_rows_per_class)


def _too_small(measurements: Measurements, name: str, limit: float, bound: float) -> str:
    """Say how many rows would show a figure that is on its side of the limit, if its bound is not."""
    figure = measurements.get(name, math.nan)
    unit = "queries" if "queries" in measurements else "rows"
    rows = measurements.get(unit, math.nan)
    if "rows/0" in measurements:
        rows = measurements["rows/0"] + measurements.get("rows/1", math.nan)
    # An interval narrows with the root of the rows.
    widths = (bound - figure) / (limit - figure) if math.isfinite(limit - figure) and limit != figure else 0.0
    if not 1.0 < widths < math.inf or not math.isfinite(rows):
        return ""
    needed = rows * min(widths, MANY) ** 2
    many = f"about {needed:,.0f} {unit}" if needed < MANY else f"far more {unit}"
    return f"This golden set is too small for its own limit: {many} would show what {rows:,.0f} do not."


def _limits(policy: AnyPolicy) -> dict[str, float | None]:
    if isinstance(policy, NamedPolicy):
        return {}
    if isinstance(policy, RegressionPolicy):
        return {"rmse": policy.max_rmse, "mae": policy.max_mae, "r2": policy.min_r2}
    return {
        "auc": policy.min_auc,
        "average_precision": policy.min_average_precision,
        "brier": policy.max_brier,
        "log_loss": policy.max_log_loss,
        "calibration_error": policy.max_calibration_error,
    }


def _judge_slices(policy: AnyPolicy, measurements: Measurements) -> Iterator[Finding]:
    """Hold each slice by its figure: a slice is too small for its bound to be held."""
    if isinstance(policy, RegressionPolicy):
        for name, ceiling in policy.max_slice_rmse.items():
            yield enough(f"slice_rows/{name}", measurements.get(f"slice_rows/{name}"), policy.min_slice_rows)
            yield _held_slice(measurements, f"slice_rmse/{name}", ceiling, larger_is_better=False)
    elif isinstance(policy, Policy):
        for name, floor in policy.min_slice_auc.items():
            for label in (0, 1):
                rows = measurements.get(f"slice_rows/{name}/{label}")
                yield enough(f"slice_rows/{name}/{label}", rows, policy.min_slice_rows_per_class)
            yield _held_slice(measurements, f"slice_auc/{name}", floor, larger_is_better=True)
    for metric, floors in policy.min_slice_metrics.items():
        for name, limit in floors.items():
            yield _held_slice(measurements, f"slice_metric/{metric}/{name}", limit, larger_is_better=True)
    for metric, ceilings in policy.max_slice_metrics.items():
        for name, limit in ceilings.items():
            yield _held_slice(measurements, f"slice_metric/{metric}/{name}", limit, larger_is_better=False)


def _held_slice(measurements: Measurements, name: str, limit: float, *, larger_is_better: bool) -> Finding:
    figure, low, high = (measurements.get(f"{name}{end}") for end in ("", "/low", "/high"))
    compare = at_least if larger_is_better else at_most
    return compare(name, figure, limit, low=low, high=high, by_bound=False)


def _counted(task: Task, rows: GoldenRows, of: str = "") -> Measurements:
    """Return how many rows decide: of each class, of the smallest, all of them, or queries with an order."""
    prefix, suffix = ("slice_", f"/{of}") if of else ("", "")
    if task == "ranking":
        return {f"{prefix}queries{suffix}": float(len(named_figures.queries(rows)))}
    if task == "multiclass":
        return {
            f"{prefix}rows_per_class{suffix}": rows.least_of_a_class(),
            f"{prefix}rows{suffix}": rows.count(),
        }
    if task == "regression":
        return {f"{prefix}rows{suffix}": rows.count()}
    return {f"{prefix}rows{suffix}/{label}": rows.count(rows.y == label) for label in (0, 1)}


def _figures(task: Task, rows: GoldenRows, of: str = "") -> Measurements:
    """Return every figure of the task with its interval; of a slice, AUC or RMSE alone."""
    prefix, suffix = ("slice_", f"/{of}") if of else ("", "")
    if task == "binary":
        positives = int(rows.y.sum())
        names = BINARY if not of else (AUC,)
        decided = LEAST_PER_CLASS <= positives <= len(rows) - LEAST_PER_CLASS
    else:
        names = () if task != "regression" else REGRESSION if not of else REGRESSION[:1]
        decided = len(rows) > 0
    measurements: Measurements = {}
    for name in names if decided else ():
        with suppress(ValueError):  # labels that do not vary, all or as drawn: there is no R²
            answers, weights, groups = rows.answers["challenger"], rows.weights, rows.groups
            found = scored(name, rows.y, answers, seed=SEED, weights=weights, groups=groups)
            measurements |= found.named(f"{prefix}{name}{suffix}")
    return measurements


def _named(inputs: Inputs, path: Path) -> Measurements:
    """Return the figures of the metrics that the policy names, overall and of slices."""
    measurements: Measurements = {}
    for metric, slices in named_figures.read(path, inputs).items():
        for name, figure in slices.items():
            address = f"slice_metric/{metric}/{name}" if name else f"metric/{metric}"
            measurements |= figure.challenger.named(address)
    return measurements
