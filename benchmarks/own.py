"""Run `judge`, `promote` or `rollback` once and print its own seconds: without MLflow and model libraries.

Two imports come before the clock starts: MLflow, and securesystemslib, which imports boto3.

For example `python benchmarks/own.py rollback previous "a reason"`, in a project's folder.
"""

import functools
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlflow
import securesystemslib.signer

from gates.adapters.connection import Connection
from gates.adapters.console import Screen
from gates.adapters.registry import Registry
from gates.adapters.tracking import Tracking
from gates.adapters.trial import Trial
from gates.run import judge, promote, rollback
from gates.run.project import now, open_project

IMPORTED_BEFORE = (mlflow, securesystemslib.signer)
ELSEWHERE: tuple[tuple[type, tuple[str, ...]], ...] = (
    (Connection, ("__init__",)),
    (Tracking, ("run_facts",)),
    (Registry, ("register", "fetch", "champion_version", "point_champion")),
    (Trial, ("load",)),  # waits for a process that imports what the model needs, and loads it
)

elsewhere = 0.0
depth = 0


def outside(function: Callable[..., Any]) -> Callable[..., Any]:
    """Count a function's time as somebody else's; one that calls another counts once."""

    @functools.wraps(function)
    def timed(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - any function's
        global elsewhere, depth  # noqa: PLW0603 - one counter for the whole program
        depth += 1
        begun = time.perf_counter()
        try:
            return function(*arguments, **options)
        finally:
            depth -= 1
            if depth == 0:
                elsewhere += time.perf_counter() - begun

    return timed


def main() -> None:
    """Time one command."""
    for owner, names in ELSEWHERE:
        for name in names:
            setattr(owner, name, outside(getattr(owner, name)))
    command, *arguments = sys.argv[1:]
    begun = time.perf_counter()
    project = open_project(Path(), command, Screen())
    match command:
        case "judge":
            judge.run(project, judge.Expected(), now().date(), "")
        case "promote":
            promote.run(project, "", apply=True)
        case "rollback":
            rollback.run(project, *arguments, apply=True)
    print(f"{time.perf_counter() - begun - elsewhere:.3f}")


if __name__ == "__main__":
    main()
