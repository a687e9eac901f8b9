"""Are the declared groups treated within agreed limits?

For each attribute: disparate impact (lowest selection rate over the highest; the four-fifths rule, EEOC
1978), demographic parity difference and equalized odds difference at the decision threshold, each with an
interval by resampling. Of a regression: the largest RMSE of a group (bounded group loss; Agarwal, Dudík and
Wu 2019) and the largest difference between the groups' mean predictions (Calders et al. 2013), in the unit
of the label. A limit is held by the observed figure, as the four-fifths rule is; the interval tells how sure
it is. Fails when a figure is beyond its limit and no unexpired waiver covers it. Undecided
when a group has too few rows or the figure does not exist.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import ValidationInfo, field_validator, model_validator

from gates.policy_blocks import GatePolicy
from gates.policy_values import Amount, Count, Name, Probability
from gates.stats.group_errors import group_errors
from gates.stats.proportions import (
    demographic_parity_difference,
    disparate_impact,
    equalized_odds_difference,
    group_counts,
    resampled,
)
from gates.tables import binary_labels, numbers, probabilities, read_aligned
from gates.verdict import Finding, Measurements, at_least, at_most, enough

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

METRICS = {
    "disparate_impact": disparate_impact,
    "demographic_parity": demographic_parity_difference,
    "equalized_odds": equalized_odds_difference,
}
SEED = 20_260_102
MISSING = "(missing)"


class GroupsPolicy(GatePolicy):
    """What both tasks ask for: columns whose values are groups, and how many rows of each."""

    attributes: tuple[Name, ...]
    min_rows_per_group: Count = 100

    @field_validator("attributes")
    @classmethod
    def _declared(cls, attributes: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if not attributes and info.data.get("mode") != "report":
            raise ValueError("should name at least 1 column; without one the gate can only be `mode: report`")
        return attributes


class Policy(GroupsPolicy):
    """Attributes, the threshold above which a row is selected, and limits; a limit left out is not held."""

    threshold: Probability = 0.5
    min_disparate_impact: Probability = 0.8
    max_demographic_parity: Probability | None = None
    max_equalized_odds: Probability | None = None


class RegressionPolicy(GroupsPolicy):
    """Attributes, and limits in the unit of the label: at least one; a limit left out is not held."""

    max_group_rmse: Amount | None = None
    max_mean_difference: Amount | None = None

    @model_validator(mode="after")
    def _some_limit(self) -> Self:
        if self.max_group_rmse is None and self.max_mean_difference is None:
            raise ValueError("needs one of max_group_rmse and max_mean_difference")
        return self


@dataclass(frozen=True)
class Inputs:
    """Predictions, the golden set in two files, and what to group by."""

    predictions: Annotated[Path, "scores of the golden rows, column `challenger`"]
    labels: Annotated[Path, "the golden labels"]
    features: Annotated[Path, "the golden features, for the attributes"]
    key: Annotated[str, "column that names a row"]
    label: Annotated[str, "column of the label; 0 or 1, or any number of a regression"]
    task: Annotated[str, "classification or regression, as the policy says"] = "classification"
    threshold: Annotated[float, "score from which a row is selected"] = 0.5
    attributes: Annotated[tuple[str, ...], "columns whose values are groups"] = ()


def measure(inputs: Inputs) -> Measurements:
    """Return each metric with its 95 % interval per attribute, and the rows of each group."""
    parts = {
        inputs.labels: [inputs.label],
        inputs.predictions: ["challenger"],
        inputs.features: list(inputs.attributes),
    }
    rows = read_aligned(parts, inputs.key)
    figures = _errors if inputs.task == "regression" else _rates
    measurements: Measurements = {}
    for attribute in inputs.attributes:
        # Filled before NumPy sees it: with a missing value it would cut every name to one character.
        groups = rows[attribute].astype("str").fillna(MISSING).to_numpy(dtype="str")
        measurements |= figures(inputs, rows, attribute, groups)
    return measurements


def judge(policy: Policy | RegressionPolicy, measurements: Measurements) -> Iterator[Finding]:
    """Hold every attribute's figures against the limits, disparate impact or the groups' errors first."""

    def held(metric: str, attribute: str, limit: float | None) -> Iterator[Finding]:
        if limit is not None:
            name = f"{metric}/{attribute}"
            low, high = measurements.get(f"{name}/low"), measurements.get(f"{name}/high")
            compare = at_least if metric == "disparate_impact" else at_most
            yield compare(name, measurements.get(name), limit, low=low, high=high, by_bound=False)

    if not policy.attributes:
        yield enough("attributes", 0, 1, unit="columns", note="gates.fairness.attributes names no group.")
    for attribute in policy.attributes:
        if isinstance(policy, RegressionPolicy):
            yield from held("group_rmse", attribute, policy.max_group_rmse)
            yield from held("mean_difference", attribute, policy.max_mean_difference)
        else:
            yield from held("disparate_impact", attribute, policy.min_disparate_impact)
            yield from held("demographic_parity", attribute, policy.max_demographic_parity)
            yield from held("equalized_odds", attribute, policy.max_equalized_odds)
        groups = [key for key in sorted(measurements) if key.startswith(f"rows/{attribute}=")]
        yield enough(f"groups/{attribute}", len(groups), 2, unit="groups")
        for group in groups:
            yield enough(group, measurements[group], policy.min_rows_per_group)


def _rates(
    inputs: Inputs, rows: "pd.DataFrame", attribute: str, groups: "npt.NDArray[np.str_]"
) -> Measurements:
    y = binary_labels(inputs.labels, rows[inputs.label])
    selected = (probabilities(inputs.predictions, rows["challenger"]) >= inputs.threshold).astype("int64")
    counts = group_counts(y, selected, groups) if len(y) else {}
    measurements: Measurements = {f"rows/{attribute}={group}": cells.rows for group, cells in counts.items()}
    for name, metric in METRICS.items():
        observed, interval = metric(counts), resampled(metric, counts, seed=SEED)
        if observed is not None:
            measurements[f"{name}/{attribute}"] = observed
        if observed is not None and interval is not None:
            measurements[f"{name}/{attribute}/low"] = interval.low
            measurements[f"{name}/{attribute}/high"] = interval.high
    return measurements


def _errors(
    inputs: Inputs, rows: "pd.DataFrame", attribute: str, groups: "npt.NDArray[np.str_]"
) -> Measurements:
    y = numbers(inputs.labels, rows[inputs.label])
    predicted = numbers(inputs.predictions, rows["challenger"])
    if not len(y):
        return {}
    found = group_errors(y, predicted, groups, seed=SEED)
    measurements: Measurements = {f"rows/{attribute}={group}": rows for group, rows in found.rows.items()}
    measurements |= {f"rmse/{attribute}={group}": error for group, error in found.rmse.items()}
    for name, figure in {"group_rmse": found.worst_rmse, "mean_difference": found.mean_difference}.items():
        if figure is not None:
            measurements[f"{name}/{attribute}"] = figure.estimate
            measurements[f"{name}/{attribute}/low"] = figure.low
            measurements[f"{name}/{attribute}/high"] = figure.high
    return measurements
