"""Does the data keep its contract?

Every table is held against its reviewed contract, a pandera schema in YAML: columns, types, nulls, ranges,
categories, unique keys. Fails when a rule is broken; each broken rule is listed with its count and the
first rows. Undecided when a table has no rows. Parquet, a file or a folder of files, is read in parts; CSV is
read whole, and so is a table whose contract has `checks` or a `dtype` of the table, `unique_values_eq`, or a
check with `groupby` or `n_failure_cases`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from gates.parts import Over, in_turn
from gates.policy_blocks import GatePolicy
from gates.policy_values import PlainPath
from gates.verdict import Finding, Measurements, at_most, enough
from gates.violations import under_contract

TABLES = ("raw", "train", "golden")
# What pandera calls a broken rule, where the contract calls it otherwise.
WRITTEN = {"not_nullable": "nullable", "field_uniqueness": "unique", "column_in_dataframe": ""}
OF_TABLE = {"column_in_schema": "strict", "multiple_fields_uniqueness": "unique"}


class Policy(GatePolicy):
    """Which contract each table keeps, and how many violations are let through."""

    raw_contract: PlainPath
    train_contract: PlainPath
    golden_contract: PlainPath
    max_violations: Annotated[int, Field(ge=0)] = 0


@dataclass(frozen=True)
class Inputs:
    """Tables and their contracts; the data job looks at the raw table alone."""

    raw: Annotated[Path, "the raw table"]
    raw_contract: Annotated[Path, "the contract of the raw table"]
    train: Annotated[Path | None, "the training table"] = None
    train_contract: Annotated[Path | None, "the contract of the training table"] = None
    features: Annotated[Path | None, "the features of the golden set"] = None
    golden_contract: Annotated[Path | None, "the contract of the golden features"] = None


def measure(inputs: Inputs) -> Measurements:
    """Count rows and violations per table, and per broken rule the first row numbers (from 1)."""
    return measure_over(inputs, in_turn)


def measure_over(inputs: Inputs, over: Over[Any]) -> Measurements:
    """Return what `measure` does, with what carries a function over the parts of a table."""
    measurements: Measurements = {}
    pairs = {
        "raw": (inputs.raw, inputs.raw_contract),
        "train": (inputs.train, inputs.train_contract),
        "golden": (inputs.features, inputs.golden_contract),
    }
    for name, (table, contract) in pairs.items():
        if table is None or contract is None:
            continue
        found = under_contract(table, contract, over)
        measurements[f"rows/{name}"] = found.rows
        counts = {"/".join(rule): each.rows + each.whole for rule, each in sorted(found.broken.items())}
        measurements[f"violations/{name}"] = sum(counts.values())
        measurements |= {f"violations/{name}/{rule}": count for rule, count in counts.items()}
        for rule, each in found.broken.items():
            full = f"row/{name}/{'/'.join(rule)}"
            measurements |= {f"{full}/{place}": row + 1 for place, row in enumerate(each.first, 1)}
    return measurements


def judge(policy: Policy, measurements: Measurements) -> Iterator[Finding]:
    """Hold each table's violations against the limit; list the broken rules."""
    tables = [name for name in TABLES if f"rows/{name}" in measurements]
    for name in tables:
        yield at_most(f"violations/{name}", measurements.get(f"violations/{name}"), policy.max_violations)
    for name in tables:
        yield enough(f"rows/{name}", measurements.get(f"rows/{name}"), 1)
        for rule, count in sorted(measurements.items()):
            if rule.startswith(f"violations/{name}/"):
                yield at_most(rule, count, policy.max_violations, note=_first_rows(rule, measurements))


def rule_at(finding: str) -> tuple[str, str] | None:
    """Return where the rule stands that a finding is about; None where it is about none.

    Args:
        finding: Its name, such as ``violations/raw/tenure/in_range(0, 120)``.

    Returns:
        The table, and the dotted address of the rule in its contract, such as ``columns.tenure.in_range``.
    """
    kind, _, rest = finding.partition("/")
    table, _, rule = rest.partition("/")
    if kind != "violations" or not rule:
        return None
    column, _, check = rule.partition("/")
    word = check.partition("(")[0]
    if word in OF_TABLE:
        return table, OF_TABLE[word]
    return table, f"columns.{column}.{WRITTEN.get(word, word)}".rstrip(".")


def _first_rows(rule: str, measurements: Measurements) -> str:
    prefix = rule.replace("violations/", "row/", 1) + "/"
    rows = [int(row) for key, row in measurements.items() if key.startswith(prefix)]
    return f"First rows: {', '.join(map(str, sorted(rows)))}." if rows else ""
