"""The whole chain beside five scripts as MLflow's tutorial has them, each from a clean clone to a champion.

The scripts pull, train, log, evaluate, compare and register, and nothing else; `gates ship` also verifies
every digest, times both models, judges all gates, signs the decision and writes the ledger.
"""

import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks import bench
from benchmarks.speed.line import ROOT, Line, by_turns

SCRIPTS = ("ingest", "train", "evaluate", "compare", "register")
FOLDER = ROOT / "benchmarks" / "speed" / "five_scripts"
MOST_S = 60.0  # above it three runs are enough


def lines() -> Iterator[Line]:
    """Time both, in clones of their own, once to fill the caches of the machine."""
    with tempfile.TemporaryDirectory() as name:
        clones = (_clone(Path(name) / str(place)) for place in itertools.count())
        begun = time.perf_counter()
        _scripts(next(clones))
        runs = 3 if time.perf_counter() - begun > MOST_S else 5
        ready = [next(clones) for _ in range(2 * runs)]
        mine, others = iter(ready[:runs]), iter(ready[runs:])
        outcomes = list[str]()
        seconds = by_turns(lambda: outcomes.append(_ship(next(mine))), lambda: _scripts(next(others)), runs)
    what = f"the whole chain ({', '.join(sorted({*outcomes}))}), five scripts of MLflow's tutorial beside"
    yield Line(what, *seconds, 3.0)


def _clone(folder: Path) -> Path:
    folder.mkdir()
    return bench.clone(folder)


def _ship(project: Path) -> str:
    """Ship, and return the outcome: where the machine is busy, undecided whether the model is fast enough.

    Raises:
        SystemExit: It failed, or nothing was judged.
    """
    command = [sys.executable, "-m", "gates", "ship", "--json"]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)}
    ended = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)
    if ended.returncode not in {0, 3}:
        raise SystemExit(f"gates ship: {ended.stderr[-2_000:]}")
    return str(json.loads(ended.stdout)["outcome"])


def _scripts(project: Path) -> None:
    """Run the five, and hold that a champion serves afterwards.

    Raises:
        SystemExit: One of them failed, or none serves.
    """
    said = ""
    for script in SCRIPTS:
        command = [sys.executable, str(FOLDER / f"{script}.py")]
        ended = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
        if ended.returncode:
            raise SystemExit(f"{script}.py: {ended.stderr[-2_000:]}")
        said = ended.stdout
    if "serves" not in said:
        raise SystemExit(f"no model serves after the five scripts: {said}")
