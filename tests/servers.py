"""Servers that tests start on loopback, on free ports, and stop."""

import importlib.util
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import threading
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, NoReturn

import boto3
import pytest
from moto.server import ThreadedMotoServer
from werkzeug.security import generate_password_hash

from tests import warm

ROOT = Path(__file__).resolve().parents[1]
SLOWEST_S = 120


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
def any_s3(folder: Path) -> Iterator[S3]:
    """Run the real one where it is built, else moto's: for tests that need no more than both can."""
    with versity(folder) if _versity() else moto() as server:
        yield server


def _versity() -> str | None:
    return shutil.which("versitygw", path=f"{ROOT / '.tools/bin'}{os.pathsep}{os.environ['PATH']}")


@contextmanager
def versity(folder: Path) -> Iterator[S3]:
    """Run an S3 server that checks keys, conditions and locks over a folder; skip where there is none."""
    program = _versity()
    if program is None:
        _miss("versitygw is neither on PATH nor in .tools/bin, so no real S3 server was asked")
    for name in ("data", "versions"):
        (folder / name).mkdir(parents=True)
    port = free_port()
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
            wait_for(process, port)
            yield server
        finally:
            process.terminate()


@dataclass(frozen=True)
class Accounts:
    """An MLflow server with accounts: address, database's folder, administrator, everybody's password."""

    uri: str
    folder: Path
    admin: str = "admin"
    password: str = "a long enough password"  # noqa: S105 - of a server that lives as long as a test

    def environment(self, user: str) -> dict[str, str]:
        """Return the variables that MLflow reads, for a user."""
        return {
            "MLFLOW_TRACKING_URI": self.uri,
            "MLFLOW_TRACKING_USERNAME": user,
            "MLFLOW_TRACKING_PASSWORD": self.password,
        }

    def add(self, user: str) -> None:
        """Make an account with the server's default permission."""
        self._post("/api/2.0/mlflow/users/create", username=user, password=self.password)
        self.hash_at_once()

    def grant(self, user: str, kind: str, name: str, permission: str) -> None:
        """Give a user a permission on a thing."""
        thing = {"resource_type": kind, "resource_id": name, "permission": permission}
        self._post("/api/3.0/mlflow/users/permissions/grant", username=user, **thing)

    def hash_at_once(self) -> None:
        """Let a password be hashed once: by default the server takes a third of a second for each request."""
        cheap = generate_password_hash(self.password, "pbkdf2:sha256:1")
        with closing(sqlite3.connect(self.folder / "basic_auth.db")) as database, database:
            database.execute("UPDATE users SET password_hash = ?", [cheap])

    def _post(self, path: str, **body: str) -> None:
        connection = HTTPConnection(self.uri.removeprefix("http://"), timeout=30)
        credentials = b64encode(f"{self.admin}:{self.password}".encode()).decode()
        headers = {"Authorization": f"Basic {credentials}", "Content-Type": "application/json"}
        connection.request("POST", path, json.dumps(body), headers)
        answer = connection.getresponse()
        assert answer.status == 200, answer.read()
        connection.close()


@contextmanager
def mlflow_accounts(folder: Path) -> Iterator[Accounts]:
    """Run MLflow with basic-auth over a folder; skip where what its accounts need is not installed."""
    if importlib.util.find_spec("flask_wtf") is None:
        _miss("Flask-WTF is not installed, so no MLflow server with accounts was asked")
    variables = {
        "MLFLOW_AUTH_ADMIN_PASSWORD": Accounts.password,
        "MLFLOW_FLASK_SERVER_SECRET_KEY": "test",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }
    with _mlflow(folder, variables, "--app-name", "basic-auth") as address:
        server = Accounts(address, folder)
        server.hash_at_once()
        yield server


def _miss(reason: str) -> NoReturn:
    """Skip a test for want of a server, or fail it where all have to be there."""
    if os.environ.get("GATES_REQUIRE_TOOLS") == "1":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def wait_for(process: "subprocess.Popen[bytes]", port: int, tries: int = 200) -> None:
    """Wait until a server listens, or has ended instead."""
    for _ in range(tries):
        with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.05)
            break
    pytest.fail("the server did not begin to listen", pytrace=False)


@contextmanager
def mlflow(folder: Path, **variables: str) -> Iterator[str]:
    """Run MLflow's tracking server over a folder; it keeps the artifacts itself."""
    folder.mkdir(exist_ok=True)
    # Without a pool the server notices when a test puts an older database under it.
    with _mlflow(folder, {"MLFLOW_SQLALCHEMYSTORE_POOLCLASS": "NullPool", **variables}) as address:
        yield address


@contextmanager
def _mlflow(folder: Path, variables: Mapping[str, str], *options: str) -> Iterator[str]:
    """Run a server whose database and artifacts are in a folder, and yield its address."""
    from tests.adapters import mlflow_models

    (folder / "mlflow.db").write_bytes(mlflow_models.migrated())
    files = [
        "--backend-store-uri",
        f"sqlite:///{folder / 'mlflow.db'}",
        "--artifacts-destination",
        str(folder),
    ]
    listen = ["--host", "127.0.0.1", "--port", "0", "--workers", "1"]
    with subprocess.Popen(
        [str(warm.programs() / "python"), "-m", "mlflow", "server", *listen, *files, *options],
        cwd=folder,
        env=mlflow_models.unset() | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", **variables},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        lines = process.stderr
        assert lines is not None
        said, known = list[str](), threading.Event()

        def read() -> None:
            for line in lines:
                said.append(line)
                if "running on http" in line:
                    known.set()
            known.set()

        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        try:
            known.wait(SLOWEST_S)
            address = next((line for line in said if "running on http" in line), None)
            assert address, "".join(said)
            yield address.partition("running on ")[2].split()[0]
        finally:
            os.killpg(process.pid, signal.SIGKILL)  # asked to end, it takes ten seconds
            reader.join()  # until nothing of it is left
