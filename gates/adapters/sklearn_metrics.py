"""scikit-learn's metrics, by name, as the bootstrap takes them: what no draw changes is done once.

Its scorers ask an estimator; ours has answered already, and gives back what it is asked about. Labels that
are classes come as codes, in the order of the answers' columns.
"""

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from gates.errors import InvalidError
from gates.stats.metric import Metric
from gates.stats.multiclass import auc_one_vs_rest, log_likelihood, weighted_auc_one_vs_rest

if TYPE_CHECKING:
    from gates.golden_rows import WeighedFiles
    from gates.stats.bootstrap import Function
    from gates.stats.metric import Figures, Weights
    from gates.stats.rows import Floats

# Ours where scikit-learn sorts anew at every draw; a test holds the values equal.
PREPARED = {
    "neg_log_loss": log_likelihood,
    "roc_auc_ovr": auc_one_vs_rest,
    "roc_auc_ovr_weighted": weighted_auc_one_vs_rest,
}
_AVERAGED = ("f1", "jaccard", "precision", "recall")
OF_CELLS = {
    *("accuracy", "balanced_accuracy", "matthews_corrcoef"),
    *("positive_likelihood_ratio", "neg_negative_likelihood_ratio"),
    *_AVERAGED,
    *(f"{name}_{mean}" for name in _AVERAGED for mean in ("macro", "micro", "weighted")),
}
HALF = 0.5  # at it, the first class is predicted, as by the library
BINARY = 2  # classes


def metric(name: str, files: "WeighedFiles", classes: tuple[str, ...]) -> "Metric | Function":
    """Return a metric by its name.

    Args:
        name: One of `gates.metric_names.SCORERS`.
        files: Tell the task, and whether rows have weights.
        classes: Of a multiclass; none otherwise.
    """
    if files.task == "ranking":
        return _of_query(name)
    if files.task == "multiclass" and name in PREPARED:
        return PREPARED[name]
    import sklearn
    from sklearn.metrics import get_scorer

    # Labels and answers were looked at once; at every draw that takes longer than the metric.
    sklearn.set_config(assume_finite=True, skip_parameter_validation=True)
    count = len(classes) or BINARY
    scorer, answered = get_scorer(name), _answered(files.task, count)
    if name in OF_CELLS:
        return Metric(partial(_of_cells, scorer, answered, count))

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


def _of_cells(
    scorer: Any,  # noqa: ANN401 - scikit-learn has no types
    answered: Any,  # noqa: ANN401 - an estimator
    classes: int,
    y: Any,  # noqa: ANN401 - codes of classes
    scores: Any,  # noqa: ANN401 - what was answered
) -> "Figures":
    """Return what takes a metric of true and predicted class alone: of the cells that they make."""
    cells = np.asarray(y, dtype=np.intp) * classes + answered.predict(scores)
    truth, said = np.divmod(np.arange(classes * classes), classes)
    answers = np.eye(classes)[said] if scores.ndim > 1 else said.astype(float)

    def figure(counts: Any) -> float:  # noqa: ANN401 - an array of numpy
        held = counts > 0
        return float(scorer(answered, answers[held], truth[held], sample_weight=counts[held]))

    def figures(weights: "Weights") -> "Floats":
        return np.array([figure(np.bincount(cells, each, classes * classes)) for each in weights])

    return figures


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

        def predict(self, answers: Any) -> Any:  # noqa: ANN401 - an array of numpy
            return answers.argmax(axis=1) if answers.ndim > 1 else (answers > HALF).astype(np.intp)

    return Regressor() if task == "regression" else Classifier()
