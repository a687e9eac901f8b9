"""Limits that a policy sets to metrics by their names, overall and on slices."""

from collections.abc import Mapping
from typing import Self, TypeAlias

from pydantic import Field, model_validator

from gates.policy_blocks import Direction, GatePolicy
from gates.policy_values import LEAST_GROUPS, Count, Name, Slice

Limits: TypeAlias = dict[Name, float]
SliceLimits: TypeAlias = dict[Name, dict[Slice, float]]


class MetricsPolicy(GatePolicy):
    """Limits of metrics by their names, whatever the task; a limit left out is not held.

    Where golden rows belong to groups, few groups decide nothing, however many rows they have.
    """

    min_metrics: Limits = Field(default_factory=dict)
    max_metrics: Limits = Field(default_factory=dict)
    min_slice_metrics: SliceLimits = Field(default_factory=dict)
    max_slice_metrics: SliceLimits = Field(default_factory=dict)
    min_groups: Count = LEAST_GROUPS

    @property
    def metrics_held(self) -> Mapping[str, Direction]:
        """The metrics that have a floor are better the larger they are, the others the smaller."""
        ceilings = (*self.max_metrics, *self.max_slice_metrics)
        floors = (*self.min_metrics, *self.min_slice_metrics)
        held: dict[str, Direction] = dict.fromkeys(ceilings, "smaller")
        return held | dict.fromkeys(floors, "larger")

    @property
    def slices_held(self) -> Mapping[str, tuple[str, ...]]:
        """The slices that have a limit."""
        return {
            metric: tuple(s)
            for metric, s in (*self.min_slice_metrics.items(), *self.max_slice_metrics.items())
        }

    @model_validator(mode="after")
    def _one_side(self) -> Self:
        floors, ceilings = (
            {*self.min_metrics, *self.min_slice_metrics},
            {*self.max_metrics, *self.max_slice_metrics},
        )
        if both := sorted(floors & ceilings):
            raise ValueError(f"{both[0]!r} has a floor and a ceiling; one of its values is the better one")
        return self


class NamedPolicy(MetricsPolicy):
    """What a task without figures of its own asks for: at least one metric by its name."""

    @model_validator(mode="after")
    def _some_metric(self) -> Self:
        if not self.min_metrics and not self.max_metrics:
            raise ValueError("needs one of min_metrics and max_metrics")
        return self
