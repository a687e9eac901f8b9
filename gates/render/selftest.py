"""What a self-test has found: one row a defect, the missed ones first, and one row a gate that blocks."""

from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from gates.render.markdown import advice, escaped
from gates.render.red import Red
from gates.render.sentences import shown

STYLES = {"caught": "green", "missed": "bold red", "not applicable": "dim"}
MARKS = {"caught": "✅ caught", "missed": "❌ missed", "not applicable": "… not applicable"}
PROVED = {"caught": "can fail", "missed": "missed {missed}", "not applicable": "not put to the test"}
RANK = ("missed", "caught", "not applicable")
LETTERS = 160  # of a reason, in a table


def table(document: Mapping[str, Any]) -> RenderableType:
    """Return one row a defect: whether it was caught, by whom and how soon; why, or what would catch it."""
    rows = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in ("defect", "outcome", "caught by", "seconds", "what was said"):
        rows.add_column(column, overflow="fold")
    for each in _ordered(document):
        outcome = Text(each["outcome"], STYLES[each["outcome"]])
        rows.add_row(each["name"], outcome, _by(each), _seconds(each), Text(_why(each)))
    if not rows.rows:
        return Text("")
    gates = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in ("gate", "caught", "outcome"):
        gates.add_column(column, overflow="fold")
    for gate in document["gates"]:
        gates.add_row(gate["gate"], _share(gate), Text(_proved(gate), STYLES[gate["outcome"]]))
    return Group(rows, "", gates, "")


def page(document: Mapping[str, Any], red: Red | None = None) -> str:
    """Return the same as Markdown."""
    lines = [f"## selftest: {document['outcome']}", "", escaped(document["sentence"]), ""]
    lines += [*advice(red), ""] if red else []
    if document["defects"]:
        lines += ["| defect | outcome | caught by | seconds | what was said |", "|---|---|---|---|---|"]
    for each in _ordered(document):
        cells = (each["name"], MARKS[each["outcome"]], _by(each), _seconds(each), escaped(_why(each)))
        lines.append(f"| {' | '.join(cells)} |")
    if document["defects"]:
        lines += ["", "| gate | caught | outcome |", "|---|---|---|"]
        told = [(each["gate"], _share(each), _proved(each)) for each in document["gates"]]
        lines += [f"| {' | '.join(cells)} |" for cells in told]
    return "\n".join([*lines, ""])


def _ordered(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return sorted(document["defects"], key=lambda each: RANK.index(each["outcome"]))


def _share(gate: Mapping[str, Any]) -> str:
    """Return how many of the defects that a gate is to catch it has caught."""
    return f"{gate['caught']} of {gate['applicable']}"


def _proved(gate: Mapping[str, Any]) -> str:
    """Return what the defects have proved of a gate."""
    return PROVED[gate["outcome"]].format(**gate)


def _by(each: Mapping[str, Any]) -> str:
    """Return who caught a defect; whoever was to catch it and did not is told too, where nobody else was."""
    silent = [who for who in each["expected"] if who not in each["by"]]
    other = each["by"] and len(silent) == len(each["expected"])
    return f"{', '.join(each['by'])}{f' (not by {silent[0]})' if other else ''}"


def _seconds(each: Mapping[str, Any]) -> str:
    return f"{each['seconds']:.2f}" if "seconds" in each else ""


def _why(each: Mapping[str, Any]) -> str:
    why = shown(" ".join(each["why"].split()))
    return why if len(why) <= LETTERS else f"{why[: LETTERS - 1]}…"
