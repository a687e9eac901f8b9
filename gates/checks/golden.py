"""Is the model good enough on the frozen golden set, overall and on each declared slice?

Every figure is held by its confidence bound: the lower bound of AUC and average precision must reach its
floor, the upper bound of Brier score, log loss and calibration error must stay below its ceiling. Fails
when a figure itself is on the wrong side, or when the golden files are not the pinned ones. Undecided when
the figure is right but its bound is not (more golden rows could decide it), or when a class has too few
rows.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from gates import digest
from gates.policy_blocks import Count, GatePolicy, Probability, matching
from gates.stats.auc import LEAST_PER_CLASS, auc_interval
from gates.stats.bootstrap import bootstrap_interval
from gates.stats.interval import Interval
from gates.stats.metrics import average_precision, brier, calibration_error, log_loss
from gates.tables import binary_labels, probabilities, read_aligned
from gates.verdict import Finding, Measurements, at_least, at_most, enough

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

METRICS = {
    "average_precision": average_precision,
    "brier": brier,
    "log_loss": log_loss,
    "calibration_error": calibration_error,
}
SEED = 20_260_101


class Policy(GatePolicy):
    """Floors and ceilings; a limit left out is not held."""

    min_auc: Probability
    min_average_precision: Probability | None = None
    max_brier: Probability | None = None
    max_log_loss: Annotated[float, Field(ge=0)] | None = None
    max_calibration_error: Probability | None = None
    min_rows_per_class: Count = 200
    min_slice_auc: dict[
        Annotated[str, matching("[^=]+=.+", "a slice written as column=value")], Probability
    ] = Field(default_factory=dict)
    min_slice_rows_per_class: Count = 20


@dataclass(frozen=True)
class Inputs:
    """Predictions, and the golden set in two files."""

    predictions: Annotated[Path, "scores of the golden rows, column `challenger`"]
    labels: Annotated[Path, "the golden labels"]
    features: Annotated[Path, "the golden features, for the slices"]
    labels_sha256: Annotated[str, "digest that the labels must have"]
    features_sha256: Annotated[str, "digest that the features must have"]
    key: Annotated[str, "column that names a row"]
    label: Annotated[str, "column of the label, 0 or 1"]
    min_slice_auc: Annotated[tuple[str, ...], "slices to look at, each as column=value"] = ()


def measure(inputs: Inputs) -> Measurements:
    """Score the challenger overall and per slice, with 95 % intervals."""
    parts = {
        inputs.labels: [inputs.label],
        inputs.predictions: ["challenger"],
        inputs.features: sorted({name.partition("=")[0] for name in inputs.min_slice_auc}),
    }
    rows = read_aligned(parts, inputs.key)
    y = binary_labels(inputs.labels, rows[inputs.label])
    scores = probabilities(inputs.predictions, rows["challenger"])
    measurements: Measurements = {
        "pinned/features": float(digest.of_file(inputs.features) == inputs.features_sha256),
        "pinned/labels": float(digest.of_file(inputs.labels) == inputs.labels_sha256),
    }
    measurements |= _figures(y, scores)
    for name in inputs.min_slice_auc:
        column, _, value = name.partition("=")
        inside = (rows[column].astype("str") == value).to_numpy()
        measurements |= _slice(name, y[inside], scores[inside])
    return measurements


def judge(policy: Policy, measurements: Measurements) -> Iterator[Finding]:
    """Hold figures against floors and ceilings, AUC first."""

    def held(name: str, limit: float | None) -> Iterator[Finding]:
        if limit is not None:
            compare = at_least if name in {"auc", "average_precision"} else at_most
            # A bound that is absent must not leave the decision to the figure alone.
            low, high = (measurements.get(f"{name}/{end}", float("nan")) for end in ("low", "high"))
            yield compare(name, measurements.get(name), limit, low=low, high=high)

    yield from held("auc", policy.min_auc)
    yield from held("average_precision", policy.min_average_precision)
    yield from held("brier", policy.max_brier)
    yield from held("log_loss", policy.max_log_loss)
    yield from held("calibration_error", policy.max_calibration_error)
    for file in ("features", "labels"):
        note = f"The golden {file} are not the file that params.yaml pins in gates.golden_set."
        pinned = measurements.get(f"pinned/{file}")
        yield at_least(f"pinned/{file}", pinned, 1, note="" if pinned == 1 else note)
    for label in (0, 1):
        yield enough(f"rows/{label}", measurements.get(f"rows/{label}"), policy.min_rows_per_class)
    yield from _judge_slices(policy, measurements)


def _judge_slices(policy: Policy, measurements: Measurements) -> Iterator[Finding]:
    """Hold each slice by its figure: a slice is too small for its bound to be held."""
    for name, floor in policy.min_slice_auc.items():
        for label in (0, 1):
            rows = measurements.get(f"slice_rows/{name}/{label}")
            yield enough(f"slice_rows/{name}/{label}", rows, policy.min_slice_rows_per_class)
        auc, low, high = (measurements.get(f"slice_auc/{name}{end}") for end in ("", "/low", "/high"))
        yield at_least(f"slice_auc/{name}", auc, floor, low=low, high=high, by_bound=False)


def _figures(y: "npt.NDArray[np.int64]", scores: "npt.NDArray[np.float64]") -> Measurements:
    positives = int(y.sum())
    measurements: Measurements = {"rows/0": len(y) - positives, "rows/1": positives}
    if LEAST_PER_CLASS <= positives <= len(y) - LEAST_PER_CLASS:
        measurements |= _interval("auc", auc_interval(y, scores))
        for name, metric in METRICS.items():
            measurements |= _interval(name, bootstrap_interval(metric, y, scores, seed=SEED))
    return measurements


def _slice(name: str, y: "npt.NDArray[np.int64]", scores: "npt.NDArray[np.float64]") -> Measurements:
    positives = int(y.sum())
    counts: Measurements = {f"slice_rows/{name}/0": len(y) - positives, f"slice_rows/{name}/1": positives}
    if not LEAST_PER_CLASS <= positives <= len(y) - LEAST_PER_CLASS:
        return counts
    return counts | _interval(f"slice_auc/{name}", auc_interval(y, scores))


def _interval(name: str, interval: Interval) -> Measurements:
    return {name: interval.estimate, f"{name}/low": interval.low, f"{name}/high": interval.high}
