"""Golden rows kept with the scores that a model gave them when it was judged: proof that it still answers so.

The rows are a sample, since the ledger keeps them for ever; no key and no label is among them.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gates.adapters import model
from gates.errors import InvalidError, TamperedError
from gates.golden_rows import OF_CLASS
from gates.policy_values import ANSWERS_NUMBERS, Task
from gates.tables import read_table

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

NAME = "replay.parquet"
SCORE = "gates:score"


def sample(
    features: "pd.DataFrame",
    scores: "npt.NDArray[np.float64]",
    rows: int,
    columns: Sequence[str] = (SCORE,),
) -> bytes:
    """Return a table of evenly spaced rows with their scores, as parquet.

    Args:
        features: What the model was asked, in the order of its signature.
        scores: What it answered, a row each, shape (rows,) or (rows, columns).
        rows: How many to keep; all where there are fewer.
        columns: How the columns of its answers are called; see `gates.adapters.model.columns`.
    """
    import numpy as np

    kept = np.linspace(0, len(features) - 1, min(rows, len(features))).round().astype(int)
    answers = np.atleast_2d(scores[kept].T)
    table = features.iloc[kept].assign(**dict(zip(columns, answers, strict=True)))
    return bytes(table.to_parquet(index=False))


def kept_columns(table: "pd.DataFrame") -> list[str]:
    """Return the columns that hold kept scores."""
    return [each for each in table.columns if each == SCORE or each.startswith(f"{SCORE}{OF_CLASS}")]


def require_same(
    estimator: Any,  # noqa: ANN401 - any estimator
    folder: Path,
    replay: Path,
    tolerance: float,
    task: Task = "binary",
) -> None:
    """Hold that a model answers the kept rows as it did when it was judged.

    Args:
        estimator: The loaded model.
        folder: The folder that it was loaded from; its signature names the columns.
        replay: The kept rows.
        tolerance: By how much a score may differ: a probability, or a share of a regression's `scale`.
        task: What the model does.

    Raises:
        InvalidError: It does not answer, or otherwise.
        TamperedError: What was kept has no scores.
    """
    import numpy as np

    table = read_table(replay)
    columns = model.columns(estimator, SCORE, task)
    if kept_columns(table) != columns:
        raise TamperedError("What the ledger keeps as golden scores has none.", do="Find who wrote there.")
    if table.empty:
        return
    scores = model.score(estimator, model.rows_for(folder, table, replay), "model", task)
    kept = table[columns].to_numpy().reshape(scores.shape)
    largest = float(np.abs(scores - kept).max())
    allowed = tolerance * (scale(kept) if task in ANSWERS_NUMBERS else 1.0)
    if not largest <= allowed < np.inf:
        raise InvalidError(
            f"It does not answer as it did when it was judged: a golden score differs by {largest:.3g}.",
            why=f"At most {allowed:g} is allowed (gates.replay.tolerance). Its files are those that were "
            "promoted; so what loads and runs them here is another: compare the versions of its libraries.",
            do="Install what the model's requirements.txt asks for, or serve another: gates history",
        )


def scale(scores: "npt.NDArray[np.float64]") -> float:
    """Return how far scores of a unit of their own lie apart; the size of the largest where all are alike."""
    import numpy as np

    return float(np.ptp(scores)) or float(np.abs(scores).max())
