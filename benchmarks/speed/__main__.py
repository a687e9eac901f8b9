"""Time our figures beside what people write or use for the same.

python -m benchmarks.speed [statistics] [start] [chain] [fairness] [drift] [evidently] [schema]
"""

import importlib
import sys
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from benchmarks.speed.line import Line

PARTS = ("statistics", "start", "chain", "fairness", "drift", "evidently", "schema")


def main() -> None:
    """Time what is named, or all, and print the table."""
    found: list[Line] = []
    for part in sys.argv[1:] or PARTS:
        found += importlib.import_module(f"benchmarks.speed.{part}").lines()
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in ("ratio", "goal", "", "ours, s", "theirs, s", "memory, MB", "what"):
        table.add_column(column, justify="left" if column == "what" else "right")
    for line in found:
        memory = "" if line.memory is None else f"{line.memory:.0f}"
        seconds = (f"{line.ours:.4g}", f"{line.theirs:.4g}")
        said = "kept" if line.kept else "MISSED"
        table.add_row(times(line.ratio), times(line.goal), said, *seconds, memory, line.what)
    Console(width=160).print(table)


def times(ratio: float) -> str:
    """Return a ratio in words: so many times as fast, or so many times the time."""
    return f"{ratio:,.1f} x as fast" if ratio >= 1 else f"{1 / ratio:.2f} x the time"


if __name__ == "__main__":
    main()
