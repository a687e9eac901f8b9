"""Figures of a model of several classes, as `gates.stats.metric.Metric`; in all of them larger is better.

Labels are codes, shape (n,), 0 for the class of the first column; scores the probabilities of each class,
shape (n, classes). Each raises ValueError for labels that are no such codes and scores of another shape.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gates.stats.metric import Figures, Metric, Weights, weighted_mean
from gates.stats.metrics import LOG_LOSS_EPS, weighted_auc
from gates.stats.rows import Floats, finite_answers


@Metric
def log_likelihood(y: ArrayLike, scores: ArrayLike) -> Figures:
    """The mean log-likelihood, in nats: the log loss with its sign turned.

    The probability of the true class is clipped to 2.2e-16 and 1 minus that, as by scikit-learn for float64.
    """
    codes, p = _coded(y, scores)
    of_truth = np.clip(p[np.arange(codes.size), codes], LOG_LOSS_EPS, 1.0 - LOG_LOSS_EPS)
    return weighted_mean(np.log(of_truth))


@Metric
def auc_one_vs_rest(y: ArrayLike, scores: ArrayLike) -> Figures:
    """The mean over classes of the AUC of one class against all others (F. Provost and P. Domingos, 2000).

    Raises:
        ValueError: a class without a row whose weight is above 0.
    """
    _, areas = _areas(y, scores)

    def figures(weights: Weights) -> Floats:
        mean: Floats = np.mean([area(weights) for area in areas], axis=0)
        return mean

    return figures


@Metric
def weighted_auc_one_vs_rest(y: ArrayLike, scores: ArrayLike) -> Figures:
    """The same, where each class counts its share of the rows.

    Raises:
        ValueError: as `auc_one_vs_rest`.
    """
    classes, areas = _areas(y, scores)

    def figures(weights: Weights) -> Floats:
        counts = ((weights * of_class).sum(axis=1) for of_class in classes)
        sums = [count * area(weights) for count, area in zip(counts, areas, strict=True)]
        mean: Floats = np.sum(sums, axis=0) / weights.sum(axis=1)
        return mean

    return figures


def _areas(y: ArrayLike, scores: ArrayLike) -> tuple[list[NDArray[np.bool_]], list[Figures]]:
    """Return for each class which rows are of it, and what takes its AUC against all others."""
    codes, p = _coded(y, scores)
    classes = [codes == each for each in range(p.shape[1])]
    return classes, [weighted_auc.over(each, p[:, place]) for place, each in enumerate(classes)]


def _coded(y: ArrayLike, scores: ArrayLike) -> tuple[NDArray[np.intp], Floats]:
    codes = np.asarray(y)
    p = finite_answers(scores, codes.size)
    if p.ndim == 1 or codes.ndim != 1 or codes.dtype.kind not in "iu":
        raise ValueError("several classes have codes as labels, and scores of the shape (n, classes)")
    if codes.size and not (codes.min() >= 0 and codes.max() < p.shape[1]):
        raise ValueError(f"labels must be codes of {p.shape[1]} classes")
    return codes.astype(np.intp), p
