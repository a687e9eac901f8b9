"""Break everything everywhere and print how long it took to be well again: `make faults`.

All cases of the fault matrix, all seeds of the load, and a server that hangs; the tests run the same code.
"""

import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.bench import Figure, show
from gates.errors import ExitCode
from tests.faults import load, matrix, scene
from tests.faults.matrix import LEDGERS, Matrix, Outcome

SEEDS = 20
RERUN_S = 5
ANSWER_S = 30
LINES = {
    "promote": ("promote", "--apply"),
    "rollback": (*scene.ROLLBACK, "--apply"),
    "reconcile": ("reconcile",),
    "audit": ("audit",),
    "judge": ("judge", "--approver", "Ada"),
}


def main() -> None:
    """Run everything, print the tables, and end with 1 where something did not end well."""
    with tempfile.TemporaryDirectory() as folder:
        broken, figures = matrix_figures(Path(folder) / "matrix")
        lost, loaded = load_figures(Path(folder) / "load")
    show([*figures, *loaded])
    for line in (*broken, *lost):
        print(line)
    sys.exit(1 if broken or lost else 0)


def matrix_figures(folder: Path) -> tuple[list[str], list[Figure]]:
    """Run the whole matrix, then every command against a server that hangs."""
    folder.mkdir()
    broken, figures, slowest, cases, unharmed = list[str](), list[Figure](), 0.0, 0, 0.0
    with matrix.start(folder) as every:
        for outcome in outcomes(every):
            cases += 1
            slowest = max([slowest, *(each.seconds for each in outcome.reruns)])
            unharmed = outcome.first.seconds if outcome.first.code == 0 else unharmed
            broken += [f"{outcome.case}: {wrong}" for wrong in outcome.wrong]
        print(f"{cases} cases of the fault matrix, {cases - len(broken)} recovered")
        figures.append(Figure(f"slowest rerun of {cases}", slowest, RERUN_S, "an unharmed run", unharmed))
        figures += hanging(every, unharmed)
    return broken, figures


def outcomes(every: Matrix) -> Iterator[Outcome]:
    """Yield how each case ended."""
    for fault in matrix.faults():
        for command in scene.COMMANDS:
            for ledger in LEDGERS:
                yield from every.run(every.cases(command, ledger, fault))


def hanging(every: Matrix, unharmed: float) -> Iterator[Figure]:
    """Time each command with its own limits, as a process of its own, against a server that hangs."""
    with every.lane() as lane:
        for name, arguments in LINES.items():
            seconds, code = lane.hang(arguments)
            what = f"MLflow hangs: gates {name}, exit code {code}"
            yield Figure(
                what, seconds, ANSWER_S if code == ExitCode.UNAVAILABLE else 0, "an unharmed run", unharmed
            )


def load_figures(folder: Path) -> tuple[list[str], list[Figure]]:
    """Run every seed over both ledgers."""
    folder.mkdir()
    lost, figures = list[str](), list[Figure]()
    with load.start(folder) as place:
        for ledger in LEDGERS:
            begun = time.perf_counter()
            for seed in range(SEEDS):
                lost += [f"seed {seed} over {ledger}: {each}" for each in place.wrong(ledger, seed)]
            taken = (time.perf_counter() - begun) / SEEDS
            what = f"{load.PEOPLE} movers at once over {ledger}, one of {SEEDS} seeds"
            figures.append(Figure(what, taken, None, "one mover's share", taken / load.PEOPLE))
    print(f"{2 * SEEDS} crowds of {load.PEOPLE}: {len(lost)} lost updates, broken chains or stray aliases")
    return lost, figures


if __name__ == "__main__":
    main()
