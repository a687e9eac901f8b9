"""Every fault before every step of a promotion and of a rollback, with the ledger in a folder and in S3.

The steps are not listed anywhere: a run that nothing harms is recorded, at the seams of the process and on
the wire, so a step that is added is a row that is added.
"""

import itertools
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

import pytest

from gates.errors import ExitCode
from tests import servers
from tests.adapters import mlflow_models
from tests.faults import proxy, scene, seams, zygote
from tests.faults.proxy import Proxy
from tests.faults.scene import COMMANDS, Scene
from tests.faults.seams import Order
from tests.faults.zygote import Ended, Zygote
from tests.servers import S3

LEDGERS = ("folder", "S3")
LANES = 2
RERUNS = 3
# The harmed run shall feel its fault, and soon; a run that is slow for other reasons then only is run again.
IMPATIENT = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "1",
    "AWS_MAX_ATTEMPTS": "1",
    "GATES_PATIENCE_S": "0.5",
}
WIRES = ("MLflow", "S3")


@dataclass(frozen=True)
class Row:
    """A command and where its ledger is: what has steps.

    Attributes:
        command: promote or rollback.
        ledger: folder or S3.
        wire: Where the steps are counted: the requests to MLflow or S3, or the calls of the process.
    """

    command: str
    ledger: str
    wire: str


@dataclass(frozen=True)
class Case:
    """A fault before one step."""

    row: Row
    fault: str
    at: int
    step: str

    def __str__(self) -> str:
        row = self.row
        return f"{self.fault} at {row.wire} {self.at} ({self.step}) of {row.command} over {row.ledger}"


@dataclass(frozen=True)
class Outcome:
    """How a case ended.

    Attributes:
        case: Which.
        first: The harmed run.
        reruns: The same command, run again until it was done.
        entries: How many entries of its kind it added to the ledger.
        head: The version that the ledger says to serve.
        alias: The one that MLflow's alias names.
    """

    case: Case
    first: Ended
    reruns: tuple[Ended, ...]
    entries: int
    head: str
    alias: str

    @property
    def wrong(self) -> list[str]:
        """What did not end as it should."""
        told = {int(code) for code in ExitCode} | {-9, 128 + 15}
        last = (self.first, *self.reruns)[-1]
        broken = [run for run in (self.first, *self.reruns) if "Traceback" in run.said]
        return [
            *(f"a traceback: {run.said[-900:]}" for run in broken),
            *([] if self.first.code in told else [f"the first run ended with {self.first.code}"]),
            *([] if "mistake in ml-gates" not in self.first.said else [f"a bug of ours: {self.first.said}"]),
            *([] if last.code == 0 else [f"the last run ended with {last.code}: {last.said[-700:]}"]),
            *([] if self.entries == 1 else [f"{self.entries} entries"]),
            *([] if self.head == self.alias else [f"head v{self.head}, alias v{self.alias}"]),
        ]


class Lane:
    """One project on its own MLflow, and the process that runs its commands; used by one case at a time."""

    def __init__(
        self, forker: Zygote, local: Scene, remote: Scene, mlflow: Proxy, s3: S3, s3_road: Proxy
    ) -> None:
        """Take what was started."""
        self._forker = forker
        self._local, self._remote = local, remote
        self._roads = {"MLflow": mlflow, "S3": s3_road}
        self._s3 = s3
        self._client = s3.client()
        self._numbers = itertools.count()

    def record(self, row: Row) -> list[tuple[int, str]]:
        """Run a command unharmed, and return number and name of each step; of a row of equals the first."""
        place, environment, _ = self._prepare(row)
        ended = self._run(place, row, environment)
        assert ended.code == 0, ended.said
        if row.wire == "process":
            return list(enumerate(ended.calls, start=1))
        steps = list(enumerate(map(_shape, self._roads[row.wire].asked), start=1))
        return [step for step, before in zip(steps, [(0, ""), *steps], strict=False) if step[1] != before[1]]

    def run(self, case: Case) -> Outcome:
        """Run a command harmed, then the same again until it is done."""
        row = case.row
        place, environment, ledger = self._prepare(row)
        harm = None
        if row.wire == "process":
            harm = Order(case.fault, case.at)
        else:
            self._roads[row.wire].reset(case.at, case.fault)
        first = self._run(place, row, environment | IMPATIENT, harm)
        for road in self._roads.values():
            road.reset()
        reruns: list[Ended] = []
        while (first, *reruns)[-1].code and len(reruns) < RERUNS:
            reruns.append(self._run(place, row, environment))
            if reruns[-1].code not in {0, ExitCode.UNAVAILABLE}:
                break
        history = place.history(self._client, ledger)
        added = [link for link in history.links[scene.CHAMPIONS :] if link.entry.kind == row.command]
        head = history.champion.version if history.champion else ""
        return Outcome(case, first, tuple(reruns), len(added), head, place.alias())

    def answer(self, arguments: Sequence[str], fault: str, *, patient: bool = False) -> Ended:
        """Run a command while every request to MLflow is harmed, as patient as a user's or not."""
        place, environment, _ = self._prepare(Row("", "folder", "MLflow"))
        self._roads["MLflow"].reset(0, fault)
        try:
            return self._forker.run(arguments, place.root, environment | ({} if patient else IMPATIENT))
        finally:
            self._roads["MLflow"].reset()

    def hang(self, arguments: Sequence[str]) -> tuple[float, int]:
        """Run a command as a user does, while MLflow hangs; return its seconds and its exit code."""
        place, environment, _ = self._prepare(Row("", "folder", "MLflow"))
        self._roads["MLflow"].reset(0, "hung server")
        begun = time.perf_counter()
        ended = subprocess.run(
            [sys.executable, "-m", "gates", *arguments],
            cwd=place.root,
            env={**os.environ, "PYTHONPATH": str(zygote.ROOT)} | environment,
            capture_output=True,
            check=False,
        )
        seconds = time.perf_counter() - begun
        self._roads["MLflow"].reset()
        return seconds, ended.returncode

    def _prepare(self, row: Row) -> tuple[Scene, dict[str, str], str]:
        place = self._remote if row.wire == "MLflow" else self._local
        place.restore()
        for road in self._roads.values():
            road.reset()
        environment = dict[str, str]()
        if place.mlflow:
            environment["MLFLOW_TRACKING_URI"] = self._roads["MLflow"].address
        ledger = ""
        if row.ledger == "S3":
            ledger = place.upload(self._client, f"{place.root.name}-{next(self._numbers)}")
            environment |= self._s3.environment | {"GATES_LEDGER": ledger}
            if row.wire == "S3":
                environment["AWS_ENDPOINT_URL"] = self._roads["S3"].address
        return place, environment, ledger

    def _run(self, place: Scene, row: Row, environment: dict[str, str], harm: Order | None = None) -> Ended:
        return self._forker.run(COMMANDS[row.command], place.root, environment, harm)


class Matrix:
    """All rows, their steps, and the lanes on which cases run side by side."""

    def __init__(self, lanes: Sequence[Lane]) -> None:
        """Record the steps of every row."""
        self._free: SimpleQueue[Lane] = SimpleQueue()
        self._lanes = len(lanes)
        for lane in lanes:
            self._free.put(lane)
        self.steps = {row: lanes[0].record(row) for row in rows()}

    def cases(self, command: str, ledger: str, fault: str) -> list[Case]:
        """Return the cases of one fault."""
        return [
            Case(row, fault, at, step)
            for row, steps in self.steps.items()
            if (row.command, row.ledger) == (command, ledger)
            and (fault in proxy.FAULTS) == (row.wire in WIRES)
            for at, step in steps
        ]

    @contextmanager
    def lane(self) -> Iterator[Lane]:
        """Take a lane that nobody uses."""
        lane = self._free.get()
        try:
            yield lane
        finally:
            self._free.put(lane)

    def run(self, cases: Sequence[Case]) -> Iterator[Outcome]:
        """Run cases on all lanes, and yield how each ended."""

        def run(case: Case) -> Outcome:
            with self.lane() as lane:
                return lane.run(case)

        with ThreadPoolExecutor(self._lanes) as pool:
            yield from pool.map(run, cases)


def faults() -> tuple[str, ...]:
    """Return all faults."""
    return (*seams.FAULTS, *proxy.FAULTS)


def rows() -> Iterator[Row]:
    """Yield what has steps."""
    for command, ledger in itertools.product(COMMANDS, LEDGERS):
        for wire in ("process", "MLflow", *(("S3",) if ledger == "S3" else ())):
            yield Row(command, ledger, wire)


@contextmanager
def start(folder: Path) -> Iterator[Matrix]:
    """Start servers, roads and lanes, and record; everything ends with the block."""
    with ExitStack() as stack:
        s3 = stack.enter_context(servers.any_s3(folder))
        s3.bucket(scene.BUCKET)
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        for name, value in s3.environment.items():
            patch.setenv(name, value)
        forkers = [stack.enter_context(zygote.start()) for _ in range(LANES)]
        mlflow_models.migrated()
        with ThreadPoolExecutor(LANES) as pool:
            starting = [
                pool.submit(stack.enter_context, servers.mlflow(folder / f"server{number}"))
                for number in range(LANES)
            ]
            local = scene.build(folder / "local", {})
            addresses = [each.result() for each in starting]
        remote = scene.build(
            folder / "remote", {"MLFLOW_TRACKING_URI": addresses[0]}, folder / "server0/mlflow.db"
        )
        lanes = []
        for number, (forker, address) in enumerate(zip(forkers, addresses, strict=True)):
            roads = [stack.enter_context(proxy.start(each)) for each in (address, s3.endpoint)]
            near, far = local, remote
            if number:
                near = local.copy(folder / f"local{number}")
                far = remote.behind(folder / f"remote{number}", folder / f"server{number}", address)
            lanes.append(Lane(forker, near, far, roads[0], s3, roads[1]))
        yield Matrix(lanes)


def _shape(request: str) -> str:
    """Return a request without what differs from file to file: equals in a row are one step."""
    method, _, path = request.partition(" ")
    path = path.partition("?")[0]
    path = re.sub(r"/artifacts/.+", "/artifacts/…", path)
    path = re.sub(r"/[0-9a-f]{64}", "/…", re.sub(r"/\d{8}\.json", "/….json", path))
    return f"{method} {re.sub(r'/ledger/[^/]+', '/ledger', path)}"
