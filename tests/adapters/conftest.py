"""One recorded training a file, and no server but those that a test starts."""

import shutil
import sys
from collections.abc import Iterator

import pytest

from tests import warm
from tests.adapters import mlflow_models
from tests.adapters.mlflow_models import Recorded


@pytest.fixture(autouse=True)
def _no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """The developer's own server is not ours to write to."""
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(name="warm")
def _warm(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test starts with our own interpreter is forked (see `warm`); one test a file does without."""
    monkeypatch.setattr(sys, "executable", str(warm.programs() / "python"))


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """One training, recorded and registered; for reading only."""
    root = tmp_path_factory.mktemp("project")
    training = mlflow_models.training(root / "models/churn", git_commit="c0ffee")
    run_id = mlflow_models.tracking(root).record(training)
    version = mlflow_models.registry(root).register(training.tags["model_sha"], run_id)
    return Recorded(root, training, run_id, version)


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
