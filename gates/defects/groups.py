"""Defects of fairness: a model that answers lower to the rows of one group, by scores of its own or not."""

from typing import TYPE_CHECKING, Any

from gates.defects.case import Case, Changes, Defect, NotApplicableError
from gates.defects.scores import Scores, answered_some
from gates.golden_rows import OF_CLASS

if TYPE_CHECKING:
    import pandas as pd

DOWN = 0.3
GATE, HELD_BY = ("fairness",), "the limits of the gate fairness"


def group_scored_down(case: Case) -> Changes:
    """Answer lower to the group that is answered lowest to anyway."""
    case.require_task("binary", "regression", "ranking")
    group = unwaived_group(case)
    table, features = case.table("predictions"), case.table("features")
    (name,) = case.answers(table)
    of_row = table[[case.key, name]].merge(features[[case.key, group]], on=case.key)
    lowest = of_row.groupby(group)[name].mean().idxmin()
    keys = features[case.key][features[group] == lowest]
    spread = float(table[name].std())

    def lower(scores: Scores) -> Scores:
        return scores * DOWN if case.task == "binary" else scores - 3.0 * spread

    return answered_some(case, keys, lower)


def group_last(case: Case) -> Changes:
    """Let the rows that are answered lowest to be those of the smallest group; answers and labels stay.

    How many rows each group has stays too, and so nothing is wrong but who is answered what.
    """
    import pandas as pd

    group, features = unwaived_group(case), case.table("features")
    names = features[group].astype("str")
    sized = pd.DataFrame({"rows": names.map(names.value_counts()), "name": names}).sort_values(
        ["rows", "name"]
    )
    by_merit = features[case.key].map(_merit(case, features)).sort_values(kind="stable").index
    dealt = features[group].loc[sized.index].set_axis(by_merit).sort_index()
    return case.with_table("features", features.assign(**{group: dealt}))


def unwaived_group(case: Case) -> str:
    """Return the first attribute of fairness that no waiver covers.

    Raises:
        NotApplicableError: There is none.
    """
    held = getattr(case.policy.block("fairness"), "attributes", ())
    waived = {each.finding.rpartition("/")[2] for each in case.policy.waivers if each.gate == "fairness"}
    fair = [each for each in held if each not in waived]
    if not fair:
        raise NotApplicableError(
            "fairness.attributes names no group" if not held else "every attribute of fairness has a waiver"
        )
    return str(fair[0])


def _merit(case: Case, features: "pd.DataFrame") -> "pd.Series[Any]":
    """Return key to what the gate compares groups by: the higher, the better for the row."""
    answers = case.table("predictions").set_index(case.key)
    block = case.policy.block("fairness")
    if case.task == "multiclass":
        favoured = [f"challenger{OF_CLASS}{each}" for each in getattr(block, "favourable", ())]
        classes = case.answers(answers)
        others = [each for each in classes if each not in favoured]
        return answers[favoured].max(axis=1) - answers[others].max(axis=1)
    (name,) = case.answers(answers)
    if case.task == "ranking":
        queries = features.set_index(case.key)[case.policy.project.golden_set.group]
        return answers[name].groupby(queries).rank(pct=True)
    if case.task == "regression" and getattr(block, "max_mean_difference", None) is None:
        return -(answers[name] - case.table("labels").set_index(case.key)[case.label]).abs()
    return answers[name]


DEFECTS = (
    Defect(
        "one group scored down",
        "The model answers lower to the rows of one group.",
        GATE,
        group_scored_down,
        HELD_BY,
    ),
    Defect(
        "one group last",
        "The rows of one group are those with the lowest answers; answers and labels are what they were.",
        GATE,
        group_last,
        HELD_BY,
    ),
)
