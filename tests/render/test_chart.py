"""The drawing says what the figures say."""

from hypothesis import given
from hypothesis import strategies as st

from gates.render.chart import WIDTH, interval
from gates.verdict import at_least, at_most

FIGURES = st.floats(-1e6, 1e6)


def columns(line: str, sign: str) -> int:
    """Return where a sign stands in a line."""
    return line.index(sign)


def test_a_difference_below_its_limit() -> None:
    """The interval left of no difference, and that left of the limit; every figure stands beside."""
    bar, nothing, limit = interval(at_least("delta", -0.0281, 0.005, low=-0.0398, high=-0.0164))
    assert (
        columns(bar, "├")
        < columns(bar, "●")
        < columns(bar, "┤")
        < columns(nothing, "│")
        < columns(limit, "▲")
    )
    assert bar.endswith("-0.0281, -0.0398 to -0.0164")
    assert nothing.split()[-1] == "0"
    assert limit.split()[-1] == "0.0050"


def test_a_difference_above_its_limit() -> None:
    """The interval may hold the limit and still be right of no difference."""
    bar, nothing, limit = interval(at_least("delta", 0.0088, 0.005, low=0.0014, high=0.0162))
    assert (
        columns(nothing, "│")
        < columns(bar, "├")
        < columns(limit, "▲")
        < columns(bar, "●")
        < columns(bar, "┤")
    )


def test_without_an_interval_nothing_is_drawn() -> None:
    """Neither for a figure that could not be measured, nor where all is one point."""
    assert interval(at_least("delta", 0.1, 0.005)) == []
    assert interval(at_most("p99", 3, 200, high=4)) == []
    assert interval(at_least("delta", None, 0.005, low=0, high=1)) == []
    assert interval(at_least("delta", 0, 0, low=0, high=0)) == []


@given(FIGURES, FIGURES, FIGURES, FIGURES)
def test_any_figures_are_drawn_in_order(low: float, figure: float, high: float, limit: float) -> None:
    """On lines of one width, one bar with both ends, whatever falls on the same column."""
    low, figure, high = sorted((low, figure, high))
    drawn = interval(at_least("delta", figure, limit, low=low, high=high))
    if not drawn:
        assert low == high == limit == 0
        return
    start = len("no difference  ")
    bars = [line[start : start + WIDTH] for line in drawn]
    assert [len(bar) for bar in bars] == [WIDTH] * 3
    assert set(bars[0]) <= set(" ├─●┤")
    assert bars[0].count("●") == 1
    assert bars[1].strip() == "│"
    assert bars[2].strip() == "▲"
    assert (bars[1].index("│") < bars[2].index("▲")) <= (limit > 0)
