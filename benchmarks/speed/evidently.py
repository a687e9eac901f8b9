"""`gates drift` beside evidently, each as a process that reads Parquet and prints what it has found."""

import json
import math
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scipy.stats import chi2

from benchmarks.speed import peers
from benchmarks.speed.drift import COMPARED, KINDS, NUMBERS, written
from benchmarks.speed.line import ROOT, Line, by_turns, output

EVIDENTLY = ("evidently==0.7.23", "pandas<3", "pyarrow")  # which cannot be imported beside pandas 3
THEIRS = """
import json, sys, warnings
warnings.filterwarnings("ignore")
import pandas as pd
from evidently import DataDefinition, Dataset, Report
from evidently.presets import DataDriftPreset
tables = [pd.read_parquet(path) for path in sys.argv[1:]]
numbers = [name for name in tables[0] if name.startswith("x")]
kinds = [name for name in tables[0] if not name.startswith("x")]
definition = DataDefinition(numerical_columns=numbers, categorical_columns=kinds)
reference, live = (Dataset.from_pandas(table, definition) for table in tables)
report = Report([DataDriftPreset(num_method="ks", cat_method="chisquare")], include_tests=False)
metrics = report.run(live, reference).dict()["metrics"]
columns = [each for each in metrics if "column" in each["config"]]
print(json.dumps({each["config"]["column"]: float(each["value"]) for each in columns}))
"""
LEVEL = 0.05
ROUGHLY = 1e-5  # by which asymptotic p-values may differ, relative


def lines() -> Iterator[Line]:
    """Time both; KS of the numbers, chi-square of the categories."""
    python = peers.python("evidently", EVIDENTLY)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        one, two = (written(folder / f"{seed}.parquet", COMPARED, seed) for seed in (0, 1))
        (folder / "params.yaml").write_bytes((ROOT / "params.yaml").read_bytes())
        flags = ["--reference", str(one), "--live", str(two), "--project", name, "--json"]
        gate = [sys.executable, "-m", "gates", "drift", *flags]
        theirs = [str(python), "-c", THEIRS, str(one), str(two)]
        _require_same(json.loads(output(gate))["measurements"], json.loads(output(theirs)))
        seconds = by_turns(lambda: output(gate), lambda: output(theirs), runs=3)
    what = f"drift of {NUMBERS} + {len(KINDS)} columns, {COMPARED:,} x {COMPARED:,}, evidently beside"
    yield Line(what, *seconds, 40.0)


def _require_same(measured: dict[str, float], found: dict[str, Any]) -> None:
    """Hold that both find the same, as far as they ask the same.

    The gate's distance is over cells, so that it is never larger than the exact one, nor its p-value smaller.
    Evidently's chi-square takes the reference's shares as the truth: of as many rows it is twice that of two
    samples.

    Raises:
        SystemExit: They do not.
    """
    if len(found) != NUMBERS + len(KINDS):
        raise SystemExit(f"evidently tells of {len(found)} columns")
    for name, theirs in found.items():
        if name.startswith("x"):
            ours = measured[f"p/drift/ks/{name}"]
            same = theirs * (1 - ROUGHLY) - 1e-9 <= ours and (ours <= LEVEL) == (theirs <= LEVEL)
        else:
            ours, freedom = measured[f"p/drift/psi/{name}"], KINDS[int(name[1:])] - 1
            doubled = chi2.sf(2 * chi2.isf(ours, freedom), freedom)
            same = math.isclose(doubled, theirs, abs_tol=0.02)
        if not same:
            raise SystemExit(f"{name}: {ours} and {theirs} are not the same")
