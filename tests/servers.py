"""Servers that tests start on loopback, on free ports, and stop."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class S3:
    """An S3 server: its address, and what a client needs in its environment."""

    endpoint: str
    key: str = "test"
    secret: str = "test"  # noqa: S105 - moto takes any

    @property
    def environment(self) -> dict[str, str]:
        """Return the variables that boto and DVC read."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": self.key,
            "AWS_SECRET_ACCESS_KEY": self.secret,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def client(self) -> Any:  # noqa: ANN401 - boto's clients are made at run time
        """Return a client of this server."""
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id=self.key,
            aws_secret_access_key=self.secret,
        )

    def bucket(self, name: str, **options: Any) -> str:  # noqa: ANN401 - boto's own options
        """Make a versioned bucket and return its name."""
        client = self.client()
        client.create_bucket(Bucket=name, **options)
        client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        client.close()
        return name


@contextmanager
def moto() -> Iterator[S3]:
    """Run moto's S3, which takes any key."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield S3(f"http://{host}:{port}")
    finally:
        server.stop()


@contextmanager
def versity(folder: Path) -> Iterator[S3]:
    """Run an S3 server that checks keys, conditions and locks over a folder; skip where there is none."""
    program = shutil.which("versitygw", path=f"{ROOT / '.tools/bin'}{os.pathsep}{os.environ['PATH']}")
    if program is None:
        reason = "versitygw is neither on PATH nor in .tools/bin, so no real S3 server was asked"
        if os.environ.get("GATES_REQUIRE_TOOLS") == "1":
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)
    for name in ("data", "versions"):
        (folder / name).mkdir()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = S3(f"http://127.0.0.1:{port}", "root", "a real secret")
    posix = ["posix", "--versioning-dir", str(folder / "versions"), str(folder / "data")]
    environment = {**os.environ, "ROOT_ACCESS_KEY": server.key, "ROOT_SECRET_KEY": server.secret}
    with subprocess.Popen(
        [program, "--port", f"127.0.0.1:{port}", "--quiet", *posix],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            _wait_for(process, port)
            yield server
        finally:
            process.terminate()


def _wait_for(process: "subprocess.Popen[bytes]", port: int) -> None:
    """Wait until a server listens, or has ended instead."""
    for _ in range(200):
        with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.05)
            break
    pytest.fail("the server did not begin to listen", pytrace=False)
