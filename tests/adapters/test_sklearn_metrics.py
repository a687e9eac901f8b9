"""Metrics that are ours under scikit-learn's names, against its scorers."""

from collections.abc import Iterator

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.metrics import get_scorer

from gates.adapters.sklearn_metrics import PREPARED
from gates.policy_values import Task
from gates.stats import cells

ROWS, DRAWS = 120, 12
# By scikit-learn's default such a figure is not a number, and it says so by a warning.
UNDEFINED = {"positive_likelihood_ratio", "neg_negative_likelihood_ratio"}


def golden(task: Task) -> tuple[np.ndarray, np.ndarray]:
    """Labels and answers; with ties, and a binary score of exactly one half."""
    rng = np.random.default_rng(8)
    if task == "regression":
        return rng.normal(3.0, 2.0, ROWS), rng.normal(3.0, 2.0, ROWS)
    if task == "binary":
        return rng.integers(0, 2, ROWS), rng.random(ROWS).round(1)
    shares = rng.dirichlet((1.0, 1.0, 1.0), ROWS).round(1) + 0.1
    return rng.integers(0, 3, ROWS), shares / shares.sum(axis=1, keepdims=True)


def drawn(y: np.ndarray, answers: np.ndarray, name: str) -> Iterator[np.ndarray]:
    """How often each row is drawn; for figures of cells also without class 0, then not even said."""
    rng = np.random.default_rng(9)
    yield from rng.integers(0, 4, (DRAWS, ROWS))
    if name in cells.METRICS and name not in UNDEFINED:
        said = answers > 0.5 if answers.ndim == 1 else answers.argmax(axis=1)
        yield rng.integers(0, 4, ROWS) * (y != 0)
        yield rng.integers(0, 4, ROWS) * ((y != 0) & (said != 0))


class Answered(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """An estimator that has answered already: what it is asked about are its answers."""

    def __init__(self, task: Task) -> None:
        self.classes_ = np.arange(2 if task == "binary" else 3)

    def predict_proba(self, answers: np.ndarray) -> np.ndarray:
        return answers if answers.ndim > 1 else np.column_stack([1.0 - answers, answers])

    def predict(self, answers: np.ndarray) -> np.ndarray:
        return answers.argmax(axis=1) if answers.ndim > 1 else (answers > 0.5).astype(int)


class Predicted(RegressorMixin, BaseEstimator):  # type: ignore[misc]  # as above
    """The same of numbers."""

    def predict(self, answers: np.ndarray) -> np.ndarray:
        return answers


def estimator(task: Task) -> Answered | Predicted:
    return Predicted() if task == "regression" else Answered(task)


OURS = [(task, name) for task in PREPARED for name in PREPARED[task]]


@pytest.mark.parametrize(("task", "name"), OURS)
@pytest.mark.filterwarnings("ignore::UserWarning")  # scikit-learn's, of a class that no row is of
def test_it_is_the_figure_of_scikit_learn(task: Task, name: str) -> None:
    """Of many draws at once, each as if its rows stood there so often."""
    y, answers = golden(task)
    draws = np.array(list(drawn(y, answers, name)))
    taken = PREPARED[task][name].over(y, answers)(draws)
    scorer, asked = get_scorer(name), estimator(task)
    rows = [np.repeat(np.arange(ROWS), each) for each in draws]
    expected = [scorer(asked, answers[each], y[each]) for each in rows]
    assert np.unique(expected).size > DRAWS / 2
    assert taken == pytest.approx(expected, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(("task", "name"), [each for each in OURS if each[1] not in UNDEFINED])
def test_rows_weigh_what_they_weigh_to_scikit_learn(task: Task, name: str) -> None:
    """Some nothing, others no whole number; its likelihood ratios take no weights."""
    y, answers = golden(task)
    rng = np.random.default_rng(10)
    weights = rng.random((DRAWS, ROWS)) * rng.integers(0, 2, (DRAWS, ROWS))
    taken = PREPARED[task][name].over(y, answers)(weights)
    scorer, asked = get_scorer(name), estimator(task)
    expected = [scorer(asked, answers, y, sample_weight=each) for each in weights]
    assert taken == pytest.approx(expected, rel=1e-9, abs=1e-12)
