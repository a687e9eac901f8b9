"""Figures by name: each in its own direction, with its interval and the chance that it is worse."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, brier_score_loss, r2_score, roc_auc_score

from gates.stats.interval import Interval
from gates.stats.scoring import BINARY, REGRESSION, Improvement, figure, improvement, scored

RNG = np.random.default_rng(11)
LABELS = (RNG.uniform(size=400) < 0.4).astype(int)
GOOD = np.clip(0.5 + 0.2 * (LABELS - 0.5) + RNG.normal(0, 0.1, 400), 0, 1)
BAD = np.clip(0.5 + 0.1 * (LABELS - 0.5) + RNG.normal(0, 0.2, 400), 0, 1)
NUMBERS = RNG.normal(size=400)
NEAR, FAR = NUMBERS + RNG.normal(0, 0.3, 400), NUMBERS + RNG.normal(0, 0.9, 400)


@pytest.mark.parametrize("name", [*BINARY, *REGRESSION])
def test_what_is_better_is_above_0_whatever_the_direction(name: str) -> None:
    y, good, bad = (NUMBERS, NEAR, FAR) if name in REGRESSION else (LABELS, GOOD, BAD)
    if name == "calibration_error":  # sharper scores need not be better calibrated ones
        good, bad = bad * 0.2 + y * 0.8, good
    better, worse = improvement(name, y, good, bad, seed=1), improvement(name, y, bad, good, seed=1)
    assert better.interval.low > 0.0 > worse.interval.high
    assert worse.interval.estimate == pytest.approx(-better.interval.estimate)
    assert better.chance_worse > 0.99
    assert worse.chance_worse < 0.01
    assert abs(better.interval.estimate) == pytest.approx(abs(figure(name, y, good) - figure(name, y, bad)))


@pytest.mark.parametrize("name", [*BINARY, *REGRESSION])
def test_the_figure_is_that_of_the_interval(name: str) -> None:
    y, scores = (NUMBERS, NEAR) if name in REGRESSION else (LABELS, GOOD)
    assert figure(name, y, scores) == pytest.approx(scored(name, y, scores, seed=1).estimate)


@pytest.mark.parametrize(
    ("name", "theirs"),
    [
        ("auc", roc_auc_score),
        ("average_precision", average_precision_score),
        ("brier", brier_score_loss),
        ("r2", r2_score),
    ],
)
def test_the_names_mean_what_scikit_learn_means(name: str, theirs: object) -> None:
    y, scores = (NUMBERS, NEAR) if name in REGRESSION else (LABELS, GOOD)
    assert callable(theirs)
    assert figure(name, y, scores) == pytest.approx(theirs(y, scores))


def test_models_that_answer_alike_tie() -> None:
    same = improvement("auc", LABELS, GOOD, GOOD, seed=1)
    assert same.tie
    assert same.chance_worse == 1.0
    assert not improvement("auc", LABELS, GOOD, BAD, seed=1).tie


def test_a_difference_without_variance_is_sure() -> None:
    assert Improvement(Interval(-0.1, -0.1, -0.1), 0.0).chance_worse == 0.0
    assert Improvement(Interval(0.1, 0.1, 0.1), 0.0).chance_worse == 1.0
