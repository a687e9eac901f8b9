"""Are the declared groups treated within agreed limits?

For each attribute: disparate impact (lowest selection rate over the highest; the four-fifths rule, EEOC
1978), demographic parity difference and equalized odds difference at the decision threshold, each with an
interval by resampling. A limit is held by the observed figure, as the four-fifths rule is; the interval
tells how sure it is. Fails when a figure is beyond its limit and no unexpired waiver covers it. Undecided
when a group has too few rows or the figure does not exist.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import ValidationInfo, field_validator

from gates.policy_blocks import Count, GatePolicy, Name, Probability
from gates.stats.proportions import (
    demographic_parity_difference,
    disparate_impact,
    equalized_odds_difference,
    group_counts,
    resampled,
)
from gates.tables import binary_labels, probabilities, read_aligned
from gates.verdict import Finding, Measurements, at_least, at_most, enough

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

METRICS = {
    "disparate_impact": disparate_impact,
    "demographic_parity": demographic_parity_difference,
    "equalized_odds": equalized_odds_difference,
}
SEED = 20_260_102
MISSING = "(missing)"


class Policy(GatePolicy):
    """Attributes, the threshold above which a row is selected, and limits; a limit left out is not held."""

    attributes: tuple[Name, ...]
    threshold: Probability = 0.5
    min_rows_per_group: Count = 100
    min_disparate_impact: Probability = 0.8
    max_demographic_parity: Probability | None = None
    max_equalized_odds: Probability | None = None

    @field_validator("attributes")
    @classmethod
    def _declared(cls, attributes: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if not attributes and info.data.get("mode") != "report":
            raise ValueError("should name at least 1 column; without one the gate can only be `mode: report`")
        return attributes


@dataclass(frozen=True)
class Inputs:
    """Predictions, the golden set in two files, and what to group by."""

    predictions: Annotated[Path, "scores of the golden rows, column `challenger`"]
    labels: Annotated[Path, "the golden labels"]
    features: Annotated[Path, "the golden features, for the attributes"]
    key: Annotated[str, "column that names a row"]
    label: Annotated[str, "column of the label, 0 or 1"]
    threshold: Annotated[float, "score from which a row is selected"]
    attributes: Annotated[tuple[str, ...], "columns whose values are groups"] = ()


def measure(inputs: Inputs) -> Measurements:
    """Return each metric with its 95 % interval per attribute, and the rows of each group."""
    parts = {
        inputs.labels: [inputs.label],
        inputs.predictions: ["challenger"],
        inputs.features: list(inputs.attributes),
    }
    rows = read_aligned(parts, inputs.key)
    y = binary_labels(inputs.labels, rows[inputs.label])
    selected = (probabilities(inputs.predictions, rows["challenger"]) >= inputs.threshold).astype("int64")
    measurements: Measurements = {}
    for attribute in inputs.attributes:
        # Filled before NumPy sees it: with a missing value it would cut every name to one character.
        groups = rows[attribute].astype("str").fillna(MISSING).to_numpy(dtype="str")
        measurements |= _attribute(attribute, y, selected, groups)
    return measurements


def judge(policy: Policy, measurements: Measurements) -> Iterator[Finding]:
    """Hold every attribute's figures against the limits, disparate impact first."""

    def held(metric: str, attribute: str, limit: float | None) -> Iterator[Finding]:
        if limit is not None:
            name = f"{metric}/{attribute}"
            low, high = measurements.get(f"{name}/low"), measurements.get(f"{name}/high")
            compare = at_least if metric == "disparate_impact" else at_most
            yield compare(name, measurements.get(name), limit, low=low, high=high, by_bound=False)

    if not policy.attributes:
        yield enough("attributes", 0, 1, unit="columns", note="gates.fairness.attributes names no group.")
    for attribute in policy.attributes:
        yield from held("disparate_impact", attribute, policy.min_disparate_impact)
        yield from held("demographic_parity", attribute, policy.max_demographic_parity)
        yield from held("equalized_odds", attribute, policy.max_equalized_odds)
        groups = [key for key in sorted(measurements) if key.startswith(f"rows/{attribute}=")]
        yield enough(f"groups/{attribute}", len(groups), 2, unit="groups")
        for group in groups:
            yield enough(group, measurements[group], policy.min_rows_per_group)


def _attribute(
    attribute: str,
    y: "npt.NDArray[np.int64]",
    selected: "npt.NDArray[np.int64]",
    groups: "npt.NDArray[np.str_]",
) -> Measurements:
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
