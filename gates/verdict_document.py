"""A verdict as plain JSON data, and back: what comes back says what its figures say, or is refused."""

from collections.abc import Mapping
from datetime import date
from typing import Any, get_args

from gates.digest import same_json
from gates.errors import InvalidError
from gates.verdict import Finding, Mode, Outcome, Sense, Verdict, Waiver

FORMAT = 1


def to_document(verdict: Verdict) -> dict[str, Any]:
    """Return the verdict as plain JSON data; absent figures are left out."""
    return {
        "format": FORMAT,
        "gate": verdict.gate,
        "mode": verdict.mode,
        "outcome": verdict.outcome.value,
        "findings": [_finding_document(finding) for finding in verdict.findings],
        "measurements": dict(verdict.measurements),
        "inputs": dict(verdict.inputs),
        "policy_sha256": verdict.policy_sha256,
    }


def from_document(document: Mapping[str, Any], name: str = "verdict") -> Verdict:
    """Return the verdict in a document made by `to_document`.

    Raises:
        InvalidError: As for `read`, or something is written in another form.
    """
    verdict = read(document, name)
    if not same_json(to_document(verdict), document):
        what = f"{name} is not a verdict: a field is missing, or is written in another form."
        raise InvalidError(what, do="Judge again: gates judge")
    return verdict


def read(document: Mapping[str, Any], name: str) -> Verdict:
    """Return the verdict in a document which the caller holds against `to_document` as part of a larger one.

    Raises:
        InvalidError: A field is missing, unknown or of another type, or the outcome is not the one that the
            findings give.
    """
    try:
        fields = dict(document)
        if fields.pop("format") != FORMAT:
            raise InvalidError(f"{name} has a format that this version does not know.", do="Update ml-gates.")
        outcome = Outcome(fields.pop("outcome"))
        findings = tuple(_finding(each) for each in fields.pop("findings"))
        verdict = Verdict(findings=findings, **fields)
        _require_types(verdict)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InvalidError(f"{name} is not a verdict: {error}.", do="Judge again: gates judge") from error
    if verdict.outcome is not outcome:
        raise InvalidError(f"{name} says {outcome}, its findings do not.", do="Judge again: gates judge")
    return verdict


def _finding_document(finding: Finding) -> dict[str, Any]:
    document: dict[str, Any] = {
        "name": finding.name,
        "outcome": finding.outcome.value,
        "observed": finding.observed,
        "limit": finding.limit,
        "sense": finding.sense,
        "low": finding.low,
        "high": finding.high,
        "unit": finding.unit,
        "note": finding.note,
    }
    if finding.waiver:
        waiver = finding.waiver
        document["waiver"] = {**vars(waiver), "expires": waiver.expires.isoformat()}
    return {key: value for key, value in document.items() if value not in (None, "")}


def _finding(document: Mapping[str, Any]) -> Finding:
    fields = dict(document)
    fields["outcome"] = Outcome(fields["outcome"])
    fields.setdefault("observed", None)
    if waiver := fields.get("waiver"):
        fields["waiver"] = Waiver(**{**waiver, "expires": date.fromisoformat(waiver["expires"])})
    return Finding(**fields)


def _require_types(verdict: Verdict) -> None:
    """Hold that fields from outside have their types, and that each outcome fits its figure."""
    texts: list[object] = [verdict.gate, verdict.policy_sha256, *verdict.inputs.values()]
    figures: list[object] = list(verdict.measurements.values())
    for finding in verdict.findings:
        texts += [finding.name, finding.unit, finding.note]
        figures += [finding.limit]
        figures += [each for each in (finding.observed, finding.low, finding.high) if each is not None]
        if waiver := finding.waiver:
            texts += [waiver.reason, waiver.owner]
    if not all(issubclass(kind, str) for kind in set(map(type, texts))):
        raise TypeError("a text is not one")
    if not all(issubclass(kind, int | float) and kind is not bool for kind in set(map(type, figures))):
        raise TypeError("a figure is not a number")
    if verdict.mode not in get_args(Mode) or {each.sense for each in verdict.findings} - {*get_args(Sense)}:
        raise ValueError("a mode or a sense is unknown")
    for finding in verdict.findings:
        if not _adds_up(verdict.gate, finding):
            raise ValueError(f"{finding.name!r} does not say what its figure says")


def _adds_up(gate: str, finding: Finding) -> bool:
    waiver = finding.waiver
    if waiver and (not finding.waivable or (waiver.gate, waiver.finding) != (gate, finding.name)):
        return False
    return finding.outcome is Outcome.UNDECIDED or finding.holds is (finding.outcome is Outcome.PASS)
