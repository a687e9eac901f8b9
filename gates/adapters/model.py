"""Loading a model without running its code, and asking it for scores.

Verify first, then load: only bytes whose digest the ledger or the train job named reach skops, and skops
builds only types that the policy lists. MLflow's own loader is never used: it takes its list of trusted types
from the folder that it loads.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gates import digest
from gates.documents import read_json, read_yaml
from gates.errors import InvalidError, TamperedError
from gates.golden_rows import OF_CLASS
from gates.paths import read_bytes, require_regular_file, walk
from gates.policy_values import ANSWERS_NUMBERS, Task
from gates.tables import class_name

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

MODEL_FILE = "model.skops"
SIGNATURE_FILE = "signature.json"
SERVED_FILES = (MODEL_FILE, SIGNATURE_FILE)
BINARY_COLUMNS = 2
LOGGED_FILES = {
    *("MLmodel", "conda.yaml", "python_env.yaml", "requirements.txt"),
    *("input_example.json", "serving_input_example.json"),
    *SERVED_FILES,
}
MAX_REQUIREMENTS = 64 * 1024
# A name with a version, a Python version, a channel; no option, no address, no path.
REQUIREMENT = re.compile(r"[A-Za-z0-9][\w.-]*(?:(?:==|<=|=)[\w.]+)?|-r requirements\.txt")
NOT_OURS = "The gates log eight files, with skops and without code; another loader could run what it brings."


def load(folder: Path, sha: str, trusted_types: Sequence[str]) -> Any:  # noqa: ANN401 - any estimator
    """Return the estimator in a folder whose SHA is the expected one.

    Raises:
        TamperedError: The folder's content is not the expected one.
        InvalidError: It is not a skops file, or needs a type that the policy does not trust.
    """
    import skops.io
    from skops.io.exceptions import UntrustedTypesFoundException

    # Read once: what is verified is what is loaded, whoever writes there meanwhile.
    served = {name: _read(folder / name) for name in SERVED_FILES}
    found = digest.of_listing({name: digest.of_bytes(data) for name, data in served.items()})
    if found != sha:
        raise TamperedError(
            f"The model in {folder} is not the one that was handed on.",
            why=f"Its SHA is {found[:16]}…, expected {sha[:16]}….",
            do="Find who wrote there, then train again: gates train",
        )
    path = folder / MODEL_FILE
    try:
        return skops.io.loads(served[MODEL_FILE], trusted=list(trusted_types))
    except UntrustedTypesFoundException as error:
        raise InvalidError(
            f"{path} needs types that the policy does not trust.",
            why=str(error).splitlines()[0],
            do="If you know them to be harmless, list them in params.yaml under gates.trusted_types.",
        ) from error
    except Exception as error:
        raise InvalidError(
            f"{path} is not a model that skops can read.",
            why=f"{type(error).__name__}: {str(error)[:200]}",
            do="Write it with skops.io.dump; pickle and joblib files are not loaded.",
        ) from error


def _read(path: Path) -> bytes:
    try:
        require_regular_file(path)
        return path.read_bytes()
    except InvalidError as error:
        raise TamperedError(error.what, do="Do not serve it; choose another: gates history") from error


def served_digest(folder: Path) -> str:
    """Return the model's SHA: the digest over the two files in a folder that answer requests.

    Raises:
        TamperedError: One of the two files is missing.
    """
    try:
        return digest.of_listing({name: digest.of_file(folder / name) for name in SERVED_FILES})
    except InvalidError as error:
        raise TamperedError(error.what, do="Do not serve it; choose another: gates history") from error


def keep_served(folder: Path) -> None:
    """Remove from a downloaded folder what does not answer requests."""
    for name, path in walk(folder).items():
        if name not in SERVED_FILES:
            path.unlink()


def require_plain_folder(folder: Path, trusted_types: Sequence[str]) -> None:
    """Hold that a registered folder has exactly what we log: nothing that MLflow would run when it loads it.

    Raises:
        InvalidError: A file more or less, or an MLmodel that names code, another loader, another format than
            skops, or types that the policy does not trust.
    """
    found = set(walk(folder))
    odd = sorted(found ^ LOGGED_FILES)
    if odd:
        what = "holds" if odd[0] in found else "has no"
        raise InvalidError(f"{folder.name} {what} {odd[0]!r}.", why=NOT_OURS, do="Train again: gates ship")
    _require_plain_requirements(folder)
    flavors = read_yaml(folder / "MLmodel").get("flavors")
    if not isinstance(flavors, dict) or set(flavors) != {"python_function", "sklearn"}:
        raise InvalidError(
            "MLmodel names other flavours than ours.", why=NOT_OURS, do="Train again: gates ship"
        )
    function, sklearn = flavors["python_function"], flavors["sklearn"]
    expected = {"loader_module": "mlflow.sklearn", "model_path": MODEL_FILE, "predict_fn": "predict"}
    if not isinstance(function, dict) or set(function) - set(expected) - {"env", "python_version"}:
        raise InvalidError(
            "MLmodel's loader has fields of its own.", why=NOT_OURS, do="Train again: gates ship"
        )
    for name, value in expected.items():
        if function.get(name) != value:
            raise InvalidError(
                f"MLmodel names the {name} {function.get(name)!r}.",
                why=NOT_OURS,
                do="Train again: gates ship",
            )
    types = sklearn.get("skops_trusted_types") if isinstance(sklearn, dict) else None
    plain = isinstance(types, list) and set(map(str, types)) <= set(trusted_types)
    if not plain or sklearn.get("serialization_format") != "skops" or sklearn.get("code") is not None:
        raise InvalidError("MLmodel asks for code, pickle or untrusted types.", why=NOT_OURS, do="gates ship")


def _require_plain_requirements(folder: Path) -> None:
    """Hold that who installs what the model names installs released packages by name, and nothing else."""
    lines = read_bytes(folder / "requirements.txt", MAX_REQUIREMENTS).decode(errors="replace").splitlines()
    for name in ("conda.yaml", "python_env.yaml"):
        lines += _texts(read_yaml(folder / name))
    odd = next((line for line in lines if not REQUIREMENT.fullmatch(line)), None)
    if odd is not None:
        raise InvalidError(
            f"{folder.name} asks for {odd[:80]!r} to be installed.",
            why=NOT_OURS,
            do="Train again: gates ship",
        )


def _texts(value: Any) -> Iterator[str]:  # noqa: ANN401 - plain YAML
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _texts(each)


def input_columns(folder: Path) -> list[str]:
    """Return the names of the columns that the signature asks for, in order.

    Raises:
        InvalidError: The signature has no plain list of inputs.
    """
    path = folder / SIGNATURE_FILE
    try:
        return [str(column["name"]) for column in read_json(path)["inputs"]]
    except (KeyError, TypeError) as error:
        raise InvalidError(
            f"{path} lists no inputs.", do="Write MLflow's signature there, then: gates train"
        ) from error


def rows_for(folder: Path, features: "pd.DataFrame", name: Path) -> "pd.DataFrame":
    """Return the columns of a table that a model's signature asks for.

    Raises:
        InvalidError: The table lacks one.
    """
    columns = input_columns(folder)
    missing = [column for column in columns if column not in features.columns]
    if missing:
        raise InvalidError(f"{name} has no column {missing[0]!r}, which the model asks for.", do="dvc repro")
    return features[columns]


def score(
    model: Any,  # noqa: ANN401 - any estimator
    rows: "pd.DataFrame",
    name: str,
    task: Task = "binary",
) -> "npt.NDArray[np.float64]":
    """Return what a model answers to each row.

    Returns:
        The probability of class 1, or the prediction of a regression or ranking, shape (rows,); of several
        classes the probability of each, in the order of `classes`, shape (rows, classes).

    Raises:
        InvalidError: The model raises, answers another shape, or what is no probability or no finite number.
    """
    import numpy as np

    if task in ANSWERS_NUMBERS:
        predicted = _answer(model, "predict", rows, name)
        if predicted.shape != (len(rows),):
            raise InvalidError(
                f"The {name}'s predict answered shape {predicted.shape} to {len(rows)} rows.",
                do="Answer one number a row.",
            )
        if not np.isfinite(predicted).all():
            raise InvalidError(f"The {name} predicted what is NaN or infinite.", do="Mend the model.")
        return predicted
    answered = _answer(model, "predict_proba", rows, name)
    columns = BINARY_COLUMNS if task == "binary" else len(classes(model, name))
    if answered.shape != (len(rows), columns):
        raise InvalidError(
            f"The {name}'s predict_proba answered shape {answered.shape} to {len(rows)} rows.",
            do=f"Answer {columns} columns, one a class; what is not binary says so in gates.task.",
        )
    scores = answered[:, 1] if task == "binary" else answered
    if not ((scores >= 0) & (scores <= 1)).all():
        raise InvalidError(
            f"The {name} answered scores that are NaN or outside 0 to 1.", do="Mend the model."
        )
    return scores


def classes(model: Any, name: str) -> list[str]:  # noqa: ANN401 - any estimator
    """Return the names of a model's classes, in the order of its answers.

    Raises:
        InvalidError: It does not say which they are.
    """
    known = [class_name(each) for each in getattr(model, "classes_", ())]
    if len(known) < BINARY_COLUMNS or len({*known}) < len(known):
        raise InvalidError(
            f"The {name} has no list `classes_` of different classes.",
            do="A model of several classes says which column is whose, as scikit-learn's classifiers do.",
        )
    return known


def columns(model: Any, name: str, task: Task) -> list[str]:  # noqa: ANN401 - any estimator
    """Return how the columns of a model's answers are called: by ``name``, and of several classes by each."""
    return [f"{name}{OF_CLASS}{each}" for each in classes(model, name)] if task == "multiclass" else [name]


def _answer(model: Any, method: str, rows: "pd.DataFrame", name: str) -> "npt.NDArray[np.float64]":  # noqa: ANN401 - any estimator
    import numpy as np

    try:
        return np.asarray(getattr(model, method)(rows), dtype="float64")
    except Exception as error:
        raise InvalidError(
            f"The {name}'s {method} raised {type(error).__name__}.",
            why=str(error)[:300],
            do="Make it answer the columns of its signature; gates.task says which method is asked.",
        ) from error
