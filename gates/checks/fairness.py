"""Are the declared groups treated within agreed limits?

For each attribute, and each intersection of attributes that is asked for: disparate impact (lowest
selection rate over the highest; the four-fifths rule, EEOC 1978), demographic parity difference and
equalized odds difference at the decision threshold, each with an interval, and the selection rate of each
group. Of a regression: the largest RMSE of a group (bounded group loss; Agarwal, Dudík and Wu 2019) and the
largest difference between the groups' mean predictions (Calders et al. 2013), in the unit of the label. Of
several classes, a row is selected where a `favourable` one is predicted. Of a ranking: the exposure that
the places of a group's rows give them, the lowest over the highest (Singh and Joachims 2018).

A limit is held by the observed figure, as the four-fifths rule is; the interval tells how sure it is. Fails
when a figure is beyond its limit, no unexpired waiver covers it, and the groups do differ: as the same rule
says (29 CFR 1607.4 D), a figure of small numbers that are not significantly different shows nothing. The
chi-square test of equal rates tells, at 5 % over all attributes of a figure at once (Holm 1979); a regression
has no such test. Undecided when the figure is beyond its limit and may be luck (a waiver covers that too), a
group has too few rows, or the figure does not exist.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import reduce
from typing import Annotated, Self, TypeAlias

import numpy as np
from pydantic import Field, ValidationInfo, field_validator, model_validator

from gates import golden_rows
from gates.golden_rows import GoldenFiles, GoldenRows
from gates.policy_blocks import GatePolicy
from gates.policy_values import Amount, Count, Name, Probability
from gates.stats.exposure import group_exposure
from gates.stats.group_errors import group_errors
from gates.stats.group_intervals import fairness_interval, no_difference, selection_rates
from gates.stats.group_rates import (
    Counts,
    demographic_parity_difference,
    disparate_impact,
    equalized_odds_difference,
    group_counts,
)
from gates.stats.groups import Membership, intersection, membership
from gates.stats.multiplicity import holm
from gates.verdict import Finding, Measurements, Outcome, at_least, at_most, enough

METRICS = {
    "disparate_impact": disparate_impact,
    "demographic_parity": demographic_parity_difference,
    "equalized_odds": equalized_odds_difference,
}
LARGER_IS_FAIRER = {"disparate_impact", "exposure_ratio"}
SEED = 20_260_102
LEVEL = 0.05
REACHES = "Beyond the limit, but the interval reaches it: more queries tell."


class GroupsPolicy(GatePolicy):
    """What both tasks ask for: columns whose values are groups, and how many rows of each.

    An intersection is written as its attributes with a plus sign, ``sex+senior``.
    """

    attributes: tuple[Name, ...]
    intersections: tuple[Name, ...] = ()
    min_rows_per_group: Count = 100

    @field_validator("attributes")
    @classmethod
    def _declared(cls, attributes: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if not attributes and info.data.get("mode") != "report":
            raise ValueError("should name at least 1 column; without one the gate can only be `mode: report`")
        return attributes

    @field_validator("intersections")
    @classmethod
    def _of_attributes(cls, intersections: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        crossed = [each.split("+") for each in intersections]
        for each in crossed:
            if not (1 < len(each) == len({*each}) and {*each} <= {*info.data.get("attributes", ())}):
                raise ValueError(f"{'+'.join(each)!r} should be attributes of this gate, such as sex+senior")
        if len({frozenset(each) for each in crossed}) < len(crossed):
            raise ValueError("names an intersection twice")
        return intersections

    @property
    def held(self) -> tuple[str, ...]:
        """Attributes and intersections, in the order in which they are held."""
        return self.attributes + self.intersections


class RatesPolicy(GroupsPolicy):
    """Limits of what is selected of each group; a limit left out is not held."""

    min_disparate_impact: Probability = 0.8
    max_demographic_parity: Probability | None = None
    max_equalized_odds: Probability | None = None


class Policy(RatesPolicy):
    """The threshold from which a row is selected."""

    threshold: Probability = 0.5


class MulticlassPolicy(RatesPolicy):
    """The classes whose prediction is a favour."""

    favourable: Annotated[tuple[Name, ...], Field(min_length=1)]


class RegressionPolicy(GroupsPolicy):
    """Attributes, and limits in the unit of the label: at least one; a limit left out is not held."""

    max_group_rmse: Amount | None = None
    max_mean_difference: Amount | None = None

    @model_validator(mode="after")
    def _some_limit(self) -> Self:
        if self.max_group_rmse is None and self.max_mean_difference is None:
            raise ValueError("needs one of max_group_rmse and max_mean_difference")
        return self


class RankingPolicy(GroupsPolicy):
    """Attributes, and how much less exposure a group's rows may get than another's."""

    min_exposure_ratio: Probability = 0.8


AnyPolicy: TypeAlias = Policy | MulticlassPolicy | RegressionPolicy | RankingPolicy


@dataclass(frozen=True, kw_only=True)
class Inputs(GoldenFiles):
    """Predictions, the golden set in two files, and what to group by."""

    threshold: Annotated[float, "score from which a row is selected"] = 0.5
    favourable: Annotated[tuple[str, ...], "classes whose prediction is a favour"] = ()
    attributes: Annotated[tuple[str, ...], "columns whose values are groups"] = ()
    intersections: Annotated[tuple[str, ...], "attributes to be crossed, each as one+other"] = ()


def measure(inputs: Inputs) -> Measurements:
    """Return each metric with its 95 % interval per attribute, and the rows and the rate of each group."""
    rows = golden_rows.read(inputs, ["challenger"], inputs.attributes)
    figures = {"regression": _errors, "ranking": _exposures}.get(inputs.task, _rates)
    groups = {attribute: membership(rows.texts(attribute)) for attribute in inputs.attributes}
    for crossed in inputs.intersections:
        groups[crossed] = reduce(intersection, (groups[each] for each in crossed.split("+")))
    measurements: Measurements = {}
    for attribute, of in groups.items():
        measurements |= figures(inputs, rows, attribute, of) if len(rows) else {}
    return measurements


def judge(policy: AnyPolicy, measurements: Measurements) -> Iterator[Finding]:
    """Hold every attribute's figures against the limits, disparate impact or the groups' errors first."""
    chances = {metric: _chances(metric, measurements) for metric in METRICS}

    def held(metric: str, attribute: str, limit: float | None) -> Iterator[Finding]:
        if limit is not None:
            name = f"{metric}/{attribute}"
            low, high = measurements.get(f"{name}/low"), measurements.get(f"{name}/high")
            compare = at_least if metric in LARGER_IS_FAIRER else at_most
            finding = compare(name, measurements.get(name), limit, low=low, high=high, by_bound=False)
            if metric == "exposure_ratio" and finding.outcome is Outcome.FAIL and (high or 0.0) >= limit:
                finding = replace(finding, outcome=Outcome.UNDECIDED, note=REACHES)
            yield _no_luck(finding, chances.get(metric, {}).get(attribute))

    if not policy.attributes:
        yield enough("attributes", 0, 1, unit="columns", note="gates.fairness.attributes names no group.")
    for attribute in policy.held:
        if isinstance(policy, RegressionPolicy):
            yield from held("group_rmse", attribute, policy.max_group_rmse)
            yield from held("mean_difference", attribute, policy.max_mean_difference)
        elif isinstance(policy, RankingPolicy):
            yield from held("exposure_ratio", attribute, policy.min_exposure_ratio)
        else:
            yield from held("disparate_impact", attribute, policy.min_disparate_impact)
            yield from held("demographic_parity", attribute, policy.max_demographic_parity)
            yield from held("equalized_odds", attribute, policy.max_equalized_odds)
        groups = [key for key in sorted(measurements) if key.startswith(f"rows/{attribute}=")]
        yield enough(f"groups/{attribute}", len(groups), 2, unit="groups")
        for group in groups:
            yield enough(group, measurements[group], policy.min_rows_per_group)


def _chances(metric: str, measurements: Measurements) -> dict[str, float]:
    """Return attribute to the p-value of equal groups, adjusted over all attributes of the metric."""
    prefix = f"p/{metric}/"
    found = {name.removeprefix(prefix): p for name, p in measurements.items() if name.startswith(prefix)}
    known = {attribute: p for attribute, p in found.items() if 0 <= p <= 1}
    return dict(zip(known, holm(list(known.values())).tolist(), strict=True))


def _no_luck(finding: Finding, chance: float | None) -> Finding:
    """Return a failure as undecided where its groups may be equal; without a test it stands."""
    if finding.outcome is not Outcome.FAIL or chance is None or chance <= LEVEL:
        return finding
    note = f"Beyond the limit, but it may be luck (p = {chance:.2g} over all attributes): more rows tell."
    return replace(finding, outcome=Outcome.UNDECIDED, note=note)


def _rates(inputs: Inputs, rows: GoldenRows, attribute: str, groups: Membership) -> Measurements:
    y, answers = rows.y, rows.answers["challenger"]
    if inputs.task == "multiclass":
        classes = np.array(rows.classes)
        y = np.isin(y, inputs.favourable).astype("int64")
        selected = np.isin(classes[answers.argmax(axis=1)], inputs.favourable)
    else:
        selected = answers >= inputs.threshold
    return rates(attribute, group_counts(y, selected.astype("int64"), groups))


def rates(attribute: str, counts: Counts) -> Measurements:
    """Return what `measure` does of one attribute, from the four cells of each of its groups."""
    measurements: Measurements = {f"rows/{attribute}={group}": cells.rows for group, cells in counts.items()}
    for group, rate in selection_rates(counts).items():
        measurements |= rate.named(f"selection/{attribute}={group}")
    for name, metric in METRICS.items():
        figure, interval = metric(counts), fairness_interval(metric, counts)
        if figure is not None:
            measurements[f"{name}/{attribute}"] = figure
        if interval is not None:
            measurements |= interval.named(f"{name}/{attribute}")
        chance = no_difference(metric, counts)
        if chance is not None:
            measurements[f"p/{name}/{attribute}"] = chance
    return measurements


def _errors(_: Inputs, rows: GoldenRows, attribute: str, groups: Membership) -> Measurements:
    found = group_errors(rows.y, rows.answers["challenger"], groups, seed=SEED)
    measurements: Measurements = {f"rows/{attribute}={group}": rows for group, rows in found.rows.items()}
    measurements |= {f"rmse/{attribute}={group}": error for group, error in found.rmse.items()}
    for name, figure in {"group_rmse": found.worst_rmse, "mean_difference": found.mean_difference}.items():
        if figure is not None:
            measurements |= figure.named(f"{name}/{attribute}")
    return measurements


def _exposures(_: Inputs, rows: GoldenRows, attribute: str, groups: Membership) -> Measurements:
    found = group_exposure(rows.answers["challenger"], rows.queries, groups, seed=SEED)
    measurements: Measurements = {f"rows/{attribute}={group}": each for group, each in found.rows.items()}
    measurements |= {f"exposure/{attribute}={group}": each for group, each in found.exposure.items()}
    return measurements | (found.ratio.named(f"exposure_ratio/{attribute}") if found.ratio else {})
