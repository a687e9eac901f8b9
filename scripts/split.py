"""Stage `split`: the clean table becomes train, validation, golden and live.

Customers of at most `split.live_max_tenure` months are the live cohort. The others are dealt by the SHA-256
of seed and row number, each class for itself, so shares of the classes are equal everywhere and a row's
place depends neither on the order of the file nor on a library's random numbers. The golden set's features
and labels are two files: whoever loads a model needs only the first.
"""

from __future__ import annotations

import hashlib
import sys
from typing import TYPE_CHECKING

import stage

if TYPE_CHECKING:
    import pandas as pd

CLEAN = "data/clean.parquet"
GOLDEN_MIN_PER_CLASS = 200
PARAMS = {
    "seed": (int, 0, 2**31),
    "live_max_tenure": (int, 0, 1_000),
    "golden_rows": (int, 2 * GOLDEN_MIN_PER_CLASS, 10_000_000),
    "validation_share": (float, 0.01, 0.9),
}


def deal(pool: pd.DataFrame, rows: int, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Take a stratified sample.

    Args:
        pool: Table with `row_id` and `churn`.
        rows: Size of the sample.
        seed: Another seed gives another sample.

    Returns:
        The sample and the rest, both in the order of `row_id`.
    """
    digest = pool[stage.KEY].map(lambda key: hashlib.sha256(f"{seed}:{key}".encode()).hexdigest())
    rank = digest.groupby(pool[stage.LABEL]).rank(method="first")
    share = pool.groupby(stage.LABEL)[stage.KEY].transform("size") * rows / len(pool)
    taken = rank <= share.round()
    return pool[taken].sort_values(stage.KEY), pool[~taken].sort_values(stage.KEY)


def without(table: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """Drop the rows whose features also occur in the other table."""
    import pandas as pd

    features = [column for column in table.columns if column not in {stage.KEY, stage.LABEL}]
    both = pd.concat([other[features], table[features]])
    return table[~both.duplicated(features).iloc[len(other) :].to_numpy()]


def main() -> None:
    """Deal the clean table and write the five files."""
    params = stage.params("split", PARAMS)
    table = stage.read(CLEAN)
    stage.require(table, [stage.KEY, stage.LABEL, "tenure"], CLEAN)
    new = table["tenure"] <= params["live_max_tenure"]
    golden, rest = deal(table[~new], params["golden_rows"], params["seed"])
    smallest = golden[stage.LABEL].value_counts().reindex([0, 1], fill_value=0).min()
    if smallest < GOLDEN_MIN_PER_CLASS or rest.empty:
        raise stage.MistakeError(
            f"split.golden_rows = {params['golden_rows']} gives {smallest} golden rows in the smaller class"
            f" and leaves {len(rest)} for training; at least {GOLDEN_MIN_PER_CLASS} a class and some for"
            " training are needed. Change split.golden_rows or split.live_max_tenure in params.yaml."
        )
    rest = without(rest, golden)
    validation, train = deal(rest, round(len(rest) * params["validation_share"]), params["seed"] + 1)
    stage.write(golden.drop(columns=stage.LABEL), "data/golden/features.parquet")
    stage.write(golden[[stage.KEY, stage.LABEL]], "data/golden/labels.parquet")
    stage.write(train, "data/train.parquet")
    stage.write(validation, "data/validation.parquet")
    stage.write(table[new], "data/live.parquet")


if __name__ == "__main__":
    sys.exit(stage.run(main))
