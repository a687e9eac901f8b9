"""Simulate every gate and print how often it is wrong: `make decisions`.

    python -m benchmarks.decisions [GATE …]

With every gate, the table is kept in docs/decisions.md too. Ends with 1 if a goal is missed.
"""

import importlib
import sys
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.decisions.figure import Figure

RUNS = {"champion": 2_000, "latency": 1_000, "fairness": 2_000, "canary": 4_000, "drift": 2_000}
DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "decisions.md"
HEAD = """# How often the gates are wrong

Made by `make decisions`, which simulates the gates themselves and counts what they say. A share has the
simulation's own standard error beside it.

| gate | what | observed | goal | runs | what people use today |
|---|---|---|---|---|---|
"""


def main() -> None:
    """Run what is named, or all, and print it."""
    gates = sys.argv[1:] or list(RUNS)
    console, found = Console(), list[Figure]()
    for gate in gates:
        start = time.perf_counter()
        found += importlib.import_module(f"benchmarks.decisions.{gate}").figures(RUNS[gate])
        console.print(f"decisions: {gate}, {time.perf_counter() - start:.0f} s", highlight=False)
    table = Table("gate", "what", "observed", "goal", "runs", "what people use today")
    for figure in found:
        table.add_row(*_row(figure), style="" if figure.kept else "red")
    console.print(table)
    if set(gates) == set(RUNS):
        rows = "".join(f"| {' | '.join(_row(figure))} |\n" for figure in found)
        DOCUMENT.write_text(HEAD + rows, "utf-8")
    sys.exit(not all(figure.kept for figure in found))


def _row(figure: Figure) -> tuple[str, ...]:
    share = figure.unit == "%"
    observed = f"{figure.observed:.1%} ± {figure.standard_error:.1%}" if share else f"{figure.observed:.2f} x"
    goal = ""
    if figure.goal is not None:
        limit = f"{figure.goal:.1%}" if share else f"{figure.goal:g} x"
        goal = f"{'≤' if figure.sense == 'at most' else '≥'} {limit}"
        if figure.most is not None:
            goal = f"{figure.goal:.1%} to {figure.most:.1%}"
        goal += "" if figure.kept else ", MISSED"
    today = figure.today if figure.beside is None else f"{figure.today}: {figure.beside:.0%}"
    return figure.gate, figure.what, observed, goal, f"{figure.runs:,}", today


if __name__ == "__main__":
    main()
