"""What the three stages share: their parameters, their tables, and how a mistake ends."""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd

KEY = "row_id"
LABEL = "churn"


class MistakeError(Exception):
    """Something that the user can put right; its text is all that the user sees."""


def params(block: str, limits: Mapping[str, tuple[type, float, float]]) -> dict[str, Any]:
    """Read one block of `params.yaml` and check it.

    Args:
        block: Name of the block, such as `train`.
        limits: For each parameter its type (`int` or `float`) and its smallest and largest value.

    Returns:
        Exactly the parameters named in `limits`; a `float` may be written as a whole number.

    Raises:
        MistakeError: The file is not YAML, or parameters are missing, unknown, of another type or out of
            range. All of them are named at once.
    """
    try:
        document = yaml.safe_load(Path("params.yaml").read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise MistakeError(f"params.yaml cannot be read: {reason}") from error
    given = document.get(block) if isinstance(document, dict) else None
    if not isinstance(given, dict):
        raise MistakeError(f"params.yaml has no block `{block}:` with the keys {', '.join(limits)}.")
    wrong = [f"{block}.{name} is not a parameter of this stage" for name in given if name not in limits]
    for name, (kind, low, high) in limits.items():
        complaint = _complaint(given[name], kind, low, high) if name in given else "is missing"
        if complaint:
            wrong.append(f"{block}.{name} {complaint}")
    if wrong:
        raise MistakeError(f"params.yaml: {'; '.join(wrong)}. Correct the file and run again.")
    return {name: kind(given[name]) for name, (kind, _, _) in limits.items()}


def _complaint(value: object, kind: type, low: float, high: float) -> str:
    """Say what is wrong with one value, or nothing."""
    wanted = "a whole number" if kind is int else "a number"
    if isinstance(value, bool) or not isinstance(value, int | float) or not isinstance(value, int | kind):
        return f"must be {wanted}, not {value!r}"
    if not (math.isfinite(value) and low <= value <= high):
        return f"must be {wanted} from {low} to {high}, not {value!r}"
    return ""


def read(path: str) -> pd.DataFrame:
    """Read a CSV or parquet table; a missing or broken file is a mistake, not a crash."""
    import pandas as pd

    if not Path(path).is_file():
        raise MistakeError(f"{path} is missing. `dvc pull data/raw/churn.csv` and `dvc repro` make it.")
    try:
        return pd.read_csv(path) if path.endswith(".csv") else pd.read_parquet(path)
    except (OSError, ValueError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise MistakeError(f"{path} cannot be read: {reason}. Delete it and run `dvc repro`.") from error


def write(table: pd.DataFrame, path: str) -> None:
    """Write a table as parquet, without an index, and make its folder."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    table.to_parquet(path, index=False)


def require(table: pd.DataFrame, columns: list[str], path: str) -> None:
    """Refuse a table that lacks one of the columns."""
    missing = [column for column in columns if column not in table]
    if missing:
        raise MistakeError(f"{path} has no column {', '.join(missing)}; it has {', '.join(table.columns)}.")


def run(stage: Callable[[], None]) -> int:
    """Run a stage and give its exit code: 0 when it worked, 2 when the user made a mistake."""
    try:
        stage()
    except MistakeError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    return 0
