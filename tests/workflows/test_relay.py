"""What stands between MLflow's webhook and a workflow: an alias that moved is told, and nothing else is."""

import base64
import hashlib
import hmac
import importlib.util
import io
import json
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any
from wsgiref.simple_server import make_server

import pytest
import yaml
from mlflow import MlflowClient

from gates.adapters.registry import Registry
from gates.adapters.tracking import Tracking
from tests import github_server, servers
from tests.adapters import mlflow_models
from tests.github_server import REPOSITORY, Asked, GitHub

ROOT = Path(__file__).resolve().parents[2]
RELAY = ROOT / "examples/relay/relay.py"
SECRET = "a secret of both"  # noqa: S105 - of a server that lives as long as a test
MOVED = {"entity": "model_version_alias", "action": "created", "data": {"name": "churn", "alias": "champion"}}
NOW = 1_780_000_000.0
PATIENCE_S = 60


@dataclass
class Waiting(GitHub):
    """A GitHub that can be waited for."""

    came: queue.SimpleQueue[Asked] = field(default_factory=queue.SimpleQueue)

    def answer(self, asked: Asked) -> tuple[int, Any]:
        """Answer, and let who waits go on."""
        answered = super().answer(asked)
        self.came.put(asked)
        return answered


@pytest.fixture
def github() -> Iterator[Waiting]:
    with github_server.serving(Waiting) as server:
        yield server


@pytest.fixture
def relay(github: Waiting, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The example, set up for our GitHub."""
    variables = {
        "MLFLOW_WEBHOOK_SECRET": SECRET,
        "GITHUB_REPOSITORY": REPOSITORY,
        "GITHUB_TOKEN": "a-token",
        "GITHUB_API_URL": github.url,
        "no_proxy": "127.0.0.1",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return load()


def load() -> ModuleType:
    """Import the example, as whoever serves it does."""
    spec = importlib.util.spec_from_file_location("relay", RELAY)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def request(
    document: object = MOVED, secret: str = SECRET, moment: float = NOW, **changed: object
) -> dict[str, Any]:
    """What a server hands over when MLflow sends this."""
    body = json.dumps(document).encode()
    code = hmac.new(secret.encode(), f"id.{moment:.0f}.".encode() + body, hashlib.sha256).digest()
    return {
        "REQUEST_METHOD": "POST",
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_X_MLFLOW_SIGNATURE": f"v1,{base64.b64encode(code).decode()}",
        "HTTP_X_MLFLOW_TIMESTAMP": f"{moment:.0f}",
        "HTTP_X_MLFLOW_DELIVERY_ID": "id",
        "wsgi.input": io.BytesIO(body),
    } | changed


def test_an_alias_that_moves_in_mlflow_starts_the_workflow(
    relay: ModuleType,
    github: Waiting,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A real server with a real webhook; what it sends is what `on-reconcile.yml` waits for."""
    with (
        make_server("127.0.0.1", 0, relay.application) as between,
        servers.mlflow(
            tmp_path, MLFLOW_WEBHOOK_ALLOWED_SCHEMES="http", MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS="true"
        ) as address,
    ):
        thread = threading.Thread(target=between.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
            client = MlflowClient(address, address)
            client.create_webhook(
                "ml-gates",
                f"http://127.0.0.1:{between.server_port}/",
                ["model_version_alias.created", "model_version_alias.deleted"],
                secret=SECRET,
            )
            training = mlflow_models.training(tmp_path / "models/churn")
            run_id = Tracking(tmp_path, "churn").record(training)
            registry = Registry(tmp_path, "churn")
            registry.point_champion(registry.register(training.tags["model_sha"], run_id))
            asked = github.came.get(timeout=PATIENCE_S)
        finally:
            between.shutdown()
            thread.join()
    assert (asked.method, asked.path, asked.headers["Authorization"]) == (
        "POST",
        "dispatches",
        "Bearer a-token",
    )
    workflow = yaml.safe_load((ROOT / ".github/workflows/on-reconcile.yml").read_text())
    assert [asked.body["event_type"]] == workflow[True]["repository_dispatch"][
        "types"
    ]  # YAML 1.1 reads `on` as true


@pytest.mark.parametrize(
    ("given", "status"),
    [
        (request(), 202),
        (request(moment=NOW - 290), 202),
        (request(moment=NOW + 50), 202),
        (request({"entity": "model_version", "action": "created"}), 200),
        (request({}), 400),
        (request([]), 400),
        (request(None), 400),
        (request([[]]), 400),
        (request(moment=NOW - 310), 401),
        (request(moment=NOW + 70), 401),
        (request(moment=-1), 401),
        (request(MOVED, "another"), 401),
        (request(HTTP_X_MLFLOW_TIMESTAMP=f"{NOW + 1:.0f}"), 401),
        (request(HTTP_X_MLFLOW_DELIVERY_ID="another"), 401),
        (request(HTTP_X_MLFLOW_SIGNATURE=""), 401),
        (request(HTTP_X_MLFLOW_SIGNATURE="v1,é"), 401),
        (request() | {"wsgi.input": io.BytesIO(b"{}"), "CONTENT_LENGTH": "2"}, 401),
        (request(CONTENT_LENGTH=""), 401),
        (request(CONTENT_LENGTH="-1"), 413),
        (request(CONTENT_LENGTH=str(2**20 + 1)), 413),
        (request(CONTENT_LENGTH="9" * 5000), 413),
        (request(REQUEST_METHOD="GET"), 405),
    ],
)
def test_only_what_mlflow_signed_lately_is_told(
    relay: ModuleType,
    github: Waiting,
    given: dict[str, Any],
    status: int,
) -> None:
    assert relay.answer(given, NOW).startswith(f"{status} ")
    assert [asked.body for asked in github.asked] == [{"event_type": "alias-moved"}] * (status == 202)


@pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 403, 500])
def test_a_github_that_does_not_take_it_lets_mlflow_try_again(
    relay: ModuleType, github: Waiting, capfd: pytest.CaptureFixture[str], status: int
) -> None:
    """A redirect is not followed: the token would go along."""
    github.refusals["POST"] = status
    github.headers["Location"] = f"{github.url}/repos/{REPOSITORY}/elsewhere"
    assert relay.answer(request(), NOW).startswith("502 ")
    assert [asked.path for asked in github.asked] == ["dispatches"]
    assert capfd.readouterr().err == f"GitHub was not told: {status}\n"


def test_a_token_from_a_file_is_taken_and_never_told(
    relay: ModuleType, github: Waiting, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """With its last line's end; one with another inside is no header."""
    monkeypatch.setenv("GITHUB_TOKEN", "a-token\n")
    assert relay.answer(request(), NOW).startswith("202 ")
    monkeypatch.setenv("GITHUB_TOKEN", "a-token\nX: y")
    assert relay.answer(request(), NOW).startswith("502 ")
    assert [asked.headers["Authorization"] for asked in github.asked] == ["Bearer a-token"]
    assert "token" not in capfd.readouterr().err


@pytest.mark.parametrize("name", ["MLFLOW_WEBHOOK_SECRET", "GITHUB_REPOSITORY", "GITHUB_TOKEN"])
@pytest.mark.parametrize("value", ["", "\n"])
@pytest.mark.usefixtures("relay")
def test_without_what_it_needs_it_does_not_start(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    """An empty secret would let everybody sign."""
    monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit, match=f"Not set or empty: {name}"):
        load()


@pytest.mark.parametrize("arguments", [[], ["abc"], ["99999"], ["80", "8"], ["-1"]])
@pytest.mark.usefixtures("relay")
def test_what_is_no_port_is_told(arguments: list[str]) -> None:
    command = [sys.executable, str(RELAY), *arguments]
    told = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (told.returncode, told.stderr.count("\n")) == (1, 1)
    assert "python relay.py 8080" in told.stderr
