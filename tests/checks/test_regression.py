"""The gates of a regression: errors in the unit of the label, held as the figures of a classifier are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import sklearn.metrics

from gates.checks import golden
from gates.errors import InvalidError
from gates.verdict import Outcome
from tests.checks.project import decisive, finding

if TYPE_CHECKING:
    from tests.checks.project import Project

PASS, FAIL, UNDECIDED = Outcome.PASS, Outcome.FAIL, Outcome.UNDECIDED
SLICE = "contract=One year"
MEASURED = {
    f"{name}{end}": figure + away
    for name, figure, half in (("rmse", 30.0, 2.0), ("mae", 24.0, 2.0), ("r2", 0.8, 0.05))
    for end, away in (("", 0.0), ("/low", -half), ("/high", half))
} | {
    "rows": 400.0,
    "pinned/features": 1.0,
    "pinned/labels": 1.0,
    f"slice_rmse/{SLICE}": 31.0,
    f"slice_rmse/{SLICE}/high": 45.0,
    f"slice_rows/{SLICE}": 50.0,
}
LIMITS: dict[str, Any] = {"max_rmse": 35.0, "max_mae": 28.0, "min_r2": 0.7, "max_slice_rmse": {SLICE: 40.0}}


@pytest.fixture
def regression(project: Project) -> Project:
    """A project that passes every gate of a regression."""
    project.regression()
    return project


def outcomes(limits: dict[str, Any], measurements: dict[str, float]) -> dict[str, Outcome]:
    """Judge golden figures, and give the findings that are no pass."""
    found = golden.judge(golden.RegressionPolicy(**(LIMITS | limits)), measurements)
    return {each.name: each.outcome for each in found if each.outcome is not PASS}


def worsen(project: Project, noise: float) -> None:
    """Let the champion be the challenger with a little noise."""
    rng = np.random.default_rng(5)
    project.change(
        "predictions", lambda rows: rows.assign(champion=rows["challenger"] + rng.normal(0, noise, len(rows)))
    )


@pytest.mark.parametrize("gate", ["golden", "fairness", "champion"])
def test_a_good_model_passes(regression: Project, gate: str) -> None:
    verdict = regression.judge(gate)
    assert verdict.outcome is PASS, verdict.decisive
    assert verdict.inputs["task"] == "regression"


# ---------------------------------------------------------------- golden


def test_the_figures_are_those_of_scikit_learn(regression: Project) -> None:
    measured = regression.judge("golden").measurements
    rows = regression.table("labels").merge(regression.table("predictions"), on="row_id")
    truth, answered = rows["churn"], rows["challenger"]
    assert measured["rmse"] == pytest.approx(sklearn.metrics.root_mean_squared_error(truth, answered))
    assert measured["mae"] == pytest.approx(sklearn.metrics.mean_absolute_error(truth, answered))
    assert measured["r2"] == pytest.approx(sklearn.metrics.r2_score(truth, answered))
    assert measured["rows"] == len(rows)


@pytest.mark.parametrize(
    ("name", "limit", "inside", "between", "beyond"),
    [
        ("rmse", "max_rmse", 32.0, 31.0, 29.0),
        ("mae", "max_mae", 26.0, 25.0, 23.0),
        ("r2", "min_r2", 0.74, 0.78, 0.81),
    ],
)
def test_every_figure_is_held_by_its_bound(
    name: str, limit: str, inside: float, between: float, beyond: float
) -> None:
    """Bound inside: pass. Figure inside, bound not: undecided. Figure beyond: fail. No limit: not held."""
    assert outcomes({limit: inside}, MEASURED) == {}
    assert outcomes({limit: between}, MEASURED) == {name: UNDECIDED}
    assert outcomes({limit: beyond}, MEASURED) == {name: FAIL}
    assert outcomes({limit: None}, MEASURED | {name: float("nan")}) == {}


@pytest.mark.parametrize("bound", ["rmse/high", "mae/high", "r2/low"])
def test_without_its_bound_a_figure_decides_nothing(bound: str) -> None:
    without = {key: value for key, value in MEASURED.items() if key != bound}
    assert outcomes({}, without) == {bound.partition("/")[0]: UNDECIDED}


def test_too_few_rows_are_undecided() -> None:
    assert outcomes({}, MEASURED | {"rows": 99.0}) == {"rows": UNDECIDED}


def test_a_slice_is_held_by_its_figure_and_needs_rows() -> None:
    assert outcomes({"max_slice_rmse": {SLICE: 30.0}}, MEASURED) == {f"slice_rmse/{SLICE}": FAIL}
    few = MEASURED | {f"slice_rows/{SLICE}": 19.0}
    assert outcomes({}, few) == {f"slice_rows/{SLICE}": UNDECIDED}


def test_a_slice_beyond_its_ceiling_fails_though_the_whole_is_good(regression: Project) -> None:
    contract = regression.table("features").set_index("row_id")["contract"]
    regression.change(
        "predictions",
        lambda rows: rows.assign(
            challenger=rows["challenger"].where(
                rows["row_id"].map(contract) != "One year", rows["challenger"] + 60
            )
        ),
    )
    regression.policy(golden={"max_rmse": 80.0, "max_mae": 80.0, "min_r2": None})
    assert decisive(regression.judge("golden")) == (f"slice_rmse/{SLICE}", FAIL)


def test_labels_that_do_not_vary_have_no_r2_and_are_undecided(regression: Project) -> None:
    regression.change("labels", lambda labels: labels.assign(churn=7.0))
    regression.change("predictions", lambda rows: rows.assign(challenger=7.0))
    regression.pin()
    verdict = regression.judge("golden")
    assert decisive(verdict) == ("r2", UNDECIDED)
    assert verdict.measurements["rmse"] == 0.0


def test_a_model_that_answers_the_mean_fails(regression: Project) -> None:
    regression.change("predictions", lambda rows: rows.assign(challenger=150.0))
    failed = {each.name for each in regression.judge("golden").findings if each.outcome is FAIL}
    assert {"rmse", "mae", "r2"} <= failed


# ---------------------------------------------------------------- champion


def test_a_challenger_is_better_by_as_much_as_its_rmse_is_smaller(regression: Project) -> None:
    verdict = regression.judge("champion")
    measured, delta = verdict.measurements, finding(verdict, "delta")
    assert delta.observed == pytest.approx(measured["rmse/champion"] - measured["rmse/challenger"])
    assert delta.observed is not None
    assert delta.low is not None
    assert delta.observed > delta.low > 0


def test_a_worse_challenger_fails(regression: Project) -> None:
    better = regression.judge("champion").measurements["delta"]
    swap = {"challenger": "champion", "champion": "challenger"}
    regression.change("predictions", lambda rows: rows.rename(columns=swap))
    verdict = regression.judge("champion")
    assert decisive(verdict) == ("delta", FAIL)
    assert verdict.measurements["delta"] == pytest.approx(-better)


def test_min_delta_is_in_the_unit_of_the_label(regression: Project) -> None:
    """An improvement of 10 is below 12; a limit above 1 is none of a share."""
    regression.policy(champion={"min_delta": 12.0})
    assert decisive(regression.judge("champion")) == ("delta", FAIL)


def test_an_improvement_that_may_be_luck_is_undecided_and_says_how_many_rows_decide(
    regression: Project,
) -> None:
    worsen(regression, 1.0)
    regression.policy(champion={"min_delta": 0.0})
    verdict = regression.judge("champion")
    assert decisive(verdict) == ("delta/low", UNDECIDED)
    assert verdict.measurements["rows_needed"] > 600
    assert "golden rows would decide it" in finding(verdict, "delta/low").note


@pytest.mark.parametrize("metric", ["rmse", "mae", "r2"])
@pytest.mark.parametrize(("tie", "outcome"), [("block", FAIL), ("promote", Outcome.PASS)])
def test_a_tie_is_what_the_policy_says(regression: Project, metric: str, tie: str, outcome: Outcome) -> None:
    regression.change("predictions", lambda rows: rows.assign(champion=rows["challenger"]))
    regression.policy(champion={"metric": metric, "tie": tie})
    assert decisive(regression.judge("champion")) == ("tie", outcome)


@pytest.mark.parametrize("metric", ["mae", "r2"])
def test_another_metric_decides_in_its_own_direction(regression: Project, metric: str) -> None:
    regression.policy(champion={"metric": metric, "rule": "superior"})
    better = regression.judge("champion").measurements
    assert better["delta/low"] > 0
    roles = {"challenger": "champion", "champion": "challenger"}
    regression.change("predictions", lambda rows: rows.rename(columns=roles))
    assert regression.judge("champion").measurements["delta"] == pytest.approx(-better["delta"])


def test_too_few_golden_rows_let_nothing_move(regression: Project) -> None:
    regression.policy(champion={"min_rows": 10_000})
    assert decisive(regression.judge("champion")) == ("rows", UNDECIDED)


# ---------------------------------------------------------------- fairness


def test_a_group_about_which_the_model_errs_most_decides(regression: Project) -> None:
    female = regression.table("features").set_index("row_id")["female"]
    noise = np.random.default_rng(6).normal(0, 50, len(female))
    regression.change(
        "predictions",
        lambda rows: rows.assign(challenger=rows["challenger"] + noise * rows["row_id"].map(female)),
    )
    verdict = regression.judge("fairness")
    assert decisive(verdict) == ("group_rmse/female", FAIL)
    measured = verdict.measurements
    assert measured["group_rmse/female"] == measured["rmse/female=1"] > measured["rmse/female=0"]


def test_groups_that_are_put_far_apart_fail(regression: Project) -> None:
    female = regression.table("features").set_index("row_id")["female"]
    regression.change(
        "predictions",
        lambda rows: rows.assign(challenger=rows["challenger"] + 30 * rows["row_id"].map(female)),
    )
    regression.policy(fairness={"max_group_rmse": None})
    assert decisive(regression.judge("fairness")) == ("mean_difference/female", FAIL)


def test_a_group_with_too_few_rows_is_undecided(regression: Project) -> None:
    regression.policy(fairness={"min_rows_per_group": 301})
    assert decisive(regression.judge("fairness")) == ("rows/female=0", UNDECIDED)


def test_one_group_alone_is_undecided(regression: Project) -> None:
    regression.change("features", lambda rows: rows.assign(female=0))
    regression.pin()
    assert regression.judge("fairness").outcome is UNDECIDED


# ---------------------------------------------------------------- bad input


@pytest.mark.parametrize("gate", ["golden", "fairness", "champion"])
@pytest.mark.parametrize("value", [None, float("nan"), float("inf"), 1e200, "many"])
@pytest.mark.parametrize(("file", "column"), [("labels", "churn"), ("predictions", "challenger")])
def test_what_is_no_finite_number_is_named(
    regression: Project, gate: str, value: object, file: str, column: str
) -> None:
    def spoil(rows: Any) -> Any:  # noqa: ANN401 - a DataFrame
        values = rows[column].astype("object")
        values.iloc[0] = value
        return rows.assign(**{column: values.astype("str") if isinstance(value, str) else values})

    regression.change(file, spoil)
    with pytest.raises(InvalidError, match=f"'{column}' are not finite numbers"):
        regression.judge(gate)


def test_a_task_that_is_not_the_policys_is_refused(regression: Project) -> None:
    with pytest.raises(InvalidError, match="that of a regression"):
        regression.judge("golden", task="binary")
