"""How much exposure a ranking gives to groups."""

import numpy as np
import pytest

from gates.stats.exposure import exposures, group_exposure
from gates.stats.groups import membership


def test_the_first_is_seen_by_all_and_the_others_by_fewer() -> None:
    """1 / log2(1 + rank) over its mean, query by query, in the order of the rows as they came."""
    seen = exposures([0.1, 0.9, 0.5, 0.2, 0.3], ["a", "a", "a", "b", "b"])
    three, two = (1 + 1 / np.log2(3) + 1 / 2) / 3, (1 + 1 / np.log2(3)) / 2
    shares = [1 / 2 / three, 1 / three, 1 / np.log2(3) / three, 1 / np.log2(3) / two, 1 / two]
    assert seen == pytest.approx(shares)


def test_equal_scores_share_their_places() -> None:
    seen = exposures([0.5, 0.5, 0.5, 0.1], [1, 1, 1, 1])
    shared = (1 + 1 / np.log2(3) + 1 / 2) / 3
    mean = (3 * shared + 1 / np.log2(5)) / 4
    assert seen == pytest.approx([shared / mean] * 3 + [1 / np.log2(5) / mean])


def test_long_queries_are_no_matter_of_groups() -> None:
    """One group lives in queries of 40 rows, the other in such of 4: a ranking by lot prefers neither."""
    rng = np.random.default_rng(8)
    queries = np.concatenate([np.repeat(np.arange(60), 40), np.repeat(np.arange(60, 260), 4)])
    groups = membership(np.where(queries < 60, "long", "short"))
    found = group_exposure(rng.normal(size=queries.size), queries, groups, resamples=200, seed=1)
    assert found.ratio is not None
    assert found.ratio.estimate == pytest.approx(1.0)


def test_the_order_of_rows_changes_no_bit() -> None:
    """Nor do the names of queries."""
    rng = np.random.default_rng(1)
    scores, queries = rng.normal(size=400).round(1), rng.integers(0, 50, 400)
    groups = rng.choice(["x", "y", "z"], 400)
    order = rng.permutation(400)
    one = group_exposure(scores, queries, membership(groups), seed=1)
    other = group_exposure(scores[order], queries[order], membership(groups[order]), seed=1)
    assert one == other


def test_the_interval_covers_a_ranking_that_prefers_nobody() -> None:
    """Groups by lot: the largest ratio, 1, is near the upper bound in nearly all of 60 draws."""
    rng = np.random.default_rng(2)
    queries = np.repeat(np.arange(100), 5)
    ratios = []
    for _ in range(60):
        groups = membership(rng.choice(["x", "y"], 500))
        found = group_exposure(rng.normal(size=500), queries, groups, resamples=200, seed=3)
        assert found.ratio is not None
        ratios.append(found.ratio)
    assert all(each.low <= each.estimate <= 1 for each in ratios)
    assert sum(each.high > 0.97 for each in ratios) >= 55


def test_one_group_has_no_ratio() -> None:
    """Its rows and its exposure it has."""
    found = group_exposure([1.0, 2.0], [1, 1], membership(["x", "x"]), seed=1)
    assert found.ratio is None
    assert found.rows == {"x": 2}
    assert found.exposure["x"] == pytest.approx(1.0)


@pytest.mark.parametrize("scores", [[1.0], [1.0, np.nan], [[1.0, 2.0]]])
def test_scores_that_are_none_are_refused(scores: list[float]) -> None:
    with pytest.raises(ValueError, match="scores must"):
        exposures(scores, [1, 1])


def test_no_resamples_are_refused() -> None:
    with pytest.raises(ValueError, match="resamples"):
        group_exposure([1.0, 2.0], [1, 1], membership(["x", "y"]), resamples=0, seed=1)
