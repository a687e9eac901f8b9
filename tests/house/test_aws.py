"""What docs/aws.md tells to paste closes the roads that it says to close, and grants what the code asks."""

import json
import re
from pathlib import Path
from typing import Any

import yaml

from gates.controls.bucket import Bucket, findings
from gates.controls.roads import Word

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs/aws.md").read_text()
TRUST, GRANTS, BUCKET, KEY = (
    json.loads(each)["Statement"] for each in re.findall(r"(?s)```json\n(.*?)```", TEXT)
)
CLAIM = "token.actions.githubusercontent.com:"
ROLE = "arn:aws:iam::ACCOUNT:role/PROMOTING_ROLE"
# What AWS asks of an identity for each call of ours.
NEEDED = {
    "get_object": {"s3:GetObject", "s3:GetObjectVersion"},
    "put_object": {"s3:PutObject", "s3:PutObjectRetention"},
    "list_object_versions": {
        "s3:ListBucketVersions",
        "s3:ListBucket",
    },  # without the second, absent is forbidden
    "get_public_key": {"kms:GetPublicKey"},
    "sign": {"kms:Sign"},
}


def workflow(name: str) -> dict[Any, Any]:
    """A workflow of this repository; YAML 1.1 reads its key `on` as true."""
    return dict(yaml.safe_load((ROOT / ".github/workflows" / name).read_text()))


def test_the_role_trusts_one_repository_environment_and_code_together() -> None:
    (statement,) = TRUST
    ((operator, claims),) = statement["Condition"].items()
    assert operator == "StringEquals"
    assert claims.keys() == {
        CLAIM + each for each in ("aud", "repository_id", "environment", "job_workflow_ref")
    }
    assert claims[CLAIM + "environment"] == ["production", "unattended"]


def test_the_role_trusts_the_workflows_that_ask_for_it_and_no_others() -> None:
    trusted = {
        each.split("/")[-1].partition("@")[0]
        for each in TRUST[0]["Condition"]["StringEquals"][CLAIM + "job_workflow_ref"]
    }
    asking = {
        file.name
        for file in (ROOT / ".github/workflows").glob("*.yml")
        for job in workflow(file.name)["jobs"].values()
        if "id-token" in job.get("permissions", {})
        and "uses" not in job
        and "pages" not in job["permissions"]
    }
    assert trusted == asking


def test_the_role_is_granted_what_the_code_asks_and_nothing_else() -> None:
    adapters = (ROOT / "gates/adapters" / name for name in ("s3_store.py", "awskms.py"))
    source = "\n".join(each.read_text() for each in adapters)
    called = set(re.findall(r"client\.([a-z_]+)\(", source)) - {"get_paginator"}
    called |= set(re.findall(r'get_paginator\("([a-z_]+)"\)', source))
    granted = {action for statement in GRANTS for action in statement["Action"]}
    assert granted == set().union(*(NEEDED[each] for each in called))


def test_the_doctor_takes_the_policy_of_the_bucket_for_a_closed_road() -> None:
    bucket = Bucket("BUCKET", "PREFIX", versioning="Enabled", policy={"Statement": BUCKET})
    _, writers = findings(bucket, 0)
    assert writers.word is Word.PREVENTS
    assert "PROMOTING_ROLE" in writers.what


def test_nobody_but_the_role_signs() -> None:
    deny, allow, administer = KEY
    assert (deny["Effect"], deny["Principal"], deny["Action"]) == ("Deny", "*", "kms:Sign")
    assert deny["Condition"] == {"ArnNotEquals": {"aws:PrincipalArn": ROLE}}
    assert (allow["Effect"], allow["Principal"]) == ("Allow", {"AWS": ROLE})
    assert not [each for each in administer["Action"] if re.fullmatch(each.replace("*", ".*"), "kms:Sign")]


def test_the_caller_passes_inputs_that_ship_knows() -> None:
    (block,) = re.findall(r"(?s)```yaml\n(.*?)```", TEXT)
    call = yaml.safe_load(block)["jobs"]["ship"]
    known = workflow("ship.yml")[True]["workflow_call"]["inputs"]
    assert set(call["with"]) <= set(known)
    assert call["permissions"] == {"contents": "read", "id-token": "write"}
