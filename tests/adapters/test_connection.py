"""Opening MLflow on SQLite, behind a real server, and behind servers that do not answer."""

import os
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from gates.adapters.model import served_digest
from gates.adapters.registry import Registry
from gates.adapters.tracking import Tracking
from gates.errors import ExitCode, UnavailableError
from tests import servers
from tests.adapters import mlflow_models

RETRIES = 1


def test_two_projects_of_one_process_are_apart(tmp_path: Path) -> None:
    """MLflow keeps the first one's address in the environment; the second is not led there."""
    first, second = tmp_path / "first", tmp_path / "second"
    for root in (first, second):
        root.mkdir()
        mlflow_models.tracking(root).record_failure("none", 0, {})
    for root in (first, second):
        (run,) = mlflow_models.runs(root)
        assert str(run.info.artifact_uri).startswith((root / "mlruns").as_uri())


def test_a_database_that_is_none_is_unavailable(tmp_path: Path) -> None:
    """A broken file is told like a server that does not answer."""
    (tmp_path / "mlflow.db").write_bytes(b"not a database, " * 100)
    with pytest.raises(UnavailableError, match="MLflow could not"):
        Registry(tmp_path, "churn").champion_version()
    assert "MLFLOW_TRACKING_URI" not in os.environ


def test_an_address_that_mlflow_does_not_know(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A typing error in the variable is an error of ours."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "htpp://user:secret@localhost")
    with pytest.raises(UnavailableError, match="MLflow could not") as caught:
        Registry(tmp_path, "churn").champion_version()
    assert "secret" not in caught.value.do


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real tracking server on a free port; it keeps the artifacts itself."""
    with servers.mlflow(tmp_path_factory.mktemp("server")) as address:
        yield address


def test_a_server_does_what_the_database_does(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Record, find, register, fetch, point and read back through it; stdout stays free for our answer."""
    capfd.readouterr()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server)
    tracking, registry = Tracking(tmp_path, "churn"), Registry(tmp_path, "churn")
    training = mlflow_models.training(tmp_path / "models/churn")
    sha = training.tags["model_sha"]
    run_id = tracking.record(training)
    assert tracking.find_runs({"model_sha": sha}) == [(run_id, "")]
    version = registry.register(sha, run_id)
    assert registry.register(sha, run_id) == version
    registry.point_champion(version)
    assert registry.champion_version() == version
    registry.fetch(version, tmp_path / "fetched")
    assert served_digest(tmp_path / "fetched") == sha
    assert {path.name for path in tmp_path.iterdir()} == {"models", "fetched"}
    assert capfd.readouterr().out == ""


class Refusing(BaseHTTPRequestHandler):
    """A server that is up and answers 503 to everything."""

    asked: list[str]

    def do_GET(self) -> None:
        """Count, and refuse."""
        self.asked.append(self.path)
        self.send_error(503)

    do_POST = do_GET  # noqa: N815 - the library's own name

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def refusing() -> Iterator[tuple[str, list[str]]]:
    """The address of a server that answers 503, and what it was asked."""
    asked: list[str] = []
    handler = type("Handler", (Refusing,), {"asked": asked})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as refuser:
        thread = threading.Thread(target=refuser.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{refuser.server_port}", asked
        refuser.shutdown()
        thread.join()


def unavailable(root: Path) -> UnavailableError:
    """Ask for the champion, and return the error that says so."""
    with pytest.raises(UnavailableError, match="MLflow could not read the alias") as caught:
        Registry(root, "churn").champion_version()
    assert caught.value.code is ExitCode.UNAVAILABLE
    return caught.value


def test_a_refusing_server_is_asked_twice(
    refusing: tuple[str, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once again and no more: MLflow would go on for minutes."""
    address, asked = refusing
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR", "0")
    monkeypatch.delenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", raising=False)
    assert address in unavailable(tmp_path).do
    assert len(asked) == 1 + RETRIES


def test_a_server_that_is_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 4 with the address, without the password in it."""
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR", "0")
    with socket.socket() as bound:  # bound and not listening: whoever connects is refused
        bound.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{bound.getsockname()[1]}"
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://ada:secret@{address}")
        error = unavailable(tmp_path)
    assert f"http://…@{address}" in error.do
    assert "secret" not in error.what + error.why + error.do


def test_a_server_that_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes the connection and never answers; our limits give way to the user's own."""
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with socket.create_server(("127.0.0.1", 0)) as hung:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{hung.getsockname()[1]}")
        unavailable(tmp_path)
