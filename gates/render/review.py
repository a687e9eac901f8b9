"""What a review of a change has seen: as Markdown for summary and comment, and for a terminal."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from gates.render.markdown import advice, escaped
from gates.render.red import Red
from gates.render.sentences import shown

MARKS = {
    "pass": "✅ pass",
    "warning": "⚠️ look at it",
    "fail": "❌ fail",
    "undecided": "⚠️ undecided",
    "skipped": "… not looked at",
}
STYLES = {"pass": "green", "fail": "bold red", "skipped": "dim"}
LEVELS = {"fail": "error", "undecided": "error", "warning": "warning"}
MOST = 20


def page(document: Mapping[str, Any], red: Red | None = None) -> str:
    """Return a review as Markdown: the outcome first, one row a look, then what each has to say."""
    of = "" if document["folder"] == "." else f" of {escaped(document['folder'])}"
    lines = [f"## review{of}: {document['outcome']}", "", escaped(document["sentence"]), ""]
    lines += [*advice(red), ""] if red else []
    lines += ["| look | outcome | what was seen |", "|---|---|---|"]
    lines += [
        f"| {each['look']} | {MARKS[each['outcome']]} | {escaped(each['sentence'])} |"
        for each in document["looks"]
    ]
    for each in document["looks"]:
        if each["remarks"] or each["lines"]:
            lines += ["", f"### {each['look']}", "", *_details(each)]
    return "\n".join([*lines, ""])


def _details(look: Mapping[str, Any]) -> list[str]:
    remarks, lines = look["remarks"], look["lines"]
    told = [f"- {_place(each)}{escaped(each['text'])}" for each in remarks[:MOST]]
    if len(remarks) > MOST:
        told.append(f"- … and {len(remarks) - MOST} more: gates review")
    return [*told, *(_as_it_is(lines) if lines else [])]


def _place(remark: Mapping[str, Any]) -> str:
    if not remark["file"]:
        return ""
    line = f":{remark['line']}" if remark["line"] else ""
    return f"{escaped(remark['file'])}{line}: "


def _as_it_is(lines: Sequence[str]) -> list[str]:
    """Return a block that its own lines cannot end."""
    kept = [shown(line) for line in lines[:MOST]]
    if len(lines) > MOST:
        kept.append(f"… and {len(lines) - MOST} more")
    longest = max((len(run) for line in kept for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return [fence, *kept, fence]


def table(document: Mapping[str, Any]) -> RenderableType:
    """Return one row a look; below, the places that they are about and what programs said."""
    rows = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in ("look", "outcome", "what was seen"):
        rows.add_column(column, overflow="fold")
    below = []
    for each in document["looks"]:
        style = STYLES.get(each["outcome"], "yellow")
        rows.add_row(each["look"], Text(each["outcome"], style), Text(shown(each["sentence"])))
        told = [f"{_plain_place(remark)}{shown(remark['text'])}" for remark in each["remarks"]]
        told += [shown(line) for line in each["lines"]]
        if told:
            below.append(
                Padding(
                    Text.assemble((each["look"], "bold"), "\n", "\n".join(told)), (1, 0, 0, 2), expand=False
                )
            )
    return Group(rows, *below, "")


def _plain_place(remark: Mapping[str, Any]) -> str:
    return f"{remark['file']}:{remark['line']}: " if remark["file"] else ""
