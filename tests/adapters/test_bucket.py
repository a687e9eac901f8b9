"""What buckets tell about themselves, on moto and on a server that keeps its rules."""

import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gates.adapters import bucket
from tests import servers
from tests.servers import S3

POLICY: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": ["s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion"],
            "Resource": "arn:aws:s3:::BUCKET/*",
            "Condition": {"ArnNotEquals": {"aws:PrincipalArn": "arn:aws:iam::123456789012:role/promote"}},
        }
    ],
}


@pytest.fixture(scope="module")
def moto() -> Iterator[S3]:
    """The server that unit tests use."""
    with servers.moto() as server:
        yield server


@pytest.fixture(scope="module")
def versity(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3]:
    """A real one."""
    with servers.versity(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture(params=["moto", "versity"])
def s3(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> S3:
    """A server, and an environment that leads to it."""
    server: S3 = request.getfixturevalue(request.param)
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    return server


@pytest.fixture
def name() -> str:
    """A name that no other test has."""
    return f"bucket-{uuid.uuid4().hex[:12]}"


def test_a_bare_bucket(s3: S3, name: str) -> None:
    """No versions, no lock, no policy: three answers, none of them a refusal."""
    s3.client().create_bucket(Bucket=name)
    assert bucket.facts(f"s3://{name}/a/b/") == {
        "name": name,
        "prefix": "a/b",
        "versioning": "",
        "lock": False,
        "default_mode": "",
        "default_days": 0,
        "stored": 0,
        "kept": {},
        "policy": {},
        "refused": {},
    }


def test_versions_and_lock(s3: S3, name: str) -> None:
    """With the mode in which it locks by itself."""
    s3.bucket(name, ObjectLockEnabledForBucket=True)
    facts = bucket.facts(f"s3://{name}")
    assert (facts["versioning"], facts["lock"], facts["default_mode"]) == ("Enabled", True, "")
    for term, days in (({"Days": 1}, 1), ({"Years": 2}, 730)):
        rule = {"DefaultRetention": {"Mode": "COMPLIANCE", **term}}
        s3.client().put_object_lock_configuration(
            Bucket=name, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": rule}
        )
        facts = bucket.facts(f"s3://{name}")
        assert (facts["default_mode"], facts["default_days"]) == ("COMPLIANCE", days)


def put(s3: S3, name: str, key: str, mode: str = "", days: int = 0) -> None:
    """Store an object, locked in a mode for so many days."""
    until = datetime.now(UTC) + timedelta(days=days, hours=1)
    lock = {"ObjectLockMode": mode, "ObjectLockRetainUntilDate": until} if mode else {}
    s3.client().put_object(Bucket=name, Key=key, Body=b"{}", ChecksumAlgorithm="SHA256", **lock)


def test_the_locks_of_what_is_stored(versity: S3, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of this ledger alone; what its owner can lift is none, whatever the default says now."""
    for variable, value in versity.environment.items():
        monkeypatch.setenv(variable, value)
    versity.bucket(name, ObjectLockEnabledForBucket=True)
    put(versity, name, "churn/1.json", "COMPLIANCE", 365)
    put(versity, name, "churn/2.json", "GOVERNANCE", 365)
    put(versity, name, "churn/objects/x")
    put(versity, name, "other/1.json")
    facts = bucket.facts(f"s3://{name}/churn")
    assert (facts["stored"], facts["refused"]) == (3, {})
    assert facts["kept"] == {"1.json": 365, "2.json": 0, "objects/x": 0}


def test_of_many_objects_some_are_looked_at(versity: S3, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest and the newest among them."""
    for variable, value in versity.environment.items():
        monkeypatch.setenv(variable, value)
    monkeypatch.setattr(bucket, "SAMPLE", 3)
    versity.bucket(name, ObjectLockEnabledForBucket=True)
    for each in range(7):
        put(versity, name, f"{each}.json", "COMPLIANCE", 365)
    facts = bucket.facts(f"s3://{name}")
    assert (facts["stored"], set(facts["kept"])) == (7, {"0.json", "3.json", "6.json"})


def test_a_lock_that_is_over() -> None:
    """It held, and holds nothing any more."""
    now = datetime.now(UTC)
    told = {"Mode": "COMPLIANCE", "RetainUntilDate": now - timedelta(seconds=1)}
    assert bucket._days(told, now - timedelta(days=400)) == 0
    told["RetainUntilDate"] = now + timedelta(hours=1)
    assert bucket._days(told, now - timedelta(days=400)) == 400


def test_suspended_versions(s3: S3, name: str) -> None:
    """They were on once, and are not."""
    s3.bucket(name)
    s3.client().put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Suspended"})
    assert bucket.facts(f"s3://{name}")["versioning"] == "Suspended"


def test_a_policy(moto: S3, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it was put; the other server knows principals of its own only."""
    for variable, value in moto.environment.items():
        monkeypatch.setenv(variable, value)
    moto.bucket(name)
    policy = json.dumps(POLICY).replace("BUCKET", name)
    moto.client().put_bucket_policy(Bucket=name, Policy=policy)
    assert bucket.facts(f"s3://{name}")["policy"] == json.loads(policy)


def test_a_bucket_that_refuses(versity: S3, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each question with the server's reason."""
    for variable, value in versity.environment.items():
        monkeypatch.setenv(variable, value)
    versity.bucket(name)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")
    refused = bucket.facts(f"s3://{name}")["refused"]
    assert set(refused) == {"versioning", "lock", "policy"}
    assert all(reason.startswith("SignatureDoesNotMatch: ") for reason in refused.values())


def test_no_server(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refused too, with what boto says."""
    for variable, value in S3("http://127.0.0.1:9").environment.items():
        monkeypatch.setenv(variable, value)
    refused = bucket.facts(f"s3://{name}")["refused"]
    assert set(refused) == {"versioning", "lock", "policy"}
    assert all("127.0.0.1:9" in reason for reason in refused.values())
