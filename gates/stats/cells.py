"""Figures of true and predicted class alone, as `gates.stats.metric.Metric`: of the cells that they make.

Labels are codes, shape (n,); scores the probabilities of class 1, shape (n,), or of each class, shape
(n, classes). Predicted is class 1 above one half, or the likeliest class, the first of equals. Each figure is
scikit-learn's under its default options: a share of nothing is 0, but a likelihood ratio no number. A
bootstrap takes thousands of them, which the cells give without looking at labels and scores again. Each
raises ValueError for labels that are no such codes, scores of another shape, rows that all weigh nothing, and
what it names itself.
"""

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from gates.stats.metric import Figures, Metric, Weights
from gates.stats.rows import Floats, finite_answers

Cells: TypeAlias = Floats
"""How much stands in each cell, shape (k, classes, classes): true class by predicted class."""

HALF = 0.5  # at it, class 0 is predicted, as by scikit-learn
BINARY = 2  # classes
ROUNDING = 1e-12


def _of_cells(figure: Callable[[Cells], Floats]) -> Metric:
    """Return the metric of a figure of cells."""

    def prepare(y: ArrayLike, scores: ArrayLike) -> Figures:
        truth = np.asarray(y)
        p = finite_answers(scores, truth.size)
        classes, said = (BINARY, p > HALF) if p.ndim == 1 else (p.shape[1], p.argmax(axis=1))
        if truth.ndim != 1 or not np.isin(truth, np.arange(classes)).all():
            raise ValueError(f"labels must be codes of {classes} classes, shape (n,)")
        cell = truth.astype(np.intp) * classes + said

        def figures(weights: Weights) -> Floats:
            if not (weights.sum(axis=1) > 0).all():
                raise ValueError("of rows that weigh nothing, there is no figure")
            counts = [np.bincount(cell, each, classes * classes) for each in weights]
            return figure(np.array(counts, dtype=np.float64).reshape(-1, classes, classes))

        return figures

    return Metric(prepare)


def _marginals(cells: Cells) -> tuple[Floats, Floats, Floats]:
    """Return of each class what was right, what it is, and what was said to be it, each (k, classes)."""
    return np.diagonal(cells, axis1=1, axis2=2), cells.sum(axis=2), cells.sum(axis=1)


def _ratio(above: Floats, below: Floats, otherwise: float = 0.0) -> Floats:
    ratio: Floats = np.divide(above, below, out=np.full(above.shape, otherwise), where=below > 0)
    return ratio


def _accuracy(cells: Cells) -> Floats:
    right, truth, _ = _marginals(cells)
    return _ratio(right.sum(axis=1), truth.sum(axis=1))


def _balanced_accuracy(cells: Cells) -> Floats:
    """The mean recall of the classes that there are (K. Brodersen et al., 2010)."""
    right, truth, _ = _marginals(cells)
    return _ratio(_ratio(right, truth).sum(axis=1), (truth > 0).sum(axis=1).astype(float))


def _matthews(cells: Cells) -> Floats:
    """The correlation of true and predicted class, of any number of classes (J. Gorodkin, 2004)."""
    right, truth, said = _marginals(cells)
    total = truth.sum(axis=1)
    together = right.sum(axis=1) * total - (truth * said).sum(axis=1)
    one, other = (1.0 - ((each / total[:, np.newaxis]) ** 2).sum(axis=1) for each in (truth, said))
    vary = (one > ROUNDING) & (other > ROUNDING)  # of one class alone, what is left is rounding
    return _ratio(together / total**2, np.sqrt(np.where(vary, one * other, 0.0)))


def _likelihood_ratio(cells: Cells, *, positive: bool) -> Floats:
    """How many times as often a row of class 1 is said to be one (or, negated: none) as a row of class 0."""
    _two_classes(cells)
    said = cells[:, :, 1 if positive else 0]
    share = _ratio(said, cells.sum(axis=2), np.nan)
    ratio = _ratio(share[:, 1], share[:, 0], np.nan)
    return ratio if positive else -ratio


def _precision(cells: Cells) -> tuple[Floats, Floats]:
    right, _, said = _marginals(cells)
    return right, said


def _recall(cells: Cells) -> tuple[Floats, Floats]:
    right, truth, _ = _marginals(cells)
    return right, truth


def _f1(cells: Cells) -> tuple[Floats, Floats]:
    right, truth, said = _marginals(cells)
    return 2.0 * right, truth + said


def _jaccard(cells: Cells) -> tuple[Floats, Floats]:
    right, truth, said = _marginals(cells)
    return right, truth + said - right


Parts: TypeAlias = Callable[[Cells], tuple[Floats, Floats]]
"""Cells to what is divided of each class, and by what (M. Sokolova and G. Lapalme, 2009)."""


def _of_class_1(parts: Parts, cells: Cells) -> Floats:
    _two_classes(cells)
    return _ratio(*parts(cells))[:, 1]


def _micro(parts: Parts, cells: Cells) -> Floats:
    above, below = parts(cells)
    return _ratio(above.sum(axis=1), below.sum(axis=1))


def _macro(parts: Parts, cells: Cells) -> Floats:
    _, truth, said = _marginals(cells)
    there = (truth + said > 0).sum(axis=1).astype(float)
    return _ratio(_ratio(*parts(cells)).sum(axis=1), there)


def _weighted(parts: Parts, cells: Cells) -> Floats:
    _, truth, _ = _marginals(cells)
    return _ratio((_ratio(*parts(cells)) * truth).sum(axis=1), truth.sum(axis=1))


def _two_classes(cells: Cells) -> None:
    if cells.shape[1] != BINARY:
        raise ValueError(f"the figure is of two classes, not of {cells.shape[1]}")


_PARTS: dict[str, Parts] = {"f1": _f1, "jaccard": _jaccard, "precision": _precision, "recall": _recall}
_MEANS = {"": _of_class_1, "_macro": _macro, "_micro": _micro, "_weighted": _weighted}
METRICS: dict[str, Metric] = {
    "accuracy": _of_cells(_accuracy),
    "balanced_accuracy": _of_cells(_balanced_accuracy),
    "matthews_corrcoef": _of_cells(_matthews),
    "positive_likelihood_ratio": _of_cells(partial(_likelihood_ratio, positive=True)),
    "neg_negative_likelihood_ratio": _of_cells(partial(_likelihood_ratio, positive=False)),
} | {
    f"{name}{suffix}": _of_cells(partial(mean, parts))
    for name, parts in _PARTS.items()
    for suffix, mean in _MEANS.items()
}
"""scikit-learn's name to the metric."""
