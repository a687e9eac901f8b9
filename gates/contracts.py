"""Contracts: pandera schemas in YAML, and the rows of a table that break one."""

import re
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gates.documents import Document, read_yaml
from gates.errors import InvalidError

if TYPE_CHECKING:
    import pandas as pd

SCHEMA_WORDS = {
    *("schema_type", "version", "api", "dataframe_library", "title", "description", "name", "metadata"),
    *("columns", "checks", "dtype", "coerce", "strict", "ordered", "unique", "unique_column_names"),
    "report_duplicates",
}
COLUMN_WORDS = {
    *("title", "description", "dtype", "coerce", "nullable", "unique", "required", "regex", "checks"),
    "report_duplicates",
}
# Rules about the columns of a table, whatever its rows hold.
NAMED = ("column_in_dataframe", "column_in_schema")
OF_COLUMNS = (*NAMED, "column_ordered", "dataframe_column_labels_unique")
# Checks that look at one value at a time; those of the first kind hold between two values that keep them.
BETWEEN = {"equal_to", "greater_than", "greater_than_or_equal_to", "less_than", "less_than_or_equal_to"}
BETWEEN |= {"in_range"}
BY_VALUE = BETWEEN | {"not_equal_to", "isin", "notin"}
BY_VALUE |= {"str_matches", "str_contains", "str_startswith", "str_endswith", "str_length"}

Rule = tuple[str, str]  # the column, or what else it is about, and what pandera calls the rule


def broken_rules(frame: "pd.DataFrame", schema: Any) -> dict[Rule, list[int | None]]:  # noqa: ANN401 - pandera is imported late
    """Return each broken rule with the row numbers (from 0) that break it.

    Args:
        frame: The table, shape (rows, columns), with the row numbers as its index.
        schema: The schema in a contract; see `read_contract`.

    Returns:
        For each case one row number; None stands for the column as a whole.

    Raises:
        InvalidError: A key has values that cannot be compared, such as lists.
    """
    import pandera.errors
    from pandera.config import ValidationDepth, config_context

    broken: dict[Rule, list[int | None]] = {}
    try:
        # An environment variable of pandera's must not switch a contract off, nor half of it.
        with config_context(validation_enabled=True, validation_depth=ValidationDepth.SCHEMA_AND_DATA):
            schema.validate(frame, lazy=True)
    except TypeError as error:
        raise InvalidError(
            "The contract cannot be held.",
            why=f"{error}.",
            do="Let only columns be unique whose values can be compared.",
        ) from error
    except pandera.errors.SchemaErrors as errors:
        cases = errors.failure_cases
        for column, check, case, index in zip(
            cases["column"], cases["check"], cases["failure_case"], cases["index"], strict=True
        ):
            subject = case if check in NAMED else column
            row = None if index is None or index != index else int(index)  # noqa: PLR0124 - NaN is not itself
            broken.setdefault((str(subject), str(check)), []).append(row)
    return broken


def by_value(schema: Any) -> bool:  # noqa: ANN401 - pandera is imported late
    """Return whether every rule but the uniqueness of keys is about one value at a time, or about columns."""
    checks = [check for column in schema.columns.values() for check in column.checks]
    return (
        schema.dtype is None
        and not schema.checks
        and not any(column.regex and column.unique for column in schema.columns.values())
        and all(
            check.name in BY_VALUE and check.groupby is None and check.n_failure_cases is None
            for check in checks
        )
    )


@dataclass(frozen=True)
class Outline:
    """What of a contract tells how its table is to be read.

    Attributes:
        checks: Column, or pattern of columns, to the names of its checks.
        patterns: Those that are patterns.
        keys: The columns of each key that has to be unique.
    """

    checks: Mapping[str, frozenset[str]]
    patterns: frozenset[str]
    keys: tuple[tuple[str, ...], ...]

    def checks_of(self, name: str) -> set[str] | None:
        """Return the names of a column's checks; None where the contract says nothing of it."""
        named = [
            checks
            for key, checks in self.checks.items()
            if (re.match(key, name) if key in self.patterns else key == name)
        ]
        return {check for checks in named for check in checks} if named else None


def outline_of(schema: Any) -> Outline:  # noqa: ANN401 - pandera is imported late
    """Return the outline of a schema."""
    columns = schema.columns.items()
    return Outline(
        {name: frozenset(check.name for check in column.checks) for name, column in columns},
        frozenset(name for name, column in columns if column.regex),
        tuple(map(key_columns, keys(schema))),
    )


def outline(contract: Path) -> Outline | None:
    """Return what can be told of a contract without pandera; None where that is not plain to see.

    It is a guess, to be held against `outline_of` what pandera reads.
    """
    try:
        document = read_yaml(contract)
        columns = document["columns"]
        checks = {name: frozenset(rules.keys() - COLUMN_WORDS) for name, rules in columns.items()}
        plain = all(names <= BY_VALUE for names in checks.values()) and not any(
            rules.get("checks") or rules.get("regex") for rules in columns.values()
        )
        if not plain or document.keys() & {"checks", "dtype", "unique"}:
            return None
        return Outline(checks, frozenset(), tuple((name,) for name in columns if columns[name].get("unique")))
    except (InvalidError, KeyError, AttributeError, TypeError):
        return None


def keys(schema: Any) -> list[Any]:  # noqa: ANN401 - pandera is imported late
    """Return a schema for each key that has to be unique, with no other rule; those of one column first."""
    from pandera.pandas import Column, DataFrameSchema

    found = []
    for name, column in schema.columns.items():
        if column.unique:
            unique = Column(None, unique=True, nullable=True, required=False)
            unique.report_duplicates = column.report_duplicates
            found.append(DataFrameSchema({name: unique}))
    duplicates = schema.report_duplicates
    return found + [
        DataFrameSchema(unique=key, report_duplicates=duplicates) for key in _keys_of(schema.unique)
    ]


def _keys_of(unique: Any) -> list[list[str]]:  # noqa: ANN401 - whatever stands in a contract
    """Return the columns of each key: of one column, a list of columns, or a list of such lists.

    Raises:
        ValueError: It is none of these; pandera would take the letters of a name for columns.
    """
    if not unique:
        return []
    one = [unique] if isinstance(unique, str) else unique
    keys = [one] if all(isinstance(each, str) for each in one) else one
    if not all(isinstance(key, list) and key and all(isinstance(each, str) for each in key) for key in keys):
        raise ValueError("`unique` is neither a column nor a list of columns nor a list of such lists")
    return list(keys)


def key_columns(key: Any) -> tuple[str, ...]:  # noqa: ANN401 - pandera is imported late
    """Return the columns of a key."""
    return tuple(key.unique or key.columns)


def without_keys(schema: Any) -> Any:  # noqa: ANN401 - pandera is imported late
    """Return the schema without the uniqueness of keys."""
    rest = deepcopy(schema)
    rest.unique = None
    for column in rest.columns.values():
        column.unique = False
    return rest


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
        *(AttributeError, ImportError, KeyError, TypeError, ValueError, re.error),
        *(pandera.errors.SchemaDefinitionError, pandera.errors.SchemaInitError),
    ) as error:
        raise InvalidError(
            f"{contract} is not a contract.",
            why=f"{str(error).partition(chr(10))[0] or type(error).__name__}.",
            do="Write it as a pandera schema in YAML, like contracts/raw.yaml of the demo.",
        ) from error


def _refuse_unknown(document: Document) -> None:
    """Refuse what pandera would pass over: a rule that nobody holds.

    Raises:
        ValueError: An unknown word, a contract without columns, or one that mends rows instead of judging; a
            key of columns of which it says nothing, which pandera does not hold where the table lacks them.
        re.error: A pattern of columns that is none.
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
    patterns = {name: re.compile(name) for name, rules in columns.items() if rules.get("regex")}
    for name in [each for key in _keys_of(document.get("unique")) for each in key]:
        matched = any(pattern.match(name) for pattern in patterns.values())
        if name in patterns or not (name in columns or matched):
            raise ValueError(f"`unique` names {name!r}, of which `columns` says nothing")
    if unknown:
        raise ValueError(f"{unknown[0]!r} is no word that a contract may use")
