"""One line of the table that `make decisions` prints."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Figure:
    """What was simulated, how often, what came out, its goal, and what people use today.

    Attributes:
        gate: Name of the gate.
        what: What was counted, and under which conditions.
        observed: The share (0 to 1), or the ratio, that came out.
        goal: Its limit; None where it is told to be read, not held.
        sense: On which side of the goal it belongs.
        runs: How many simulations the figure rests on.
        today: What people use today, such as ``"fixed threshold"``.
        unit: ``%`` for a share, ``x`` for a ratio.
        most: The upper end of a goal that has two, such as a coverage; `goal` is the lower one.
        beside: What that gives, by the same simulations; None where it was not simulated.
        point: Where a picture shows it: name of its line, and place on the axis.
        error: Standard error of a ratio; that of a share follows from its runs.
        samples: What a picture shows of all runs: name of the line to one number a run.
    """

    gate: str
    what: str
    observed: float
    goal: float | None
    sense: Literal["at most", "at least"]
    runs: int
    today: str = ""
    unit: Literal["%", "x"] = "%"
    most: float | None = None
    beside: float | None = None
    point: tuple[str, float] | None = None
    error: float = 0.0
    samples: Mapping[str, Sequence[float]] = field(default_factory=dict)

    @property
    def standard_error(self) -> float:
        """Return the simulation's own error, which more runs make smaller."""
        if self.unit != "%":
            return self.error
        share = min(max(self.observed, 0.0), 1.0)
        return math.sqrt(share * (1.0 - share) / self.runs)

    @property
    def kept(self) -> bool:
        """Whether the goal is kept; what has none is."""
        if self.goal is None:
            return True
        if self.most is not None:
            return self.goal <= self.observed <= self.most
        return self.observed <= self.goal if self.sense == "at most" else self.observed >= self.goal

    def within(self, slack: float) -> bool:
        """Return whether the goal is kept by a figure that may be off by so much, as that of few runs."""
        if self.goal is None:
            return True
        low = self.goal if self.most is not None or self.sense == "at least" else -math.inf
        high = self.most if self.most is not None else self.goal if self.sense == "at most" else math.inf
        return low - slack <= self.observed <= high + slack


def coverage(gate: str, what: str, share: float, runs: int) -> Figure:
    """Return the share of nominal 95 % intervals that hold the truth: 94 to 96.5 % is the goal."""
    return Figure(gate, f"coverage of 95 %, {what}", share, 0.94, "at least", runs, most=0.965)
