"""Drawing with matplotlib: a figure as SVG that a page can colour, the same bytes for the same figures.

Nobody's matplotlibrc is asked, and ids are made of a fixed salt. Text stays text, for screen readers and for
whoever searches the page. A colour is written as the page's variable of that name, so a dark page draws it in
another one.
"""

import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

# What the page calls a colour, and what is drawn where it calls nothing so: the light page's own.
COLOURS = {
    "challenger": "#0b57d0",
    "champion": "#9a4a00",
    "limit": "#b3261e",
    "ink": "#1f1f1f",
    "faint": "#767676",
}
STYLES = {"challenger": "-", "champion": "--"}  # told apart without colours too
WIDTH = 3.6  # inches; a phone shows it unscaled
SALT = "ml-gates"
LONGEST = 28  # letters of a label
LONGEST_BESIDE = 21  # letters of a name in the legend that leave room for another
MOST_DOTS = 30  # below one another
PER_DOT = 0.26  # inches
LEAST_FOLD = 5  # from end to end of an axis that powers of ten mark
MOST_FOLD = 500  # from end to end of an axis that has room for more than the powers of ten
_TAG = re.compile(r"<[^>]*>")
_ID = re.compile(r' id="([^"]*)"')
_REFERENCE = re.compile(r'(?:url\(#|href="#)([^")]+)')


@dataclass(frozen=True)
class Dot:
    """A figure with its interval, on a line of its own, and the limit that it is held against."""

    label: str
    value: float
    low: float | None = None
    high: float | None = None
    limit: float | None = None
    colour: str = "challenger"


def drawn(name: str, title: str, height: float, draw: "Callable[[Any], None]") -> str:
    """Return a figure as an SVG element for a page.

    Args:
        name: What keeps its ids apart from those of the page's other figures.
        title: What it shows, for who cannot see it.
        height: Inches.
        draw: Draws on the axes.
    """
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(
            {
                "svg.fonttype": "none",
                "svg.hashsalt": SALT,
                "text.parse_math": False,  # a dollar sign in a column's name is a dollar sign
                "text.color": COLOURS["ink"],
                "font.size": 9,
                "font.family": ["DejaVu Sans"],
                "axes.edgecolor": COLOURS["faint"],
                "axes.labelcolor": COLOURS["ink"],
                "xtick.color": COLOURS["ink"],
                "ytick.color": COLOURS["ink"],
            }
        )
        figure = Figure(figsize=(WIDTH, height), layout="constrained", facecolor="none")
        canvas: Any = FigureCanvasSVG(figure)
        axes = figure.add_subplot(facecolor="none")
        axes.spines[["top", "right"]].set_visible(False)
        draw(axes)
        written = io.StringIO()
        # Not savefig, which draws each figure once more, to find a layout that this finds too.
        canvas.print_svg(written, metadata=dict.fromkeys(_METADATA))
    return _for_page(written.getvalue(), name, title)


def dots(axes: Any, rows: Sequence[Dot]) -> None:  # noqa: ANN401 - matplotlib's axes
    """Draw the first `MOST_DOTS` figures one below the other, each with its interval and its limit."""
    rows = rows[:MOST_DOTS]
    for place, row in enumerate(reversed(rows)):
        colour = COLOURS[row.colour]
        low, high = (row.value if end is None else end for end in (row.low, row.high))
        axes.plot([low, high], [place, place], color=colour, linewidth=2, solid_capstyle="butt")
        axes.plot([row.value], [place], marker="o", color=colour, markersize=5)
        if row.limit is not None:
            limit = [row.limit, row.limit]
            axes.plot(limit, [place - 0.35, place + 0.35], color=COLOURS["limit"], linewidth=2)
    axes.set_yticks(range(len(rows)), [shortened(row.label) for row in reversed(rows)])
    axes.set_ylim(-0.6, len(rows) - 0.4)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x", color=COLOURS["faint"], alpha=0.25)


def height(rows: Sequence[Dot]) -> float:
    """Return how many inches a drawing of these figures needs."""
    return 0.7 + PER_DOT * min(len(rows), MOST_DOTS)


def line(axes: Any, x: float, label: str, colour: str, style: str = "-") -> None:  # noqa: ANN401 - matplotlib's axes
    """Draw a line from bottom to top, named in the legend."""
    axes.axvline(x, color=COLOURS[colour], linestyle=style, linewidth=1.4, label=label)


def logarithmic(axes: Any) -> None:  # noqa: ANN401 - matplotlib's axes
    """Make the axis from left to right a logarithmic one, with plain numbers to read it by."""
    from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator

    axes.set_xscale("log")
    low, high = axes.get_xlim()
    powers = LogLocator(subs=(1, 2, 5) if high < MOST_FOLD * low else (1,))
    axes.xaxis.set_major_locator(MaxNLocator(4) if high < LEAST_FOLD * low else powers)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_locator(NullLocator())  # matplotlib names these in TeX, which nobody here can read


def legend(axes: Any) -> None:  # noqa: ANN401 - matplotlib's axes
    """Name what is drawn, below the picture, where it covers nothing."""
    names = axes.get_legend_handles_labels()[1]
    beside = 2 if max(map(len, names)) <= LONGEST_BESIDE else 1
    axes.figure.legend(loc="outside lower center", ncols=beside, frameon=False)


def shortened(text: str) -> str:
    """Return a label that leaves room for the picture; the page's table has all of it."""
    plain = "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)
    return plain if len(plain) <= LONGEST else f"{plain[: LONGEST - 1]}…"


_METADATA = ("Creator", "Date", "Format", "Type")


def _for_page(written: str, name: str, title: str) -> str:
    """Return the SVG element alone, its colours the page's, and its ids no other drawing's."""
    from markupsafe import escape

    svg = written[written.index("<svg") :].rstrip()
    svg = re.sub(r"<(metadata|style).*?</\1>", "", svg, flags=re.DOTALL)  # the page has a style of its own
    referred = {*_REFERENCE.findall(svg)}

    def own(tag: re.Match[str]) -> str:
        text = _ID.sub(lambda found: f' id="{name}-{found[1]}"' if found[1] in referred else "", tag[0])
        text = _REFERENCE.sub(lambda found: f"{found[0][: -len(found[1])]}{name}-{found[1]}", text)
        for variable, colour in COLOURS.items():
            text = text.replace(colour, f"var(--{variable})")
        return text

    svg = _TAG.sub(own, svg)  # a label that looks like an id or a colour stays what it says
    head = f'<svg role="img" aria-label="{escape(title)}" '
    return re.sub(r"\s*\n\s*", "\n", svg.replace("<svg ", head, 1))
