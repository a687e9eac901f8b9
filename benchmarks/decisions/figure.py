"""One line of the table that `make decisions` prints."""

import math
from dataclasses import dataclass
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
        today: What people use today and what that gives, such as ``"fixed threshold: 31 %"``.
        unit: ``%`` for a share, ``x`` for a ratio.
    """

    gate: str
    what: str
    observed: float
    goal: float | None
    sense: Literal["at most", "at least"]
    runs: int
    today: str = ""
    unit: Literal["%", "x"] = "%"

    @property
    def standard_error(self) -> float:
        """Return the simulation's own error of a share; 0 for a ratio, which has none of this form."""
        if self.unit != "%":
            return 0.0
        share = min(max(self.observed, 0.0), 1.0)
        return math.sqrt(share * (1.0 - share) / self.runs)

    @property
    def kept(self) -> bool:
        """Whether the goal is kept; what has none is."""
        if self.goal is None:
            return True
        return self.observed <= self.goal if self.sense == "at most" else self.observed >= self.goal
