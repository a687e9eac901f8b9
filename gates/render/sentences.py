"""Findings and decisions in one sentence, the decisive figure in it."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from gates.verdict import Finding, Outcome, Verdict

_FIGURES = {"auc": "AUC", "rmse": "RMSE", "mae": "MAE", "r2": "R²"}
_LESS_IS_BETTER = ("rmse", "mae", "brier", "log_loss", "calibration_error")
SIGNS = {"at least": "≥", "at most": "≤", "above": ">"}


def shown(text: str) -> str:
    """Return text from data with its control characters visible: shown to a terminal, not obeyed by it."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)


def number(value: float | None) -> str:
    """Return a figure as people read it: whole numbers plain, others with four significant digits."""
    if value is None:
        return "none"
    if not math.isfinite(value):
        return str(value)
    if value == int(value) and abs(value) < 1e15:  # noqa: PLR2004 - above, digits are lost
        return f"{int(value):,}"
    return f"{value:.4f}" if 0.001 <= abs(value) < 10 else f"{value:,.4g}"  # noqa: PLR2004 - where four decimals fit


def figure(finding: Finding) -> str:
    """Return a finding's figure against its limit, such as ``0.8123 ≥ 0.8 (95 % CI 0.79 to 0.83)``."""
    unit = f" {shown(finding.unit)}" if finding.unit else ""
    sign = SIGNS[finding.sense]
    if finding.outcome is not Outcome.PASS and finding.holds is False:
        sign = {"≥": "<", "≤": ">", ">": "≤"}[sign]
    text = f"{number(finding.observed)} {sign} {number(finding.limit)}{unit}"
    return f"{text} ({interval(finding.low, finding.high)})" if _has_interval(finding) else text


def interval(low: float | None, high: float | None) -> str:
    """Return a confidence interval in words; either end may be open."""
    if low is None:
        return f"95 % sure below {number(high)}"
    if high is None:
        return f"95 % sure above {number(low)}"
    return f"95 % CI {number(low)} to {number(high)}"


def why_not(verdict: Verdict) -> str:
    """Return what keeps a verdict from passing, with the figure and what to do."""
    return reason(verdict, verdict.decisive)


def reason(verdict: Verdict, finding: Finding | None) -> str:
    """Return what one finding keeps from passing, and by how much it misses its limit."""
    return f"{verdict.gate}: {_missed(finding) if finding else 'nothing was checked.'}"


def worst_first(judged: Sequence[Verdict]) -> list[tuple[Verdict, Finding | None]]:
    """Return each finding that blocks, over all gates; None for that of a gate that checked nothing.

    What failed is worse than what is undecided. Of two that failed, the one is worse whose figure misses its
    limit by the larger share of the two: figures of different units have no other common scale.
    """
    stops = [verdict for verdict in judged if verdict.blocks]
    found = [(verdict, each) for verdict in stops for each in verdict.findings if each.blocks]
    found.sort(key=lambda each: (each[1].outcome is Outcome.UNDECIDED, -_share_missed(each[1])))
    return [*found, *((verdict, None) for verdict in stops if not verdict.findings)]


def against_champion(judged: Sequence[Verdict]) -> list[str]:
    """Return each figure of champion and challenger, and their paired difference with its interval."""
    return [
        f"{name}: {champion} → {challenger}" + (f", difference {difference}" if difference else "")
        for name, champion, challenger, difference in compared(judged)
    ]


def compared(judged: Sequence[Verdict]) -> list[tuple[str, str, str, str]]:
    """Return name, champion, challenger and paired difference of each figure that both models have.

    The difference is that of the figure which decides, and stands first; the others have none.
    """
    rows: list[tuple[str, str, str, str]] = []
    for verdict in sorted(judged, key=lambda verdict: "delta" not in verdict.measurements):
        seen = verdict.measurements
        for name, challenger in seen.items():
            stem, _, who = name.rpartition("/")
            champion = seen.get(f"{stem}/champion")
            if who != "challenger" or champion is None or stem == "requests":
                continue
            difference = ""
            if "delta" in seen and not rows:
                bounds = interval(seen.get("delta/low"), seen.get("delta/high"))
                difference = f"{_signed(seen['delta'])} ({bounds}; above 0 is better)"
            rows.append((shown(stem), number(champion), number(challenger), difference))
    return rows


def _signed(value: float) -> str:
    return f"+{number(value)}" if value > 0 else number(value)


def _share_missed(finding: Finding) -> float:
    if finding.observed is None:
        return math.inf
    largest = max(abs(finding.limit), abs(finding.observed))
    return abs(finding.limit / largest - finding.observed / largest) if largest else 0.0


def _missed(finding: Finding) -> str:
    if finding.observed is None:
        return shown(f"{finding.name} could not be measured. {finding.note}".rstrip())
    missed = abs(finding.limit - finding.observed)
    by = f", missed by {number(missed)}" if finding.outcome is Outcome.FAIL and missed else ""
    return shown(f"{finding.name} {figure(finding)}{by}. {finding.note}".rstrip())


def promoted(version: str, before: str | None, verdicts: Sequence[Verdict]) -> str:
    """Return the sentence for a promotion, with both figures, the difference, and the rule that it met."""
    champion = next((verdict for verdict in verdicts if verdict.gate == "champion"), None)
    seen: Mapping[str, float] = champion.measurements if champion else {}
    if before is None or "delta" not in seen:
        golden = next((each.measurements for each in verdicts if each.gate == "golden"), {})
        figures = "".join(
            f": {_FIGURES[key]} {number(golden[key])}" for key in ("auc", "rmse") if key in golden
        )
        over = f" over v{before}" if before is not None else ", the first champion"
        return f"Promoted v{version}{over}{figures}."
    key = next(name.removesuffix("/champion") for name in seen if name.endswith("/champion"))
    # A loss falls where a model gets better: a sign would say the opposite of the arrow.
    delta = f"better by {number(seen['delta'])}" if key in _LESS_IS_BETTER else f"{seen['delta']:+.4f}"
    headline = champion.findings[0] if champion and champion.findings else None
    rule = f" {headline.note}" if headline and headline.note.startswith("Rule ") else ""
    return (
        f"Promoted v{version} over v{before}: {_FIGURES.get(key, key.replace('_', ' '))} "
        f"{number(seen[f'{key}/champion'])} → {number(seen[f'{key}/challenger'])}, "
        f"{delta}, {interval(seen.get('delta/low'), seen.get('delta/high'))}.{rule}"
    )


def refused(outcome: str, verdicts: Sequence[Verdict], champion: Mapping[str, Any] | None) -> str:
    """Return the sentence for a refusal: what stopped it, by how much, and that nothing moved."""
    stopped = [verdict for verdict in verdicts if verdict.blocks]
    stopped.sort(key=lambda verdict: verdict.outcome is Outcome.UNDECIDED)
    word = "Refused" if outcome == "fail" else "Undecided"
    serving = f"v{champion['version']} stays champion." if champion else "There is no champion yet."
    reasons = " ".join(why_not(verdict) for verdict in stopped[:3])
    return f"{word}. {reasons} {serving}"


def _has_interval(finding: Finding) -> bool:
    return finding.low is not None or finding.high is not None
