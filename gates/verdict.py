"""What a gate says: findings with their figures, and the outcome computed from them."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Literal, TypeAlias

from gates.errors import ExitCode

Measurements: TypeAlias = dict[str, float]
Sense: TypeAlias = Literal["at least", "at most", "above"]
Mode: TypeAlias = Literal["block", "report"]


class Outcome(StrEnum):
    """Pass, fail, or undecided: too little was there to say either."""

    PASS = "pass"
    FAIL = "fail"
    UNDECIDED = "undecided"

    @property
    def exit_code(self) -> ExitCode:
        """The process exit code of this outcome."""
        return {"pass": ExitCode.PASS, "fail": ExitCode.FAIL, "undecided": ExitCode.UNDECIDED}[self.value]


@dataclass(frozen=True)
class Waiver:
    """A reviewed exception: this finding may fail until the day it expires, that day included."""

    gate: str
    finding: str
    reason: str
    owner: str
    expires: date


@dataclass(frozen=True)
class Finding:
    """One figure held against one limit.

    Attributes:
        name: What was looked at, such as ``auc`` or ``disparate_impact/female``.
        outcome: What this figure alone says.
        observed: The figure; None where it could not be measured.
        limit: The policy's limit.
        sense: On which side of the limit the figure belongs.
        low: Lower end of the figure's confidence interval, where it has one.
        high: Upper end.
        unit: Unit of figure and limit, such as ``ms``.
        note: One sentence on what it means or what to do; empty where the figures say it all.
        waiver: The unexpired waiver that keeps a failed finding from blocking.
    """

    name: str
    outcome: Outcome
    observed: float | None
    limit: float
    sense: Sense
    low: float | None = None
    high: float | None = None
    unit: str = ""
    note: str = ""
    waiver: Waiver | None = None

    @property
    def holds(self) -> bool | None:
        """Whether the figure, whatever its interval, is on its side of the limit; None if there is none."""
        if self.observed is None:
            return None
        match self.sense:
            case "at least":
                return self.observed >= self.limit
            case "at most":
                return self.observed <= self.limit
            case "above":
                return self.observed > self.limit

    @property
    def waivable(self) -> bool:
        """Whether a waiver may cover it: a figure beyond its limit, even if it may be luck that it is.

        What is missing, or too few to decide, is not waived: nobody knows what would be let off. Such a
        finding has no interval.
        """
        by_luck = self.holds is False and self.low is not None and self.high is not None
        return self.outcome is Outcome.FAIL or (self.outcome is Outcome.UNDECIDED and by_luck)

    @property
    def blocks(self) -> bool:
        """Whether this finding keeps its gate from passing."""
        return self.outcome is not Outcome.PASS and self.waiver is None


def at_least(
    name: str,
    observed: float | None,
    limit: float,
    *,
    low: float | None = None,
    high: float | None = None,
    by_bound: bool = True,
    unit: str = "",
    note: str = "",
) -> Finding:
    """Hold a figure against its lowest allowed value.

    With ``by_bound`` and a ``low``, the lower confidence bound must reach the limit: a figure that does and a
    bound that does not is undecided, because more rows could decide it. What is absent or not finite never
    passes.
    """
    outcome = Outcome.FAIL
    if observed is None or not math.isfinite(observed):
        observed, outcome = None, Outcome.UNDECIDED
    elif observed >= limit:
        decisive = low if by_bound and low is not None else observed
        outcome = Outcome.PASS if decisive >= limit else Outcome.UNDECIDED
    return Finding(name, outcome, observed, limit, "at least", _finite(low), _finite(high), unit, note)


def at_most(
    name: str,
    observed: float | None,
    limit: float,
    *,
    low: float | None = None,
    high: float | None = None,
    by_bound: bool = True,
    unit: str = "",
    note: str = "",
) -> Finding:
    """Hold a figure against its highest allowed value; the mirror of `at_least`, by the upper bound."""
    outcome = Outcome.FAIL
    if observed is None or not math.isfinite(observed):
        observed, outcome = None, Outcome.UNDECIDED
    elif observed <= limit:
        decisive = high if by_bound and high is not None else observed
        outcome = Outcome.PASS if decisive <= limit else Outcome.UNDECIDED
    return Finding(name, outcome, observed, limit, "at most", _finite(low), _finite(high), unit, note)


def above(
    name: str,
    observed: float | None,
    limit: float,
    *,
    low: float | None = None,
    high: float | None = None,
    note: str = "",
) -> Finding:
    """Hold a figure strictly above a limit, by its lower bound: a figure above it by luck is undecided."""
    outcome = Outcome.FAIL
    if observed is None or not math.isfinite(observed):
        observed, outcome = None, Outcome.UNDECIDED
    elif observed > limit:
        outcome = Outcome.PASS if low is not None and low > limit else Outcome.UNDECIDED
    return Finding(name, outcome, observed, limit, "above", _finite(low), _finite(high), note=note)


def enough(name: str, count: float | None, least: float, *, unit: str = "rows", note: str = "") -> Finding:
    """Hold a count against the least that a decision needs: too few is undecided, never a failure."""
    there = count is not None and math.isfinite(count)
    outcome = Outcome.PASS if there and count is not None and count >= least else Outcome.UNDECIDED
    return Finding(name, outcome, count if there else None, least, "at least", unit=unit, note=note)


def beyond_luck(name: str, low: float | None, *, note: str = "") -> Finding:
    """Hold the lower confidence bound of an improvement above 0; otherwise it may be luck: undecided."""
    there = low is not None and math.isfinite(low)
    outcome = Outcome.PASS if there and low is not None and low > 0 else Outcome.UNDECIDED
    return Finding(name, outcome, low if there else None, 0.0, "above", note=note)


@dataclass(frozen=True)
class Verdict:
    """Everything one gate saw and said about one candidate.

    Attributes:
        gate: Name of the gate.
        mode: Whether the policy lets it block.
        findings: The headline first; their outcomes give the verdict's.
        measurements: The numbers behind the findings, so that another policy can judge them again.
        inputs: Input name to SHA-256 of the file, or to the plain value.
        policy_sha256: Digest of the policy that judged.
    """

    gate: str
    mode: Mode
    findings: tuple[Finding, ...]
    measurements: Mapping[str, float] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    policy_sha256: str = ""

    @cached_property
    def outcome(self) -> Outcome:
        """Fail if a finding failed; pass if at least one is there and none blocks; otherwise undecided."""
        if any(finding.blocks and finding.outcome is Outcome.FAIL for finding in self.findings):
            return Outcome.FAIL
        if self.findings and not any(finding.blocks for finding in self.findings):
            return Outcome.PASS
        return Outcome.UNDECIDED

    @property
    def blocks(self) -> bool:
        """Whether this verdict stops a promotion."""
        return self.mode == "block" and self.outcome is not Outcome.PASS

    @cached_property
    def decisive(self) -> Finding | None:
        """The finding to show first: one that failed, else one undecided, else the headline."""
        for outcome in (Outcome.FAIL, Outcome.UNDECIDED):
            for finding in self.findings:
                if finding.blocks and finding.outcome is outcome:
                    return finding
        return self.findings[0] if self.findings else None


def overall(verdicts: Iterable[Verdict]) -> Outcome:
    """Return the outcome over all gates that may block; none at all is undecided."""
    verdicts = list(verdicts)
    blocking = [verdict.outcome for verdict in verdicts if verdict.mode == "block"]
    if Outcome.FAIL in blocking:
        return Outcome.FAIL
    if not blocking or Outcome.UNDECIDED in blocking:
        return Outcome.UNDECIDED
    return Outcome.PASS


def waive(
    gate: str, findings: Iterable[Finding], waivers: Sequence[Waiver], today: date
) -> tuple[Finding, ...]:
    """Attach the unexpired waiver to each finding beyond its limit that has one; say so where it expired."""
    return tuple(_waive(gate, finding, waivers, today) for finding in findings)


def _waive(gate: str, finding: Finding, waivers: Sequence[Waiver], today: date) -> Finding:
    if not finding.waivable:
        return finding
    about = [waiver for waiver in waivers if (waiver.gate, waiver.finding) == (gate, finding.name)]
    if not about:
        return finding
    waiver = max(about, key=lambda waiver: waiver.expires)
    if today <= waiver.expires:
        return replace(finding, waiver=waiver)
    expired = f"The waiver of {waiver.owner} expired on {waiver.expires}: renew it or mend the model."
    return replace(finding, note=f"{finding.note} {expired}".strip())


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
