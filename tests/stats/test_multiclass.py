"""Figures of several classes, against scikit-learn under every weighting."""

import numpy as np
import pytest
from sklearn.metrics import log_loss, roc_auc_score

from gates.stats.metric import Metric
from gates.stats.metrics import weighted_auc
from gates.stats.multiclass import auc_one_vs_rest, log_likelihood, weighted_auc_one_vs_rest

METRICS = [log_likelihood, auc_one_vs_rest, weighted_auc_one_vs_rest]


def drawn(rows: int = 200) -> tuple[np.ndarray, np.ndarray]:
    """Codes of three classes and probabilities with ties."""
    rng = np.random.default_rng(4)
    shares = rng.dirichlet((1.0, 1.0, 1.0), rows).round(1) + 0.1
    return rng.integers(0, 3, rows), shares / shares.sum(axis=1, keepdims=True)


def scikit_learn(metric: Metric, y: np.ndarray, p: np.ndarray, weights: np.ndarray) -> float:
    """The same figure by the library, of repeated rows where it takes no weights."""
    if metric is log_likelihood:
        return -float(log_loss(y, p, sample_weight=weights))
    average = "macro" if metric is auc_one_vs_rest else "weighted"
    rows = np.repeat(np.arange(len(y)), weights)
    return float(roc_auc_score(y[rows], p[rows], multi_class="ovr", average=average))


@pytest.mark.parametrize("metric", METRICS)
def test_the_figures_are_those_of_scikit_learn(metric: Metric) -> None:
    """Many weightings at once, each as if its rows stood there so often."""
    y, p = drawn()
    weights = np.random.default_rng(5).integers(0, 4, (20, y.size))
    taken = metric.over(y, p)(weights)
    expected = [scikit_learn(metric, y, p, each) for each in weights]
    assert taken == pytest.approx(expected, rel=1e-12)


def test_a_probability_of_nothing_costs_what_scikit_learn_says() -> None:
    """It is clipped, not infinite."""
    p = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    assert log_likelihood([1, 1], p) == pytest.approx(-log_loss([1, 1], p, labels=[0, 1, 2]))


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize(
    ("y", "p"),
    [
        ([0, 3], [[0.2, 0.3, 0.5]] * 2),
        ([-1, 0], [[0.2, 0.3, 0.5]] * 2),
        ([0.0, 1.0], [[0.2, 0.3, 0.5]] * 2),
        ([0, 1], [0.2, 0.3]),
        ([0, 1], [[0.2, 0.8]]),
        ([0, 1], [[0.2, float("nan")]] * 2),
    ],
)
def test_what_is_no_code_and_no_probability_is_refused(metric: Metric, y: list[int], p: list[float]) -> None:
    with pytest.raises(ValueError, match=r"must|codes"):
        metric(y, p)


def test_a_class_without_rows_has_no_auc() -> None:
    with pytest.raises(ValueError, match="both labels"):
        auc_one_vs_rest([0, 1], [[0.2, 0.3, 0.5]] * 2)


def test_the_weighted_auc_is_scikit_learns() -> None:
    """With ties, and weights that are no counts."""
    rng = np.random.default_rng(6)
    y, scores, weights = rng.integers(0, 2, 300), rng.random(300).round(1), rng.random((15, 300))
    expected = [roc_auc_score(y, scores, sample_weight=each) for each in weights]
    assert weighted_auc.over(y, scores)(weights) == pytest.approx(expected, rel=1e-12)
