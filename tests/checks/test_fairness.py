"""The gate `fairness`: figures are held as observed, small groups decide nothing, waivers are seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from gates.adapters.console import Screen
from gates.errors import InvalidError
from gates.run import gate
from gates.run.project import Project as Opened
from gates.verdict import Outcome
from tests.checks.project import TODAY, decisive, finding

if TYPE_CHECKING:
    from datetime import date

    from gates.verdict import Verdict
    from tests.checks.project import Project

PASS, FAIL, UNDECIDED = Outcome.PASS, Outcome.FAIL, Outcome.UNDECIDED
IMPACT = "disparate_impact/female"


def score(project: Project, selected: tuple[int, int], positives: tuple[int, int] = (150, 150)) -> None:
    """Select so many of the 300 rows of each group, and make so many of each positive, from the first on."""
    female = project.table("features")["female"].to_numpy()
    place = np.where(female == 1, np.cumsum(female) - 1, np.cumsum(1 - female) - 1)
    project.change(
        "predictions",
        lambda rows: rows.assign(challenger=np.where(place < np.take(selected, female), 0.9, 0.1)),
    )
    project.change(
        "labels", lambda rows: rows.assign(churn=(place < np.take(positives, female)).astype("int64"))
    )


def judge_on(project: Project, day: date) -> Verdict:
    """Run the gate on a day."""
    return gate.judge(Opened(project.root, project.root / "gates.log", Screen()), "fairness", {}, day)


def test_equal_treatment_passes(project: Project) -> None:
    """Disparate impact is the headline, with an interval; each group has its rows."""
    verdict = project.judge("fairness")
    assert decisive(verdict) == (IMPACT, PASS)
    assert finding(verdict, IMPACT).observed == 1.0
    assert [each.name for each in verdict.findings] == [
        *(f"{metric}/female" for metric in ("disparate_impact", "demographic_parity", "equalized_odds")),
        *("groups/female", "rows/female=0", "rows/female=1"),
    ]


def test_figures_are_those_of_the_definitions(project: Project) -> None:
    """120 and 90 of 300 selected: rates 0.4 and 0.3, ratio 0.75, difference 0.1; no false positives."""
    score(project, (120, 90))
    verdict = project.judge("fairness")
    figures = {
        name: verdict.measurements[f"{name}/female"] for name in ("disparate_impact", "demographic_parity")
    }
    assert figures == pytest.approx({"disparate_impact": 0.75, "demographic_parity": 0.1})
    assert verdict.measurements["equalized_odds/female"] == pytest.approx(0.2)  # true positives: 0.8 and 0.6
    assert decisive(verdict) == (IMPACT, FAIL)


@pytest.mark.parametrize(
    ("selected", "outcome"), [((150, 120), PASS), ((150, 119), FAIL), ((119, 150), FAIL)]
)
def test_the_observed_ratio_is_held_not_its_bound(
    project: Project, selected: tuple[int, int], outcome: Outcome
) -> None:
    """Exactly four fifths pass, whichever group is the smaller; the interval is told and does not decide."""
    project.policy(fairness={"max_demographic_parity": None, "max_equalized_odds": None})
    score(project, selected)
    found = finding(project.judge("fairness"), IMPACT)
    assert found.outcome is outcome
    assert found.low is not None
    assert found.low < 0.8


@pytest.mark.parametrize("metric", ["demographic_parity", "equalized_odds"])
def test_each_difference_has_its_limit(project: Project, metric: str) -> None:
    """A figure beyond its limit fails; a limit left out is not held."""
    score(project, (150, 120))
    limits = {"max_demographic_parity": None, "max_equalized_odds": None}
    project.policy(fairness=limits)
    assert project.judge("fairness").outcome is PASS
    project.policy(fairness={f"max_{metric}": 0.05})
    assert decisive(project.judge("fairness")) == (f"{metric}/female", FAIL)


def test_a_group_scored_down_fails(project: Project) -> None:
    """Halving one group's scores is what this gate is for."""
    female = project.table("features")["female"].to_numpy()
    project.change(
        "predictions",
        lambda rows: rows.assign(challenger=rows["challenger"] * np.where(female == 1, 0.5, 1.0)),
    )
    assert decisive(project.judge("fairness")) == (IMPACT, FAIL)


def test_every_declared_attribute_is_held(project: Project) -> None:
    """One that is treated alike does not excuse another."""
    senior = project.table("features")["senior_citizen"].to_numpy()
    project.change("predictions", lambda rows: rows.assign(challenger=np.where(senior == 1, 0.9, 0.1)))
    project.policy(fairness={"attributes": ["female", "senior_citizen"]})
    verdict = project.judge("fairness")
    assert finding(verdict, "disparate_impact/senior_citizen").outcome is FAIL
    assert finding(verdict, "disparate_impact/senior_citizen").observed == 0.0


# ---------------------------------------------------------------- intervals, luck, intersections


def few(project: Project, selected: tuple[int, int], rows: int = 60) -> None:
    """Keep so many rows of each group, score them, and lift the least rows."""
    score(project, selected)
    female = project.table("features")["female"].to_numpy()
    place = np.where(female == 1, np.cumsum(female) - 1, np.cumsum(1 - female) - 1)
    for name in ("features", "labels", "predictions"):
        project.change(name, lambda table: table[place < rows])
    limits = {"max_demographic_parity": None, "max_equalized_odds": None, "min_rows_per_group": 10}
    project.policy(fairness=limits)


def test_each_group_has_its_rate_with_an_interval(project: Project) -> None:
    """Wilson's: 90 of 300 are 0.2509 to 0.3541."""
    score(project, (120, 90))
    seen = project.judge("fairness").measurements
    assert seen["selection/female=1"] == pytest.approx(0.3)
    assert (seen["selection/female=1/low"], seen["selection/female=1/high"]) == pytest.approx(
        (0.2509, 0.3541), abs=5e-5
    )


def test_an_interval_holds_equality(project: Project) -> None:
    """Of groups that are treated alike, the ratio's ends at 1 and the difference's begins at 0."""
    verdict = project.judge("fairness")
    assert finding(verdict, IMPACT).high == 1.0
    assert finding(verdict, "demographic_parity/female").low == 0.0


def test_beyond_the_limit_by_luck_is_undecided(project: Project) -> None:
    """30 and 22 of 60 are a ratio of 0.73, and p is 0.2; of 300 each it would fail."""
    few(project, (30, 22))
    found = finding(project.judge("fairness"), IMPACT)
    assert found.outcome is UNDECIDED
    assert found.observed == pytest.approx(22 / 30)
    assert "may be luck (p = 0.2 over all attributes)" in found.note
    few(project, (30, 12))
    assert finding(project.judge("fairness"), IMPACT).outcome is FAIL


def test_a_waiver_covers_what_may_be_luck_too(project: Project) -> None:
    """It lets the figure be beyond its limit; how sure that is does not matter."""
    few(project, (30, 22))
    project.waive("fairness", IMPACT, TODAY)
    verdict = project.judge("fairness")
    assert (verdict.outcome, finding(verdict, IMPACT).outcome) == (PASS, UNDECIDED)
    assert judge_on(project, TODAY.replace(day=TODAY.day + 1)).outcome is UNDECIDED


def test_the_level_holds_over_all_attributes(project: Project) -> None:
    """p of 0.03 is enough for one attribute, and not for one of two."""
    few(project, (30, 18))
    alone = finding(project.judge("fairness"), IMPACT)
    project.policy(fairness={"attributes": ["female", "partner"], "min_disparate_impact": 0.79})
    both = finding(project.judge("fairness"), IMPACT)
    assert (alone.outcome, both.outcome) == (FAIL, UNDECIDED)
    assert alone.observed == both.observed


def test_an_intersection_is_an_attribute(project: Project) -> None:
    """Women and men alike, seniors and others alike, and none of the senior women selected."""
    features = project.table("features")
    female, senior = (features[each].to_numpy() for each in ("female", "senior_citizen"))
    project.change("predictions", lambda rows: rows.assign(challenger=np.where(female == senior, 0.9, 0.1)))
    crossed = "female+senior_citizen"
    project.policy(fairness={"attributes": ["female", "senior_citizen"], "intersections": [crossed]})
    project.policy(fairness={"max_demographic_parity": None, "max_equalized_odds": None})
    verdict = project.judge("fairness")
    assert finding(verdict, f"disparate_impact/{crossed}").observed == 0.0
    assert decisive(verdict) == (f"disparate_impact/{crossed}", FAIL)
    rows = [verdict.measurements[f"rows/{crossed}={one}+{other}"] for one in (0, 1) for other in (0, 1)]
    assert sum(rows) == len(features)
    project.policy(fairness={"min_rows_per_group": int(min(rows)) + 1})
    assert finding(project.judge("fairness"), f"groups/{crossed}").outcome is PASS
    smallest = min(range(4), key=rows.__getitem__)
    name = f"rows/{crossed}={smallest // 2}+{smallest % 2}"
    assert finding(project.judge("fairness"), name).outcome is UNDECIDED


@pytest.mark.parametrize(
    "intersections",
    [["female"], ["female+female"], ["female+tenure"], ["female+partner", "partner+female"], ["+"]],
)
def test_an_intersection_of_no_attributes_is_a_mistake(project: Project, intersections: list[str]) -> None:
    """It is named by its address."""
    project.policy(fairness={"attributes": ["female", "partner"], "intersections": intersections})
    with pytest.raises(InvalidError, match=r"gates\.fairness\.intersections"):
        project.judge("fairness")


# ---------------------------------------------------------------- undecided


def test_a_group_with_too_few_rows_is_undecided(project: Project) -> None:
    """The group is named with its rows."""
    project.policy(fairness={"min_rows_per_group": 301})
    assert decisive(project.judge("fairness")) == ("rows/female=0", UNDECIDED)


def test_no_declared_attribute_is_a_mistake_of_the_policy(project: Project) -> None:
    """Nothing checked is not a pass, and would never become one."""
    project.policy(fairness={"attributes": []})
    with pytest.raises(InvalidError, match=r"gates\.fairness\.attributes"):
        project.judge("fairness")


def test_one_group_only_is_undecided(project: Project) -> None:
    """There is nobody to compare with."""
    project.change("features", lambda rows: rows.assign(female=1))
    verdict = project.judge("fairness")
    assert decisive(verdict) == (IMPACT, UNDECIDED)
    assert finding(verdict, "groups/female").outcome is UNDECIDED


@pytest.mark.parametrize("label", [0, 1])
def test_one_class_only_is_undecided(project: Project, label: int) -> None:
    """Equalized odds need rows of both labels."""
    project.change("labels", lambda rows: rows.assign(churn=label))
    assert decisive(project.judge("fairness")) == ("equalized_odds/female", UNDECIDED)


def test_nobody_selected_is_undecided(project: Project) -> None:
    """A ratio of no and no selections does not exist."""
    project.change("predictions", lambda rows: rows.assign(challenger=0.0))
    assert decisive(project.judge("fairness")) == (IMPACT, UNDECIDED)


def test_rows_without_a_value_are_a_group_of_their_own(project: Project) -> None:
    """They are counted, not dropped: dropping them would hide how they are treated. Names stay whole."""
    project.change(
        "features", lambda rows: rows.assign(female=rows["female"].where(rows.index >= rows.index[30]))
    )
    verdict = project.judge("fairness")
    assert finding(verdict, "rows/female=(missing)").observed == 30
    assert {"rows/female=0.0", "rows/female=1.0"} <= set(verdict.measurements)
    assert verdict.outcome is not PASS


# ---------------------------------------------------------------- threshold, waivers, inputs


def test_the_threshold_decides_who_is_selected(project: Project) -> None:
    """From the threshold on, the threshold included."""
    score(project, (150, 75))
    project.policy(fairness={"threshold": 0.9})
    assert finding(project.judge("fairness"), IMPACT).observed == 0.5
    project.policy(fairness={"threshold": 0.1})
    assert finding(project.judge("fairness"), IMPACT).observed == 1.0


def test_a_waiver_lets_a_failed_finding_pass_in_plain_sight(project: Project) -> None:
    """On its last day too; the figure, its failure and who waived it stay in the verdict."""
    score(project, (150, 100))
    project.policy(fairness={"max_demographic_parity": None, "max_equalized_odds": None})
    project.waive("fairness", IMPACT, TODAY)
    verdict = project.judge("fairness")
    found = finding(verdict, IMPACT)
    assert verdict.outcome is PASS
    assert found.outcome is FAIL
    assert found.waiver is not None
    assert found.waiver.owner == "retention team"


def test_an_expired_waiver_blocks_and_says_so(project: Project) -> None:
    """The day after its last it is worth nothing."""
    score(project, (150, 100))
    project.waive("fairness", IMPACT, TODAY)
    verdict = judge_on(project, TODAY.replace(day=TODAY.day + 1))
    assert decisive(verdict) == (IMPACT, FAIL)
    assert f"expired on {TODAY}" in finding(verdict, IMPACT).note


def test_a_waiver_holds_for_its_finding_alone(project: Project) -> None:
    """Neither for another attribute or metric, nor for a group that is too small."""
    score(project, (150, 100))
    project.waive("fairness", "disparate_impact/senior_citizen", TODAY)
    assert decisive(project.judge("fairness")) == (IMPACT, FAIL)
    project.waive("fairness", "rows/female=0", TODAY)
    project.policy(fairness={"min_rows_per_group": 301, "min_disparate_impact": 0.5})
    project.policy(fairness={"max_demographic_parity": None, "max_equalized_odds": None})
    assert decisive(project.judge("fairness")) == ("rows/female=0", UNDECIDED)


@pytest.mark.parametrize("attribute", ["femal", "churn"])
def test_an_attribute_that_is_no_feature_is_invalid(project: Project, attribute: str) -> None:
    """The column is named."""
    project.policy(fairness={"attributes": [attribute]})
    with pytest.raises(InvalidError, match=f"'{attribute}'"):
        project.judge("fairness")


@pytest.mark.parametrize("attributes", [["female", "female"], ["row_id"]])
def test_an_attribute_that_is_named_twice_or_is_the_key_is_invalid(
    project: Project, attributes: list[str]
) -> None:
    """The column is named."""
    project.policy(fairness={"attributes": attributes})
    with pytest.raises(InvalidError, match=f"'{attributes[0]}' is asked for twice"):
        project.judge("fairness")


def test_groups_of_text_and_numbers_are_named_by_their_values(project: Project) -> None:
    """What stands in the table stands in the verdict."""
    project.policy(fairness={"attributes": ["contract"], "min_disparate_impact": 0.0})
    names = {each.name for each in project.judge("fairness").findings}
    kinds = pd.unique(project.table("features")["contract"])
    assert {f"rows/contract={kind}" for kind in kinds} <= names
