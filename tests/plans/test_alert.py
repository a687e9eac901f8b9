"""Tests of `gates.plans.alert`."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gates import notification
from gates.cli.flags import REASON
from gates.errors import InvalidError, UndecidedError
from gates.plans.alert import CLOCKS_DIFFER, Decided, decide
from tests import alertmanager
from tests.examples import history

SINCE = datetime(2026, 6, 1, 12, 1, tzinfo=UTC)  # v2 of `history(1, 2)` serves
BURN_IN = timedelta(minutes=10)
SETTLED = SINCE + BURN_IN
SECOND = timedelta(seconds=1)


def decided(
    body: dict[str, Any] | None = None, moment: datetime = SETTLED, burn_in: timedelta = BURN_IN
) -> Decided:
    told = notification.read(body or alertmanager.body())
    return decide(told, history(1, 2), burn_in, moment)


def test_an_alert_that_began_while_the_champion_serves_is_a_reason() -> None:
    found = decided()
    assert found.roll_back
    assert found.sentence == (
        "Alert PredictionErrors fires since 2026-06-01T12:05:00Z: more than 2% of the predictions fail"
    )


def test_a_resolved_alert_is_none() -> None:
    found = decided(alertmanager.body("resolved"))
    assert (found.roll_back, found.sentence) == (
        False,
        "Nothing to do. Alert PredictionErrors is resolved.",
    )


def test_one_of_several_that_fires_is_enough() -> None:
    body = alertmanager.body()
    body["alerts"].insert(0, alertmanager.body("resolved", labels={"alertname": "Other"})["alerts"][0])
    found = decided(body)
    assert (found.roll_back, "PredictionErrors" in found.sentence) == (True, True)


@pytest.mark.parametrize(
    ("starts_at", "roll_back"),
    [
        (SINCE - SECOND, False),
        (SINCE, False),
        (SINCE + timedelta(milliseconds=999), False),
        (SINCE + SECOND, True),
    ],
)
def test_an_alert_is_about_who_served_when_it_began(starts_at: datetime, *, roll_back: bool) -> None:
    """Told again after a rollback within its own second, it does not roll back once more."""
    found = decided(alertmanager.body(starts_at=starts_at))
    assert found.roll_back is roll_back
    if not roll_back:
        assert found.sentence.endswith("not after v2 began to serve at 2026-06-01T12:01:00Z.")


@pytest.mark.parametrize(("moment", "roll_back"), [(SETTLED - SECOND, False), (SETTLED, True)])
def test_nothing_is_rolled_back_in_the_burn_in(moment: datetime, *, roll_back: bool) -> None:
    found = decided(moment=moment)
    assert found.roll_back is roll_back
    if not roll_back:
        assert "v2 is in its burn-in until 2026-06-01T12:11:00Z" in found.sentence


def test_a_burn_in_of_nothing_holds_nothing_up() -> None:
    started = alertmanager.body(starts_at=SINCE + SECOND)
    assert decided(started, moment=SINCE + SECOND, burn_in=timedelta(0)).roll_back


@pytest.mark.parametrize(("model", "roll_back"), [("churn", True), ("fraud", False)])
def test_the_label_model_says_whom_it_is_about(model: str, *, roll_back: bool) -> None:
    found = decided(alertmanager.body(labels={"model": model}))
    assert found.roll_back is roll_back
    if not roll_back:
        assert "about the model fraud, not churn" in found.sentence


def test_an_alert_of_the_future_is_refused() -> None:
    """It would seem to be about every later champion, and be told again after each rollback."""
    ahead = SETTLED + CLOCKS_DIFFER
    assert decided(alertmanager.body(starts_at=ahead)).roll_back
    with pytest.raises(InvalidError, match="begins in the future"):
        decided(alertmanager.body(starts_at=ahead + SECOND))


def test_where_nobody_serves_nobody_can_go() -> None:
    with pytest.raises(UndecidedError):
        decide(notification.read(alertmanager.body()), history(), BURN_IN, SETTLED)


@pytest.mark.parametrize("summary", ["a\nb\x00c\x9b\u2028d", "x" * 2000])
def test_whatever_a_rule_says_the_sentence_is_a_reason_that_the_ledger_takes(summary: str) -> None:
    body = alertmanager.body()
    body["alerts"][0]["annotations"]["summary"] = summary
    found = decided(body)
    assert re.fullmatch(REASON.pattern, found.sentence)
    assert len(found.sentence.splitlines()) == 1
