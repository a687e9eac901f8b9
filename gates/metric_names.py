"""The names by which a policy may call a metric: ours, which gates take themselves, and scikit-learn's."""

import re
from typing import Final

from gates.policy_values import Task

OURS: Final[dict[Task, tuple[str, ...]]] = {
    "binary": ("auc", "average_precision", "brier", "log_loss", "calibration_error"),
    "multiclass": (),
    "regression": ("rmse", "mae", "r2"),
    "ranking": (),
}
# Of `sklearn.metrics.get_scorer_names()`; a test holds them against the installed one. None of an extreme,
# as the largest error: no bootstrap bounds it.
_CLASSES = (
    *("accuracy", "balanced_accuracy", "matthews_corrcoef", "neg_log_loss"),
    *("f1_macro", "f1_micro", "f1_weighted", "jaccard_macro", "jaccard_micro", "jaccard_weighted"),
    *("precision_macro", "precision_micro", "precision_weighted"),
    *("recall_macro", "recall_micro", "recall_weighted"),
)
SCORERS: Final[dict[Task, tuple[str, ...]]] = {
    "binary": (
        *_CLASSES,
        *("average_precision", "d2_brier_score", "d2_log_loss_score", "f1", "jaccard", "neg_brier_score"),
        *("neg_negative_likelihood_ratio", "positive_likelihood_ratio", "precision", "recall", "roc_auc"),
    ),
    "multiclass": (
        *_CLASSES,
        *("roc_auc_ovo", "roc_auc_ovo_weighted", "roc_auc_ovr", "roc_auc_ovr_weighted", "top_k_accuracy"),
    ),
    "regression": (
        *("d2_absolute_error_score", "explained_variance", "neg_mean_absolute_error"),
        *("neg_mean_absolute_percentage_error", "neg_mean_gamma_deviance", "neg_mean_poisson_deviance"),
        *("neg_mean_squared_error", "neg_mean_squared_log_error", "neg_median_absolute_error"),
        *("neg_root_mean_squared_error", "neg_root_mean_squared_log_error", "r2"),
    ),
    "ranking": (
        "ndcg",
        "dcg",
    ),  # of each query, by `ndcg_score` and `dcg_score`; `ndcg@10` of its first ten rows
}
_FIRST = re.compile("@[1-9][0-9]{0,3}")


def is_scorer(task: Task, name: str) -> bool:
    """Return whether scikit-learn has a metric of that name for the task; the larger, the better."""
    kind, at, first = name.partition("@")
    return kind in SCORERS[task] and (not at or (task == "ranking" and bool(_FIRST.fullmatch(at + first))))
