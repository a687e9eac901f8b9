"""Commands of `gates`, each in a process of its own, forked from one that has imported everything already.

What starts fresh spends a second on imports before it does anything; four hundred cases cannot. The commands
themselves are the real ones, from arguments to exit code; `tests.warm` starts those that nothing harms from
within, and that tell nothing of what they call. Only loading on trial happens in the same process:
nothing is written there, and a signal to us reaches it either way.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gates import cli
from gates.adapters import s3_store
from gates.run import report
from tests import once, warm
from tests.adapters import mlflow_models
from tests.faults import seams
from tests.faults.seams import Order

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 120

Ask = Callable[[dict[str, Any]], dict[str, Any]]


@dataclass(frozen=True)
class Ended:
    """How a command ended.

    Attributes:
        code: Exit code; negative for a signal.
        said: What it wrote to stdout and stderr.
        calls: What it called at the seams, in order, as far as it came to tell.
        seconds: How long it took, without imports.
    """

    code: int
    said: str
    calls: tuple[str, ...]
    seconds: float


class Zygote:
    """A process that forks, for one who asks at a time."""

    def __init__(self, ask: Ask) -> None:
        """Take the way to ask it."""
        self._ask = ask

    def run(
        self,
        arguments: Sequence[str],
        cwd: Path,
        environment: Mapping[str, str],
        harm: Order | None = None,
    ) -> Ended:
        """Run a command to its end, harmed as ordered."""
        order = {"arguments": arguments, "cwd": str(cwd), "environment": environment}
        answer = self._ask({**order, "harm": vars(harm) if harm else None})
        return Ended(**{**answer, "calls": tuple(answer["calls"])})


@contextmanager
def start() -> Iterator[Zygote]:
    """Start one, which is killed when the block ends."""
    with started("tests.faults.zygote") as ask:
        yield Zygote(ask)


@contextmanager
def started(module: str) -> Iterator[Ask]:
    """Start a module of ours that calls `serve`, and yield what asks it; it is killed when the block ends."""
    python = str(warm.programs() / "python")  # before the environment is read: the programs are named in it
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW_", "AWS_"))}
    with subprocess.Popen(
        [python, "-m", module],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=kept | {"PYTHONPATH": str(ROOT)},
        cwd=ROOT,
    ) as process:
        orders, answers = process.stdin, process.stdout
        assert orders is not None
        assert answers is not None

        def ask(order: dict[str, Any]) -> dict[str, Any]:
            orders.write(json.dumps(order) + "\n")
            orders.flush()
            answer: dict[str, Any] = json.loads(answers.readline())
            return answer

        try:
            yield ask
        finally:
            process.kill()


def serve(answer: Ask) -> None:
    """Answer each line of stdin by a line of stdout; whatever else is said goes to stderr."""
    _make_ready()
    with os.fdopen(os.dup(sys.stdout.fileno()), "w") as told:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        for line in sys.stdin:
            told.write(json.dumps(answer(json.loads(line))) + "\n")
            told.flush()


def _fork(order: dict[str, Any]) -> dict[str, Any]:
    begun = time.perf_counter()
    # Pipes, not files: what is said and recorded has to come through when the disk is full.
    said, calls = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        _be(order, said[1], calls[1])
    for _, write in (said, calls):
        os.close(write)
    signal.alarm(PATIENCE_S)  # its end ends us, and the test with us
    with ThreadPoolExecutor(2) as pool:
        texts = [pool.submit(_read, read) for read, _ in (said, calls)]
        _, status = os.waitpid(child, 0)
    signal.alarm(0)
    return {
        "code": os.waitstatus_to_exitcode(status),
        "said": texts[0].result(),
        "calls": texts[1].result().splitlines(),
        "seconds": time.perf_counter() - begun,
    }


def _read(descriptor: int) -> str:
    with os.fdopen(descriptor, errors="replace") as file:
        return file.read()


def _be(order: dict[str, Any], said: int, calls: int) -> None:
    """Be the command; never returns."""
    code: Any = 1
    try:
        os.setsid()
        for stream in (1, 2):
            os.dup2(said, stream)
        sys.stdin = open(os.devnull)  # noqa: SIM115, PTH123 - for the process's whole life
        os.environ.update(order["environment"])
        os.chdir(order["cwd"])
        harm = order["harm"]
        seams.install(Order(**harm) if harm else None, calls)
        sys.argv[1:] = order["arguments"]
        cli.main()
    except SystemExit as ended:
        code = ended.code
    except BaseException:  # noqa: BLE001 - told like any other program's
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 0 if code is None else 1)


def _make_ready() -> None:
    """Let the libraries make what they make once a process, beside what a warm one has made already."""
    # Drawn when all is done, and for longer than all of it takes; that it fails changes no answer.
    report.tell = lambda *_, **__: None
    with tempfile.TemporaryDirectory() as folder:
        mlflow_models.registry(Path(folder)).champion_version()
    once.read_descriptions()
    os.environ["AWS_DEFAULT_REGION"] = "us-east-1"
    s3_store.client().get_paginator("list_object_versions")
    once.collect_rarely()


if __name__ == "__main__":
    serve(_fork)
