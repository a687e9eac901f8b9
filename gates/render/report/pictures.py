"""All pictures of a report, the one that decides first."""

from collections.abc import Mapping
from typing import Any

from gates.render.report import of_gates, of_groups, of_latency, of_scores
from gates.render.report.picture import Picture
from gates.statement import Decision


def of_decision(decision: Decision, exhibits: Mapping[str, Any]) -> list[Picture]:
    """Return the pictures that a decision has figures for.

    Args:
        decision: What was decided.
        exhibits: What was kept to be drawn; empty where nothing was.
    """
    judged = {verdict.gate: verdict for verdict in decision.verdicts}
    scores = exhibits.get("scores", {})
    return [
        *of_gates.difference(judged, scores),
        *of_gates.slices(judged, scores),
        *of_groups.fairness(judged),
        *of_groups.groups(judged),
        *of_scores.roc(scores),
        *of_scores.calibration(scores),
        *of_scores.distribution(scores),
        *of_scores.places(scores),
        *of_latency.latency(judged, exhibits.get("latency", {})),
    ]
