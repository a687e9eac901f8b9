"""The gate `champion`: better by enough, and not by luck, on the same rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from gates.errors import InvalidError
from gates.verdict import Outcome
from tests.checks.project import decisive, finding

if TYPE_CHECKING:
    from tests.checks.project import Project

PASS, FAIL, UNDECIDED = Outcome.PASS, Outcome.FAIL, Outcome.UNDECIDED


def first(project: Project, rule: str) -> None:
    """Take the champion away and set the rule for a first model."""
    project.change("predictions", lambda scores: scores.drop(columns="champion"))
    project.edit("candidate/serving.json", lambda serving: serving.update(champion=None))
    project.policy(champion={"first_model": rule})


def nudge(project: Project, noise: float) -> None:
    """Make the champion the challenger with a little noise: hardly worse."""
    rng = np.random.default_rng(5)
    project.change(
        "predictions",
        lambda rows: rows.assign(
            champion=np.clip(rows["challenger"] + rng.normal(0, noise, len(rows)), 0.001, 0.999)
        ),
    )


def test_a_clearly_better_challenger_passes(project: Project) -> None:
    """The difference reaches `min_delta`, and its lower bound is above 0."""
    verdict = project.judge("champion")
    delta = finding(verdict, "delta")
    assert decisive(verdict) == ("delta", PASS)
    assert delta.observed is not None
    assert delta.low is not None
    assert delta.observed > delta.low > 0
    aucs = verdict.measurements["auc/challenger"] - verdict.measurements["auc/champion"]
    assert delta.observed == pytest.approx(aucs)


def test_a_worse_challenger_fails(project: Project) -> None:
    """Swapped, the same scores are as much worse."""
    better = project.judge("champion").measurements["delta"]
    project.change(
        "predictions", lambda rows: rows.rename(columns={"challenger": "champion", "champion": "challenger"})
    )
    verdict = project.judge("champion")
    assert decisive(verdict) == ("delta", FAIL)
    assert verdict.measurements["delta"] == -better


def test_an_improvement_below_min_delta_fails(project: Project) -> None:
    """However sure it is."""
    project.policy(champion={"min_delta": 0.2})
    verdict = project.judge("champion")
    assert decisive(verdict) == ("delta", FAIL)
    assert verdict.measurements["delta/low"] > 0


def test_an_improvement_that_may_be_luck_is_undecided(project: Project) -> None:
    """It says how many golden rows would decide it: more than there are."""
    nudge(project, 0.06)
    project.policy(champion={"min_delta": 0.001})
    verdict = project.judge("champion")
    assert decisive(verdict) == ("delta/low", UNDECIDED)
    assert verdict.measurements["rows_needed"] > 600
    assert (
        f"about {verdict.measurements['rows_needed']:,.0f} golden rows" in finding(verdict, "delta/low").note
    )


@pytest.mark.parametrize(("min_delta", "outcome"), [(0.0, UNDECIDED), (0.005, FAIL)])
def test_a_tie_is_no_improvement(project: Project, min_delta: float, outcome: Outcome) -> None:
    """Equal scores differ by exactly 0: below a positive limit, and never above luck."""
    project.change("predictions", lambda rows: rows.assign(champion=rows["challenger"]))
    project.policy(champion={"min_delta": min_delta})
    verdict = project.judge("champion")
    assert verdict.outcome is outcome
    assert finding(verdict, "delta").observed == 0.0


# ---------------------------------------------------------------- a first model


def test_floor_lets_the_other_gates_decide_on_a_first_model(project: Project) -> None:
    """There is nothing to compare with, and the policy says that this is no obstacle."""
    first(project, "floor")
    assert decisive(project.judge("champion")) == ("first_model", PASS)


@pytest.mark.parametrize(("approver", "outcome"), [("", UNDECIDED), ("  ", UNDECIDED), ("A. Approver", PASS)])
def test_approve_asks_for_a_named_person(project: Project, approver: str, outcome: Outcome) -> None:
    """Undecided until somebody is named; the verdict remembers who."""
    first(project, "approve")
    verdict = project.judge("champion", approver=approver)
    assert decisive(verdict) == ("first_model/approvers", outcome)
    if outcome is PASS:
        assert verdict.inputs["approver"] == approver
    else:
        assert "--approver" in finding(verdict, "first_model/approvers").note


def test_block_refuses_a_first_model(project: Project) -> None:
    """Whoever approves it."""
    first(project, "block")
    assert decisive(project.judge("champion", approver="A. Approver")) == ("first_model", FAIL)


def test_an_approver_does_not_help_against_a_champion(project: Project) -> None:
    """The rule is for a first model alone."""
    project.policy(champion={"min_delta": 0.2, "first_model": "approve"})
    assert decisive(project.judge("champion", approver="A. Approver")) == ("delta", FAIL)


# ---------------------------------------------------------------- rolled back


def test_a_model_that_was_rolled_back_fails_though_it_is_better(project: Project) -> None:
    """It was taken out for a reason; the note says how to serve it on purpose."""
    project.edit("candidate/serving.json", lambda serving: serving.update(rolled_back=True))
    verdict = project.judge("champion")
    assert decisive(verdict) == ("rolled_back", FAIL)
    assert "gates rollback" in finding(verdict, "rolled_back").note


def test_a_model_that_was_rolled_back_fails_as_a_first_model_too(project: Project) -> None:
    """Whether or not somebody serves now."""
    first(project, "floor")
    project.edit("candidate/serving.json", lambda serving: serving.update(rolled_back=True))
    assert decisive(project.judge("champion")) == ("rolled_back", FAIL)


@pytest.mark.parametrize("value", [None, "no", 0, [], "missing"])
def test_whether_it_was_rolled_back_must_be_said(project: Project, value: object) -> None:
    """Only true and false are answers; silence is none."""

    def change(serving: dict[str, object]) -> None:
        serving.pop("rolled_back")
        if value != "missing":
            serving["rolled_back"] = value

    project.edit("candidate/serving.json", change)
    with pytest.raises(InvalidError, match=r"serving\.json.*'rolled_back'"):
        project.judge("champion")


# ---------------------------------------------------------------- rows


@pytest.mark.parametrize("label", [0, 1])
def test_one_class_only_is_undecided(project: Project, label: int) -> None:
    """There is no AUC without both classes."""
    project.change("labels", lambda labels: labels.assign(churn=label))
    verdict = project.judge("champion")
    assert decisive(verdict) == ("delta", UNDECIDED)
    assert "delta" not in verdict.measurements


def test_champion_scores_that_are_missing_are_invalid(project: Project) -> None:
    """A champion that did not answer is no weaker champion."""
    project.change("predictions", lambda rows: rows.assign(champion=rows["champion"].where(rows.index > 5)))
    with pytest.raises(InvalidError, match="6 scores in 'champion' are not probabilities"):
        project.judge("champion")


def test_without_the_champions_column_a_champion_is_not_forgotten(project: Project) -> None:
    """Who serves stands in serving.json; predictions without its scores are no first model."""
    project.change("predictions", lambda rows: rows.drop(columns="champion"))
    with pytest.raises(InvalidError, match=r"predictions\.parquet does not fit who serves") as caught:
        project.judge("champion")
    assert "there is a champion" in caught.value.why


def test_who_serves_must_be_said(project: Project) -> None:
    """Nobody is an answer; silence is none, and does not make a first model."""
    project.edit("candidate/serving.json", lambda serving: serving.pop("champion"))
    with pytest.raises(InvalidError, match=r"serving\.json has no 'champion'"):
        project.judge("champion")


def test_scores_of_a_champion_that_does_not_serve_are_invalid(project: Project) -> None:
    """The comparison would be with nobody knows whom."""
    project.edit("candidate/serving.json", lambda serving: serving.update(champion=None))
    with pytest.raises(InvalidError, match=r"predictions\.parquet does not fit who serves"):
        project.judge("champion")


def test_too_few_rows_decide_nothing(project: Project) -> None:
    """Two of each class that happen to be apart have an interval without width: nothing moves by it."""
    project.policy(champion={"min_rows_per_class": 10_000})
    verdict = project.judge("champion")
    assert verdict.outcome is UNDECIDED
    assert decisive(verdict) == ("rows_per_class", UNDECIDED)
