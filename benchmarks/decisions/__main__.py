"""Simulate every gate and print how often it is wrong: `make decisions`.

    python -m benchmarks.decisions [GATE …]

What is printed is kept in docs/decisions.md, with pictures. On two cores that are free it takes less than ten
minutes.
"""

import importlib
import os
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor

from rich.console import Console
from rich.table import Table

from benchmarks.decisions import document, pictures
from benchmarks.decisions.figure import Figure

# So many that a share of 5 % is known to about half a point; long ones are begun first.
RUNS = {
    "champion": 3_000,
    "drift": 1_000,
    "intervals": 1_000,
    "canary": 4_000,
    "latency": 1_000,
    "fairness": 4_000,
}


def main() -> None:
    """Run what is named, or all, print it and keep it."""
    gates, console, begun = sys.argv[1:] or list(RUNS), Console(), time.perf_counter()
    with ProcessPoolExecutor(os.cpu_count(), mp_context=None) as processes:
        found = dict(zip(gates, processes.map(simulated, gates), strict=True))
    table = Table("gate", *document.COLUMNS)
    for each in (figure for figures in found.values() for figure in figures):
        table.add_row(each.gate, *document.row(each), style="" if each.kept else "red")
    console.print(table)
    console.print(f"decisions: {time.perf_counter() - begun:.0f} s", highlight=False)
    keep(found)


def simulated(gate: str) -> Sequence[Figure]:
    """Return all figures of a gate."""
    begun = time.perf_counter()
    figures = tuple(importlib.import_module(f"benchmarks.decisions.{gate}").figures(RUNS[gate]))
    print(f"decisions: {gate}, {time.perf_counter() - begun:.0f} s", flush=True)
    return figures


def keep(found: Mapping[str, Sequence[Figure]]) -> None:
    """Write the document and the pictures of what was run."""
    path = document.DOCUMENT
    before = path.read_text("utf-8") if path.exists() else ""
    path.write_text(document.rendered(found, before), "utf-8")
    document.PICTURES.mkdir(exist_ok=True)
    for name, drawn in pictures.drawn(found).items():
        (document.PICTURES / f"{name}.svg").write_bytes(drawn)


if __name__ == "__main__":
    main()
