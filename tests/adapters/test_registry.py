"""MLflow on real SQLite, behind a real server, and behind servers that do not answer."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from gates import digest
from gates.adapters.model import MODEL_FILE, keep_served, require_plain_folder, served_digest
from gates.adapters.registry import ALIAS, Registry, Training
from gates.errors import ExitCode, InvalidError, UnavailableError
from tests.adapters import tracking

RETRIES = 2


@pytest.fixture(autouse=True)
def _no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """The developer's own server is not ours to write to."""
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI"):
        monkeypatch.delenv(name, raising=False)


@dataclass(frozen=True)
class Recorded:
    """A project with one recorded training, for reading only."""

    root: Path
    training: Training
    run_id: str
    version: str

    @property
    def registry(self) -> Registry:
        """Connected anew, as each command does: MLflow keeps one address a process."""
        return Registry(self.root, "churn")

    @property
    def sha(self) -> str:
        return self.training.tags["model_sha"]

    @property
    def run(self) -> Run:
        return client(self.root).get_run(self.run_id)


def runs(root: Path) -> list[Run]:
    """Every run of the model."""
    experiment = client(root).get_experiment_by_name("churn")
    assert experiment is not None
    return list(client(root).search_runs([experiment.experiment_id]))


def client(root: Path) -> MlflowClient:
    """What a person would look with, apart from our own code."""
    return MlflowClient(f"sqlite:///{root / 'mlflow.db'}")


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """One training, recorded and registered."""
    root = tmp_path_factory.mktemp("project")
    registry = tracking.registry(root)
    training = tracking.training(root / "models/churn", git_commit="c0ffee")
    run_id = registry.record(training)
    return Recorded(root, training, run_id, registry.register(training.tags["model_sha"], run_id))


@pytest.fixture
def mine(recorded: Recorded) -> Iterator[Recorded]:
    """The recorded project, put back afterwards: the database where it is, since it is open."""
    database, kept = recorded.root / "mlflow.db", recorded.root / "mlruns"
    before = database.read_bytes()
    shutil.copytree(kept, recorded.root / "kept")
    yield recorded
    database.write_bytes(before)
    shutil.rmtree(kept)
    (recorded.root / "kept").rename(kept)


def test_a_recorded_run_is_finished_and_complete(recorded: Recorded) -> None:
    """Parameters, metrics at their steps, tags, when it began."""
    run, look = recorded.run, client(recorded.root)
    assert run.info.status == "FINISHED"
    assert run.info.start_time == recorded.training.started_ms
    assert run.data.params == {"train.seed": "20"}
    assert {name: run.data.tags[name] for name in recorded.training.tags} == recorded.training.tags
    history = {(each.step, each.value) for each in look.get_metric_history(recorded.run_id, "auc")}
    assert history == {(5, 0.75), (10, 0.8)}
    assert [each.step for each in look.get_metric_history(recorded.run_id, "log_loss")] == [5]
    assert look.get_experiment(run.info.experiment_id).name == "churn"


def test_the_model_is_the_stages_bytes(recorded: Recorded, tmp_path: Path) -> None:
    """File and signature byte for byte, so that one SHA names them everywhere."""
    folder = tmp_path / "model"
    whole = recorded.registry.fetch(recorded.version, folder)
    assert tracking.served(folder) == tracking.served(recorded.training.folder)
    assert served_digest(folder) == recorded.sha
    assert whole == digest.of_tree(folder) != recorded.sha
    require_plain_folder(folder, tracking.TRUSTED)
    keep_served(folder)
    assert digest.of_tree(folder) == recorded.sha


def test_the_model_is_described(recorded: Recorded) -> None:
    """Signature, input example and pinned requirements; a skops file and no pickle."""
    folder = tracking.artifacts(recorded.root)
    assert tracking.described(folder) == tracking.SIGNATURE
    assert (folder / "input_example.json").exists()
    pins = (folder / "requirements.txt").read_text().split()
    assert {pin.partition("==")[0] for pin in pins} >= {"numpy", "pandas", "scikit-learn", "skops"}
    assert all("==" in pin for pin in pins)
    assert "serialization_format: skops" in (folder / "MLmodel").read_text()
    assert not list(folder.rglob("*.pkl"))


def test_run_facts_are_ours(recorded: Recorded) -> None:
    """Id, status, and tags without MLflow's own."""
    assert recorded.registry.run_facts(recorded.run_id) == {
        "run_id": recorded.run_id,
        "status": "FINISHED",
        "tags": recorded.training.tags,
    }


def test_no_such_run(recorded: Recorded) -> None:
    """Exit code 2, and not 4: the server answered."""
    registry = recorded.registry
    for look in (registry.run_facts, lambda run: registry.register("a" * 64, run)):
        with pytest.raises(InvalidError, match="f" * 32):
            look("f" * 32)


def test_a_deleted_run(mine: Recorded) -> None:
    """MLflow still answers for it; we do not take it, and do not find it again."""
    client(mine.root).delete_run(mine.run_id)
    with pytest.raises(InvalidError, match="deleted"):
        mine.registry.run_facts(mine.run_id)
    assert mine.registry.find_runs({"model_sha": mine.sha}) == []


def test_runs_are_found_by_all_their_tags(recorded: Recorded) -> None:
    """Every tag has to be equal; the commit comes with the run."""
    find, sha = recorded.registry.find_runs, recorded.sha
    assert find({"model_sha": sha, "git_dirty": "false"}) == [(recorded.run_id, "c0ffee")]
    assert find({"model_sha": sha, "git_dirty": "true"}) == []
    assert find({"model_sha": "f" * 64}) == []
    assert tracking.registry(recorded.root, "another").find_runs({"model_sha": sha}) == []


def test_the_newest_of_equal_runs_comes_first(mine: Recorded) -> None:
    """Only runs that reached their end count; a run without a commit has an empty one."""
    look, experiment = client(mine.root), mine.run.info.experiment_id
    newer = look.create_run(experiment, start_time=1_800_000_000_000, tags={"model_sha": mine.sha})
    assert mine.registry.find_runs({"model_sha": mine.sha}) == [(mine.run_id, "c0ffee")]
    look.set_terminated(newer.info.run_id, "FINISHED")
    found = mine.registry.find_runs({"model_sha": mine.sha})
    assert found == [(newer.info.run_id, ""), (mine.run_id, "c0ffee")]


@pytest.mark.parametrize(
    ("broken", "error"),
    [
        (partial(replace, folder=Path("absent")), UnavailableError),
        (partial(replace, trusted_types=(), model=object()), Exception),
        (partial(replace, metrics={1: {"a/../b": 1.0}}), UnavailableError),
    ],
    ids=["files gone", "no estimator", "bad metric"],
)
def test_an_error_while_recording_leaves_the_run_failed(
    tmp_path: Path, broken: Callable[[Training], Training], error: type[Exception]
) -> None:
    """Never RUNNING, and never found."""
    registry = tracking.registry(tmp_path)
    training = tracking.training(tmp_path / "models/churn")
    with pytest.raises(error):
        registry.record(broken(training))
    (run,) = runs(tmp_path)
    assert run.info.status == "FAILED"
    assert registry.find_runs({"model_sha": training.tags["model_sha"]}) == []


def test_an_interrupt_while_recording_leaves_the_run_failed(tmp_path: Path) -> None:
    """Ctrl-C comes as no ordinary exception."""

    class Pressed(dict[str, str]):
        def items(self) -> object:  # type: ignore[override]  # it never returns
            raise KeyboardInterrupt

    registry = tracking.registry(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        registry.record(replace(tracking.training(tmp_path / "models/churn"), params=Pressed()))
    (run,) = runs(tmp_path)
    assert run.info.status == "FAILED"


def test_a_failed_training_is_recorded(tmp_path: Path) -> None:
    """With its reason, cut to what a tag holds."""
    registry = tracking.registry(tmp_path)
    registry.record_failure("the stage said " + "x" * 6000, 1_700_000_000_000, {"git_commit": "c0ffee"})
    (run,) = runs(tmp_path)
    assert (run.info.status, run.data.tags["git_commit"]) == ("FAILED", "c0ffee")
    assert run.data.tags["failure"].startswith("the stage said xxx")


def test_registering_twice_gives_one_version(recorded: Recorded) -> None:
    """A write that was applied and not answered is not done again."""
    assert recorded.registry.register(recorded.sha, recorded.run_id) == recorded.version == "1"
    (version,) = client(recorded.root).search_model_versions("name = 'churn'")
    assert (version.run_id, version.tags) == (recorded.run_id, {"model_sha": recorded.sha})


def test_another_run_of_the_same_model_gets_its_own_version(mine: Recorded) -> None:
    """What one run logged does not stand for what another did, though the SHA is the same."""
    again = mine.registry.record(mine.training)
    assert mine.registry.register(mine.sha, again) == "2"
    assert mine.registry.register(mine.sha, mine.run_id) == mine.version == "1"
    assert client(mine.root).get_model_version("churn", "2").run_id == again


def test_a_version_of_another_model_is_not_taken(mine: Recorded) -> None:
    """The tag on it names what it holds."""
    client(mine.root).set_model_version_tag("churn", mine.version, "model_sha", "f" * 64)
    assert mine.registry.register(mine.sha, mine.run_id) == "2"


def test_a_run_without_a_model_cannot_be_registered(mine: Recorded) -> None:
    """A stage that logged nothing left nothing to serve."""
    run = client(mine.root).create_run(mine.run.info.experiment_id)
    with pytest.raises(InvalidError, match="holds no model"):
        mine.registry.register("f" * 64, run.info.run_id)


def test_fetching_twice_gives_one_digest(recorded: Recorded, tmp_path: Path) -> None:
    """What MLflow adds to a download does not count."""
    first, again = (recorded.registry.fetch(recorded.version, tmp_path / name) for name in "ab")
    assert first == again == digest.of_tree(tracking.artifacts(recorded.root))


@pytest.mark.parametrize(
    "edit",
    [
        lambda folder: (folder / MODEL_FILE).write_bytes(b"PK"),
        lambda folder: (folder / "MLmodel").write_text((folder / "MLmodel").read_text() + "\n"),
        lambda folder: (folder / "added").write_bytes(b""),
        lambda folder: ((folder / ".git").mkdir(), (folder / ".git/x").write_bytes(b"")),
        lambda folder: (folder / "requirements.txt").unlink(),
    ],
    ids=["model", "MLmodel", "file added", "hidden file added", "file removed"],
)
def test_the_digest_sees_every_edit_of_an_artifact(
    mine: Recorded, tmp_path: Path, edit: Callable[[Path], object]
) -> None:
    """MLflow lets anybody write into a version that is READY."""
    before = mine.registry.fetch(mine.version, tmp_path / "before")
    edit(tracking.artifacts(mine.root))
    assert mine.registry.fetch(mine.version, tmp_path / "after") != before


def test_a_model_without_its_file(mine: Recorded, tmp_path: Path) -> None:
    """Named as what it is; the name of the model keeps its letters."""
    (tracking.artifacts(mine.root) / MODEL_FILE).unlink()
    with pytest.raises(InvalidError, match=rf"Version 1 of churn has no {MODEL_FILE}"):
        mine.registry.fetch("1", tmp_path / "model")


def test_an_unknown_version(recorded: Recorded, tmp_path: Path) -> None:
    """Exit code 2; upper case in the model's name stays."""
    with pytest.raises(InvalidError, match="Version 9 of Churn"):
        tracking.registry(recorded.root, "Churn").fetch("9", tmp_path / "model")


def test_the_alias_is_read_back(mine: Recorded) -> None:
    """None before the first promotion, then the version, as everybody else sees it too."""
    assert mine.registry.champion_version() is None
    mine.registry.point_champion(mine.version)
    assert mine.registry.champion_version() == mine.version
    assert client(mine.root).get_model_version_by_alias("churn", ALIAS).run_id == mine.run_id
    client(mine.root).delete_model_version("churn", mine.version)
    assert mine.registry.champion_version() is None


def test_nobody_knows_the_model(tmp_path: Path) -> None:
    """A registry that was never written to has no champion, no run and no error."""
    registry = tracking.registry(tmp_path)
    assert registry.champion_version() is None
    assert registry.find_runs({"model_sha": "f" * 64}) == []


def test_an_alias_to_an_absent_version_is_an_error(mine: Recorded) -> None:
    """Never a silent success."""
    with pytest.raises(UnavailableError, match="alias"):
        mine.registry.point_champion("9")


def test_two_projects_of_one_process_are_apart(tmp_path: Path) -> None:
    """MLflow keeps the first one's address in the environment; the second is not led there."""
    first, second = tmp_path / "first", tmp_path / "second"
    for root in (first, second):
        root.mkdir()
        tracking.registry(root).record_failure("none", 0, {})
    for root in (first, second):
        (run,) = runs(root)
        assert str(run.info.artifact_uri).startswith((root / "mlruns").as_uri())


def test_a_database_that_is_none_is_unavailable(tmp_path: Path) -> None:
    """A broken file is told like a server that does not answer."""
    (tmp_path / "mlflow.db").write_bytes(b"not a database, " * 100)
    with pytest.raises(UnavailableError, match="MLflow could not"):
        Registry(tmp_path, "churn").champion_version()


def test_an_address_that_mlflow_does_not_know(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A typing error in the variable is an error of ours."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "htpp://user:secret@localhost")
    with pytest.raises(UnavailableError, match="MLflow could not") as caught:
        Registry(tmp_path, "churn").champion_version()
    assert "secret" not in caught.value.do


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real tracking server on a free port; it keeps the artifacts itself."""
    folder = tmp_path_factory.mktemp("server")
    (folder / "mlflow.db").write_bytes(tracking.migrated())
    environment = tracking.unset() | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    command = [
        *(sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", "0", "--workers", "1"),
        *("--backend-store-uri", f"sqlite:///{folder / 'mlflow.db'}", "--artifacts-destination", str(folder)),
    ]
    with subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stderr is not None
        said = []
        for line in process.stderr:
            said.append(line)
            if "running on http" in line:
                break
        else:
            pytest.fail("".join(said))
        drain = threading.Thread(target=process.stderr.read, daemon=True)
        drain.start()
        yield line.partition("running on ")[2].split()[0]
        os.killpg(process.pid, signal.SIGKILL)  # asked to end, it takes ten seconds
        drain.join()


def test_a_server_does_what_the_database_does(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Record, find, register, fetch, point and read back through it; stdout stays free for our answer."""
    capfd.readouterr()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server)
    registry = Registry(tmp_path, "churn")
    training = tracking.training(tmp_path / "models/churn")
    sha = training.tags["model_sha"]
    run_id = registry.record(training)
    assert registry.find_runs({"model_sha": sha}) == [(run_id, "")]
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


def test_a_refusing_server_is_asked_three_times(
    refusing: tuple[str, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twice again and no more: MLflow would go on for minutes."""
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
