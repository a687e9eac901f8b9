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


NOBODY = [0.1, 0.2]  # is said to be of class 1


@pytest.mark.parametrize("name", ["precision", "recall", "f1", "jaccard"])
def test_a_share_of_nothing_is_nothing(name: str) -> None:
    """Of two rows of class 0."""
    assert METRICS[name]([0, 0], NOBODY) == 0.0


@pytest.mark.parametrize("name", METRICS)
def test_a_draw_of_rows_that_weigh_nothing_has_no_figure(name: str) -> None:
    figures = METRICS[name].over([0, 1], NOBODY)
    with pytest.raises(ValueError, match="weigh nothing"):
        figures(np.array([[1.0, 2.0], [0.0, 0.0]]))


def test_who_says_one_class_alone_has_no_correlation() -> None:
    """However the weights round."""
    rng = np.random.default_rng(1)
    said = np.tile([0.7, 0.1, 0.1, 0.1], (50, 1))
    taken = METRICS["matthews_corrcoef"].over(rng.integers(0, 4, 50), said)(rng.random((200, 50)))
    assert not taken.any()


def test_a_likelihood_ratio_without_a_false_alarm_is_no_number() -> None:
    """A bootstrap refuses it, and the gate is undecided."""
    assert np.isnan(METRICS["positive_likelihood_ratio"]([0, 1], [0.1, 0.9]))
