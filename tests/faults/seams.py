"""Where a command meets the world: every call there is a step, and before any of them things may break.

Nobody lists the steps: they are recorded in a run that nothing harms, so a new step is a new row.
"""

import functools
import inspect
import os
import resource
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any, Self

from gates import ledger
from gates.adapters import files, keys, model, replay, trial
from gates.adapters.console import Screen
from gates.adapters.s3_store import S3Store
from gates.adapters.store import FolderStore
from gates.envelope import seal
from gates.policy_values import Task
from gates.run import project
from gates.run.project import Project, now

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Order:
    """What shall happen, and before which call at the seams (the first is 1).

    Attributes:
        fault: One of `FAULTS`.
        at: Number of the call.
    """

    fault: str
    at: int


class _Off(datetime):
    """A clock that is a day off."""

    by = DAY

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Self:
        """Return the time, a day from now."""
        return super().now(tz) + cls.by


def kill(_: int) -> None:
    """The machine goes down."""
    os.kill(os.getpid(), signal.SIGKILL)


def terminate(_: int) -> None:
    """The runner tells us to end."""
    os.kill(os.getpid(), signal.SIGTERM)


def fill_disk(_: int) -> None:
    """From now on the kernel lets no file grow, nor be written."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))


def put_clock_off(at: int) -> None:
    """The clock jumps by a day: ahead before one step, back before the next."""
    _Off.by = DAY if at % 2 else -DAY
    vars(project)["datetime"] = _Off  # the one place where the time is read


def write_between(_: int) -> None:
    """Another machine notes a refusal in the ledger; it moves nothing."""
    opened = Project(Path.cwd(), Path("log"), Screen(quiet=True))
    history = opened._history()
    entry = ledger.next_entry(
        history,
        operation="of another machine",
        kind="refuse",
        target=None,
        reason="fail: golden",
        actor="another",
        time=now(),
        evidence=history.champion.statement if history.champion else None,
    )
    signer, _ = keys.signer(opened.root)
    opened.store.append(entry.seq, seal(ledger.to_document(entry), ledger.PAYLOAD_TYPE, signer))


FAULTS: dict[str, Callable[[int], None]] = {
    "SIGKILL": kill,
    "SIGTERM": terminate,
    "disk full": fill_disk,
    "clock off by a day": put_clock_off,
    "a concurrent writer": write_between,
}


def install(order: Order | None, calls: int) -> None:
    """Record every call at the seams into a file, and do harm before one of them."""
    from mlflow import MlflowClient

    _load_here()
    count, depth = 0, 0

    def step(name: str) -> None:
        nonlocal count, depth
        count += 1
        os.write(calls, f"{name}\n".encode())
        if order and count == order.at:
            depth += 1  # what the harm itself calls is no step
            FAULTS[order.fault](count)
            depth -= 1

    def watched(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def call(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - any function's
            nonlocal depth
            if depth == 0:
                step(name)
            depth += 1
            try:
                return function(*arguments, **options)
            finally:
                depth -= 1

        return call

    for owner in (FolderStore, S3Store, MlflowClient, files):
        for name, function in list(vars(owner).items()):
            ours = owner is not files or getattr(function, "__module__", "") == files.__name__
            if inspect.isfunction(function) and not name.startswith("_") and ours:
                setattr(owner, name, watched(f"{owner.__name__.rpartition('.')[2]}.{name}", function))


def _load_here() -> None:
    """Load on trial in this process: a second one would import everything anew."""

    class Here:
        def load(
            self,
            folder: Path,
            sha: str,
            trusted_types: Sequence[str],
            rows: Path | None = None,
            tolerance: float = 0.0,
            task: Task = "binary",
        ) -> None:
            estimator = model.load(folder, sha, trusted_types)
            if rows:
                replay.require_same(estimator, folder, rows, tolerance, task)

    @contextmanager
    def start(_: Path) -> Iterator[Here]:
        yield Here()

    trial.start = start  # type: ignore[assignment]  # answers as a Trial does
