"""Defects of what a model learns from: the stages that train are run again in the copy."""

from typing import TYPE_CHECKING, Any

from gates.defects.case import Case, Changes, Defect, NotApplicableError, draws, number_column
from gates.defects.groups import unwaived_group

if TYPE_CHECKING:
    import pandas as pd


def labels_shuffled(case: Case) -> Changes:
    """Deal the labels of the training rows anew."""
    train = _labelled(case)
    dealt = train[case.label].to_numpy()[draws().permutation(len(train))]
    return case.with_table("train", train.assign(**{case.label: dealt}))


def one_class(case: Case) -> Changes:
    """Give every training row the label of the first."""
    case.require_task("binary", "multiclass")
    train = _labelled(case)
    return case.with_table("train", train.assign(**{case.label: train[case.label].iloc[0]}))


def label_in_feature(case: Case) -> Changes:
    """Let a column of numbers tell the label, in training and golden rows, by values that it had anyway."""
    import numpy as np
    import pandas as pd

    case.require_task("binary")
    train, features = _labelled(case), case.table("features")
    name = number_column(features.drop(columns=[case.key]))
    if name not in train:
        raise NotApplicableError(f"the training table has no column {name!r}")
    labels = features[[case.key]].merge(case.table("labels"), on=case.key)[case.label]
    low, high = train[name].min(), train[name].max()

    def told(label: "pd.Series[Any]", column: "pd.Series[Any]") -> "pd.Series[Any]":
        values = np.where(label.to_numpy() == 1, high, low)
        return pd.Series(values, index=column.index, dtype=column.dtype)

    return {
        **case.with_table("train", train.assign(**{name: told(train[case.label], train[name])})),
        **case.with_table("features", features.assign(**{name: told(labels, features[name])})),
    }


def group_taught_down(case: Case) -> Changes:
    """Teach half of one group's rows of class 1 as rows of class 0."""
    case.require_task("binary")
    train, group = _labelled(case), unwaived_group(case)
    if group not in train:
        raise NotApplicableError(f"the training table has no column {group!r}")
    rates = train.groupby(group)[case.label].mean()
    wronged = (train[group] == rates.idxmin()) & (train[case.label] == 1)
    every_other = wronged & (wronged.cumsum() % 2 == 0)
    return case.with_table("train", train.assign(**{case.label: train[case.label].where(~every_other, 0)}))


def _labelled(case: Case) -> "pd.DataFrame":
    train = case.table("train")
    if case.label not in train:
        raise NotApplicableError(f"the training table has no column {case.label!r}")
    return train


DEFECTS = (
    Defect(
        "training labels shuffled",
        "The model is trained on labels that were dealt anew.",
        ("golden",),
        labels_shuffled,
        "the limits of the gate golden",
        retrains=True,
    ),
    Defect(
        "trained on one class",
        "Every row that the model is trained on has the same label.",
        ("train", "golden"),
        one_class,
        "the limits of the gate golden, or the stage itself",
        retrains=True,
    ),
    Defect(
        "a feature tells the label",
        "In training and golden rows a column tells the label, and the model is trained with it.",
        ("golden",),
        label_in_feature,
        "golden.max_auc",
        retrains=True,
    ),
    Defect(
        "one group taught down",
        "Half of one group's rows of class 1 are taught as class 0.",
        ("fairness",),
        group_taught_down,
        "the limits of the gate fairness",
        retrains=True,
    ),
)
