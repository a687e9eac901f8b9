"""One picture of a report: a question, its answer, the drawing, and the same figures in a table."""

from dataclasses import dataclass

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
