"""`gates alert` against a real ledger: it decides, and moves nothing."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from gates.errors import ExitCode, InvalidError, UndecidedError
from gates.run import alert, rollback
from gates.run.project import Project, now
from tests import alertmanager
from tests.adapters import mlflow_models
from tests.run.champions import anew, promote


@pytest.fixture
def settled(project: Project) -> Project:
    """A project with two champions, whose burn-in takes no time."""
    params = yaml.safe_load(project.params.read_text())
    params["gates"]["alerts"] = {"burn_in_minutes": 0}
    project.params.write_text(yaml.safe_dump(params, sort_keys=False))
    registry = mlflow_models.registry(project.root)
    for number in (1, 2):
        promote(project, registry, number)
    return anew(project)


def firing() -> str:
    """An alert that began a moment ago."""
    return json.dumps(alertmanager.body(starts_at=now() + timedelta(seconds=1)))


def test_what_fires_names_the_entry_that_is_to_be_undone(settled: Project) -> None:
    before = settled.history()
    result = alert.run(settled, firing())
    assert (result.outcome, result.exit_code) == ("pass", ExitCode.PASS)
    assert before.moved
    assert result.digest == before.moved.sha256
    assert result.look.startswith(f"gates rollback --to previous --expect {result.digest} --reason 'Alert")
    assert anew(settled).history() == before


def test_the_same_alert_told_twice_rolls_back_once(settled: Project) -> None:
    """Told again before the rollback it names the same entry; after it, it is about nobody who serves."""
    payload = firing()
    first, second = alert.run(settled, payload), alert.run(settled, payload)
    rollback.run(settled, "previous", first.sentence, apply=True, undoing=first.digest)
    moves = len(anew(settled).history().links)
    late = rollback.run(settled, "previous", second.sentence, apply=True, undoing=second.digest)
    assert late.sentence.startswith("v1 serves again since ")
    serves = anew(settled).history()
    assert len(serves.links) == moves
    assert serves.champion
    assert (serves.champion.version, serves.links[-1].entry.reason) == ("1", first.sentence)


def test_where_nobody_may_come_back_it_says_whom_to_name(settled: Project) -> None:
    """v1 was taken out of production when the rollback to it was undone."""
    for to in ("previous", "2"):
        rollback.run(settled, to, "too slow", apply=True)
    with pytest.raises(UndecidedError) as told:
        alert.run(anew(settled), firing())
    assert "gates rollback --to v1 --reason" in told.value.do


def test_a_file_is_read_too(settled: Project, tmp_path: Path) -> None:
    (tmp_path / "alert.json").write_text(json.dumps(alertmanager.body("resolved")))
    result = alert.run(settled, f"@{tmp_path / 'alert.json'}")
    assert (result.outcome, result.exit_code, result.digest) == ("unchanged", ExitCode.PASS, "")


@pytest.mark.parametrize(
    "payload", ["", "null", "[]", "{", '{"version": "4", "version": "4"}', "{}", "@nowhere.json", '"\udcff"']
)
def test_what_is_no_notification_is_refused(settled: Project, payload: str) -> None:
    with pytest.raises(InvalidError):
        alert.run(settled, payload)


def test_the_burn_in_is_the_policys(project: Project) -> None:
    """Ten minutes where it says nothing."""
    promote(project, mlflow_models.registry(project.root), 1)
    result = alert.run(project, firing())
    assert (result.outcome, "burn-in" in result.sentence) == ("unchanged", True)
