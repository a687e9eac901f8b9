"""A contract as `gates init` infers it from rows that are there: a start for whoever reviews it."""

import json
import math
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    import pandas as pd

HEAD = """\
# {title}
# pandera's YAML form. Columns may not be null unless they say so; further columns are refused.
# Inferred from the rows that were there: a line marked `review` says what was seen; write what is promised.
schema_type: dataframe
api: pandas
strict: true
columns:
"""
MOST_WORDS = 20  # a column of more different texts is no list of categories
ROWS_A_WORD = 5
PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*(?: [A-Za-z0-9_]+)*")


def contract(title: str, rows: "pd.DataFrame", key: str) -> str:
    """Return the contract that these rows keep, in pandera's YAML form.

    Args:
        title: One line that says what the table is.
        rows: The table, shape (rows, columns).
        key: The column that names a row; it is unique, and has no range.
    """
    lines: list[str] = []
    for name in rows.columns:
        lines.append(f"  {plain(name)}:")
        rules = ["unique: true"] if name == key else _seen(rows[name])
        lines += [f"    {rule}" for rule in (f"dtype: {_dtype(rows[name])}", *_nullable(rows[name]), *rules)]
    return HEAD.format(title=title) + "\n".join(lines) + "\n"


def plain(text: str) -> str:
    """Return a text as YAML reads it back: as it is where it is a plain word, else in quotes."""
    if PLAIN.fullmatch(text) and yaml.safe_load(text) == text:
        return text
    return json.dumps(text, ensure_ascii=False)


def _dtype(values: "pd.Series[Any]") -> str:
    from pandas.api.types import is_string_dtype

    return "str" if is_string_dtype(values.dtype) else str(values.dtype)


def _nullable(values: "pd.Series[Any]") -> Iterator[str]:
    if values.isna().any():
        yield f"nullable: true  # review: {int(values.isna().sum())} of {len(values)} are"


def _seen(values: "pd.Series[Any]") -> Iterator[str]:
    """Yield the rule that the values suggest: a list of words or a range."""
    from pandas.api.types import is_bool_dtype, is_numeric_dtype, is_string_dtype

    there = values.dropna()
    words = sorted(there.unique().tolist(), key=str)
    if is_bool_dtype(values.dtype) or not words:
        return
    if is_numeric_dtype(values.dtype):
        if words in ([0, 1], [0.0, 1.0]):
            yield f"isin: {words}"
        elif all(map(math.isfinite, words)):
            low, high = json.dumps(min(words)), json.dumps(max(words))
            yield f"in_range: {{min_value: {low}, max_value: {high}}}  # review: what is possible?"
    elif (is_string_dtype(values.dtype) or values.dtype == "category") and (
        len(words) <= MOST_WORDS and len(words) * ROWS_A_WORD <= len(there)
    ):
        yield f"isin: [{', '.join(map(_word, words))}]  # review: are these all?"


def _word(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
