"""Defects of what the model answers: scores that are none, that say nothing, or that wrong some rows."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from gates.defects.case import Case, Changes, Defect, NotApplicableError, draws
from gates.tables import in_slice

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

Scores: TypeAlias = "npt.NDArray[np.float64]"  # what a model answers, shape (rows, columns)
BENT = 0.25
KNOWS = 0.98
LOST = 10
GOLDEN = ("golden",)


def not_a_number(case: Case) -> Changes:
    """Answer NaN to one golden row."""
    return _answered(case, lambda scores: _with_first(scores, float("nan")))


def impossible(case: Case) -> Changes:
    """Answer a probability above 1 to one golden row."""
    case.require_task("binary", "multiclass")
    return _answered(case, lambda scores: _with_first(scores, 1.7))


def constant(case: Case) -> Changes:
    """Answer the same to every row: the mean."""
    return _answered(case, lambda scores: scores * 0 + scores.mean(axis=0))


def shuffled(case: Case) -> Changes:
    """Give each row the answer to another."""
    return _answered(case, lambda scores: scores[draws().permutation(len(scores))])


def reversed_scores(case: Case) -> Changes:
    """Answer the opposite: high for low, or the next class for each."""

    def turned(scores: Scores) -> Scores:
        if case.task == "multiclass":
            import numpy as np

            return np.roll(scores, 1, axis=1)
        return 1.0 - scores if case.task == "binary" else 2.0 * scores.mean() - scores

    return _answered(case, turned)


def miscalibrated(case: Case) -> Changes:
    """Bend probabilities upward without changing their order, so that the AUC is what it was."""
    case.require_task("binary")
    return _answered(case, lambda scores: scores**BENT)


def knowing(case: Case) -> Changes:
    """Answer as a model does that was shown the label: nearly 1 for 1, nearly 0 for 0."""
    case.require_task("binary")
    table = case.table("predictions")
    labels = table[[case.key]].merge(case.table("labels"), on=case.key)[case.label].to_numpy("float64")
    (name,) = case.answers(table)
    told = KNOWS * labels + (1.0 - KNOWS) * table[name].to_numpy()
    return case.with_table("predictions", table.assign(**{name: told}))


def slice_ruined(case: Case) -> Changes:
    """Turn round the order of the answers to the rows of the smallest declared slice."""
    features = case.table("features")
    names = [each for each in declared_slices(case) if in_slice(features, each).any()]
    if not names:
        raise NotApplicableError("the policy declares no slice (golden.min_slice_auc and its like)")
    chosen = min(names, key=lambda name: int(in_slice(features, name).sum()))
    keys = features[case.key][in_slice(features, chosen)]

    def ruin(scores: Scores) -> Scores:
        order = scores[:, 0].argsort(kind="stable")
        turned = scores.copy()
        turned[order] = scores[order[::-1]]
        return turned

    return answered_some(case, keys, ruin)


def rows_missing(case: Case) -> Changes:
    """Leave ten golden rows without an answer."""
    return case.with_table("predictions", case.table("predictions").iloc[:-LOST])


def rows_doubled(case: Case) -> Changes:
    """Answer ten golden rows twice."""
    import pandas as pd

    table = case.table("predictions")
    return case.with_table("predictions", pd.concat([table, table.tail(LOST)]))


def scores_swapped(case: Case) -> Changes:
    """Write other answers over those that were handed on."""
    return _answered(case, lambda scores: scores[scores[:, 0].argsort(kind="stable")])


def declared_slices(case: Case) -> list[str]:
    """Return the slices that golden or champion hold a limit on, each as column=value."""
    golden, champion = case.policy.block("golden"), case.policy.block("champion")
    limits: list[str] = [*getattr(golden, "min_slice_auc", ()), *getattr(golden, "max_slice_rmse", ())]
    by_metric = [slices for block in (golden, champion) for slices in block.slices_held.values()]
    return list(dict.fromkeys([*limits, *(name for slices in by_metric for name in slices)]))


def _answered(case: Case, change: Callable[[Scores], Scores]) -> Changes:
    """Return the change that replaces the challenger's answers, shape (rows, columns)."""
    table = case.table("predictions")
    return _replaced(case, table, change(table[case.answers(table)].to_numpy("float64")))


def answered_some(case: Case, keys: "pd.Series[Any]", change: Callable[[Scores], Scores]) -> Changes:
    """Return the same for the answers to the rows with some keys alone."""
    table = case.table("predictions")
    scores = table[case.answers(table)].to_numpy("float64", copy=True)
    chosen = table[case.key].isin(keys).to_numpy()
    scores[chosen] = change(scores[chosen])
    return _replaced(case, table, scores)


def _replaced(case: Case, table: "pd.DataFrame", scores: Scores) -> Changes:
    columns = case.answers(table)
    return case.with_table("predictions", table.assign(**dict(zip(columns, scores.T, strict=True))))


def _with_first(scores: Scores, value: float) -> Scores:
    spoilt = scores.copy()
    spoilt[0] = value
    return spoilt


DEFECTS = (
    Defect(
        "NaN scores",
        "The model answers NaN to one golden row.",
        GOLDEN,
        not_a_number,
        "the gate golden, always",
    ),
    Defect(
        "impossible scores",
        "The model answers a probability of 1.7 to one golden row.",
        GOLDEN,
        impossible,
        "the gate golden, always",
    ),
    Defect(
        "constant scores",
        "The model answers the same to every golden row.",
        GOLDEN,
        constant,
        "golden.min_auc, or another limit of the task",
    ),
    Defect(
        "shuffled scores",
        "Each golden row gets the answer to another.",
        GOLDEN,
        shuffled,
        "golden.min_auc, or another limit of the task",
    ),
    Defect(
        "reversed scores",
        "The model answers high for low.",
        GOLDEN,
        reversed_scores,
        "golden.min_auc, or another limit of the task",
    ),
    Defect(
        "calibration broken",
        "Probabilities are bent upward, their order and so the AUC the same.",
        GOLDEN,
        miscalibrated,
        "golden.max_calibration_error, max_brier or max_log_loss",
    ),
    Defect(
        "leaked label",
        "The model answers as one does that was shown the label.",
        GOLDEN,
        knowing,
        "golden.max_auc",
    ),
    Defect(
        "a single slice ruined",
        "On the smallest slice of the policy the model answers high for low; elsewhere nothing changes.",
        ("golden", "champion"),
        slice_ruined,
        "golden.min_slice_auc of that slice",
    ),
    Defect(
        "scores missing", "Ten golden rows have no answer.", GOLDEN, rows_missing, "the gate golden, always"
    ),
    Defect(
        "scores doubled",
        "Ten golden rows are answered twice.",
        GOLDEN,
        rows_doubled,
        "the gate golden, always",
    ),
    Defect(
        "scores swapped",
        "The scores were changed after the job predict handed them on.",
        ("hand-over",),
        scores_swapped,
        "the digests that jobs hand on, always",
        in_the_making=False,
    ),
)
