"""Tests of `gates.notification`."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from gates import notification
from gates.errors import InvalidError
from tests import alertmanager


def test_a_body_of_alertmanager_is_read() -> None:
    told = notification.read(alertmanager.body(labels={"model": "churn"}))
    (alert,) = told.alerts
    assert (told.status, alert.status, alert.name) == ("firing", "firing", "PredictionErrors")
    assert alert.labels["model"] == "churn"
    assert alert.summary == "more than 2% of the predictions fail"
    assert alert.starts_at == datetime(2026, 6, 1, 12, 5, 0, 123456, tzinfo=UTC)


def test_a_moment_may_have_an_offset() -> None:
    (alert,) = notification.read(alertmanager.body(starts_at="2026-06-01T14:05:00+02:00")).alerts
    assert alert.starts_at == datetime(2026, 6, 1, 14, 5, tzinfo=timezone(timedelta(hours=2)))


def test_what_a_newer_alertmanager_adds_is_not_read() -> None:
    body = alertmanager.body()
    body["alerts"][0]["news"] = body["news"] = {"a": [1]}
    assert notification.read(body) == notification.read(alertmanager.body())


def test_an_alert_without_annotations_has_no_summary() -> None:
    body = alertmanager.body()
    del body["alerts"][0]["annotations"]
    assert notification.read(body).alerts[0].summary == ""


def _without(name: str) -> dict[str, Any]:
    return {key: value for key, value in alertmanager.body().items() if key != name}


def _alert(**fields: object) -> dict[str, Any]:
    body = alertmanager.body()
    body["alerts"][0].update(fields)
    return body


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({}, "version is missing; status is missing; alerts is missing"),
        ({**alertmanager.body(), "version": "5"}, "version: input should be '4', got \"5\""),
        ({**alertmanager.body(), "version": 4}, "version: "),
        ({**alertmanager.body(), "status": "silenced"}, "status: "),
        (_without("alerts"), "alerts is missing"),
        ({**alertmanager.body(), "alerts": []}, "alerts: "),
        ({**alertmanager.body(), "alerts": {}}, "alerts: "),
        (_alert(status="on"), "alerts.0.status: "),
        (_alert(labels={"alertname": 1}), "alerts.0.labels.alertname: "),
        (_alert(labels=None), "alerts.0.labels: "),
        (_alert(startsAt="yesterday"), "alerts.0.startsAt: should be a moment such as"),
        (_alert(startsAt="2026-13-01T00:00:00Z"), "alerts.0.startsAt: month must be in 1..12"),
        (_alert(startsAt="2026-06-01T12:05:00"), "alerts.0.startsAt: should be a moment such as"),
        (_alert(startsAt="0001-01-01T00:00:00+14:00"), "alerts.0.startsAt: should be a moment such as"),
        (_alert(startsAt="9999-12-31T23:59:59-14:00"), "alerts.0.startsAt: should be a moment such as"),
        (_alert(startsAt=1780315500), "alerts.0.startsAt: should be a moment such as"),
    ],
)
def test_what_is_no_body_of_version_4_is_refused_and_the_field_named(body: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidError) as refused:
        notification.read(body)
    assert says in refused.value.what
    assert "docs/alerts.md" in refused.value.do


def test_a_mistake_shows_little_of_what_was_there() -> None:
    with pytest.raises(InvalidError) as refused:
        notification.read(_alert(startsAt="x" * 10_000))
    assert len(refused.value.what) < 300
