"""Figures of cells, where they have no meaning; against scikit-learn they are held with its scorers."""

import numpy as np
import pytest

from gates.stats.cells import METRICS

OF_TWO = [
    "f1",
    "jaccard",
    "precision",
    "recall",
    "positive_likelihood_ratio",
    "neg_negative_likelihood_ratio",
]
THREE = [[0.2, 0.3, 0.5], [0.6, 0.2, 0.2], [0.1, 0.8, 0.1]]


@pytest.mark.parametrize("name", METRICS)
@pytest.mark.parametrize("y", [[0, 1, 3], [-1, 0, 1], [0.5, 1, 2], ["a", "b", "c"], [[0, 1, 2]]])
def test_what_is_no_code_is_refused(name: str, y: list[int]) -> None:
    with pytest.raises(ValueError, match="codes of 3 classes"):
        METRICS[name](y, THREE)


@pytest.mark.parametrize("name", OF_TWO)
def test_a_figure_of_two_classes_is_none_of_three(name: str) -> None:
    with pytest.raises(ValueError, match="of two classes"):
        METRICS[name]([0, 1, 2], THREE)


@pytest.mark.parametrize(
    ("name", "expected"), [("precision", 0.0), ("recall", 0.0), ("f1", 0.0), ("accuracy", 0.5)]
)
def test_what_has_nothing_to_divide_by_is_nothing(name: str, expected: float) -> None:
    """Nobody is said to be of class 1."""
    assert METRICS[name]([0, 1], [0.1, 0.2]) == expected


def test_a_likelihood_ratio_without_a_false_alarm_is_no_number() -> None:
    """A bootstrap refuses it, and the gate is undecided."""
    assert np.isnan(METRICS["positive_likelihood_ratio"]([0, 1], [0.1, 0.9]))
