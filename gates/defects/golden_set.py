"""Defects of the golden set: labels that are wrong, rows that are gone, another set than the pinned one."""

from datetime import timedelta

from gates.defects.case import Case, Changes, Defect, NotApplicableError, draws

FEW = 40
LOST = 10
GOLDEN = ("golden",)


def labels_shuffled(case: Case) -> Changes:
    """Deal the golden labels anew."""
    labels = case.table("labels")
    dealt = labels[case.label].to_numpy()[draws().permutation(len(labels))]
    return case.with_table("labels", labels.assign(**{case.label: dealt}))


def labels_flipped(case: Case) -> Changes:
    """Write 0 for 1 and 1 for 0."""
    case.require_task("binary")
    labels = case.table("labels")
    return case.with_table("labels", labels.assign(**{case.label: 1 - labels[case.label]}))


def one_class(case: Case) -> Changes:
    """Let every golden row be of one class."""
    case.require_task("binary", "multiclass")
    labels = case.table("labels")
    return case.with_table("labels", labels.assign(**{case.label: labels[case.label].iloc[0]}))


def labels_missing(case: Case) -> Changes:
    """Leave ten golden rows without a label."""
    return case.with_table("labels", case.table("labels").iloc[:-LOST])


def truncated(case: Case) -> Changes:
    """Leave the first rows of the golden set."""
    keys = case.table("labels")[case.key].head(FEW)
    changes: dict[str, bytes] = {}
    for name in ("features", "labels", "predictions"):
        table = case.table(name)
        changes |= case.with_table(name, table[table[case.key].isin(keys)])
    return changes


def not_the_pinned_labels(case: Case) -> Changes:
    """Give two golden rows each other's label, and leave the pin as it is."""
    labels = case.table("labels")
    column = labels[case.label].copy()
    other = int((column != column.iloc[0]).to_numpy().argmax())
    column.iloc[[0, other]] = column.iloc[[other, 0]].to_numpy()
    return case.with_table("labels", labels.assign(**{case.label: column}))


def not_the_pinned_features(case: Case) -> Changes:
    """Leave out the last golden row, and leave the pin as it is."""
    return case.with_table("features", case.table("features").iloc[:-1])


def other_version(case: Case) -> Changes:
    """Call the golden set by its next version, after it was judged by."""
    number = int(case.policy.project.golden_set.version.removeprefix("v"))
    return case.setting("gates.golden_set.version", f"v{number + 1}")


def too_old(case: Case) -> Changes:
    """Let the golden set have been made a day before the first one that the policy allows."""
    block = case.policy.gates.get("freshness")
    if block is None or block.mode != "block":
        raise NotApplicableError("the gate freshness does not block")
    try:
        made = case.today - timedelta(days=getattr(block, "max_age_days", 0) + 1)
    except OverflowError as error:
        raise NotApplicableError("no day is as long ago as the policy allows") from error
    return case.setting("gates.golden_set.made", made.isoformat())


DEFECTS = (
    Defect(
        "golden labels shuffled",
        "The golden labels are dealt anew, and pinned.",
        GOLDEN,
        labels_shuffled,
        "the limits of the gate golden",
    ),
    Defect(
        "golden labels flipped",
        "0 and 1 change their meaning in the golden labels, which are pinned.",
        GOLDEN,
        labels_flipped,
        "golden.min_auc",
    ),
    Defect(
        "one class only",
        "Every golden row has the same label.",
        GOLDEN,
        one_class,
        "golden.min_rows_per_class",
    ),
    Defect(
        "golden labels missing",
        "Ten golden rows have no label.",
        GOLDEN,
        labels_missing,
        "the gate golden, always",
    ),
    Defect(
        "truncated golden set",
        f"{FEW} rows are left of the golden set, which are pinned.",
        GOLDEN,
        truncated,
        "golden.min_rows_per_class (min_rows, min_queries)",
    ),
    Defect(
        "golden labels edited",
        "Two golden rows have each other's label; the pin is the old one.",
        ("golden", "hand-over"),
        not_the_pinned_labels,
        "golden_set.labels_sha256, always",
        in_the_making=False,
    ),
    Defect(
        "golden features edited",
        "One golden row is gone; the pin is the old one.",
        ("golden", "hand-over"),
        not_the_pinned_features,
        "golden_set.features_sha256, always",
        in_the_making=False,
    ),
    Defect(
        "other golden version",
        "The policy names the next version of the golden set after the candidate was judged by this one.",
        ("promote",),
        other_version,
        "what promote asks, always",
        in_the_making=False,
    ),
    Defect(
        "golden set too old",
        "The golden set was made a day before the first one that the policy allows.",
        ("freshness",),
        too_old,
        "freshness.max_age_days",
    ),
)
