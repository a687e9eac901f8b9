"""What docs/alerts.md tells to paste fits the workflows, and what Alertmanager then sends is what we read."""

import json
import re
from pathlib import Path
from typing import Any

import yaml

from gates import notification
from tests import alertmanager

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs/alerts.md").read_text()
CALLER, ALERTMANAGER, CLOCK = (yaml.safe_load(each) for each in re.findall(r"(?s)```yaml\n(.*?)```", TEXT))
MOST_KEYS = 10  # of a `client_payload` on GitHub


def workflow(name: str) -> dict[Any, Any]:
    """A workflow of this repository; YAML 1.1 reads its key `on` as true."""
    return dict(yaml.safe_load((ROOT / ".github/workflows" / name).read_text()))


def test_the_callers_pass_inputs_that_the_workflows_know_and_the_rights_that_they_need() -> None:
    for caller, name in ((CALLER, "rollback"), (CLOCK, "reconcile")):
        call, ours = caller["jobs"][name], workflow(f"{name}.yml")
        assert call["uses"] == f"org/ml-gates/.github/workflows/{name}.yml@COMMIT"
        assert set(call["with"]) <= set(ours[True]["workflow_call"]["inputs"])
        asked = {right for job in ours["jobs"].values() for right in job["permissions"].items()}
        assert set(call["permissions"].items()) == asked


def test_the_callers_are_started_as_ours_are() -> None:
    assert CALLER[True] == workflow("on-alert.yml")[True]
    assert CLOCK[True] == workflow("on-reconcile.yml")[True]


def test_what_alertmanager_sends_starts_the_caller_and_is_read() -> None:
    """Its templates filled in as it does it: with the JSON of its own body."""
    (receiver,) = ALERTMANAGER["receivers"]
    payload, body = receiver["webhook_configs"][0]["payload"], alertmanager.body()
    text = payload["client_payload"]
    for field in ("Status", "Alerts"):
        text = text.replace(f"{{{{ toJson .{field} }}}}", json.dumps(body[field.lower()]))
    sent = yaml.safe_load(text)
    assert notification.read(sent) == notification.read(body)
    assert len(sent) <= MOST_KEYS < len(body)
    assert sent == alertmanager.dispatched()
    assert [payload["event_type"]] == CALLER[True]["repository_dispatch"]["types"]


def test_the_drill_is_told_as_ours_is() -> None:
    assert workflow("on-drill.yml")[True]["schedule"][0]["cron"] in TEXT
