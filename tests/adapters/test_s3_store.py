"""A ledger in S3: what the bucket's history tells, and a server that does not answer as it should."""

import socket
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from gates import digest
from gates.adapters import s3_store
from gates.adapters.s3_store import S3Store
from gates.errors import ConflictError, ExitCode, InvalidError, TamperedError, UnavailableError
from gates.policy_blocks import LedgerObjects
from tests import servers
from tests.servers import S3

FIRST = "ledger/churn/00000001.json"


@pytest.fixture(scope="module")
def s3() -> Iterator[S3]:
    """A server for all tests of this file."""
    with servers.moto() as server:
        yield server


@pytest.fixture(autouse=True)
def _environment(s3: S3, monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment that leads to the server."""
    for name, value in s3.environment.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def bucket(s3: S3) -> str:
    """A bucket of its own."""
    return s3.bucket(f"bucket-{uuid.uuid4().hex[:12]}")


@pytest.fixture
def store(bucket: str) -> S3Store:
    """An empty ledger."""
    return S3Store(f"s3://{bucket}/ledger/churn")


def test_an_overwritten_entry_is_tampering(store: S3Store, bucket: str, s3: S3) -> None:
    """Even with the same bytes: no ledger writes twice; the time of the newer version is told."""
    store.append(1, b"one")
    s3.client().put_object(Bucket=bucket, Key=FIRST, Body=b"one")
    with pytest.raises(TamperedError, match=r"00000001\.json was overwritten") as caught:
        store.entries()
    assert "2 versions" in caught.value.why


def test_a_deleted_entry_is_tampering(store: S3Store, bucket: str, s3: S3) -> None:
    """A delete marker hides it from a plain listing, not from us; nor does writing it again."""
    for seq in (1, 2):
        store.append(seq, b"entry %d" % seq)
    s3.client().delete_object(Bucket=bucket, Key="ledger/churn/00000002.json")
    for _ in range(2):
        with pytest.raises(TamperedError, match=r"00000002\.json was deleted"):
            store.entries()
        s3.client().put_object(Bucket=bucket, Key="ledger/churn/00000002.json", Body=b"entry 2")


def test_a_foreign_entry_is_tampering(store: S3Store, bucket: str, s3: S3) -> None:
    """No ledger writes such a name."""
    s3.client().put_object(Bucket=bucket, Key="ledger/churn/7.json", Body=b"{}")
    with pytest.raises(TamperedError, match=r"holds 7\.json"):
        store.entries()


def test_the_ledger_beside_it_is_another(store: S3Store, bucket: str) -> None:
    """A model whose name begins alike has its own."""
    other = S3Store(f"s3://{bucket}/ledger/churn-eu")
    other.append(1, b"theirs")
    assert store.entries() == {}
    assert S3Store(f"s3://{bucket}/ledger").entries() == {}


def test_a_deleted_object_is_tampering(store: S3Store, bucket: str, s3: S3) -> None:
    """An entry refers to it."""
    sha256 = store.put(b"statement")
    s3.client().delete_object(Bucket=bucket, Key=f"ledger/churn/objects/{sha256}")
    with pytest.raises(TamperedError, match="keeps nothing"):
        store.get(sha256)


def test_an_altered_object_is_tampering(store: S3Store, bucket: str, s3: S3) -> None:
    """Reading notices, and so does keeping the same bytes again."""
    sha256 = store.put(b"statement")
    s3.client().put_object(Bucket=bucket, Key=f"ledger/churn/objects/{sha256}", Body=b"Statement")
    for use in (lambda: store.get(sha256), lambda: store.put(b"statement")):
        with pytest.raises(TamperedError, match=sha256):
            use()


def test_objects_are_locked_and_encrypted_where_the_policy_says_so(s3: S3) -> None:
    """COMPLIANCE for its years, and the KMS key of the policy."""
    locked = s3.bucket(f"locked-{uuid.uuid4().hex[:12]}", ObjectLockEnabledForBucket=True)
    store = S3Store(f"s3://{locked}/ledger/churn", LedgerObjects(lock_years=2, kms_key="alias/ledger"))
    store.append(1, b"one")
    for name in ("00000001.json", f"objects/{store.put(b'statement')}"):
        kept = s3.client().head_object(Bucket=locked, Key=f"ledger/churn/{name}")
        assert kept["ObjectLockMode"] == "COMPLIANCE"
        wanted = datetime.now(UTC) + timedelta(days=2 * 365.25)
        assert abs(kept["ObjectLockRetainUntilDate"] - wanted) < timedelta(hours=1)
        assert (kept["ServerSideEncryption"], kept["SSEKMSKeyId"]) == ("aws:kms", "alias/ledger")


def answers(store: S3Store, monkeypatch: pytest.MonkeyPatch, *codes: str, applied: bool = False) -> list[str]:
    """Make writes answer these errors first, each written or not before; return what is still to come."""
    put, coming = store._client.put_object, list(codes)

    def put_object(**options: Any) -> Any:  # noqa: ANN401 - boto's own
        if not coming:
            return put(**options)
        if applied:
            put(**options)
        raise ClientError({"Error": {"Code": coming.pop(0), "Message": "said so"}}, "PutObject")

    monkeypatch.setattr(store._client, "put_object", put_object)
    return coming


def test_a_busy_object_is_asked_again(store: S3Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """409 says that another conditional write is under way: neither won nor lost. It is given time to end."""
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    coming = answers(store, monkeypatch, *["ConditionalRequestConflict"] * 3)
    store.append(1, b"one")
    assert not coming
    assert pauses == list(s3_store.BUSY_PAUSES_S[:3])
    assert store.entries() == {1: b"one"}


def test_an_object_that_stays_busy_is_unavailable(store: S3Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not asked for ever."""
    monkeypatch.setattr(s3_store, "BUSY_PAUSES_S", (0.0, 0.0))
    coming = answers(store, monkeypatch, *["ConditionalRequestConflict"] * 100)
    with pytest.raises(UnavailableError, match="cannot be written"):
        store.append(1, b"one")
    assert len(coming) == 97


def test_a_write_whose_answer_was_lost_is_no_conflict(
    store: S3Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """503 after it was applied: run again, the entry is found to be ours; somebody else's is a conflict."""
    answers(store, monkeypatch, "ServiceUnavailable", applied=True)
    with pytest.raises(UnavailableError) as caught:
        store.append(1, b"one")
    assert "ServiceUnavailable: said so. A write may have been applied." in caught.value.why
    store.append(1, b"one")
    with pytest.raises(ConflictError):
        store.append(1, b"other")
    assert store.entries() == {1: b"one"}


def test_a_bucket_that_is_not_there() -> None:
    """Exit code 2: its name is wrong."""
    store = S3Store("s3://no-such-bucket/ledger/churn")
    for use in (store.entries, lambda: store.append(1, b"one"), lambda: store.put(b"one")):
        with pytest.raises(InvalidError, match="no bucket no-such-bucket") as caught:
            use()
        assert caught.value.code is ExitCode.INVALID


def test_a_server_that_refuses_is_unavailable(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 4; an unreadable ledger is never taken for an empty one."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
    store = S3Store(f"s3://{bucket}/ledger/churn")
    for use in (store.entries, lambda: store.append(1, b"one"), lambda: store.get("0" * 64)):
        with pytest.raises(UnavailableError, match="The ledger in s3://") as caught:
            use()
        assert "aws s3 ls" in caught.value.do


def test_no_credentials(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 4, and boto's reason."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    with pytest.raises(UnavailableError) as caught:
        S3Store(f"s3://{bucket}/ledger/churn").entries()
    assert "credentials" in caught.value.why


def test_an_object_that_nobody_kept(store: S3Store) -> None:
    """Whoever names it has seen it there."""
    with pytest.raises(TamperedError, match="keeps nothing"):
        store.get(digest.of_bytes(b"unknown"))


# ---------------------------------------------------------------- a server that keeps its locks


@pytest.fixture
def locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[S3Store, Any]]:
    """A ledger under lock on a real server, and a client with all rights."""
    with servers.versity(tmp_path) as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        bucket = server.bucket("ledger", ObjectLockEnabledForBucket=True)
        yield S3Store(f"s3://{bucket}/ledger/churn", LedgerObjects(lock_years=1)), server.client()


def test_a_locked_entry_outlives_its_deletion(locked: tuple[S3Store, Any]) -> None:
    """Not even its administrator removes a version; a delete marker is seen, and can be taken away."""
    store, client = locked
    store.append(1, b"one")
    (version,) = client.list_object_versions(Bucket="ledger", Prefix=FIRST)["Versions"]
    key: dict[str, Any] = {"Bucket": "ledger", "Key": FIRST}
    with pytest.raises(ClientError, match="AccessDenied"):
        client.delete_object(**key, VersionId=version["VersionId"])
    marker = client.delete_object(**key)
    with pytest.raises(TamperedError, match="was deleted"):
        store.entries()
    client.delete_object(**key, VersionId=marker["VersionId"])
    assert store.entries() == {1: b"one"}


def test_another_key_is_refused(locked: tuple[S3Store, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 4, with what the server says."""
    store, _ = locked
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")
    with pytest.raises(UnavailableError) as caught:
        S3Store(store.uri).entries()
    assert "SignatureDoesNotMatch" in caught.value.why
