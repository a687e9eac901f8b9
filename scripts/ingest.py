"""Stage `ingest`: the raw CSV becomes a clean table.

Customers whose rows agree in everything but the row number are kept once (22 rows go, 7,021 stay), or the
same customer could be learnt from and judged on. `rownames` becomes `row_id`, `churn` becomes 1 for `Yes`
and 0 for `No`. The 11 customers without `total_charges` have a tenure of 0 months; they get
`ingest.missing_total_charges`.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import stage

if TYPE_CHECKING:
    import pandas as pd

RAW = "data/raw/churn.csv"
CLEAN = "data/clean.parquet"
PARAMS = {"missing_total_charges": (float, 0, 1_000_000)}


def clean(raw: pd.DataFrame, missing_total_charges: float) -> pd.DataFrame:
    """Give the table of unique customers, first row of each kept, in the order of the raw file.

    Raises:
        stage.MistakeError: A column is missing, or a label is neither `Yes` nor `No`.
    """
    stage.require(raw, ["rownames", "churn", "total_charges"], RAW)
    odd = sorted(set(raw["churn"].astype(str)) - {"Yes", "No"})
    if odd:
        raise stage.MistakeError(f"{RAW}: column churn must be Yes or No, but holds {', '.join(odd)}.")
    content = [column for column in raw.columns if column != "rownames"]
    table = raw.drop_duplicates(subset=content).rename(columns={"rownames": stage.KEY})
    return table.assign(
        churn=(table["churn"] == "Yes").astype("int64"),
        total_charges=table["total_charges"].fillna(missing_total_charges),
    ).reset_index(drop=True)


def main() -> None:
    """Read the raw file, clean it, write it."""
    params = stage.params("ingest", PARAMS)
    stage.write(clean(stage.read(RAW), params["missing_total_charges"]), CLEAN)


if __name__ == "__main__":
    sys.exit(stage.run(main))
