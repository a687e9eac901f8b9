"""One picture of a report: a question, its answer, the drawing, and the same figures in a table."""

from collections.abc import Sequence
from dataclasses import dataclass

from gates.render.report.drawing import MOST_DOTS, Dot
from gates.render.sentences import number
from gates.verdict import Finding

Row = tuple[str, ...]


@dataclass(frozen=True)
class Picture:
    """One picture.

    Attributes:
        name: Its place on the page.
        question: What it answers.
        answer: The answer in a sentence.
        svg: The drawing.
        head: Names of the table's columns.
        rows: The figures that are drawn.
        method: How they were made, with the source of a formula.
        rests_on: How many of what.
        source: The file that holds them.
    """

    name: str
    question: str
    answer: str
    svg: str
    head: Row
    rows: tuple[Row, ...]
    method: str
    rests_on: str
    source: str


def cut(answer: str, rows: Sequence[Dot]) -> str:
    """Return an answer that also says how many of the figures are drawn, where not all of them are."""
    if len(rows) <= MOST_DOTS:
        return answer
    return f"{answer} Drawn are the first {MOST_DOTS} of {number(len(rows))}; the table has all."


def optional(value: float | None) -> str:
    """Return a figure for a table; nothing where there is none."""
    return "" if value is None else number(value)


def outcome(finding: Finding) -> str:
    """Return a finding's outcome, and whether it is waived."""
    return f"{finding.outcome.value}, waived" if finding.waiver else finding.outcome.value
