"""Does the data keep its contract?

Every table is held against its reviewed contract, a pandera schema in YAML: columns, types, nulls, ranges,
categories, unique keys. Fails when a rule is broken; each broken rule is listed with its count and the
first rows. Undecided when a table has no rows.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from gates.documents import Document, read_yaml
from gates.errors import InvalidError
from gates.policy_blocks import GatePolicy
from gates.policy_values import PlainPath
from gates.tables import read_table
from gates.verdict import Finding, Measurements, at_most, enough

if TYPE_CHECKING:
    import pandas as pd

SHOWN_ROWS = 5
TABLES = ("raw", "train", "golden")
SCHEMA_WORDS = {
    *("schema_type", "version", "api", "dataframe_library", "title", "description", "name", "metadata"),
    *("columns", "checks", "dtype", "coerce", "strict", "ordered", "unique", "unique_column_names"),
    "report_duplicates",
}
COLUMN_WORDS = {
    *("title", "description", "dtype", "coerce", "nullable", "unique", "required", "regex", "checks"),
    "report_duplicates",
}
COLUMN_RULES = ("column_in_dataframe", "column_in_schema")
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
    measurements: Measurements = {}
    pairs = {
        "raw": (inputs.raw, inputs.raw_contract),
        "train": (inputs.train, inputs.train_contract),
        "golden": (inputs.features, inputs.golden_contract),
    }
    for name, (table, contract) in pairs.items():
        if table is None or contract is None:
            continue
        frame = read_table(table)
        measurements[f"rows/{name}"] = len(frame)
        broken = _broken_rules(frame.reset_index(drop=True), contract)
        if len(frame) == 0:  # types of no values say nothing, names of columns do
            broken = {rule: rows for rule, rows in broken.items() if rule.endswith(COLUMN_RULES)}
        measurements[f"violations/{name}"] = sum(len(rows) for rows in broken.values())
        for rule, rows in broken.items():
            measurements[f"violations/{name}/{rule}"] = len(rows)
            shown = sorted(row for row in rows if row is not None)[:SHOWN_ROWS]
            measurements |= {f"row/{name}/{rule}/{place}": row for place, row in enumerate(shown, 1)}
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


def _broken_rules(frame: "pd.DataFrame", contract: Path) -> dict[str, list[int | None]]:
    """Return ``column/check`` to the row numbers that break it; None stands for the column as a whole."""
    import pandera.errors

    broken: dict[str, list[int | None]] = {}
    try:
        read_contract(contract).validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as errors:
        cases = errors.failure_cases
        for column, check, case, index in zip(
            cases["column"], cases["check"], cases["failure_case"], cases["index"], strict=True
        ):
            subject = case if check in COLUMN_RULES else column
            row = None if index is None or index != index else int(index) + 1  # noqa: PLR0124 - NaN is not itself
            broken.setdefault(f"{subject}/{check}", []).append(row)
    return broken


def read_contract(contract: Path) -> Any:  # noqa: ANN401 - pandera is imported late
    """Return the schema in a contract.

    Raises:
        InvalidError: It is not a plain document, or not a contract.
    """
    import pandera.errors
    from pandera.io import pandas_io

    document = read_yaml(contract)
    try:
        _refuse_unknown(document)
        return pandas_io.deserialize_schema(document)  # type: ignore[no-untyped-call]  # pandera leaves it untyped
    except (
        *(AttributeError, ImportError, KeyError, TypeError, ValueError),
        *(pandera.errors.SchemaDefinitionError, pandera.errors.SchemaInitError),
    ) as error:
        raise InvalidError(
            f"{contract} is not a contract.",
            why=f"{str(error).partition(chr(10))[0] or type(error).__name__}.",
            do="Write it as a pandera schema in YAML, like contracts/raw.yaml of the demo.",
        ) from error


def _refuse_unknown(document: Document) -> None:
    """Refuse a word that pandera would pass over, and so a rule that nobody holds.

    Raises:
        ValueError: An unknown word, a contract without columns, or one that mends rows instead of judging.
    """
    from pandera.pandas import Check

    columns = document.get("columns")
    if (
        document.get("schema_type", "dataframe") != "dataframe"
        or not isinstance(columns, dict)
        or not columns
    ):
        raise ValueError("it has no `columns` of a dataframe")
    unknown = [word for word in document if word not in SCHEMA_WORDS]
    for name, rules in columns.items():
        # With a list `checks`, pandera does not look at checks beside it.
        beside = Check if rules.get("checks") is None else None
        odd = [word for word in rules if word not in COLUMN_WORDS and not hasattr(beside, word)]
        unknown += [f"columns.{name}.{word}" for word in odd]
    if (
        any(each.get("coerce") for each in (document, *columns.values()))
        or document.get("strict") == "filter"
    ):
        raise ValueError("`coerce` and `strict: filter` mend rows; a contract judges them")
    if unknown:
        raise ValueError(f"{unknown[0]!r} is no word that a contract may use")
