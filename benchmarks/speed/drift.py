"""`gates drift` and its profiles beside what people write themselves, as processes; takes 4 GB of disk."""

import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.speed.line import ROOT, Line, by_turns, memory_of, output

GROUP = 1_000_000  # rows of a row group
COMPARED, PROFILED = 1_000_000, 20_000_000
NUMBERS, KINDS = 20, (3, 5, 8, 20, 100)
SHIFT = 0.05  # of the live columns, in standard deviations
NEAR = 0.01  # by which a distance by cells may be smaller than the exact one

PLAIN = """
import json, sys
import numpy as np, pandas as pd
from scipy.stats import chi2_contingency, ks_2samp
reference, live = pd.read_parquet(sys.argv[1]), pd.read_parquet(sys.argv[2])
found = {}
for name in reference.columns:
    a, b = reference[name], live[name]
    if name.startswith("x"):
        a, b = a.to_numpy(), b.to_numpy()
        found[name] = float(ks_2samp(a, b, method="asymp").statistic)
        edges = np.quantile(a, np.arange(1, 10) / 10)
        p, q = (np.bincount(np.searchsorted(edges, each), minlength=10) / len(each) for each in (a, b))
        psi = ((q - p) * np.log(q / p)).sum()
    else:
        table = pd.concat([a.value_counts(), b.value_counts()], axis=1).fillna(0).to_numpy()
        found[name] = float(chi2_contingency(table).pvalue)
print(json.dumps(found))
"""
DECODE = """
import sys
import pyarrow.parquet as pq
file = pq.ParquetFile(sys.argv[1], memory_map=False)
for group in range(file.num_row_groups):
    file.read_row_group(group)
print("read")
"""
PROFILE = """
import sys
from pathlib import Path
from gates.digest import canonical_json
from gates.profiles import to_document
from gates.profiling import profile_of
sys.stdout.buffer.write(canonical_json(to_document(profile_of(Path(sys.argv[1])))))
"""


def lines() -> Iterator[Line]:
    """Time both."""
    with tempfile.TemporaryDirectory() as folder:
        yield from compared(Path(folder))
        yield from profiled(Path(folder))


def compared(folder: Path) -> Iterator[Line]:
    """Time the gate as a whole process from Parquet, beside a script of scipy and numpy."""
    tables = [
        written(folder / name, COMPARED, seed) for seed, name in enumerate(("one.parquet", "two.parquet"))
    ]
    (folder / "params.yaml").write_bytes((ROOT / "params.yaml").read_bytes())
    flags = ["--reference", str(tables[0]), "--live", str(tables[1]), "--project", str(folder), "--json"]
    gate = [sys.executable, "-m", "gates", "drift", *flags]
    plain = [sys.executable, "-c", PLAIN, *map(str, tables)]
    require_same(json.loads(output(gate)), json.loads(output(plain)))
    ours, theirs = by_turns(lambda: output(gate), lambda: output(plain))
    what = f"drift of {NUMBERS} + {len(KINDS)} columns, {COMPARED:,} x {COMPARED:,}, scipy and numpy beside"
    yield Line(what, ours, theirs, 3.0, memory_of(gate))


def profiled(folder: Path) -> Iterator[Line]:
    """Time the profile of a large table, beside reading it."""
    path = written(folder / "large.parquet", PROFILED, 3)
    profile, decode = ([sys.executable, "-c", code, str(path)] for code in (PROFILE, DECODE))
    made = json.loads(output(profile))
    if made["rows"] != PROFILED:
        raise SystemExit("the profile has not all rows")
    ours, theirs = by_turns(lambda: output(profile), lambda: output(decode))
    size = path.stat().st_size / 1e9
    what = f"profile of {PROFILED:,} rows x {NUMBERS + len(KINDS)} ({size:.1f} GB), decoding beside"
    yield Line(what, ours, theirs, 1 / 1.5, memory_of(profile), 512.0)


def written(path: Path, rows: int, seed: int) -> Path:
    """Write columns of numbers of several shapes, and of texts; the second table is shifted."""
    writer: pq.ParquetWriter | None = None
    rng = np.random.default_rng(seed)
    for start in range(0, rows, GROUP):
        size = min(GROUP, rows - start)
        columns: dict[str, Any] = {}
        for place in range(NUMBERS):
            middle = place % 5 + SHIFT * seed
            values = (
                rng.normal(middle, 1, size),
                rng.lognormal(middle, 1, size),
                rng.gamma(2, 50 + middle, size),
            )
            columns[f"x{place}"] = values[place % 3]
        columns["x0"] = rng.integers(0, 1000, size)
        for place, kinds in enumerate(KINDS):
            codes = pa.array(rng.integers(0, kinds, size), type=pa.int32())
            texts = pa.array([f"kind {kind}" for kind in range(kinds)])
            columns[f"c{place}"] = pa.DictionaryArray.from_arrays(codes, texts).cast(pa.string())
        table = pa.table(columns)
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    if writer:
        writer.close()
    return path


def require_same(verdict: dict[str, Any], found: dict[str, float]) -> None:
    """Hold that the gate measures what the script does, as far as cells tell.

    Raises:
        SystemExit: It does not.
    """
    measured = verdict["measurements"]
    for name, figure in found.items():
        if name.startswith("x"):
            same = figure - NEAR <= measured[f"drift/ks/{name}"] <= figure + 1e-9
        else:
            same = abs(measured[f"p/drift/psi/{name}"] - figure) <= 1e-9 + 1e-6 * figure
        if not same:
            raise SystemExit(f"{name}: they do not find the same")
