"""What `make decisions` writes: docs/decisions.md, a section a gate, and its pictures.

A run of some gates replaces their sections alone. What a section says beside its figures is the docstring of
the module that simulates.
"""

import importlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from benchmarks.decisions.figure import Figure

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "decisions.md"
PICTURES = DOCUMENT.parent / "pictures"
COLUMNS = ("what", "observed", "goal", "runs", "what people use today")
HEAD = """# How often the gates are wrong

Made by `make decisions`, which simulates the gates themselves, measurement and judgement, and counts what
they say. Nothing here is set by hand. A share has the simulation's own standard error beside it; what people
use today is judged on the same simulated data. A goal that is not kept says MISSED.
"""
ALT = {
    "promotion": "False promotion and power against the rows of the golden set",
    "coverage": "How often nominal 95 % intervals hold the truth",
    "latency": "Ratio of the p99s of one model timed against itself",
    "canary": "False alarms and delay of the canary over looks",
    "drift": "How often anything is alarmed although nothing that matters has changed",
}
SHOWN = {  # section to what it begins with
    "champion": "promotion",
    "intervals": "coverage",
    "latency": "latency",
    "canary": "canary",
    "drift": "drift",
}


def rendered(found: Mapping[str, Iterable[Figure]], before: str = "") -> str:
    """Return the document with these sections; others stay as they were before."""
    sections = sections_of(before)
    sections |= {name: _section(name, figures) for name, figures in found.items()}
    body = "".join(f"## {name}\n{text}" for name, text in sections.items())
    return f"{HEAD}\n{_missed(sections)}\n{body}"


def sections_of(text: str) -> dict[str, str]:
    """Return name of a section to what stands in it."""
    parts = text.split("\n## ")[1:]
    return {name: f"{rest.strip()}\n\n" for name, _, rest in (part.partition("\n") for part in parts)}


def row(figure: Figure) -> tuple[str, ...]:
    """Return what a line of the table says of a figure, in the order of `COLUMNS`."""
    share = figure.unit == "%"
    error = figure.standard_error
    observed = f"{figure.observed:.1%} ± {error:.1%}" if share else f"{figure.observed:.2f} ± {error:.2f} x"
    return figure.what, observed, f"{goal(figure)}{'' if figure.kept else ' MISSED'}", *_beside(figure)


def goal(figure: Figure) -> str:
    """Return the goal in words; empty where there is none."""
    if figure.goal is None:
        return ""
    if figure.most is not None:
        return f"{figure.goal * 100:g} to {figure.most:.1%}"
    limit = f"{figure.goal:.1%}" if figure.unit == "%" else f"{figure.goal:g} x"
    return f"{'≤' if figure.sense == 'at most' else '≥'} {limit}"


def _beside(figure: Figure) -> tuple[str, str]:
    today = figure.today if figure.beside is None else f"{figure.today}: {figure.beside:.1%}"
    return f"{figure.runs:,}", today


def _section(name: str, figures: Iterable[Figure]) -> str:
    told = (importlib.import_module(f"benchmarks.decisions.{name}").__doc__ or "").partition("\n    python")[
        0
    ]
    picture = SHOWN.get(name)
    shown = f"![{ALT[picture]}](pictures/{picture}.svg)\n\n" if picture else ""
    table = "".join(f"| {' | '.join(cells)} |\n" for cells in (COLUMNS, *map(row, figures)))
    head, _, rows = table.partition("\n")
    return f"{shown}{told.strip()}\n\n{head}\n|{'---|' * len(COLUMNS)}\n{rows}\n"


def _missed(sections: Mapping[str, str]) -> str:
    """Return how many goals there are, and which are missed."""
    rows = [
        (name, line.split(" | "))
        for name, text in sections.items()
        for line in text.splitlines()
        if line.startswith("| ") and not line.startswith(f"| {COLUMNS[0]} |")
    ]
    held = [(name, cells) for name, cells in rows if cells[2]]
    missed = [(name, cells) for name, cells in held if cells[2].endswith("MISSED")]
    told = f"{len(held) - len(missed)} of {len(held)} goals are kept.\n"
    lines = (f"- {name}: {cells[0][2:]}: {cells[1]}, goal {cells[2][:-7]}\n" for name, cells in missed)
    return told + ("\nMissed:\n\n" + "".join(lines) if missed else "")
