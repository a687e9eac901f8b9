"""Tables for a terminal; plain text where there is none."""

from collections.abc import Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from gates.leaves import leaves
from gates.render.sentences import figure, shown
from gates.verdict import Outcome, Verdict

STYLES = {Outcome.PASS: "green", Outcome.FAIL: "bold red", Outcome.UNDECIDED: "yellow"}
WORDS = {"prevents": "green", "open": "bold red"}
MOST_FINDINGS = 20


def verdicts(judged: Sequence[Verdict], policy_changes: Sequence[str] = ()) -> RenderableType:
    """Return one row a gate: outcome and decisive figure; below it waivers and changes of the policy."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in ("gate", "outcome", "decisive figure"):
        table.add_column(column, overflow="fold")
    for verdict in judged:
        finding = verdict.decisive
        decisive = f"{shown(finding.name)} {figure(finding)}" if finding else "nothing was checked"
        outcome = Text(verdict.outcome.value, STYLES[verdict.outcome])
        if verdict.mode == "report":
            outcome.append(" (did not block)", "bold yellow")
        table.add_row(verdict.gate, outcome, Text(decisive))
    notes = [*_waivers(judged), *(shown(f"policy changed: {change}") for change in policy_changes)]
    return Group(table, *(Padding(Text(note, "yellow"), (0, 0, 0, 2), expand=False) for note in notes))


def findings(verdict: Verdict) -> RenderableType:
    """Return every finding of one gate, those that block first."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in ("finding", "outcome", "figure", ""):
        table.add_column(column, overflow="fold")
    ordered = sorted(verdict.findings, key=lambda finding: not finding.blocks)
    for finding in ordered[:MOST_FINDINGS]:
        word = "waived" if finding.waiver else finding.outcome.value
        style = "yellow" if finding.waiver else STYLES[finding.outcome]
        name, note = Text(shown(finding.name)), Text(shown(finding.note))
        table.add_row(name, Text(word, style), Text(figure(finding)), note)
    hidden = len(ordered) - MOST_FINDINGS
    more = [Text(f"… and {hidden} more in the verdict's file", "dim")] if hidden > 0 else []
    head = Text(f"{verdict.gate}: {verdict.outcome.value}", STYLES[verdict.outcome])
    return Group(head, table, *more, *(Text(note, "yellow") for note in _waivers([verdict])))


def entries(listed: Sequence[dict[str, Any]]) -> RenderableType:
    """Return the ledger as a table, newest first."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in ("seq", "time", "kind", "champion", "sha", "actor", "reason"):
        table.add_column(column, overflow="fold")
    for each in listed:
        row = (
            str(each["seq"]),
            each["time"],
            each["kind"],
            " → ".join(f"v{version}" for version in dict.fromkeys((each["from"], each["to"])) if version),
            (each["sha"] or "")[:12],
            each["actor"],
            each["reason"],
        )
        table.add_row(*(Text(shown(cell)) for cell in row))
    return table


def roads(found: Sequence[dict[str, str]]) -> RenderableType:
    """Return one row a road around the gates; below, what to do about each that is not prevented."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in ("road", "word", "what was found"):
        table.add_column(column, overflow="fold")
    for each in found:
        style = WORDS.get(each["word"], "yellow")
        table.add_row(Text(each["road"]), Text(each["word"], style), Text(shown(each["what"])))
    advice = [
        Padding(Text.assemble((each["road"], "bold"), f": {each['why']}\n{shown(each['do'])}"), (1, 0, 0, 2))
        for each in found
        if "do" in each
    ]
    return Group(table, *advice, "")


def facts(document: dict[str, Any]) -> RenderableType:
    """Return a document as aligned lines of name and value; nested names are joined by dots."""
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, value in leaves(document):
        table.add_row(Text(shown(name)), Text(shown(_plain(value))))
    return table


def _plain(value: Any) -> str:  # noqa: ANN401 - a leaf of plain JSON data
    if isinstance(value, list | dict):
        return ", ".join(map(str, value)) or "none"
    return "none" if value is None else str(value)


def _waivers(judged: Sequence[Verdict]) -> list[str]:
    return [
        shown(
            f"waived in {verdict.gate} until {finding.waiver.expires}: {finding.name} {figure(finding)}; "
            f"{finding.waiver.reason} ({finding.waiver.owner})"
        )
        for verdict in judged
        for finding in verdict.findings
        if finding.waiver
    ]
