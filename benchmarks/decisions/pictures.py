"""The pictures of docs/decisions.md: of the figures in its tables, and of nothing else.

The same figures give the same bytes: the ids in an SVG come from a fixed salt, and no date is in it.
"""

import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import PercentFormatter

from benchmarks.decisions.figure import Figure

OURS, THEIRS, GOAL, INK = "#0072b2", "#d55e00", "#009e73", "#333333"  # told apart by the colour-blind too
SHADES = (OURS, "#56b4e9", "#004d7a", "#7f9fbf")
STYLE: dict[Any, Any] = {
    "svg.hashsalt": "decisions",
    "svg.fonttype": "path",
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": INK,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e6e6e6",
    "legend.frameon": False,
    "legend.fontsize": 9,
    "figure.facecolor": "white",
}
Found = Mapping[str, Sequence[Figure]]


def drawn(found: Found) -> dict[str, bytes]:
    """Return name to SVG of each picture whose simulations were all run."""
    return {name: _svg(draw, found) for name, (needs, draw) in DRAWN.items() if needs.issubset(found)}


def _svg(draw: Callable[[Found], Canvas], found: Found) -> bytes:
    with mpl.rc_context(STYLE):
        out = io.BytesIO()
        draw(found).savefig(out, format="svg", metadata={"Date": None, "Creator": None}, bbox_inches="tight")
        return out.getvalue()


# ---------------------------------------------------------------- one picture each


def _promotion(found: Found) -> Canvas:
    canvas, (left, right) = _side_by_side("No better: promoted all the same", "Better: promoted", height=4.8)
    told = [each for each in found["champion"] if each.point]
    wrong = [each for each in told if each.what.startswith("false promotion")]
    for shade, (line, figures) in zip(SHADES, _lines(wrong).items(), strict=False):
        _against(left, figures, shade, f"the gate, {line}", lambda each: each.observed)
    for figures in _lines(wrong).values():
        _against(left, figures, THEIRS, "", lambda each: each.beside or 0.0)
    left.plot([], [], color=THEIRS, marker="o", label="more than .005 better on the golden set")
    _limit(left, 0.055)
    right_of = [each for each in told if each.what.startswith("promoted")]
    for shade, (line, figures) in zip(SHADES, _lines(right_of).items(), strict=False):
        _against(right, figures, shade, f"the gate, {line}", lambda each: each.observed)
    for axes in (left, right):
        axes.set_xscale("log")
        rows = sorted({round(each.point[1]) for each in told if each.point})
        axes.set_xticks(rows, [f"{each:,}" for each in rows])
        axes.tick_params(axis="x", which="minor", bottom=False, labelbottom=False)
        axes.set_xlabel("rows of the golden set")
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.18))
    left.set_ylim(0, 0.5)
    right.set_ylim(0, 1.02)
    return canvas


def _coverage(found: Found) -> Canvas:
    every = [each for figures in found.values() for each in figures if each.what.startswith("coverage of")]
    every.reverse()
    canvas = Canvas(figsize=(9, 0.27 * len(every) + 1))
    axes = canvas.subplots()
    axes.axvspan(0.94, 0.965, color=GOAL, alpha=0.18, lw=0)
    axes.axvline(0.95, color=GOAL, lw=1)
    least = 0.85
    for place, each in enumerate(every):
        colour = OURS if each.kept else THEIRS
        error = 2 * each.standard_error
        if each.observed < least:
            axes.annotate(
                f"{each.observed:.0%}",
                (least, place),
                (least + 0.006, place),
                color=colour,
                va="center",
                arrowprops={"arrowstyle": "->", "color": colour},
            )
            continue
        axes.plot([each.observed - error, min(each.observed + error, 1.0)], [place] * 2, color=colour, lw=1)
        axes.plot(each.observed, place, "o", color=colour, ms=5)
    axes.set_yticks(range(len(every)), [each.what.removeprefix("coverage of 95 %, ") for each in every])
    axes.tick_params(axis="y", labelsize=8, length=0)
    axes.set(xlim=(least, 1.002), ylim=(-0.7, len(every) - 0.3))
    axes.xaxis.set_major_formatter(PercentFormatter(1.0, 0))
    axes.set_title(
        "Share of nominal 95 % intervals that hold the truth, ± 2 standard errors\n"
        "green: the goal, 94 to 96.5 %; orange: outside of it",
        loc="left",
        fontsize=10,
    )
    return canvas


def _latency(found: Found) -> Canvas:
    told = [each for each in found["latency"] if each.samples]
    scenes = [each.what.rpartition("requests each, ")[2] for each in told]
    canvas, both = _side_by_side(*(scene[0].upper() + scene[1:] for scene in scenes))
    bins = np.linspace(np.log(0.4), np.log(2.5), 61)
    for axes, figure in zip(both, told, strict=True):
        for colour, (name, ratios) in zip((OURS, THEIRS), figure.samples.items(), strict=True):
            drawn_from = np.clip(np.log(ratios), bins[0], bins[-1])
            weights = np.full(len(ratios), 1.0 / len(ratios))
            axes.hist(drawn_from, bins.tolist(), weights=weights, alpha=0.55, color=colour, label=name)
        for edge in (1 / 1.1, 1.1):
            axes.axvline(np.log(edge), color=GOAL, lw=1, ls="--")
        ticks = (0.5, 0.7, 1 / 1.1, 1.1, 1.5, 2.0)
        axes.set_xticks(np.log(ticks), [f"{each:.2g}" for each in ticks])
        axes.set_xlabel("p99 of a model over p99 of the same model")
    both[0].legend(loc="upper right")
    return canvas


def _canary(found: Found) -> Canvas:
    canvas, (left, right) = _side_by_side(
        "As good as stable: rolled back", "3 % errors in place of 1 %: rolled back"
    )
    alarms = [each for each in found["canary"] if each.point and each.point[0] == "false alarm"]
    longest = max(alarms, key=lambda each: each.point[1] if each.point else 0.0)
    for colour, (name, looks) in zip((OURS, THEIRS), longest.samples.items(), strict=True):
        _share_by_look(left, looks, 480, colour, name)
    _limit(left, 0.05)
    left.set_xlabel("looks, one a minute, 100 + 900 requests each")
    left.set_xticks([0, 60, 120, 240, 360, 480])
    left.set_ylim(0, 0.5)
    left.legend(loc="upper left")
    delay = next(each for each in found["canary"] if each.point and each.point[0] == "delay")
    for colour, (name, looks) in zip((OURS, INK), delay.samples.items(), strict=True):
        _share_by_look(right, looks, 120, colour, f"{name}, after {np.mean(looks):.0f} looks on average")
    right.set_xlabel("looks, 10 + 90 requests each")
    right.set_ylim(0, 1.02)
    right.legend(loc="lower right")
    return canvas


def _drift(found: Found) -> Canvas:
    told = [each for each in found["drift"] if each.point]
    canvas = Canvas(figsize=(9, 3.6))
    axes = canvas.subplots()
    for colour, shift, name in ((OURS, -0.2, "the gate"), (THEIRS, 0.2, "what people use today")):
        shares = [each.observed if colour == OURS else each.beside or 0.0 for each in told]
        places = np.arange(len(told)) + shift
        axes.bar(places, shares, 0.36, color=colour, label=name)
        for place, share, each in zip(places, shares, told, strict=True):
            under = "" if colour == OURS else f"\n{each.today}"
            axes.text(
                place, max(share + 0.015, 0.06), f"{share:.1%}{under}", ha="center", va="bottom", fontsize=8
            )
    axes.axhline(0.05, color=GOAL, lw=1, ls="--", label="goal, 5 %")
    axes.set_xticks(range(len(told)), [each.point[0] if each.point else "" for each in told])
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, 0))
    axes.grid(visible=False, axis="x")
    axes.set_ylim(0, 1.0)
    axes.set_title(
        "Tables that are alarmed although nothing that matters has changed", loc="left", fontsize=10
    )
    axes.legend(loc="upper right", ncols=3)
    return canvas


DRAWN: dict[str, tuple[frozenset[str], Callable[[Found], Canvas]]] = {
    "promotion": (frozenset({"champion"}), _promotion),
    "coverage": (frozenset({"champion", "intervals", "latency", "fairness"}), _coverage),
    "latency": (frozenset({"latency"}), _latency),
    "canary": (frozenset({"canary"}), _canary),
    "drift": (frozenset({"drift"}), _drift),
}


# ---------------------------------------------------------------- what they share


def _side_by_side(*titles: str, height: float = 3.6) -> tuple[Canvas, tuple[Axes, Axes]]:
    canvas = Canvas(figsize=(9, height), layout="constrained")
    left, right = canvas.subplots(1, 2)
    for axes, title in zip((left, right), titles, strict=True):
        axes.set_title(title, loc="left", fontsize=10)
        axes.yaxis.set_major_formatter(PercentFormatter(1.0, 0))
    return canvas, (left, right)


def _lines(figures: Sequence[Figure]) -> dict[str, list[Figure]]:
    lines: dict[str, list[Figure]] = {}
    for each in figures:
        if each.point:
            lines.setdefault(each.point[0], []).append(each)
    return lines


def _against(
    axes: Axes, figures: Sequence[Figure], colour: str, label: str, share: Callable[[Figure], float]
) -> None:
    places = [each.point[1] for each in figures if each.point]
    shares = [share(each) for each in figures]
    axes.plot(places, shares, color=colour, marker="o", ms=4, lw=1.5, label=label or None)


def _limit(axes: Axes, share: float) -> None:
    axes.axhline(share, color=GOAL, lw=1, ls="--", label=f"goal, {share:.1%}")


def _share_by_look(axes: Axes, looks: Sequence[float], longest: int, colour: str, label: str) -> None:
    """Draw the share of runs that have ended by each look."""
    by = np.arange(longest + 1)
    shares = np.searchsorted(np.sort(looks), by, side="right") / len(looks)
    axes.plot(by, shares, color=colour, lw=1.8, label=label)
