"""The gate `freshness`: a golden set ages, and the world moves away from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gates.errors import InvalidError
from gates.verdict import Outcome
from tests.checks.project import decisive, finding

if TYPE_CHECKING:
    from tests.checks.project import Project

PASS, FAIL, UNDECIDED = Outcome.PASS, Outcome.FAIL, Outcome.UNDECIDED


def made(project: Project, day: str | None) -> None:
    """Pin the day on which the golden set was made."""
    project.edit("params.yaml", lambda params: params["gates"]["golden_set"].update(made=day))


def test_a_young_golden_set_like_the_live_data_passes(project: Project) -> None:
    """Version, age and every column's index are in the verdict."""
    verdict = project.judge("freshness")
    assert verdict.outcome is PASS
    assert verdict.measurements["version"] == 1
    assert verdict.measurements["age_days"] == 31
    assert {"psi/tenure", "psi/contract"} <= verdict.measurements.keys()
    assert "psi/row_id" not in verdict.measurements
    assert "psi/churn" not in verdict.measurements


@pytest.mark.parametrize(("day", "outcome"), [("2026-03-01", PASS), ("2026-02-28", FAIL)])
def test_a_quarter_is_the_limit(project: Project, day: str, outcome: Outcome) -> None:
    """92 days, counted from the day on which it was made to that of the judgement, 1 June."""
    made(project, day)
    project.policy(freshness={"max_age_days": None})
    assert decisive(project.judge("freshness")) == ("age_days", outcome)


def test_without_the_day_its_age_is_not_known(project: Project) -> None:
    """The finding says where to write it."""
    made(project, None)
    verdict = project.judge("freshness")
    assert decisive(verdict) == ("age_days", UNDECIDED)
    assert "gates.golden_set.made" in finding(verdict, "age_days").note


def test_a_day_that_has_not_come_is_refused(project: Project) -> None:
    """A golden set of tomorrow would be young for ever."""
    made(project, "2026-06-02")
    with pytest.raises(InvalidError, match="has not come yet"):
        project.judge("freshness")


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", ""])
def test_what_is_no_day_is_refused(project: Project, text: str) -> None:
    """Given by a flag, it is no traceback."""
    with pytest.raises(InvalidError, match="is no day"):
        project.judge("freshness", as_of=text)


def test_a_world_that_has_moved_away_fails(project: Project) -> None:
    """The column is named, and what to do."""
    project.change("live", lambda rows: rows.assign(tenure=rows["tenure"] // 8))
    verdict = project.judge("freshness")
    assert decisive(verdict) == ("psi/tenure", FAIL)
    assert "Draw a new version" in finding(verdict, "psi/tenure").note
    assert finding(verdict, "psi/contract").outcome is PASS


def test_too_few_live_rows_decide_nothing(project: Project) -> None:
    """An index of few rows is luck."""
    project.change("live", lambda rows: rows.head(50))
    assert finding(project.judge("freshness"), "rows/live").outcome is UNDECIDED


def test_live_data_of_other_columns_decides_nothing(project: Project) -> None:
    """There is nothing to compare."""
    project.change("live", lambda rows: rows[["row_id"]])
    assert finding(project.judge("freshness"), "columns").outcome is UNDECIDED


def test_without_live_data_the_age_alone_decides(project: Project) -> None:
    """As the policy says."""
    project.policy(freshness={"mode": "block"})
    project.edit("params.yaml", lambda params: params["gates"]["freshness"].pop("live"))
    verdict = project.judge("freshness")
    assert [each.name for each in verdict.findings] == ["age_days"]
    assert verdict.outcome is PASS
