"""Models are verified before they are loaded, and loading runs no code of theirs."""

import pickle
import re
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import skops.io
import yaml
from sklearn.base import BaseEstimator
from sklearn.ensemble import RandomForestClassifier

from gates import digest
from gates.adapters import model
from gates.adapters.model import LOGGED_FILES, MODEL_FILE, SIGNATURE_FILE
from gates.errors import ExitCode, InvalidError, TamperedError
from gates.paths import walk
from tests.adapters import mlflow_models
from tests.adapters.mlflow_models import ROWS


class Planted:
    """Leaves a file where it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return Path.touch, (self.path,)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A good model."""
    mlflow_models.write_model(tmp_path / "model")
    return tmp_path / "model"


def load(folder: Path, trusted: tuple[str, ...] = mlflow_models.TRUSTED) -> Any:  # noqa: ANN401 - any estimator
    """Load what lies there as what was promised, so that only its kind can be refused."""
    return model.load(folder, model.served_digest(folder), trusted)


def test_a_good_model_answers_as_it_was_trained(folder: Path) -> None:
    """The probability of class 1 for each row."""
    scores = model.score(load(folder), ROWS, "challenger")
    assert scores.shape == (4,)
    assert scores.tolist() == mlflow_models.fitted().predict_proba(ROWS)[:, 1].tolist()


@pytest.mark.parametrize(
    "edit",
    [
        lambda folder: (folder / MODEL_FILE).write_bytes((folder / MODEL_FILE).read_bytes()[:-1] + b"\1"),
        lambda folder: (folder / SIGNATURE_FILE).write_bytes(b"{}"),
    ],
    ids=["one byte", "signature"],
)
def test_another_digest_is_tampering(folder: Path, edit: Callable[[Path], object]) -> None:
    """Exit code 6, before a byte of it is read as a model."""
    sha = digest.of_tree(folder)
    edit(folder)
    with pytest.raises(TamperedError, match="not the one that was handed on") as caught:
        model.load(folder, sha, mlflow_models.TRUSTED)
    assert caught.value.code is ExitCode.TAMPERED


def test_a_type_that_the_policy_does_not_list(folder: Path) -> None:
    """It is named; listing it makes the same file load."""
    skops.io.dump(RandomForestClassifier(2).fit(ROWS, [0, 0, 1, 1]), folder / MODEL_FILE)
    with pytest.raises(InvalidError, match="does not trust") as caught:
        load(folder)
    assert "sklearn.tree._tree.Tree" in caught.value.why
    assert "gates.trusted_types" in caught.value.do
    assert load(folder, (*mlflow_models.TRUSTED, "sklearn.tree._tree.Tree")).n_estimators == 2


@pytest.mark.parametrize(
    "write", [pickle.dumps, lambda _: b"", lambda _: b"PK\3\4"], ids=["pickle", "empty", "zip"]
)
def test_other_bytes_under_the_models_name(folder: Path, write: Callable[[object], bytes]) -> None:
    """Not a skops file; what a pickle would run does not run."""
    planted = folder.parent / "planted"
    (folder / MODEL_FILE).write_bytes(write(Planted(planted)))
    with pytest.raises(InvalidError, match="not a model that skops can read"):
        load(folder)
    assert not planted.exists()


def test_a_skops_file_that_names_a_function_is_refused(folder: Path) -> None:
    """skops builds only what is listed, whatever its schema asks for."""
    path = folder / MODEL_FILE
    with zipfile.ZipFile(path) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    parts["schema.json"] = (
        parts["schema.json"]
        .replace(b"LogisticRegression", b"Popen")
        .replace(b"sklearn.linear_model._logistic", b"subprocess")
    )
    with zipfile.ZipFile(path, "w") as file:
        for name, data in parts.items():
            file.writestr(name, data)
    with pytest.raises(InvalidError, match="does not trust") as caught:
        load(folder)
    assert "subprocess.Popen" in caught.value.why


def test_other_files_are_not_looked_at(folder: Path) -> None:
    """The SHA is of the two files that answer requests; a download brings others too."""
    sha = model.served_digest(folder)
    (folder / "MLmodel").write_text("flavors: {}")
    assert model.load(folder, sha, mlflow_models.TRUSTED)


@pytest.mark.parametrize("name", [MODEL_FILE, SIGNATURE_FILE])
def test_a_missing_file_is_tampering(folder: Path, name: str) -> None:
    """Both answer requests; without one it cannot be what was promoted."""
    sha = model.served_digest(folder)
    (folder / name).unlink()
    for look in (lambda: model.load(folder, sha, mlflow_models.TRUSTED), lambda: model.served_digest(folder)):
        with pytest.raises(TamperedError, match=re.escape(name)):
            look()


def test_only_what_answers_requests_is_kept(logged: Path) -> None:
    """The latency benchmark, which is the user's code, sees nothing else."""
    sha = model.served_digest(logged)
    model.keep_served(logged)
    assert {path.name for path in logged.iterdir()} == {MODEL_FILE, SIGNATURE_FILE}
    assert model.served_digest(logged) == digest.of_tree(logged) == sha


# ---------------------------------------------------------------- what the registry keeps


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What MLflow really wrote for a recorded training; for copying only."""
    root = tmp_path_factory.mktemp("logged")
    mlflow_models.tracking(root).record(mlflow_models.training(root / "models/churn"))
    return mlflow_models.artifacts(root)


@pytest.fixture
def logged(template: Path, tmp_path: Path) -> Path:
    """A folder as the registry keeps it."""
    return Path(shutil.copytree(template, tmp_path / "logged"))


def edit(logged: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Let a function change the flavours in MLmodel."""
    document = yaml.safe_load((logged / "MLmodel").read_text())
    change(document["flavors"])
    (logged / "MLmodel").write_text(yaml.safe_dump(document))


def test_what_we_log_is_plain(logged: Path) -> None:
    """Exactly the files of the list, so that the list cannot grow stale."""
    assert set(walk(logged)) == LOGGED_FILES
    model.require_plain_folder(logged, mlflow_models.TRUSTED)
    edit(logged, lambda _: None)
    model.require_plain_folder(logged, ("another.Type", *mlflow_models.TRUSTED))


@pytest.mark.parametrize(
    "name",
    ["code/loader.py", ".git/x", "model.pkl", "model.pickle", "python_model.pkl", "model.joblib", "README"],
)
def test_a_file_more_is_refused(logged: Path, name: str) -> None:
    """Even beside a good model: another loader could run it. There is no list of bad names to get round."""
    (logged / name).parent.mkdir(exist_ok=True)
    (logged / name).write_bytes(b"")
    with pytest.raises(InvalidError, match=f"holds '{re.escape(name)}'"):
        model.require_plain_folder(logged, mlflow_models.TRUSTED)


@pytest.mark.parametrize("name", sorted(LOGGED_FILES))
def test_a_file_less_is_refused(logged: Path, name: str) -> None:
    """MLmodel with the others: without it MLflow guesses."""
    (logged / name).unlink()
    with pytest.raises(InvalidError, match=f"has no '{re.escape(name)}'"):
        model.require_plain_folder(logged, mlflow_models.TRUSTED)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("requirements.txt", "--index-url http://elsewhere\nnumpy==2.4.0\n"),
        ("requirements.txt", "numpy @ git+https://elsewhere/numpy\n"),
        ("requirements.txt", "-r other.txt\n"),
        ("requirements.txt", "./wheels/numpy.whl\n"),
        ("conda.yaml", "dependencies: [python=3.11, {pip: ['-e .']}]\n"),
        ("conda.yaml", "channels: ['http://elsewhere']\n"),
        ("python_env.yaml", "dependencies: ['--extra-index-url=http://elsewhere']\n"),
    ],
)
def test_what_is_to_be_installed_is_released_packages(logged: Path, name: str, text: str) -> None:
    """Whoever builds an image from the model runs what stands there."""
    (logged / name).write_text(text)
    with pytest.raises(InvalidError, match="to be installed"):
        model.require_plain_folder(logged, mlflow_models.TRUSTED)


FOREIGN: dict[str, Callable[[dict[str, Any]], object]] = {
    "loader": lambda flavors: flavors["python_function"].update(loader_module="loader"),
    "pyfunc": lambda flavors: flavors["python_function"].update(loader_module="mlflow.pyfunc.model"),
    "list of loaders": lambda flavors: flavors["python_function"].update(loader_module=["mlflow.sklearn"]),
    "no loader": lambda flavors: flavors["python_function"].pop("loader_module"),
    "another file": lambda flavors: flavors["python_function"].update(model_path="input_example.json"),
    "another method": lambda flavors: flavors["python_function"].update(predict_fn="__reduce__"),
    "code of the loader": lambda flavors: flavors["python_function"].update(code="code"),
    "config of the loader": lambda flavors: flavors["python_function"].update(config={"a": 1}),
    "function is text": lambda flavors: flavors.update(python_function="mlflow.sklearn"),
    "another flavour": lambda flavors: flavors.update(onnx={"data": "model.onnx"}),
    "no function": lambda flavors: flavors.pop("python_function"),
    "no scikit-learn": lambda flavors: flavors.pop("sklearn"),
    "no flavours": lambda flavors: flavors.clear(),
    "code": lambda flavors: flavors["sklearn"].update(code="code"),
    "cloudpickle": lambda flavors: flavors["sklearn"].update(serialization_format="cloudpickle"),
    "no format": lambda flavors: flavors["sklearn"].pop("serialization_format"),
    "untrusted type": lambda flavors: flavors["sklearn"]["skops_trusted_types"].append("subprocess.Popen"),
    "types are text": lambda flavors: flavors["sklearn"].update(skops_trusted_types="numpy.dtype"),
    "no types": lambda flavors: flavors["sklearn"].pop("skops_trusted_types"),
    "scikit-learn is text": lambda flavors: flavors.update(sklearn="skops"),
}


@pytest.mark.parametrize("change", FOREIGN.values(), ids=list(FOREIGN))
def test_what_mlflow_would_run_is_refused(logged: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Code, another loader, another format, or types that the policy does not list."""
    edit(logged, change)
    with pytest.raises(InvalidError, match="MLmodel"):
        model.require_plain_folder(logged, mlflow_models.TRUSTED)


def test_the_types_are_the_policys(logged: Path) -> None:
    """Not those that the folder brings."""
    with pytest.raises(InvalidError, match="untrusted types"):
        model.require_plain_folder(logged, ())


@pytest.mark.parametrize(
    "text", ["flavors: [1]\n", "flavors:\n", "{}\n", "", "[", "flavors: !!python/name:os.system\n"]
)
def test_an_mlmodel_that_is_none(logged: Path, text: str) -> None:
    """Named, and nothing of it is used."""
    (logged / "MLmodel").write_text(text)
    with pytest.raises(InvalidError, match="MLmodel"):
        model.require_plain_folder(logged, mlflow_models.TRUSTED)


def test_rows_come_in_the_signatures_order(folder: Path) -> None:
    """Without what the model does not ask for."""
    table = pd.DataFrame({"row_id": [1], "visits": [2], "age": [3.0]})
    assert list(model.rows_for(folder, table, Path("features.parquet")).columns) == ["age", "visits"]


def test_a_missing_column_is_named(folder: Path) -> None:
    """With the file that lacks it."""
    with pytest.raises(InvalidError, match=r"features\.parquet has no column 'visits'"):
        model.rows_for(folder, ROWS[["age"]], Path("features.parquet"))


@pytest.mark.parametrize(
    "text", ["{}", '{"inputs": 1}', '{"inputs": [1]}', '{"inputs": [{"type": "long"}]}', "["]
)
def test_a_signature_without_inputs(folder: Path, text: str) -> None:
    """Nobody guesses the columns."""
    (folder / SIGNATURE_FILE).write_text(text)
    with pytest.raises(InvalidError, match=r"signature\.json"):
        model.input_columns(folder)


class Answers(BaseEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """A model that answers what it is told to."""

    def __init__(self, answer: object) -> None:
        self.answer = answer

    def predict_proba(self, rows: pd.DataFrame) -> object:
        if isinstance(self.answer, Exception):
            raise self.answer
        assert len(rows) == 4
        return self.answer


@pytest.mark.parametrize(
    "answer",
    [np.full(4, 0.5), np.full((4, 1), 0.5), np.full((4, 3), 0.5), np.full((3, 2), 0.5), np.float64(0.5), []],
    ids=["flat", "one column", "three columns", "a row short", "a number", "empty"],
)
def test_an_answer_of_another_shape(answer: object) -> None:
    """The shape is in the error."""
    with pytest.raises(InvalidError, match=r"champion's predict_proba answered shape \("):
        model.score(Answers(answer), ROWS, "champion")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, -0.001, 1.001])
def test_an_answer_that_is_no_probability(value: float) -> None:
    """One row is enough, wherever it is."""
    answer = np.full((4, 2), 0.5)
    answer[2, 1] = value
    with pytest.raises(InvalidError, match="NaN or outside 0 to 1"):
        model.score(Answers(answer), ROWS, "challenger")


def test_the_ends_are_probabilities() -> None:
    """0 and 1 themselves are fine."""
    answer = np.array([[1.0, 0.0], [0.0, 1.0]] * 2)
    assert model.score(Answers(answer), ROWS, "challenger").tolist() == [0.0, 1.0, 0.0, 1.0]


@pytest.mark.parametrize("answer", [KeyError("tenure"), [["a", "b"]] * 4, [[None, None]] * 3 + [[1, 2, 3]]])
def test_a_model_that_raises(answer: object) -> None:
    """Its own error is the reason; so is an answer that is not numbers."""
    with pytest.raises(InvalidError, match=r"predict_proba raised \w+Error") as caught:
        model.score(Answers(answer), ROWS, "challenger")
    assert caught.value.why


def test_a_model_that_gives_no_probabilities() -> None:
    """A regressor, say."""
    with pytest.raises(InvalidError, match="AttributeError"):
        model.score(object(), ROWS, "challenger")


class Predicts(BaseEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """A regression that answers what it is told to."""

    def __init__(self, answer: object) -> None:
        self.answer = answer

    def predict(self, rows: pd.DataFrame) -> object:
        assert len(rows) == 4
        return self.answer


def test_a_regression_is_asked_for_its_predictions() -> None:
    """Of any size and sign, as floats."""
    scores = model.score(Predicts([-3, 0, 2, 10_000]), ROWS, "challenger", "regression")
    assert scores.dtype == np.float64
    assert scores.tolist() == [-3.0, 0.0, 2.0, 10_000.0]


@pytest.mark.parametrize("answer", [np.zeros((4, 1)), np.zeros((4, 2)), np.zeros(3), np.float64(0.5), []])
def test_a_regression_answers_one_number_a_row(answer: object) -> None:
    """A column of one is not a number a row: whoever compares it with labels would get a square."""
    with pytest.raises(InvalidError, match=r"challenger's predict answered shape \("):
        model.score(Predicts(answer), ROWS, "challenger", "regression")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_prediction_that_is_no_number(value: float) -> None:
    """One row is enough."""
    with pytest.raises(InvalidError, match="NaN or infinite"):
        model.score(Predicts([1.0, 2.0, value, 3.0]), ROWS, "challenger", "regression")


def test_a_regression_under_a_policy_of_a_classification_is_told_where_to_say_so() -> None:
    """It has no predict_proba."""
    with pytest.raises(InvalidError, match="AttributeError") as caught:
        model.score(Predicts([1.0] * 4), ROWS, "challenger")
    assert "gates.task" in (caught.value.do or "")
