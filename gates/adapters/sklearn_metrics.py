"""scikit-learn's metrics, by name, as the bootstrap takes them: what no draw changes is done once.

Its scorers ask an estimator; ours has answered already, and gives back what it is asked about. Labels that
are classes come as codes, in the order of the answers' columns.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from gates.errors import InvalidError
from gates.metric_names import SCORERS
from gates.policy_values import Task
from gates.stats import cells, metrics, multiclass, regression
from gates.stats.metric import Metric

if TYPE_CHECKING:
    from gates.golden_rows import WeighedFiles
    from gates.stats.bootstrap import Function
    from gates.stats.metric import Figures


def _negated(metric: Metric) -> Metric:
    """Return an error as scikit-learn's scorers tell it: the larger, the better."""

    def prepare(y: Any, scores: Any) -> "Figures":  # noqa: ANN401 - arrays of numpy
        figures = metric.over(y, scores)
        return lambda weights: -figures(weights)

    return Metric(prepare)


# Ours where there is one: scikit-learn looks and sorts anew at every draw. A test holds the values equal, but
# for draws without a row of some class, or whose labels do not vary: then only one of both may have a figure.
PREPARED: dict[Task, dict[str, Metric]] = {
    "binary": {name: cells.METRICS[name] for name in SCORERS["binary"] if name in cells.METRICS}
    | {
        "average_precision": metrics.average_precision,
        "neg_brier_score": _negated(metrics.brier),
        "neg_log_loss": _negated(metrics.log_loss),
        "roc_auc": metrics.weighted_auc,
    },
    "multiclass": {name: cells.METRICS[name] for name in SCORERS["multiclass"] if name in cells.METRICS}
    | {
        "neg_log_loss": multiclass.log_likelihood,
        "roc_auc_ovr": multiclass.auc_one_vs_rest,
        "roc_auc_ovr_weighted": multiclass.weighted_auc_one_vs_rest,
    },
    "regression": {
        "neg_mean_absolute_error": _negated(regression.mae),
        "neg_mean_squared_error": _negated(regression.mse),
        "neg_root_mean_squared_error": _negated(regression.rmse),
        "r2": regression.r2,
    },
    "ranking": {},
}


def metric(name: str, files: "WeighedFiles", classes: tuple[str, ...]) -> "Metric | Function":
    """Return a metric by its name.

    Args:
        name: One of `gates.metric_names.SCORERS`.
        files: Tell the task, and whether rows have weights.
        classes: Of a multiclass; none otherwise.
    """
    if files.task == "ranking":
        return _of_query(name)
    if name in PREPARED[files.task]:
        return PREPARED[files.task][name]
    import sklearn
    from sklearn.metrics import get_scorer

    # Labels and answers were looked at once; at every draw that takes longer than the metric.
    sklearn.set_config(assume_finite=True, skip_parameter_validation=True)
    scorer, answered = get_scorer(name), _answered(files.task, len(classes) or cells.BINARY)

    def called(y: Any, prediction: Any, weight: Any) -> float:  # noqa: ANN401 - arrays of numpy
        given = {"sample_weight": weight} if files.weighs else {}
        try:
            return float(scorer(answered, prediction, y, **given))
        except TypeError as error:
            if not files.weighs:
                raise
            raise InvalidError(
                f"scikit-learn's {name} takes no weights, and gates.golden_set has some.",
                do="Hold another metric, or a function of your own: gates.metrics",
            ) from error

    return called


def _of_query(name: str) -> "Function":
    """Return `ndcg` or `dcg`, of the first K rows where the name says ``@K``."""
    from sklearn.metrics import dcg_score, ndcg_score

    kind, _, first = name.partition("@")
    score, k = {"ndcg": ndcg_score, "dcg": dcg_score}[kind], int(first) if first else None
    return lambda y, prediction, _: float(score(y[np.newaxis], prediction[np.newaxis], k=k))


def _answered(task: str, classes: int) -> Any:  # noqa: ANN401 - an estimator, as scikit-learn sees it
    """Return an estimator that has answered already: what it is asked about are its answers."""
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin

    class Regressor(RegressorMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
        def predict(self, answers: Any) -> Any:  # noqa: ANN401 - an array of numpy
            return answers

    class Classifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
        classes_ = np.arange(classes)

        def predict_proba(self, answers: Any) -> Any:  # noqa: ANN401 - an array of numpy
            return answers if answers.ndim > 1 else np.column_stack([1.0 - answers, answers])

    return Regressor() if task == "regression" else Classifier()
