"""An interval against its limit, drawn with letters.

A step summary shows no picture: GitHub takes `data:` addresses out of it, and a picture that is stored
elsewhere would be a second system that has to answer. Monospaced text is seen by everybody.
"""

import math

from gates.render.sentences import number, shown
from gates.verdict import Finding

WIDTH = 41  # columns of the drawing: with its labels it fits beside GitHub's menu


def interval(finding: Finding, nothing: float = 0.0) -> list[str]:
    """Draw a figure with its interval, the limit, and the value that means no difference, each on a line.

    Args:
        finding: The figure; it needs both ends of an interval.
        nothing: The value that means no difference.

    Returns:
        Lines of the same columns; none where there is no interval to draw.
    """
    low, high, figure = finding.low, finding.high, finding.observed
    if low is None or high is None or figure is None:
        return []
    values = (low, figure, high, finding.limit, nothing)
    left, right = min(values), max(values)
    if not math.isfinite(right - left) or left == right:
        return []

    def column(value: float) -> int:
        return round((value - left) / (right - left) * (WIDTH - 1))

    bar = [" "] * WIDTH
    for place in range(column(low), column(high) + 1):
        bar[place] = "─"
    bar[column(low)], bar[column(high)], bar[column(figure)] = "├", "┤", "●"
    rows = [
        (shown(finding.name), "".join(bar), f"{number(figure)}, {number(low)} to {number(high)}"),
        ("no difference", _mark(column(nothing), "│"), number(nothing)),
        (
            "limit",
            _mark(column(finding.limit), "▲"),
            f"{number(finding.limit)} {shown(finding.unit)}".rstrip(),
        ),
    ]
    names = max(len(name) for name, _, _ in rows)
    return [f"{name:<{names}}  {drawn}  {text}" for name, drawn, text in rows]


def _mark(column: int, sign: str) -> str:
    return f"{' ' * column}{sign}".ljust(WIDTH)
