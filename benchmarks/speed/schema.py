"""`gates schema` beside pandera on the whole table, and Great Expectations, as processes from Parquet."""

import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from benchmarks.speed import peers
from benchmarks.speed.line import ROOT, Line, by_turns, memory_of, output

ROWS, PLANTED = 5_000_000, 200_000
GROUP = 1_000_000  # rows of a row group
NUMBERS, WHOLES, KINDS = 6, 5, (3, 5, 8, 20, 4, 6, 100, 2)
MOST_MEMORY = 800.0
GREAT_EXPECTATIONS = ("great-expectations==1.24.1", "pyarrow")

PANDERA = """
import json, sys
import pandas as pd
from pandera.errors import SchemaErrors
from pandera.io import pandas_io
schema = pandas_io.from_yaml(open(sys.argv[2]).read())
found = 0
try:
    schema.validate(pd.read_parquet(sys.argv[1]), lazy=True)
except SchemaErrors as errors:
    found = len(errors.failure_cases)
print(json.dumps({"violations": found, "odd": []}))
"""
EXPECTATIONS = """
import json, sys
import great_expectations as gx
import great_expectations.expectations as gxe
import pandas as pd
contract = json.load(open(sys.argv[2]))
context = gx.get_context(mode="ephemeral")
context.variables.progress_bars = {"globally": False}
table = pd.read_parquet(sys.argv[1])
asset = context.data_sources.add_pandas("here").add_dataframe_asset("table")
batch = asset.add_batch_definition_whole_dataframe("whole").get_batch({"dataframe": table})
rules = [gxe.ExpectTableColumnsToMatchSet(column_set=list(contract), exact_match=True)]
for name, rule in contract.items():
    if rule["dtype"] != "str":  # it does not know the texts of pandas 3
        rules += [gxe.ExpectColumnValuesToBeOfType(column=name, type_=rule["dtype"])]
    rules += [gxe.ExpectColumnValuesToNotBeNull(column=name)]
    if rule.get("unique"):
        rules += [gxe.ExpectColumnValuesToBeUnique(column=name)]
    if "in_range" in rule:
        rules += [gxe.ExpectColumnValuesToBeBetween(column=name, **rule["in_range"])]
    if "isin" in rule:
        rules += [gxe.ExpectColumnValuesToBeInSet(column=name, value_set=rule["isin"])]
suite = gx.ExpectationSuite(name="contract", expectations=rules)
results = batch.validate(suite, result_format="BASIC").results
counts = [each.result.get("unexpected_count", 0) or 0 for each in results]
odd = [str(each) for each, count in zip(results, counts) if not each.success and not count]
print(json.dumps({"violations": sum(counts), "odd": odd}))
"""


def lines() -> Iterator[Line]:
    """Time all three, after they found the same in a table of which some rows break the contract."""
    python = peers.python("great-expectations", GREAT_EXPECTATIONS)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "params.yaml").write_bytes((ROOT / "params.yaml").read_bytes())
        contract = {"schema_type": "dataframe", "api": "pandas", "strict": True, "columns": rules()}
        (folder / "contract.yaml").write_text(yaml.safe_dump(contract), "utf-8")
        (folder / "contract.json").write_text(json.dumps(rules()), "utf-8")
        small = written(folder / "small.parquet", 100)

        def commands(table: Path) -> tuple[list[str], list[str], list[str]]:
            tables = {"raw": table, "train": small, "features": small}
            flags = [f"--{each}={path}" for each, path in tables.items()]
            flags += [f"--{each}-contract={folder / 'contract.yaml'}" for each in ("raw", "train", "golden")]
            return (
                [sys.executable, "-m", "gates", "schema", *flags, "--project", str(folder), "--json"],
                [sys.executable, "-c", PANDERA, str(table), str(folder / "contract.yaml")],
                [str(python), "-c", EXPECTATIONS, str(table), str(folder / "contract.json")],
            )

        ours, *theirs = commands(written(folder / "planted.parquet", PLANTED, planted=True))
        found = int(json.loads(output(ours))["measurements"]["violations/raw"])
        if not found or any(json.loads(output(each)) != {"violations": found, "odd": []} for each in theirs):
            raise SystemExit("they do not find the same")
        ours, pandera, expectations = commands(written(folder / "table.parquet", ROWS))
        for peer, command, goal in (
            ("pandera on pandas", pandera, 3.0),
            ("Great Expectations", expectations, 15.0),
        ):
            mine, seconds = by_turns(lambda: output(ours), lambda: output(command))  # noqa: B023 - called at once
            what = f"schema of {ROWS:,} rows x {len(rules())}, {peer} ({memory_of(command):,.0f} MB) beside"
            yield Line(what, mine, seconds, goal, memory_of(ours), MOST_MEMORY)


def rules() -> dict[str, dict[str, Any]]:
    """Return what the contract says of each column."""
    columns: dict[str, dict[str, Any]] = {"id": {"dtype": "int64", "unique": True}}
    for place in range(NUMBERS):
        columns[f"x{place}"] = {"dtype": "float64", "in_range": {"min_value": -100, "max_value": 200}}
    for place in range(WHOLES):
        columns[f"n{place}"] = {"dtype": "int64", "in_range": {"min_value": 0, "max_value": 99}}
    for place, kinds in enumerate(KINDS):
        columns[f"c{place}"] = {"dtype": "str", "isin": texts(kinds)}
    return columns


def texts(kinds: int) -> list[str]:
    """Return the texts of a column that has so many."""
    return [f"kind {kind}" for kind in range(kinds)]


def written(path: Path, rows: int, *, planted: bool = False) -> Path:
    """Write a table that keeps the contract, but for some rows where they are planted."""
    writer: pq.ParquetWriter | None = None
    rng = np.random.default_rng(11)
    for start in range(0, rows, GROUP):
        size = min(GROUP, rows - start)
        columns: dict[str, Any] = {"id": np.arange(start, start + size)}
        columns |= {f"x{place}": rng.normal(50, 5, size) for place in range(NUMBERS)}
        columns |= {f"n{place}": rng.integers(0, 100, size) for place in range(WHOLES)}
        for place, kinds in enumerate(KINDS):
            codes = pa.array(rng.integers(0, kinds, size), type=pa.int32())
            columns[f"c{place}"] = pa.DictionaryArray.from_arrays(codes, pa.array(texts(kinds))).cast(
                pa.string()
            )
        if planted:
            columns["id"][[7, size // 2]] = columns["id"][[9, 11]]
            columns["x1"][[3, 400]] = [-101.0, 201.0]
            columns["x2"][5] = np.nan
            columns["n3"][:50] = 100
            names = columns["c2"].to_pylist()
            columns["c2"] = pa.array(["no such kind", None, *names[2:]])
        table = pa.table(columns)
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    if writer:
        writer.close()
    return path
