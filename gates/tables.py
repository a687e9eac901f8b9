"""Reading columns of a Parquet or CSV table, with errors that name the column."""

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gates.errors import InvalidError
from gates.paths import require_regular_file

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

LARGEST = 1e150


def read_table(path: Path, columns: Sequence[str] | None = None) -> "pd.DataFrame":
    """Return a table as a DataFrame of shape (rows, columns); ``columns`` limits and orders them.

    Raises:
        InvalidError: Not a regular file, not Parquet or CSV, no header, or a column is missing.
    """
    import pandas as pd
    import pyarrow as pa

    require_regular_file(path)
    try:
        frame = pd.read_parquet(path) if path.suffix == ".parquet" else _read_csv(path)
    except (
        *(OSError, ValueError, LookupError, TypeError, pa.ArrowException),
        *(pd.errors.ParserError, pd.errors.ParserWarning),
    ) as error:
        raise InvalidError(
            f"{path} is not a readable table.",
            why=str(error).splitlines()[0] if str(error) else type(error).__name__,
            do="Write it again as Parquet or as UTF-8 CSV with commas. "
            f"Where a stage makes it: dvc repro --force. Else: dvc add {path}",
        ) from error
    if columns is None:
        return frame
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise InvalidError(
            f"{path} has no column {missing[0]!r}.",
            why=f"Its columns are {', '.join(map(str, frame.columns[:30]))}.",
            do="Correct the column's name in params.yaml, or the stage that writes the file.",
        )
    return frame[list(columns)]


def read_columns(path: Path) -> list[str]:
    """Return the names of a table's columns, in their order.

    Raises:
        InvalidError: As for `read_table`.
    """
    return [str(column) for column in read_table(path).columns]


def _read_csv(path: Path) -> "pd.DataFrame":
    """Read a CSV file with its header's columns and no others; its types do not depend on row order."""
    import pandas as pd

    with warnings.catch_warnings():
        # Rows longer than the header would lose their last field, or shift into an index.
        warnings.simplefilter("error", pd.errors.ParserWarning)
        return pd.read_csv(path, index_col=False, low_memory=False)


def require_unique(path: Path, frame: "pd.DataFrame", key: str) -> None:
    """Refuse a table whose key column repeats a value or lacks one.

    Raises:
        InvalidError: With the number of such rows.
    """
    bad = int(frame[key].duplicated().sum() + frame[key].isna().sum())
    if bad:
        raise InvalidError(f"{path}: {bad} rows repeat or lack a {key!r}.", do="Keep one row a key.")


def read_aligned(parts: Mapping[Path, Sequence[str]], key: str) -> "pd.DataFrame":
    """Return columns of several tables joined one to one by a key, sorted by it.

    Sorting makes every figure independent of the order of rows in the files.

    Args:
        parts: Path of each table to the columns wanted from it.
        key: The column that names a row in all of them.

    Raises:
        InvalidError: As for `read_table`; a key is doubled, or stands in one table and not in another.
    """
    wanted = [key, *(column for columns in parts.values() for column in columns)]
    twice = sorted({column for column in wanted if wanted.count(column) > 1})
    if twice:
        raise InvalidError(f"The column {twice[0]!r} is asked for twice.", do="Name it once in params.yaml.")
    joined: pd.DataFrame | None = None
    first: Path | None = None
    for path, columns in parts.items():
        frame = read_table(path, [key, *columns])
        require_unique(path, frame, key)
        try:
            frame = frame.set_index(key).sort_index()
        except TypeError as error:
            raise InvalidError(f"{path}: {key!r} has no order.", do="Use whole numbers or texts.") from error
        if joined is None or first is None:
            joined, first = frame, path
            continue
        if not joined.index.equals(frame.index):
            odd = joined.index.symmetric_difference(frame.index)
            raise InvalidError(
                f"{first} and {path} do not hold the same rows.",
                why=f"{len(odd)} values of {key!r} stand in one of them only, such as {odd[0]}."
                if len(odd)
                else f"The types of {key!r} differ.",
                do="Predict again on this golden set: gates predict",
            )
        joined = joined.join(frame)
    if joined is None:
        raise ValueError("no tables to join")
    return joined


def in_slice(rows: "pd.DataFrame", name: str) -> "npt.NDArray[np.bool_]":
    """Return which rows are in a slice, written as column=value; a value is compared as text."""
    column, _, value = name.partition("=")
    chosen: npt.NDArray[np.bool_] = (rows[column].astype("str") == value).to_numpy(dtype="bool")
    return chosen


def numbers(path: Path, column: "pd.Series[float]") -> "npt.NDArray[np.float64]":
    """Return labels or predictions of a regression as float64, shape (rows,).

    Raises:
        InvalidError: A value is missing, not a number, infinite, or so large that its square is no number.
    """
    import numpy as np
    import pandas as pd

    numeric = pd.to_numeric(column, errors="coerce")
    values: npt.NDArray[np.float64] = numeric.to_numpy(dtype="float64", na_value=float("nan"))
    bad = int((~(np.abs(values) <= LARGEST)).sum())
    if bad:
        raise InvalidError(
            f"{path}: {bad} values in {column.name!r} are not finite numbers.",
            why=f"A value is missing, NaN, infinite or beyond ±{LARGEST:g}.",
            do="Mend the label or the model's predict, then: gates predict",
        )
    return values


def class_names(path: Path, column: "pd.Series[Any]") -> "npt.NDArray[np.str_]":
    """Return names of classes or groups as text, shape (rows,); whole numbers have no decimals.

    Raises:
        InvalidError: One is missing.
    """
    import numpy as np
    import pandas as pd

    if missing := int(column.isna().sum()):
        raise InvalidError(
            f"{path}: {missing} values in {column.name!r} are missing.", do="Mend that column."
        )
    codes, values = pd.factorize(column)
    names = np.array([class_name(value) for value in values], dtype=np.str_)
    return names[codes] if len(names) else np.array([], dtype=np.str_)


def class_name(value: object) -> str:
    """Return the name of one class: whole numbers and numpy's own types read as everybody writes them."""
    plain = value.item() if hasattr(value, "item") else value
    return str(int(plain)) if isinstance(plain, float) and plain.is_integer() else str(plain)


def binary_labels(path: Path, labels: "pd.Series[int]") -> "npt.NDArray[np.int64]":
    """Return labels as 0 and 1, shape (rows,).

    Raises:
        InvalidError: A label is missing or neither 0 nor 1.
    """
    bad = int((~labels.isin((0, 1))).sum())
    if bad:
        raise InvalidError(
            f"{path}: {bad} labels in {labels.name!r} are not 0 or 1.", do="Write them as 0 and 1."
        )
    array: npt.NDArray[np.int64] = labels.to_numpy(dtype="int64")
    return array


def probabilities(path: Path, scores: "pd.Series[float]") -> "npt.NDArray[np.float64]":
    """Return scores as float64, shape (rows,).

    Raises:
        InvalidError: A score is missing, not a number, or outside 0 to 1.
    """
    import pandas as pd

    numeric = pd.to_numeric(scores, errors="coerce")
    values: npt.NDArray[np.float64] = numeric.to_numpy(dtype="float64", na_value=float("nan"))
    bad = int((~((values >= 0) & (values <= 1))).sum())
    if bad:
        raise InvalidError(
            f"{path}: {bad} scores in {scores.name!r} are not probabilities.",
            why="A score is missing, NaN or outside 0 to 1.",
            do="Mend the model's predict_proba, then: gates predict",
        )
    return values
