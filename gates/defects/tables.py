"""Defects of tables: what an upstream system or a stage does to data before anybody looks at it."""

from typing import TYPE_CHECKING

from gates.defects.case import Case, Changes, Defect, NotApplicableError, draws, number_column, text_column

if TYPE_CHECKING:
    import pandas as pd

UNIT = 100
SHARE = 20  # one row in so many
COPIED = 50
OVERLAPPING = 20
SCHEMA, LINEAGE = ("schema",), ("lineage",)


def column_dropped(case: Case) -> Changes:
    """Drop a column of the raw table."""
    raw = case.table("raw")
    return case.with_table("raw", raw.drop(columns=number_column(raw, case.key, case.label)))


def unit_changed(case: Case) -> Changes:
    """Write a column of the raw table in a unit a hundred times as small."""
    raw = case.table("raw")
    name = number_column(raw, case.key, case.label)
    return case.with_table("raw", raw.assign(**{name: raw[name] * UNIT}))


def rows_doubled(case: Case) -> Changes:
    """Append the first rows of the raw table once more."""
    import pandas as pd

    raw = case.table("raw")
    return case.with_table("raw", pd.concat([raw, raw.head(COPIED)]))


def unseen_category(case: Case) -> Changes:
    """Write a value that nobody has heard of into a column of categories."""
    raw = case.table("raw")
    name = text_column(raw, case.key, case.label)
    return case.with_table("raw", raw.assign(**{name: raw[name].where(_most(raw), "never seen before")}))


def no_rows(case: Case) -> Changes:
    """Leave the header of the raw table and no row."""
    return case.with_table("raw", case.table("raw").head(0))


def nulls(case: Case) -> Changes:
    """Empty a column of the training table in one row of twenty."""
    train = case.table("train")
    name = number_column(train, case.key, case.label)
    return case.with_table("train", train.assign(**{name: train[name].where(_most(train))}))


def type_changed(case: Case) -> Changes:
    """Write numbers of the training table as text."""
    train = case.table("train")
    name = number_column(train, case.key, case.label)
    return case.with_table("train", train.assign(**{name: train[name].astype("str")}))


def column_added(case: Case) -> Changes:
    """Add a column to the training table that repeats the label."""
    train = case.table("train")
    if case.label not in train:
        raise NotApplicableError(f"the training table has no column {case.label!r}")
    return case.with_table("train", train.assign(known_afterwards=train[case.label]))


def out_of_range(case: Case) -> Changes:
    """Write into one golden row a number far below all others."""
    features = case.table("features")
    name = number_column(features, case.key)
    column = features[name].astype("float64")
    far = column.min() - UNIT * (column.max() - column.min() + 1)
    column.iloc[len(column) // 2] = far
    return case.with_table("features", features.assign(**{name: column.astype(features[name].dtype)}))


def golden_rows_in_training(case: Case) -> Changes:
    """Append golden rows with their labels to the training table."""
    return case.with_table("train", _with_golden_rows(case))


def golden_rows_renamed_in_training(case: Case) -> Changes:
    """Append golden rows to the training table under new keys."""
    train = _with_golden_rows(case)
    keys = train[case.key].copy()
    if keys.dtype.kind not in "iu":
        raise NotApplicableError(f"new values of {case.key!r} cannot be made up")
    keys.iloc[-OVERLAPPING:] = range(int(keys.max()) + 1, int(keys.max()) + 1 + OVERLAPPING)
    return case.with_table("train", train.assign(**{case.key: keys}))


def other_training_table(case: Case) -> Changes:
    """Leave half of the training table, chosen by lot, after the model was trained."""
    train = case.table("train")
    kept = draws().permutation(len(train))[: len(train) // 2]
    return case.with_table("train", train.iloc[sorted(kept)])


def raw_table_swapped(case: Case) -> Changes:
    """Leave out the last row of the raw table after its digest was taken."""
    return case.with_table("raw", case.table("raw").iloc[:-1])


def _with_golden_rows(case: Case) -> "pd.DataFrame":
    import pandas as pd

    train, features = case.table("train"), case.table("features").head(OVERLAPPING)
    known = features.merge(case.table("labels"), on=case.key)
    absent = [each for each in train.columns if each not in known.columns]
    if absent:
        raise NotApplicableError(f"golden rows have no {absent[0]!r}, which training rows have")
    try:
        alike = known[list(train.columns)].astype(train.dtypes.to_dict())
    except (TypeError, ValueError) as error:
        raise NotApplicableError("golden rows and training rows have different types") from error
    return pd.concat([train, alike], ignore_index=True)


def _most(table: "pd.DataFrame") -> "pd.Series[bool]":
    """Return which rows stay as they are: all but one of twenty."""
    import numpy as np
    import pandas as pd

    return pd.Series(np.arange(len(table)) % SHARE != 0, index=table.index)


DEFECTS = (
    Defect(
        "column dropped",
        "The raw table comes without one of its columns.",
        SCHEMA,
        column_dropped,
        "the column in schema.raw_contract",
    ),
    Defect(
        "unit changed by 100",
        "A column of the raw table is in another unit: cents for euros.",
        SCHEMA,
        unit_changed,
        "in_range of the column in schema.raw_contract",
    ),
    Defect(
        "duplicates",
        "The first 50 rows of the raw table come twice.",
        SCHEMA,
        rows_doubled,
        "unique of the key in schema.raw_contract",
    ),
    Defect(
        "unseen category",
        "One row of twenty of the raw table has a category that was never seen.",
        SCHEMA,
        unseen_category,
        "isin of the column in schema.raw_contract",
    ),
    Defect(
        "empty table", "The raw table has a header and no rows.", SCHEMA, no_rows, "the gate schema, always"
    ),
    Defect(
        "nulls",
        "One row of twenty of the training table lacks a number.",
        SCHEMA,
        nulls,
        "the column in schema.train_contract, without nullable",
    ),
    Defect(
        "type changed",
        "Numbers of the training table are written as text.",
        SCHEMA,
        type_changed,
        "dtype of the column in schema.train_contract",
    ),
    Defect(
        "leaked column",
        "The training table has one column more, which repeats the label.",
        SCHEMA,
        column_added,
        "strict: true in schema.train_contract",
    ),
    Defect(
        "out-of-range value",
        "One golden row has a number far outside of all others.",
        SCHEMA,
        out_of_range,
        "in_range of the column in schema.golden_contract",
    ),
    Defect(
        "golden rows in training",
        "20 golden rows stand in the training table, labels and all.",
        LINEAGE,
        golden_rows_in_training,
        "the gate lineage, always",
    ),
    Defect(
        "golden rows in training, renamed",
        "The same under keys that no golden row has.",
        LINEAGE,
        golden_rows_renamed_in_training,
        "the gate lineage, always",
    ),
    Defect(
        "trained on other data",
        "The training table is not the one that the model was trained on.",
        LINEAGE,
        other_training_table,
        "the gate lineage, always",
        in_the_making=False,
    ),
    Defect(
        "raw table swapped",
        "The raw table was changed after the job data took its digest.",
        ("hand-over", "lineage"),
        raw_table_swapped,
        "the digests that jobs hand on, always",
        in_the_making=False,
    ),
)
