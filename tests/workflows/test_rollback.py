"""Rollbacks by hand and by alert, with the real `gates` and MLflow under act: who serves, and who is told."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from gates.run.project import now
from tests import alertmanager
from tests.workflows import harness
from tests.workflows.production import Production

pytestmark = pytest.mark.usefixtures("act")

DONE = {"rollback": "success", "failed": "skipped"}
FAILED = {"rollback": "failure", "failed": "success"}
ALERT = "repository_dispatch"


def alert(**fields: Any) -> dict[str, Any]:  # noqa: ANN401 - of `alertmanager.dispatched`
    """An alert that began a moment ago, as GitHub hands it on."""
    return {"action": "alert", "client_payload": alertmanager.dispatched(**{"starts_at": now(), **fields})}


@pytest.mark.parametrize(("to", "version"), [("previous", "2"), ("1", "1"), ("SHA", "1")])
def test_by_hand_the_one_that_was_named_serves_and_the_channel_is_told_before_and_after(
    production: Production, to: str, version: str
) -> None:
    to = production.champions[0].sha[:12] if to == "SHA" else to
    run = production.roll_back(to, "calls from <the> call centre")
    assert (run.code, run.results) == (0, DONE), run.log
    assert (production.serves, production.kinds) == ((version, version), ["rollback"])
    assert production.history.links[-1].entry.reason == "calls from <the> call centre"
    assert run.jobs["rollback"].outputs["rollback.outcome"] == "pass"
    before, after = production.told
    assert before.startswith(f"churn: Rolling back to {to}. Reason: calls from &lt;the&gt; call centre http")
    assert after.startswith(f"churn: Rolled back. v{version} serves again instead of v3. http")
    assert production.github.issues == []


def test_a_target_that_does_not_exist_moves_nothing_is_told_and_opens_an_issue(
    production: Production,
) -> None:
    run = production.roll_back("99")
    assert (run.code, run.results) == (1, FAILED), run.log
    assert (production.serves, production.kinds) == (("3", "3"), [])
    _, failed = production.told
    assert failed.startswith("churn: The rollback failed. No champion has the version or SHA '99'")
    (issue,) = production.github.issues
    assert issue["title"] == "The rollback failed: churn"
    assert "No champion has the version or SHA '99'" in issue["body"]


def test_a_webhook_that_fails_stops_no_rollback(production: Production) -> None:
    production.github.refusals = {"POST": 500}
    run = production.roll_back("previous")
    assert (run.code, run.results) == (0, DONE), run.log
    assert production.serves == ("2", "2")
    assert run.log.count("The webhook answered HTTP 500.") >= 2
    assert "/hook" not in run.log


def test_an_alert_rolls_back_once_however_often_it_is_told(production: Production) -> None:
    """Its own words are the reason that the ledger keeps."""
    told = alert()
    first = production.play("on-alert.yml", ALERT, told)
    assert (first.code, first.results) == (0, DONE), first.log
    assert (production.serves, production.kinds) == (("2", "2"), ["rollback"])
    reason = production.history.links[-1].entry.reason
    assert reason.startswith("Alert PredictionErrors fires since ")
    assert reason.endswith(": more than 2% of the predictions fail")
    assert [text.split(".")[0] for text in production.told] == [
        "churn: Rolling back to previous",
        "churn: Rolled back",
    ]
    second = production.play("on-alert.yml", ALERT, told)
    assert (second.code, second.results) == (0, DONE), second.log
    assert second.jobs["rollback"].outputs["alert.outcome"] == "unchanged"
    assert (production.serves, production.kinds, len(production.told)) == (("2", "2"), ["rollback"], 2)


@pytest.mark.parametrize(
    ("status", "burn_in_minutes", "says"),
    [("resolved", 0, "is resolved"), ("firing", 1440, "v3 is in its burn-in until")],
)
def test_an_alert_that_is_no_reason_moves_nothing_and_is_green(
    production: Production, status: str, burn_in_minutes: int, says: str
) -> None:
    production.declare(alerts={"burn_in_minutes": burn_in_minutes})
    run = production.play("on-alert.yml", ALERT, alert(status=status))
    assert (run.code, run.results) == (0, DONE), run.log
    assert says in run.jobs["rollback"].outputs["alert.sentence"]
    assert says in run.jobs["rollback"].summary["alert"]
    assert (production.serves, production.kinds, production.told) == (("3", "3"), [], [])


def test_a_malformed_alert_moves_nothing_and_is_told(production: Production) -> None:
    """Else a route that is broken would be found out by the alert that mattered."""
    told = alert()
    told["client_payload"]["version"] = "5"
    run = production.play("on-alert.yml", ALERT, told)
    assert (run.code, run.results) == (1, FAILED), run.log
    assert (production.serves, production.kinds) == (("3", "3"), [])
    assert len(production.github.issues) == len(production.told) == 1
    assert "--payload is not one of Alertmanager's: " in production.told[0]


def test_who_presses_second_in_the_queue_goes_back_no_further(production: Production) -> None:
    """Two people see v3 fail, and both want the one before it: v2 serves, not v1."""
    runs = [production.roll_back("previous", reason, "v3") for reason in ("too slow", "far too slow")]
    assert [(run.code, run.results) for run in runs] == [(0, DONE), (0, DONE)], runs[-1].log
    assert (production.serves, production.kinds) == (("2", "2"), ["rollback"])
    assert production.told[-1].startswith("churn: Rolled back. v2 serves again since ")


@pytest.mark.parametrize("by", ["hand", "alert"])
def test_of_two_at_once_one_rolls_back_and_the_other_adds_nothing(
    production: Production, tmp_path: Path, by: str
) -> None:
    """Without GitHub's queue, which act does not have: the ledger itself lets one in."""
    told = alert()

    def start(which: Production) -> harness.Run:
        return which.play("on-alert.yml", ALERT, told) if by == "alert" else which.roll_back("1")

    both = [production, production.beside(tmp_path)]
    with ThreadPoolExecutor(2) as pool:
        runs = list(pool.map(start, both))
    assert 0 in [run.code for run in runs], "\n".join(run.log for run in runs)
    assert all(run.results in (DONE, FAILED) for run in runs)
    version = "1" if by == "hand" else "2"
    assert (production.serves, production.kinds) == ((version, version), ["rollback"])
    assert len(production.github.issues) == sum(run.code for run in runs)
