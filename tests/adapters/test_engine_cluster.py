"""A cluster of Ray that somebody else started: its machines see a bucket, and nothing of this machine."""

from __future__ import annotations

import logging
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gates import digest
from gates.adapters import datasets
from gates.errors import InvalidError, UnavailableError
from gates.parts import Part, files_of, parts_of
from gates.run import engine
from tests.checks.project import build
from tests.servers import ROOT, S3, free_port, moto, wait_for
from tests.shell import COLD, Shell, environment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.checks.project import Project

BUCKET, FILES = "tables", 3
URI = f"s3://{BUCKET}/train"
# Ray lets others in by a token; on a machine with much else to do, its parts find each other late.
VARIABLES = {
    "RAY_AUTH_MODE": "token",
    "RAY_AUTH_TOKEN": secrets.token_hex(32),
    "RAY_CLIENT_INITIAL_CONNECTION_TIMEOUT_S": "60",
    "RAY_CLIENT_MAX_CONNECTION_TIMEOUT_S": "60",
    "RAY_CLIENT_SERVER_CHECK_CHANNEL_TIMEOUT_S": "90",
}


@pytest.fixture(scope="module")
def server() -> Iterator[S3]:
    with moto() as started:
        started.bucket(BUCKET)
        yield started


@pytest.fixture(scope="module")
def address(server: S3) -> Iterator[str]:
    """Where the cluster answers; its machines may read the bucket."""
    pytest.importorskip("ray", reason="Ray is not installed, so no cluster was asked")
    ports = [free_port() for _ in range(2)]
    folder = Path(tempfile.mkdtemp(prefix="ray-", dir="/tmp"))  # the path of a socket is short
    command = [
        *(sys.executable, "-m", "ray.scripts.scripts", "start", "--head", "--block", "--num-cpus=2"),
        *("--include-dashboard=false", "--disable-usage-stats", "--node-ip-address=127.0.0.1"),
        *(f"--port={ports[0]}", f"--ray-client-server-port={ports[1]}", f"--temp-dir={folder}"),
    ]
    seen_there = {**os.environ, **server.environment, **VARIABLES, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command, env=seen_there, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            wait_for(process, ports[1], tries=2400)
            yield f"ray://127.0.0.1:{ports[1]}"
        finally:
            process.terminate()
            process.wait()
            shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def project(tmp_path: Path, server: S3, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project whose training table lies in the bucket, with rows that break the contract."""
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    made, s3 = build(tmp_path), server.client()
    rows = made.table("train")
    rows.loc[rows.index[[3, 200]], "contract"] = "Weekly"
    for place in range(FILES):
        path = tmp_path / f"{place}.parquet"
        rows.iloc[place::FILES].to_parquet(path, row_group_size=30)
        s3.upload_file(str(path), BUCKET, f"train/{place}.parquet")
    return made


def test_its_verdict_is_the_one_made_here(
    project: Project,
    server: S3,
    address: str,
    tmp_path_factory: pytest.TempPathFactory,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """To the last byte; each of its tasks has fetched the file that it looked at."""
    caplog.set_level(logging.INFO, "werkzeug")
    shell = Shell(
        project.root, environment(tmp_path_factory.mktemp("dvc")) | server.environment | VARIABLES | COLD
    )
    told, fetched = [], []
    for name in (engine.LOCAL, address):
        caplog.clear()
        answer = shell.gates("schema", "--train", URI, "--engine", name, "--today", "2026-06-01", "--json")
        assert answer.code == 1, answer.out + answer.err
        told.append((answer.out, project.path("evidence/schema.json").read_bytes()))
        lines = [each.getMessage() for each in caplog.records]
        fetched.append(
            [sum(f'"GET /{BUCKET}/train/{n}.parquet' in line for line in lines) for n in range(FILES)]
        )
    assert told[0] == told[1]
    here, there = fetched
    assert here == [1] * FILES
    assert all(many > 1 for many in there)


def test_a_machine_fetches_what_was_hashed_here(project: Project, server: S3) -> None:
    """No object that is another one by now, and nothing stays of it."""
    with datasets.brought(URI, project.root) as table:
        origins, files = datasets.origins(table), files_of(table.folder)
        parts = parts_of(files)[0]
        looked = [engine.there(origins, seen, part) for part in parts]
        assert [sha256 for _, sha256 in looked] == [digest.of_file(part.path) for part in parts]
        assert not any(path.exists() or path.is_relative_to(project.root) for path, _ in looked)
        server.client().put_object(Bucket=BUCKET, Key="train/1.parquet", Body=b"another table")
        with pytest.raises(InvalidError, match=rf"{URI}/1\.parquet changed while it was read"):
            engine.there(origins, seen, parts[1])
        server.client().delete_object(Bucket=BUCKET, Key="train/1.parquet")
        with pytest.raises(UnavailableError, match=rf"cannot fetch {URI}/1\.parquet"):
            engine.there(origins, seen, parts[1])


def seen(part: Part) -> tuple[Path, str]:
    """Return where a part's file lies, and its digest."""
    return part.path, digest.of_file(part.path)
