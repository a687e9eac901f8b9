"""The page of a report: the decision first, then what it rests on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from gates.render import card, lineage, sentences
from gates.render.report import columns, pictures
from gates.render.report.picture import outcome
from gates.render.sentences import number, shown
from gates.render.templates import template
from gates.statement import Decision
from gates.verdict import Finding, Outcome, Verdict

State: TypeAlias = Literal["promoted", "refused", "undecided", "passed", "unchanged"]
WORDS: Mapping[State, tuple[str, str]] = {  # and the colour that goes with it
    "promoted": ("Promoted", "pass"),
    "refused": ("Refused", "fail"),
    "undecided": ("Undecided", "undecided"),
    "passed": ("Passed, not promoted yet", "pass"),
    "unchanged": ("Nothing to do", "pass"),
}
MOST_BLOCKING = 100  # lines of what blocks
MOST_FINDINGS = 500  # of a gate that are listed


@dataclass(frozen=True)
class Report:
    """What is told of a decision.

    Attributes:
        state: What came of it.
        sentence: The same in a sentence, with the decisive figure.
        decision: What was decided.
        exhibits: What was kept to be drawn; empty where nothing was.
        version: Under which it serves or served; empty where it never did.
        facts: Who, when and why, for the line below the sentence.
        back: Address of the page above; empty for a report that stands alone.
        drawn: Whether it has what its exhibits tell; its verdicts it always has.
    """

    state: State
    sentence: str
    decision: Decision
    exhibits: Mapping[str, Any] = field(default_factory=dict)
    version: str = ""
    facts: tuple[str, ...] = ()
    back: str = ""
    drawn: bool = True

    @property
    def model(self) -> str:
        """The model's name."""
        return self.decision.model

    @property
    def statement(self) -> str:
        """SHA-256 of the statement."""
        return self.decision.sha256

    @property
    def exhibits_sha256(self) -> str:
        """Digest of what was kept to be drawn."""
        return self.decision.candidate.exhibits_sha256


def html(report: Report) -> str:
    """Return the report as one HTML document, the same for the same evidence."""
    decision = report.decision
    word, tone = WORDS[report.state]
    drawn = pictures.of_decision(decision, report.exhibits) if report.drawn else []
    tables = columns.tables(decision, report.exhibits) if report.drawn else []
    lists = [each for each in _lists(decision) if each[2]]
    sections = [(anchor, text) for anchor, text, _ in lists]
    sections += [("pictures", "Pictures")] if drawn else []
    sections += [("contract", "The data and its contract")] if tables else []
    people = card.people(report.exhibits)
    sections += [("people", "What people say of it")] if people else []
    sections += [("lineage", "From bucket to champion"), ("figures", "Every finding")]
    page: str = template("report.html.j2").render(
        report=report,
        word=word,
        tone=tone,
        facts=[*report.facts, *_facts(decision)],
        gates=[(verdict, _decisive(verdict)) for verdict in decision.verdicts],
        compared=sentences.compared(decision.verdicts),
        sections=sections,
        lists=lists,
        pictures=drawn,
        tables=tables,
        people=people,
        lineage=lineage.stations(
            vars(decision.candidate), report.statement, decision.outcome.value, report.version
        ),
        findings=[row for verdict in decision.verdicts for row in _rows(verdict)],
        found=number(sum(len(verdict.findings) for verdict in decision.verdicts)),
    )
    return page


def _facts(decision: Decision) -> list[str]:
    candidate = decision.candidate
    return [
        f"judged on {decision.judged_on}",
        f"model {candidate.sha[:12]}",
        f"commit {candidate.commit[:12]}",
        f"golden set {candidate.golden_version}",
        f"policy {decision.policy_sha256[:12]}",
    ]


def _decisive(verdict: Verdict) -> str:
    finding = verdict.decisive
    return shown(f"{finding.name} {sentences.figure(finding)}") if finding else "nothing was checked"


def _lists(decision: Decision) -> list[tuple[str, str, Sequence[str]]]:
    """Return what is told line by line: anchor, heading, lines."""
    blocking = [sentences.reason(*each) for each in sentences.worst_first(decision.verdicts)]
    more = [f"{number(len(blocking) - MOST_BLOCKING)} more"] if len(blocking) > MOST_BLOCKING else []
    waived = [
        f"{verdict.gate}: {each.name} {sentences.figure(each)}, waived until {each.waiver.expires} by "
        f"{each.waiver.owner}: {each.waiver.reason}"
        for verdict in decision.verdicts
        for each in verdict.findings
        if each.waiver
    ]
    return [
        ("blocks", "What blocks it", [*blocking[:MOST_BLOCKING], *more]),
        ("waivers", "Waivers in use", waived),
        ("policy", "Policy changed since the champion", decision.policy_changes),
    ]


def _rows(verdict: Verdict) -> list[tuple[str, ...]]:
    found = sorted(verdict.findings, key=lambda each: each.outcome is Outcome.PASS)
    rows: list[tuple[str, ...]] = [
        (
            shown(each.name),
            verdict.gate,
            outcome(each),
            shown(f"{number(each.observed)} {each.unit}".rstrip()),
            shown(f"{each.sense} {number(each.limit)} {each.unit}".rstrip()),
            _interval(each),
            shown(each.note),
        )
        for each in found[:MOST_FINDINGS]
    ]
    more = len(found) - MOST_FINDINGS
    return [*rows, (f"{number(more)} more", verdict.gate, *[""] * 5)] if more > 0 else rows


def _interval(finding: Finding) -> str:
    if finding.low is None and finding.high is None:
        return ""
    return sentences.interval(finding.low, finding.high)
