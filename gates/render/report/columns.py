"""The columns of the data: what the contract promises, what is broken, and how the values are spread."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gates.render.sentences import number, shown
from gates.statement import Decision
from gates.verdict import Finding

HEIGHT = 24  # of the highest bar


@dataclass(frozen=True)
class Column:
    """One row of a table's columns.

    Attributes:
        name: Its name.
        broken: The rules that it breaks, each with how often.
        promised: What its contract says.
        missing: How many rows have no value.
        values: From where to where, or the most frequent ones.
        bars: Heights of the bars of its histogram.
        counts: What they stand for.
    """

    name: str
    broken: tuple[str, ...]
    promised: str
    missing: str
    values: str
    bars: tuple[int, ...]
    counts: str


@dataclass(frozen=True)
class Table:
    """A table's columns, those that break a rule first."""

    name: str
    rows: str
    broken: str
    breaks: bool
    columns: tuple[Column, ...]


def tables(decision: Decision, exhibits: Mapping[str, Any]) -> list[Table]:
    """Return the tables whose columns were kept, as the gate schema has seen them."""
    findings = [
        each for verdict in decision.verdicts if verdict.gate == "schema" for each in verdict.findings
    ]
    return [_table(name, kept, findings) for name, kept in exhibits.get("columns", {}).items()]


def _table(name: str, kept: Mapping[str, Any], findings: Sequence[Finding]) -> Table:
    prefix = f"violations/{name}/"
    names = [each["name"] for each in kept["columns"]]
    broken: dict[str, list[str]] = {}
    for each in findings:
        if each.name.startswith(prefix) and each.observed:
            column, rule = _column_and_rule(each.name.removeprefix(prefix), names)
            broken.setdefault(column, []).append(
                shown(f"{rule or column}: {number(each.observed)} rows. {each.note}".strip())
            )
    rows = [_column(each, tuple(broken.pop(each["name"], ()))) for each in kept["columns"]]
    missing = [
        Column(shown(each), tuple(rules), "", "", "not in the table", (), "")
        for each, rules in sorted(broken.items())
    ]
    found = sorted([*missing, *rows], key=lambda each: not each.broken)
    count = sum(len(each.broken) for each in found)
    told = f"{count} broken rule{'' if count == 1 else 's'}" if count else "no rule broken"
    more = f", {kept['more']} more columns not shown" if kept.get("more") else ""
    return Table(name, number(kept["rows"]), told + more, count > 0, tuple(found))


def _column_and_rule(text: str, names: Sequence[str]) -> tuple[str, str]:
    """Split what a finding is about, where a column's name may have a slash too; of several, the longest."""
    fitting = [name for name in names if f"{text}/".startswith(f"{name}/")]
    column = max(fitting, key=len, default=text.partition("/")[0])
    return column, text.removeprefix(column).removeprefix("/")


def _column(kept: Mapping[str, Any], broken: tuple[str, ...]) -> Column:
    bars = kept.get("bars", [])
    most = max(bars, default=0)
    heights = tuple(round(HEIGHT * each / most) for each in bars) if most else ()
    return Column(
        shown(kept["name"]),
        broken,
        shown(kept.get("promised", "")),
        number(kept["missing"]),
        shown(_values(kept)),
        heights,
        ", ".join(map(str, bars)),
    )


def _values(kept: Mapping[str, Any]) -> str:
    if "low" in kept:
        return f"{number(kept['low'])} to {number(kept['high'])}"
    if "often" in kept:
        named = ", ".join(f"{text} ({number(count)})" for text, count in kept["often"])
        return f"{number(kept['distinct'])} distinct: {named}"
    return ""
