"""Print how long things take here, beside something to compare with: `make bench`.

Every figure is the median of several runs on this machine, in one session; the ratio says more than the
seconds, because both sides ran here.
"""

import functools
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import workflows
from tests.workflows import harness

ROOT = Path(__file__).resolve().parent.parent
RUNS = 5


@dataclass(frozen=True)
class Figure:
    """One line of the table: what was timed, its goal, and what it is compared with, in seconds."""

    what: str
    seconds: float
    goal: float | None
    beside: str
    beside_seconds: float


def main() -> None:
    """Time everything and print the table."""
    python, mlflow = started("pass"), started("import mlflow")
    figures = [
        Figure("import gates", started("import gates"), 0.3, "python", python),
        Figure("gates --help", median(lambda: gates(ROOT, "--help")), 0.5, "python", python),
    ]
    with tempfile.TemporaryDirectory() as folder:
        project = clone(Path(folder))
        figures += list(chain(project, mlflow))
        figures += list(loading(project))
        figures += list(on_github(Path(folder) / "act", project))
    show(figures)


def chain(project: Path, mlflow: float) -> Iterator[Figure]:
    """Time the demo from a clean clone to a rollback."""
    timings: dict[str, float] = {}
    first = seconds(lambda: timings.update(shipped(project)))
    yield Figure("ship, clean clone to champion", first, 60, "import mlflow", mlflow)
    for job, taken in timings.items():
        yield Figure(f"  of it {job}", taken, None, "ship", first)
    again = median(lambda: gates(project, "ship"))
    yield Figure("ship, nothing changed", again, 4, "ship", first)
    params = project / "params.yaml"
    params.write_text(params.read_text().replace("n_estimators: 30", "n_estimators: 150"))
    git(project, "commit", "-qam", "more trees")
    for job in ("data", "train", "predict"):
        gates(project, job)
    own = own_seconds(project, "judge") + own_seconds(project, "promote")
    yield Figure("judge and promote, the gates' own part", own, 2, "ship", first)
    versions = itertools.cycle(("1", "2"))
    back = median(lambda: gates(project, "rollback", "--apply", "--reason", "bench", "--to", next(versions)))
    yield Figure("rollback", back, 5, "import mlflow", mlflow)
    yield Figure(
        "rollback, its own part", own_seconds(project, "rollback", next(versions), ""), 0.2, "rollback", back
    )


def loading(project: Path) -> Iterator[Figure]:
    """Time what the verified loader does beside reading: in a process that has loaded once."""
    driver = Path(__file__).with_name("loading.py")
    took = json.loads(run(project, sys.executable, str(driver)).stdout.splitlines()[-1])
    what = f"load_champion, verifying {took['entries']} entries"
    yield Figure(what, took["verify"], 0.005, "hashing it", took["hash"])
    plain = took["sha256"]
    yield Figure("hash 256 MiB, one file", took["one"], plain, "openssl dgst -sha256", plain)
    yield Figure("hash 256 MiB, 64 files", took["many"], plain, "openssl dgst -sha256", plain)


def on_github(folder: Path, project: Path) -> Iterator[Figure]:
    """Time the pull request's gate, and ship.yml where act is built."""
    review = median(lambda: gates(project, "review"))
    yield Figure(
        "gates review, the pull request's gate", review, 60, "import mlflow", started("import mlflow")
    )
    if harness.find_act() is None:
        return
    for what, goal, world in workflows.played(folder):
        taken = seconds(functools.partial(workflows.push, world))
        yield Figure(what, taken, goal, "gates review", review)


def own_seconds(project: Path, command: str, *arguments: str) -> float:
    """Run a command's function in a process of its own and return its time less that of MLflow and skops."""
    driver = Path(__file__).with_name("own.py")
    ended = run(project, sys.executable, str(driver), command, *arguments)
    return float(ended.stdout.split()[-1])


def clone(folder: Path) -> Path:
    """Return a clean clone of this commit with its bucket filled."""
    project = folder / "demo"
    run(folder, "git", "clone", "--quiet", str(ROOT), str(project))
    for name in ("user.name", "user.email"):
        git(project, "config", name, "bench@example.invalid")
    run(project, sys.executable, "scripts/fill_bucket.py")
    return project


def shipped(project: Path) -> dict[str, float]:
    """Ship and return the seconds of each job."""
    answer = json.loads(gates(project, "ship", "--json").stdout)
    return {name: float(value) for name, value in answer["timings_s"].items()}


def gates(project: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run a command of gates."""
    return run(project, sys.executable, "-m", "gates", *arguments)


def git(project: Path, *arguments: str) -> None:
    """Run a command of git."""
    run(project, "git", *arguments)


def run(cwd: Path, *command: str) -> "subprocess.CompletedProcess[str]":
    """Run a command that must succeed."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)}
    ended = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    if ended.returncode:
        sys.exit(f"{' '.join(command)} ended with {ended.returncode}:\n{ended.stdout}{ended.stderr}")
    return ended


def started(code: str) -> float:
    """Return the seconds that a fresh Python takes for a line of code."""
    return median(lambda: run(ROOT, sys.executable, "-c", code))


def median(work: Callable[[], object]) -> float:
    """Return the median seconds of several runs, after one that warms the caches."""
    work()
    return statistics.median(seconds(work) for _ in range(RUNS))


def seconds(work: Callable[[], object]) -> float:
    """Return the seconds of one run."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def show(figures: list[Figure]) -> None:
    """Print the table: seconds, goal, and the ratio to what stands beside it."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("what")
    for column in ("seconds", "goal", ""):
        table.add_column(column, justify="right")
    table.add_column("beside it")
    for each in figures:
        goal = f"≤ {each.goal:.3g}" if each.goal else ""
        kept = "" if each.goal is None else ("kept" if each.seconds <= each.goal else "MISSED")
        ratio = f"{each.seconds / each.beside_seconds:.2f} x {each.beside} ({each.beside_seconds:.3g} s)"
        table.add_row(each.what, f"{each.seconds:.3f}", goal, kept, ratio)
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
