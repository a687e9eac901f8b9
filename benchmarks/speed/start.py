"""The start of gates that train nothing beside `import mlflow`: its whole process, on small files."""

import functools
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.speed.line import ROOT, Line, by_turns
from tests.checks import project

THEIRS = [sys.executable, "-c", "import mlflow"]


def lines() -> Iterator[Line]:
    """Time `gates golden` from its command to its verdict, and its help alone."""
    with tempfile.TemporaryDirectory() as name:
        project.build(Path(name))
        command = [sys.executable, "-m", "gates", "golden", "--project", name]
        if json.loads(_run([*command, "--json"]))["outcome"] != "pass":
            raise SystemExit("gates golden has not judged")
        for what, flag in ((f"gates golden on {project.GOLDEN_ROWS} rows", "--json"), ("its help", "--help")):
            ours, theirs = by_turns(functools.partial(_run, [*command, flag]), lambda: _run(THEIRS))
            yield Line(f"start of a gate: {what}, import mlflow beside", ours, theirs, 4.0)


def _run(command: list[str]) -> bytes:
    return subprocess.run(command, capture_output=True, check=False, cwd=ROOT).stdout
