"""Metrics that are ours under scikit-learn's names, against its scorers."""

from collections.abc import Iterator

import numpy as np
import pytest
from sklearn.metrics import get_scorer

from gates.adapters.sklearn_metrics import PREPARED, answering
from gates.policy_values import Task
from gates.stats import cells

ROWS, WEIGHTINGS = 120, 12
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


def weightings(y: np.ndarray, answers: np.ndarray, name: str) -> Iterator[np.ndarray]:
    """How often each row is drawn; for figures of cells also without class 0, then not even said."""
    rng = np.random.default_rng(9)
    yield from rng.integers(0, 4, (WEIGHTINGS, ROWS))
    if name in cells.METRICS and name not in UNDEFINED:
        said = answers > 0.5 if answers.ndim == 1 else answers.argmax(axis=1)
        yield rng.integers(0, 4, ROWS) * (y != 0)
        yield rng.integers(0, 4, ROWS) * ((y != 0) & (said != 0))


@pytest.mark.parametrize(("task", "name"), [(task, name) for task in PREPARED for name in PREPARED[task]])
@pytest.mark.filterwarnings("ignore::UserWarning")  # scikit-learn's, of a class that no row is of
def test_it_is_the_figure_of_scikit_learn(task: Task, name: str) -> None:
    """Under many weightings at once, each as if its rows stood there so often."""
    y, answers = golden(task)
    drawn = np.array(list(weightings(y, answers, name)))
    taken = PREPARED[task][name].over(y, answers)(drawn)
    scorer, estimator = get_scorer(name), answering(task, 2 if task == "binary" else 3)
    rows = [np.repeat(np.arange(ROWS), each) for each in drawn]
    expected = [scorer(estimator, answers[each], y[each]) for each in rows]
    assert np.unique(expected).size > WEIGHTINGS / 2
    assert taken == pytest.approx(expected, rel=1e-9, abs=1e-12)
