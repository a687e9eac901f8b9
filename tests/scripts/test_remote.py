"""`dvc pull` of the raw file, from the folder and from S3."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import boto3
import pytest

from tests import servers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.shell import Shell

RAW = "data/raw/churn.csv"
KEY = "telco/files/md5/69/4734346df56bad2a902c81b51c6fb4"
SHA256 = "0bb15b92e0dfc98e192d6c3e2ea0a431b55811918acc4c77d57b446ca0840ab0"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


def sha256(path: Path) -> str:
    """Hash a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def project(new_project: Callable[[], Shell]) -> Shell:
    """A copy with a full bucket and no data."""
    project = new_project()
    project.must("python", "scripts/fill_bucket.py")
    return project


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """An S3 server on a free port."""
    with servers.moto() as server:
        yield server.endpoint


def test_pull_brings_the_raw_file(project: Shell) -> None:
    """The folder remote works as it is committed."""
    project.must("dvc", "pull", RAW)
    assert sha256(project.path / RAW) == SHA256


def test_a_corrupted_bucket_is_noticed(project: Shell) -> None:
    """`verify` is on: a changed byte in the bucket fails the pull and nothing arrives."""
    (stored,) = (path for path in project.path.glob(".bucket/files/md5/*/*"))
    stored.write_bytes(stored.read_bytes().replace(b"Fiber", b"fiber", 1))
    assert project.run("dvc", "pull", RAW).code != 0
    assert not (project.path / RAW).exists()


def use_s3(project: Shell, endpoint: str, bucket: str, *, corrupt: bool) -> None:
    """Upload the object and turn the remote to S3: the documented line, and the server's address."""
    (stored,) = (path for path in project.path.glob(".bucket/files/md5/*/*"))
    content = stored.read_bytes()
    if corrupt:
        content = content.replace(b"Fiber", b"fiber", 1)
    client = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106 - the server takes any
    )
    client.create_bucket(Bucket=bucket)
    client.put_object(Bucket=bucket, Key=KEY, Body=content)
    client.close()
    stored.unlink()
    project.must("dvc", "remote", "modify", "storage", "url", f"s3://{bucket}/telco")
    project.must("dvc", "remote", "modify", "--local", "storage", "endpointurl", endpoint)


def test_s3_needs_one_changed_line(project: Shell, endpoint: str, pytestconfig: pytest.Config) -> None:
    """Only the remote's url differs from the committed configuration."""
    use_s3(project, endpoint, "data", corrupt=False)
    committed = (pytestconfig.rootpath / ".dvc/config").read_text(encoding="utf-8").split("\n")
    changed = (project.path / ".dvc/config").read_text(encoding="utf-8").split("\n")
    assert [line.strip() for line in changed if line not in committed] == ["url = s3://data/telco"]
    project.must("dvc", "pull", RAW, **CREDENTIALS)
    assert sha256(project.path / RAW) == SHA256


def test_a_corrupted_object_on_s3_is_noticed(project: Shell, endpoint: str) -> None:
    """DVC would take it without `verify`."""
    use_s3(project, endpoint, "corrupted", corrupt=True)
    assert project.run("dvc", "pull", RAW, **CREDENTIALS).code != 0
    assert not (project.path / RAW).exists()
