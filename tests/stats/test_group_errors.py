"""How wrong a regression is about each group, and how far apart it puts them."""

import numpy as np
import pytest
import sklearn.metrics

from gates.stats.group_errors import group_errors


def sample(n: int = 240) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels, predictions and the groups a, b and c; b is predicted worst, c highest."""
    rng = np.random.default_rng(3)
    groups = np.array(["a", "b", "c"])[rng.integers(0, 3, n)]
    y = rng.normal(100, 20, n)
    noise = np.where(groups == "b", 15.0, 5.0)
    return y, y + rng.normal(0, 1, n) * noise + np.where(groups == "c", 4.0, 0.0), groups


def test_figures_are_those_of_each_group_alone() -> None:
    y, predicted, groups = sample()
    found = group_errors(y, predicted, groups, resamples=5, seed=1)
    for name in "abc":
        inside = groups == name
        expected = sklearn.metrics.root_mean_squared_error(y[inside], predicted[inside])
        assert found.rmse[name] == pytest.approx(expected)
        assert found.rows[name] == inside.sum()
    means = [predicted[groups == name].mean() for name in "abc"]
    assert found.worst_rmse.estimate == max(found.rmse.values())
    assert found.mean_difference is not None
    assert found.mean_difference.estimate == pytest.approx(max(means) - min(means))


def test_the_interval_is_that_of_drawing_each_groups_rows_anew() -> None:
    """With two groups of known variance, the difference of means is about as sure as the formula says."""
    rng = np.random.default_rng(1)
    groups = np.repeat(["a", "b"], [400, 600])
    predicted = np.where(groups == "a", 50.0, 0.0) + rng.normal(0, 10, 1000)
    found = group_errors(np.zeros(1000), predicted, groups, seed=1).mean_difference
    assert found is not None
    deviation = np.sqrt(sum(predicted[groups == name].var() / (groups == name).sum() for name in "ab"))
    assert found.high - found.low == pytest.approx(2 * 1.96 * deviation, rel=0.1)


def test_order_of_rows_changes_no_bit() -> None:
    y, predicted, groups = sample()
    order = np.random.default_rng(0).permutation(y.size)
    assert group_errors(y, predicted, groups, resamples=20, seed=1) == group_errors(
        y[order], predicted[order], groups[order], resamples=20, seed=1
    )


def test_one_group_has_an_error_and_no_difference() -> None:
    found = group_errors([1.0, 2.0], [1.0, 3.0], ["a", "a"], resamples=5, seed=1)
    assert found.mean_difference is None
    assert found.worst_rmse.estimate == pytest.approx(np.sqrt(0.5))


@pytest.mark.parametrize("groups", [["a"], ["a", None], ["a", float("nan")]])
def test_a_row_without_a_group_is_refused(groups: list[object]) -> None:
    with pytest.raises(ValueError, match="group"):
        group_errors([1.0, 2.0], [1.0, 3.0], np.array(groups, dtype=object), seed=1)


def test_no_resamples_are_refused() -> None:
    with pytest.raises(ValueError, match="resamples"):
        group_errors([1.0], [1.0], ["a"], resamples=0, seed=1)
