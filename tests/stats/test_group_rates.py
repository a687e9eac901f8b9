"""Fairness figures and their resampled intervals against published figures and loops over rows."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gates.stats.group_rates import (
    FairnessMetric,
    GroupCounts,
    demographic_parity_difference,
    disparate_impact,
    equalized_odds_difference,
    group_counts,
    resampled,
)
from gates.stats.groups import intersection, membership
from gates.stats.interval import Interval

FIGURES: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "reference" / "figures.json").read_text(encoding="utf-8")
)
FAIRLEARN = FIGURES["fairlearn"]
METRICS = [disparate_impact, demographic_parity_difference, equalized_odds_difference]
CELLS = st.builds(GroupCounts, *[st.integers(0, 30)] * 4)
COUNTS = st.dictionaries(st.sampled_from("abcde"), CELLS, max_size=4)
TWO_GROUPS = {"a": GroupCounts(99, 50, 91, 527), "b": GroupCounts(113, 56, 95, 469)}


def test_fairness_figures_are_those_of_fairlearn() -> None:
    counts = group_counts(FAIRLEARN["y"], FAIRLEARN["predicted"], FAIRLEARN["groups"])
    rates = {name: (group.tp + group.fp) / group.rows for name, group in counts.items()}
    assert rates == FAIRLEARN["selection_rates"]
    assert disparate_impact(counts) == pytest.approx(FAIRLEARN["disparate_impact"], abs=5e-5)
    assert demographic_parity_difference(counts) == FAIRLEARN["demographic_parity_difference"]
    assert equalized_odds_difference(counts) == FAIRLEARN["equalized_odds_difference"]


def test_cells_are_counted_by_name() -> None:
    y, predicted = [1, 0, 1, 0, 1, 1], [1, 1, 0, 0, 1, 1]
    counts = group_counts(y, predicted, [7, 7, 7, 7, 10, 10])
    assert counts == {"10": GroupCounts(2, 0, 0, 0), "7": GroupCounts(1, 1, 1, 1)}
    assert list(counts) == ["10", "7"]


@pytest.mark.parametrize("dtype", ["str", "object", "category", "string"])
def test_groups_may_be_any_column_of_text(dtype: str) -> None:
    groups = pd.Series(["x", "y", "x"], dtype=dtype)
    assert group_counts([0, 1, 1], [0, 1, 0], groups) == {
        "x": GroupCounts(0, 0, 1, 1),
        "y": GroupCounts(1, 0, 0, 0),
    }


@pytest.mark.parametrize(
    "groups",
    [
        ["x", None, "y"],
        ["x", math.nan, "y"],
        [1.0, math.nan, 2.0],
        pd.Series(["x", None, "y"], dtype="str"),
        pd.Series(["x", pd.NA, "y"], dtype="string"),
    ],
)
def test_a_row_without_a_group_is_refused(groups: Any) -> None:  # noqa: ANN401 - hypothesis gives it
    if isinstance(groups, list) and "x" in groups:
        groups = np.array(groups, dtype=object)
    with pytest.raises(ValueError, match="every row needs a group"):
        group_counts([0, 1, 1], [0, 1, 0], groups)


def test_columns_of_different_length_are_refused() -> None:
    with pytest.raises(ValueError, match="differ in shape"):
        group_counts([0, 1, 1], [0, 1, 1], ["x", "y"])


@pytest.mark.parametrize(
    ("metric", "counts"),
    [
        (disparate_impact, {}),
        (disparate_impact, {"a": GroupCounts(1, 1, 1, 1)}),
        (disparate_impact, {"a": GroupCounts(0, 0, 5, 5), "b": GroupCounts(0, 0, 1, 9)}),
        (disparate_impact, {"a": GroupCounts(1, 1, 1, 1), "b": GroupCounts(0, 0, 0, 0)}),
        (demographic_parity_difference, {"a": GroupCounts(1, 1, 1, 1), "b": GroupCounts(0, 0, 0, 0)}),
        (equalized_odds_difference, {"a": GroupCounts(1, 1, 1, 1), "b": GroupCounts(0, 3, 0, 3)}),
        (equalized_odds_difference, {"a": GroupCounts(1, 1, 1, 1), "b": GroupCounts(3, 0, 3, 0)}),
    ],
)
def test_what_has_no_denominator_is_none(metric: FairnessMetric, counts: dict[str, GroupCounts]) -> None:
    assert metric(counts) is None
    assert resampled(metric, counts, seed=1) is None


def test_nobody_selected_in_one_group_is_ratio_zero() -> None:
    assert disparate_impact({"a": GroupCounts(0, 0, 5, 5), "b": GroupCounts(1, 0, 1, 9)}) == 0.0


@pytest.mark.parametrize("metric", METRICS)
@given(counts=COUNTS)
def test_figures_lie_between_zero_and_one_or_are_none(
    metric: FairnessMetric, counts: dict[str, GroupCounts]
) -> None:
    figure = metric(counts)
    interval = resampled(metric, counts, resamples=20, seed=1)
    assert figure is None or 0.0 <= figure <= 1.0
    assert interval is None or (0.0 <= interval.low <= interval.high <= 1.0 and interval.estimate == figure)


@pytest.mark.parametrize("metric", METRICS)
@given(counts=COUNTS)
def test_order_of_groups_changes_no_bit(metric: FairnessMetric, counts: dict[str, GroupCounts]) -> None:
    turned = dict(reversed(counts.items()))
    assert metric(turned) == metric(counts)
    assert resampled(metric, turned, resamples=20, seed=1) == resampled(metric, counts, resamples=20, seed=1)


@pytest.mark.parametrize("metric", METRICS)
def test_resampling_cells_is_resampling_rows(metric: FairnessMetric) -> None:
    """The loop over rows, 400 times, has percentiles within its own noise of the multinomial ones."""
    rng = np.random.default_rng(2)
    figures = []
    for _ in range(400):
        drawn = {}
        for name, group in TWO_GROUPS.items():
            cells = np.repeat(np.arange(4), [group.tp, group.fp, group.fn, group.tn])
            counts = np.bincount(cells[rng.integers(0, cells.size, cells.size)], minlength=4)
            drawn[name] = GroupCounts(*counts.tolist())
        figures.append(metric(drawn))
    interval = resampled(metric, TWO_GROUPS, seed=1)
    assert interval is not None
    spread = np.std(np.array(figures, dtype=float))
    expected = np.quantile(np.array(figures, dtype=float), [0.025, 0.975])
    assert (interval.low, interval.high) == pytest.approx(tuple(expected), abs=0.35 * spread)


def test_equal_groups_without_variation_have_no_width() -> None:
    counts = {"a": GroupCounts(5, 0, 0, 0), "b": GroupCounts(9, 0, 0, 0)}
    assert resampled(disparate_impact, counts, seed=1) == Interval(1.0, 1.0, 1.0)


def test_a_group_too_small_to_keep_both_labels_has_no_interval() -> None:
    counts = {"a": GroupCounts(1, 1, 1, 1), "b": GroupCounts(100, 100, 100, 100)}
    assert equalized_odds_difference(counts) == 0.0
    assert resampled(equalized_odds_difference, counts, seed=1) is None


def test_unknown_metric_and_no_resamples_are_refused() -> None:
    with pytest.raises(ValueError, match="metric"):
        resampled(lambda _: 0.0, TWO_GROUPS, seed=1)
    with pytest.raises(ValueError, match="resamples"):
        resampled(disparate_impact, TWO_GROUPS, resamples=0, seed=1)
    with pytest.raises(ValueError, match="negative"):
        disparate_impact({"a": GroupCounts(-1, 1, 1, 1), "b": GroupCounts(1, 1, 1, 1)})


# ---------------------------------------------------------------- which group a row belongs to


@pytest.mark.parametrize("groups", [3, 16, 17, 60])
@pytest.mark.parametrize("kind", ["U", "O", "S", "i", "f"])
def test_rows_are_dealt_to_their_groups(groups: int, kind: str) -> None:
    """Few and many groups, of every type: the same as converting and sorting every row."""
    rng = np.random.default_rng(groups)
    numbers = rng.integers(0, groups, 500)
    column = numbers if kind == "i" else numbers / 2 if kind == "f" else np.array([f"g{n}" for n in numbers])
    found = membership(column.astype(kind) if kind in "OS" else column)
    names, member = np.unique(np.asarray(column).astype(np.str_), return_inverse=True)
    assert found.names == tuple(names.tolist())
    assert found.member.tolist() == member.tolist()


def test_equal_values_of_other_types_are_other_groups_by_their_texts() -> None:
    column = np.array([1, True, 1.0, "1", 1], dtype=object)
    found = membership(column)
    assert [found.names[place] for place in found.member] == ["1", "True", "1.0", "1", "1"]


def test_no_rows_have_no_groups() -> None:
    assert membership([]).names == ()
    with pytest.raises(ValueError, match="shape"):
        membership([["a"]])


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("xyz")), max_size=30))
def test_an_intersection_is_the_group_of_both_names(rows: list[tuple[str, str]]) -> None:
    one, other = membership([row[0] for row in rows]), membership([row[1] for row in rows])
    both = membership([f"{row[0]}+{row[1]}" for row in rows])
    found = intersection(one, other)
    assert (found.names, found.member.tolist()) == (both.names, both.member.tolist())


def test_columns_of_different_length_have_no_intersection() -> None:
    with pytest.raises(ValueError, match="differ in shape"):
        intersection(membership(["a"]), membership(["a", "b"]))
