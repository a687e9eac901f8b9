"""The start of gates that train nothing beside `import mlflow`: its whole process, on small files."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.speed.line import ROOT, Line, by_turns

THEIRS = [sys.executable, "-c", "import mlflow"]
ROWS = 600


def lines() -> Iterator[Line]:
    """Time `gates golden`, which judges predictions, and what it imports alone."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        command = [sys.executable, "-m", "gates", "golden", *_files(folder), "--project", name, "--json"]
        if json.loads(_run(command))["outcome"] not in {"pass", "fail", "undecided"}:
            raise SystemExit("gates golden has not judged")
        ours, theirs = by_turns(lambda: _run(command), lambda: _run(THEIRS))
    yield Line(f"start of a gate: gates golden on {ROWS} rows, import mlflow beside", ours, theirs, 4.0)
    helped = [sys.executable, "-m", "gates", "golden", "--help"]
    ours, theirs = by_turns(lambda: _run(helped), lambda: _run(THEIRS))
    yield Line("start of a gate: gates golden --help, import mlflow beside", ours, theirs, 4.0)


def _files(folder: Path) -> list[str]:
    """Write a golden set, predictions and a policy, and return the flags that name them."""
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng(1)
    y = np.arange(ROWS) % 2
    score = 1 / (1 + np.exp(-(rng.normal(size=ROWS) + 1.5 * y - 0.75)))
    pd.DataFrame({"row_id": range(ROWS), "churn": y}).to_parquet(folder / "labels.parquet")
    pd.DataFrame({"row_id": range(ROWS), "challenger": score}).to_parquet(folder / "predictions.parquet")
    (folder / "params.yaml").write_bytes((ROOT / "params.yaml").read_bytes())
    return [
        *("--predictions", str(folder / "predictions.parquet")),
        *("--labels", str(folder / "labels.parquet")),
    ]


def _run(command: list[str]) -> bytes:
    return subprocess.run(command, capture_output=True, check=False, cwd=ROOT).stdout
