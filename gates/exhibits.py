"""What a report draws of one judgement, as a small document that is kept beside the statement.

    {"format": 1,
     "scores": {"task", "rows", "weighed", "models": {model: {"roc", "reliability", "histogram"}}},
     "latency": {model: {"requests", "ms"}},
     "columns": {table: {"rows", "columns": [{"name", "kind", "missing", …}]}},
     "card": what people say of the model, where they do}

The statement names its digest, so a picture that is drawn a year later is of what was judged. Figures are
kept to six digits: a picture shows less. What a task or a candidate does not have is absent.

The ledger forgets nothing, so of a column's values only those are kept that `FEWEST_ALIKE` rows have in
common, and a range at whose ends, or beyond them, so many rows lie; of a key, none.
"""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gates import golden_rows, timings
from gates.contracts import COLUMN_WORDS
from gates.documents import Document, read_yaml
from gates.errors import InvalidError
from gates.golden_rows import GoldenFiles, GoldenRows
from gates.policy_values import Task
from gates.profiling import profile_of
from gates.stats.curves import (
    QUANTILES,
    counts_between,
    empirical_quantiles,
    height,
    reliability,
    roc_curve,
    thinned,
)
from gates.stats.profile import Categories, Column, Numbers, lower_ends

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

FORMAT = 1
CELLS = 20  # of a distribution of scores
BARS = 16  # of a column's histogram
MOST_COLUMNS = 100  # of a table
MOST_PLACES = 10  # of a ranking
FEWEST_ALIKE = 10  # rows that a value must stand for
RATES = (0.05, 0.1, 0.2, 0.5)  # false positive rates at which the true ones are kept
LONGEST = 200  # letters of what a contract says of a column
DIGITS = 6
MS = 1_000.0
SHARES = QUANTILES  # of the requests, which are answered within the figures of `ms`


def of_candidate(
    golden: GoldenFiles, latency: Path | None, tables: Mapping[str, tuple[Path, Path]]
) -> Document:
    """Return the exhibits of a candidate.

    Args:
        golden: The golden rows and what the models answered.
        latency: The benchmark's JSON; None where there is none.
        tables: Name to table, whose columns are drawn, and its contract.

    Raises:
        InvalidError: A file cannot be read.
    """
    models = [
        each
        for each in golden_rows.MODELS
        if each == "challenger" or golden_rows.has_champion(golden.predictions)
    ]
    rows = golden_rows.read(golden, models)
    found: Document = {"format": FORMAT, "scores": _scores(golden.task, rows)}
    if latency is not None:
        found["latency"] = _latency(latency)
    found["columns"] = {name: _table(path, contract, golden.key) for name, (path, contract) in tables.items()}
    return found


def require_known(document: Document, name: str) -> Document:
    """Return exhibits, held to be of a format that this version draws.

    Raises:
        InvalidError: They are not.
    """
    if document.get("format") != FORMAT:
        raise InvalidError(f"{name} has a format that this version does not know.", do="Update ml-gates.")
    return document


# ---------------------------------------------------------------- scores


def _scores(task: Task, rows: GoldenRows) -> Document:
    of_task = {"binary": _binary, "multiclass": _multiclass, "regression": _regression, "ranking": _ranking}[
        task
    ]
    some = len(rows) > 0 and (rows.weights is None or bool(rows.weights.any()))
    drawn = {model: of_task(rows, answers) for model, answers in rows.answers.items()} if some else {}
    weighed = {"weighed": True} if rows.weights is not None else {}
    return {"task": task, "rows": len(rows), **weighed, "models": drawn}


def _binary(rows: GoldenRows, answers: "Floats") -> Document:
    drawn = _bins(rows, rows.y, answers) | {
        "histogram": _histogram({str(label): answers[rows.y == label] for label in (0, 1)}, 0.0, 1.0)
    }
    with suppress(ValueError):  # one class alone counts: there is no curve
        curve = roc_curve(rows.y, answers, rows.weights)
        false, true = thinned(curve)
        drawn["roc"] = {"false_positive_rate": _short(false), "true_positive_rate": _short(true)}
        drawn["roc"]["reached"] = [_digits(height(curve, rate)) for rate in RATES]
    return drawn


def _multiclass(rows: GoldenRows, answers: "Floats") -> Document:
    """Return how sure the model was of the class that it named, and whether it was right."""
    right = np.array(rows.classes)[answers.argmax(axis=1)] == rows.y
    sure = np.minimum(answers.max(axis=1), 1.0)
    return _bins(rows, right.astype(np.float64), sure) | {
        "histogram": _histogram({"wrong": sure[~right], "right": sure[right]}, 0.0, 1.0)
    }


def _regression(rows: GoldenRows, answers: "Floats") -> Document:
    missed = answers - rows.y
    widest = float(np.abs(missed).max())
    return _bins(rows, rows.y, answers) | {"histogram": _histogram({"error": missed}, -widest, widest)}


def _ranking(rows: GoldenRows, answers: "Floats") -> Document:
    """Return the mean grade at each place of a query, the first places alone."""
    order = np.lexsort((-answers, rows.queries))
    queries, grades = rows.queries[order], rows.y[order].astype(np.float64)
    first = np.flatnonzero(np.concatenate([[True], queries[1:] != queries[:-1]]))
    place = np.arange(len(rows)) - np.repeat(first, np.diff([*first, len(rows)]))
    seen = [grades[place == each] for each in range(min(MOST_PLACES, int(place.max()) + 1))]
    return {
        "places": [
            {"place": at, "queries": len(each), "grade": _digits(each.mean())}
            for at, each in enumerate(seen, 1)
        ]
    }


def _bins(rows: GoldenRows, outcomes: "npt.NDArray[Any]", answers: "Floats") -> Document:
    found = reliability(outcomes, answers, rows.weights)
    return {"reliability": [{key: _digits(value) for key, value in vars(each).items()} for each in found]}


def _histogram(of: Mapping[str, "Floats"], low: float, high: float) -> Document:
    counts = {name: counts_between(values, low, high, CELLS).tolist() for name, values in of.items()}
    return {"low": _digits(low), "high": _digits(high), "counts": counts}


# ---------------------------------------------------------------- latency


def _latency(path: Path) -> Document:
    return {
        model: {"requests": len(seconds), "ms": _short(empirical_quantiles(seconds) * MS)}
        for model, seconds in timings.read(path).items()
        if seconds
    }


# ---------------------------------------------------------------- columns


def _table(path: Path, contract: Path, key: str) -> Document:
    profile = profile_of(path)
    named = list(profile.columns.items())
    promised = _promised(contract)
    return {
        "rows": profile.rows,
        "columns": [
            {"name": name, **promised.get(name, {}), **_column(column, values=name != key)}
            for name, column in named[:MOST_COLUMNS]
        ],
        "more": max(0, len(named) - MOST_COLUMNS),
    }


def _promised(contract: Path) -> dict[str, Document]:
    """Return column to what its contract says of it, in words."""
    columns = read_yaml(contract).get("columns") or {}
    return {name: {"promised": _rules(rules)} for name, rules in columns.items() if isinstance(rules, dict)}


def _rules(rules: Mapping[str, Any]) -> str:
    told = [str(rules.get("dtype", "any type"))]
    told += [] if rules.get("nullable") else ["no nulls"]
    told += ["unique"] if rules.get("unique") else []
    told += [_check(name, check) for name, check in rules.items() if name not in COLUMN_WORDS]
    text = "; ".join(told)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _check(name: str, check: object) -> str:
    values = check.values() if isinstance(check, dict) else check if isinstance(check, list) else [check]
    return f"{name}({', '.join(map(str, values))})"


def _column(column: Column, *, values: bool) -> Document:
    """Return how a column is spread; its values only where they are wanted and stand for enough rows."""
    drawn: Document = {"missing": column.missing}
    match column:
        case Numbers():
            return {"kind": "numbers", **drawn, **(_spread(column) if values else {})}
        case Categories(counts=dict() as counts):
            often = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
            named = [[text, count] for text, count in often[:3] if values and count >= FEWEST_ALIKE]
            drawn |= {"distinct": len(counts), "often": named, "bars": [count for _, count in often[:BARS]]}
            return {"kind": "texts", **drawn}
        case Categories():
            return {"kind": "texts", **drawn}
        case _:
            return {"kind": "other", **drawn}


def _spread(column: Numbers) -> Document:
    """Return a column's range without the outermost rows at each end, and its bars."""
    ends, counted = lower_ends(column, column.cells), np.cumsum(column.counts)
    if not counted.size or counted[-1] < FEWEST_ALIKE:
        return {}
    low = float(ends[np.searchsorted(counted, FEWEST_ALIKE)])
    high = float(ends[np.searchsorted(counted, counted[-1] - FEWEST_ALIKE, side="right")])
    if low > high:  # of fewer than twice as many rows
        return {}
    return {"low": _digits(low), "high": _digits(high), "bars": _bars(ends, column.counts, low, high)}


def _bars(ends: "Floats", counts: "npt.NDArray[Any]", low: float, high: float) -> list[int]:
    """Count cells in equally wide bars; what lies outside is counted in the first or the last."""
    width = high / BARS - low / BARS  # of numbers whose difference may be too large for a float
    bars = BARS if width > 0 else 1
    at = np.clip(ends, low, high)
    place = (at / width - low / width).astype(np.int64) if width > 0 else np.zeros(at.size, np.int64)
    summed = np.bincount(np.clip(place, 0, bars - 1), weights=counts.astype(np.float64), minlength=bars)
    return [int(each) for each in summed]


def _short(values: "Floats") -> list[float]:
    return [_digits(each) for each in values.tolist()]


def _digits(value: float) -> float:
    """Return a figure to as many digits as a picture can show."""
    return value if isinstance(value, int) else float(f"{float(value):.{DIGITS}g}")
