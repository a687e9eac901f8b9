"""What Alertmanager sends to a webhook: version 4, with all the fields that 0.34.2 has sent."""

from datetime import UTC, datetime
from typing import Any

STARTED = "2026-06-01T12:05:00.123456789Z"


def body(
    status: str = "firing", starts_at: str | datetime = STARTED, labels: dict[str, str] | None = None
) -> dict[str, Any]:
    """Return the notification of one alert."""
    if isinstance(starts_at, datetime):
        starts_at = starts_at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    labels = {"alertname": "PredictionErrors", "severity": "page", "job": "churn-api", **(labels or {})}
    annotations = {
        "description": "churn-api answers 4.2% of its requests with an error.",
        "summary": "more than 2% of the predictions fail",
    }
    return {
        "receiver": "rollback",
        "status": status,
        "alerts": [
            {
                "status": status,
                "labels": labels,
                "annotations": annotations,
                "startsAt": starts_at,
                "endsAt": "0001-01-01T00:00:00Z",
                "generatorURL": "http://prometheus.example.org/graph?g0.expr=errors&g0.tab=1",
                "fingerprint": "be91c8a7a9ce1d4f",
            }
        ],
        "notification_reason": "first notification",
        "groupLabels": {"alertname": "PredictionErrors"},
        "commonLabels": labels,
        "commonAnnotations": annotations,
        "routeLabels": {},
        "externalURL": "http://alertmanager.example.org",
        "version": "4",
        "groupKey": '{}:{alertname="PredictionErrors"}',
        "truncatedAlerts": 0,
    }


def dispatched(**fields: Any) -> dict[str, Any]:  # noqa: ANN401 - of `body`
    """Return what of it docs/alerts.md sends to GitHub, which takes no more than ten keys."""
    whole = body(**fields)
    return {name: whole[name] for name in ("version", "status", "alerts")}
