"""Models on trial are loaded in another process, which knows no key and whose end is no success."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression

from gates.adapters import connection, github, keys, model, replay, trial
from gates.adapters.model import MODEL_FILE
from gates.adapters.trial import Trial
from gates.errors import ExitCode, InvalidError, TamperedError
from tests.adapters import mlflow_models
from tests.adapters.mlflow_models import ROWS

SECRETS = {
    keys.VARIABLE,
    *connection.CREDENTIALS,
    *github.STEP_FILES,
    "MLFLOW_REGISTRY_URI",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
    "ACTIONS_ID_TOKEN_REQUEST_URL",
    "GITHUB_TOKEN",
    "SOMEBODYS_PASSWORD",
    "MY_PATH",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A good model."""
    mlflow_models.write_model(tmp_path / "model")
    return tmp_path / "model"


@pytest.fixture
def trying(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Trial]:
    """A process, started in a project that has a package of our name and files of our libraries' names."""
    root = tmp_path / "project"
    (root / "gates").mkdir(parents=True)
    for name in ("gates/__init__.py", "skops.py", "json.py"):
        (root / name).write_text("raise SystemExit('run from the project')")
    monkeypatch.chdir(root)
    for name in SECRETS:
        monkeypatch.setenv(name, "secret")
    with trial.start(tmp_path / "log") as started:
        yield started


def test_one_process_tries_models_until_one_loads(trying: Trial, folder: Path) -> None:
    """Errors are those of loading it here, and each answer belongs to its question."""
    sha = model.served_digest(folder)
    with pytest.raises(TamperedError, match="not the one that was handed on"):
        trying.load(folder, "0" * 64, mlflow_models.TRUSTED)
    trying.load(folder, sha, mlflow_models.TRUSTED)
    skops.io.dump(RandomForestClassifier(2).fit(ROWS, [0, 0, 1, 1]), folder / MODEL_FILE)
    with pytest.raises(InvalidError, match="types that the policy does not trust") as caught:
        trying.load(folder, model.served_digest(folder), mlflow_models.TRUSTED)
    assert caught.value.code is ExitCode.INVALID
    assert "sklearn.tree._tree.Tree" in caught.value.why


@pytest.mark.usefixtures("warm")
def test_a_model_that_answers_otherwise_than_it_was_judged(
    trying: Trial, folder: Path, tmp_path: Path
) -> None:
    """By more than the tolerance; the same files, so what runs them is another."""
    sha, rows = model.served_digest(folder), tmp_path / replay.NAME
    estimator = model.load(folder, sha, mlflow_models.TRUSTED)
    rows.write_bytes(mlflow_models.answers(estimator))
    trying.load(folder, sha, mlflow_models.TRUSTED, rows, 0.0)
    table = pd.read_parquet(rows)
    table.assign(**{replay.SCORE: table[replay.SCORE] + [0.0, 0.0, 0.001]}).to_parquet(rows)
    trying.load(folder, sha, mlflow_models.TRUSTED, rows, 0.0011)
    with pytest.raises(InvalidError, match="does not answer as it did when it was judged") as caught:
        trying.load(folder, sha, mlflow_models.TRUSTED, rows, 0.0009)
    assert "0.001." in caught.value.what


@pytest.mark.usefixtures("warm")
def test_a_regression_may_differ_by_a_share_of_the_spread_of_its_answers(
    trying: Trial, folder: Path, tmp_path: Path
) -> None:
    """Its answers have a unit of their own: between 1,000 and 4,000, one is a share of 1 in 3,000."""
    regression = LinearRegression().fit(ROWS, [1000.0, 2000.0, 3000.0, 4000.0])
    mlflow_models.write_model(folder, regression)
    sha, rows = model.served_digest(folder), tmp_path / replay.NAME
    kept = regression.predict(ROWS) + np.array([0.0, 0.0, 1.0, 0.0])
    rows.write_bytes(replay.sample(ROWS, kept, 4))
    trying.load(folder, sha, mlflow_models.TRUSTED, rows, 1 / 2900, "regression")
    with pytest.raises(InvalidError, match="differs by 1"):
        trying.load(folder, sha, mlflow_models.TRUSTED, rows, 1 / 3100, "regression")


def test_answers_that_are_all_alike_may_differ_by_a_share_of_their_size() -> None:
    """They have no spread."""
    assert replay.scale(np.array([-5.0, -5.0])) == 5.0
    assert replay.scale(np.array([1.0, 4.0])) == 3.0


@pytest.mark.usefixtures("warm")
def test_kept_rows_without_a_score_prove_nothing(trying: Trial, folder: Path, tmp_path: Path) -> None:
    """NaN is no score, no column is tampering; no row at all was the policy's wish."""
    sha, rows = model.served_digest(folder), tmp_path / replay.NAME
    for scores, error in ((float("nan"), InvalidError), (None, TamperedError)):
        table = ROWS if scores is None else ROWS.assign(**{replay.SCORE: scores})
        table.to_parquet(rows)
        with pytest.raises(error):
            trying.load(folder, sha, mlflow_models.TRUSTED, rows, 1.0)
    rows.write_bytes(replay.sample(ROWS, np.zeros(4), 0))
    trying.load(folder, sha, mlflow_models.TRUSTED, rows, 0.0)


def test_it_has_what_loading_needs_and_nothing_else(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a model does while it is loaded, it does without key and credentials, whatever they are called."""
    needed = {"LC_ALL": "C.UTF-8", "OMP_NUM_THREADS": "1", "LD_LIBRARY_PATH": "/lib", "TMPDIR": str(tmp_path)}
    for name, value in (dict.fromkeys(SECRETS, "secret") | needed).items():
        monkeypatch.setenv(name, value)
    with trial.start(tmp_path / "log") as trying:
        trying.load(folder, model.served_digest(folder), mlflow_models.TRUSTED)
        given = Path(f"/proc/{trying._process.pid}/environ").read_text().rstrip("\0").split("\0")
    environment = dict(each.split("=", 1) for each in given)
    assert not SECRETS & set(environment)
    assert environment.items() >= needed.items()
    assert environment["PATH"] == os.environ["PATH"]


def test_a_model_that_ends_the_process_takes_no_other_with_it(
    trying: Trial, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It does not load, and the log is named; the next one is tried in a new process. So where one hangs."""
    sha = model.served_digest(folder)
    trying.load(folder, sha, mlflow_models.TRUSTED)
    for number in (signal.SIGSTOP, signal.SIGKILL):
        trying._process.send_signal(number)
        with monkeypatch.context() as patch:
            patch.setattr(trial, "PATIENCE_S", 0.2)
            patch.setattr(trying._process, "poll", lambda: None)  # it ends while it loads
            with pytest.raises(InvalidError, match=r"ended the process|did not load within") as caught:
                trying.load(folder, sha, mlflow_models.TRUSTED)
        assert "log" in caught.value.do
        trying.load(folder, sha, mlflow_models.TRUSTED)


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    """Whatever ends the block ends the process."""
    with pytest.raises(KeyboardInterrupt), trial.start(tmp_path / "log") as started:
        raise KeyboardInterrupt
    assert started._process.returncode is not None
