"""The gate `champion`: better by enough, and not by luck, on the same rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from gates import metric_names
from gates.checks import champion
from gates.errors import InvalidError
from gates.stats.scoring import BINARY, REGRESSION
from gates.verdict import Outcome
from tests.checks.project import decisive, finding, latency, seconds

if TYPE_CHECKING:
    import pandas as pd

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


@pytest.mark.parametrize(("tie", "outcome"), [("block", FAIL), ("promote", PASS)])
@pytest.mark.parametrize("rule", ["superior", "min_delta"])
def test_a_tie_is_what_the_policy_says(project: Project, rule: str, tie: str, outcome: Outcome) -> None:
    """Models that answer alike differ by exactly 0, without any variance."""
    project.change("predictions", lambda rows: rows.assign(champion=rows["challenger"]))
    project.policy(champion={"min_delta": 0.0, "rule": rule, "tie": tie})
    verdict = project.judge("champion")
    assert decisive(verdict) == ("tie", outcome)
    assert verdict.measurements["delta"] == 0.0


# ---------------------------------------------------------------- the rules


def swap(project: Project) -> None:
    """Let the worse of both challenge."""
    roles = {"challenger": "champion", "champion": "challenger"}
    project.change("predictions", lambda rows: rows.rename(columns=roles))


def test_superior_asks_for_a_lower_bound_above_0(project: Project) -> None:
    """However small the difference, if it is sure."""
    project.policy(champion={"rule": "superior"})
    verdict = project.judge("champion")
    delta = finding(verdict, "delta")
    assert decisive(verdict) == ("delta", PASS)
    assert (delta.sense, delta.limit) == ("above", 0.0)
    assert delta.note == "Rule superior: must surely be better."


def test_superior_is_undecided_by_luck_and_fails_where_it_is_worse(project: Project) -> None:
    """It says what would decide, and what this golden set can see."""
    project.policy(champion={"rule": "superior"})
    nudge(project, 0.06)
    undecided = project.judge("champion")
    assert decisive(undecided) == ("delta", UNDECIDED)
    note = finding(undecided, "delta").note
    assert f"about {undecided.measurements['rows_needed']:,.0f} golden rows would decide it" in note
    assert f"difference of {undecided.measurements['detectable']:.2g} four times of five" in note
    swap(project)
    assert decisive(project.judge("champion")) == ("delta", FAIL)


def test_auto_asks_for_one_standard_error(project: Project) -> None:
    """Of the paired difference on this golden set."""
    project.policy(champion={"min_delta": "auto"})
    verdict = project.judge("champion")
    assert decisive(verdict) == ("delta", PASS)
    assert finding(verdict, "delta").limit == verdict.measurements["delta/sigma"]


def test_non_inferior_needs_something_that_is_better(project: Project) -> None:
    """Not worse by more than the margin is half of it; the other half is a faster request."""
    swap(project)
    project.policy(champion={"rule": "non_inferior", "margin": 0.5, "improves": "latency"})
    verdict = project.judge("champion")  # its requests take 10 ms, the champion's 12
    assert verdict.outcome is PASS
    assert finding(verdict, "delta").limit == -0.5
    assert finding(verdict, "ratio/latency").high is not None
    assert (finding(verdict, "ratio/latency").observed or 1) < 0.95
    project.write_document(
        "candidate/latency.json", latency(challenger=seconds(0.010), champion=seconds(0.010))
    )
    assert decisive(project.judge("champion")) == ("ratio/latency", UNDECIDED)
    project.write_document("candidate/latency.json", latency(challenger=seconds(0.010)))
    assert decisive(project.judge("champion")) == ("ratio/latency", UNDECIDED)
    project.policy(champion={"rule": "non_inferior", "margin": 0.0, "improves": "latency"})
    assert decisive(project.judge("champion")) == ("delta", FAIL)


def test_cost_is_the_median_of_a_request(project: Project) -> None:
    """What most requests take, whatever the slowest do."""
    project.policy(champion={"rule": "non_inferior", "margin": 0.0, "improves": "cost"})
    slow_tail = [*seconds(0.010)[:960], *[0.500] * 40]
    project.write_document("candidate/latency.json", latency(challenger=slow_tail, champion=seconds(0.012)))
    verdict = project.judge("champion")
    assert verdict.outcome is PASS
    assert (finding(verdict, "ratio/cost").observed or 1) == pytest.approx(10 / 12, rel=0.05)


def test_a_slice_can_be_what_improves(project: Project) -> None:
    """It must surely be better there."""
    one_year = "contract=One year"
    project.policy(champion={"rule": "non_inferior", "margin": 0.0, "improves": one_year})
    verdict = project.judge("champion")
    assert verdict.outcome is PASS
    assert (finding(verdict, f"slice_delta/{one_year}").low or 0) > 0


@pytest.mark.parametrize(
    "block", [{"rule": "non_inferior"}, {"improves": "latency"}, {"rule": "superior", "improves": "cost"}]
)
def test_a_rule_and_what_improves_need_each_other(project: Project, block: dict[str, str]) -> None:
    """A criterion that no rule asks for would be believed to hold."""
    project.policy(champion=block)
    with pytest.raises(InvalidError, match=r"`rule: non_inferior` and `improves` need each other"):
        project.judge("champion")


@pytest.mark.parametrize("metric", ["average_precision", "brier", "log_loss"])
def test_another_metric_decides_in_its_own_direction(project: Project, metric: str) -> None:
    """Above 0 is better, also of a loss; swapped, the same scores are as much worse."""
    project.policy(champion={"metric": metric, "rule": "superior"})
    better = project.judge("champion")
    assert better.outcome is PASS
    swap(project)
    worse = project.judge("champion")
    assert decisive(worse) == ("delta", FAIL)
    assert worse.measurements["delta"] == pytest.approx(-better.measurements["delta"])
    challenger, champion = (worse.measurements[f"{metric}/{who}"] for who in ("challenger", "champion"))
    assert abs(challenger - champion) == pytest.approx(better.measurements["delta"])


def test_the_metrics_of_the_policy_are_those_that_can_be_scored() -> None:
    """A name that one side has alone would be refused, or end in a traceback."""
    assert metric_names.OURS == {"binary": BINARY, "regression": REGRESSION, "multiclass": (), "ranking": ()}


# ---------------------------------------------------------------- slices


SLICES = ("contract=One year", "contract=Two year", "contract=Month-to-month")


def ruin(project: Project, value: str) -> None:
    """Let the challenger guess on one contract, and know all that the champion knows on the others."""
    contract = project.table("features").set_index("row_id")["contract"]

    def guess(rows: pd.DataFrame) -> pd.DataFrame:
        hit = rows["row_id"].map(contract) == value
        guessed = np.random.default_rng(3).uniform(0.1, 0.9, len(rows))
        return rows.assign(challenger=rows["challenger"].where(~hit, guessed))

    project.change("predictions", guess)


def test_a_slice_that_is_surely_worse_fails(project: Project) -> None:
    """The overall figure may be better; the finding tells the difference there."""
    ruin(project, "Two year")
    project.policy(champion={"rule": "superior", "slices": list(SLICES)})
    verdict = project.judge("champion")
    worse = finding(verdict, "slice_p/contract=Two year")
    assert worse.outcome is FAIL
    assert worse.note.startswith("The difference there is -0.")
    assert [each.outcome for each in verdict.findings if each.name.startswith("slice_p/")].count(FAIL) == 1


def test_slices_share_one_error_rate(project: Project) -> None:
    """A chance that is enough for one slice alone is not for one of three (Holm)."""
    project.policy(champion={"slices": list(SLICES)})
    measured = dict(project.judge("champion").measurements)
    measured |= {f"slice_p/{name}": p for name, p in zip(SLICES, (0.03, 0.5, 0.6), strict=True)}
    policy = champion.Policy(first_model="floor", slices=SLICES)
    found = {each.name: each for each in champion.judge(policy, measured)}
    assert found[f"slice_p/{SLICES[0]}"].outcome is PASS
    assert found[f"slice_p/{SLICES[0]}"].observed == pytest.approx(0.09)
    policy = champion.Policy(first_model="floor", slices=SLICES[:1])
    found = {each.name: each for each in champion.judge(policy, measured)}
    assert found[f"slice_p/{SLICES[0]}"].outcome is FAIL


def test_a_slice_without_rows_is_undecided(project: Project) -> None:
    """Nothing is known of it, which is no proof that it is not worse."""
    project.policy(champion={"slices": ["contract=Weekly"]})
    verdict = project.judge("champion")
    assert decisive(verdict) == ("slice_p/contract=Weekly", UNDECIDED)
    assert finding(verdict, "slice_rows_per_class/contract=Weekly").outcome is UNDECIDED


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
