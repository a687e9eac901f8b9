"""Loading a model without running its code, and asking it for scores.

Verify first, then load: only bytes whose digest the ledger or the train job named reach skops, and skops
builds only types that the policy lists. MLflow's own loader is never used: it takes its list of trusted types
from the folder that it loads.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gates import digest
from gates.adapters.registry import MODEL_FILE, SERVED_FILES, SIGNATURE_FILE
from gates.documents import read_json, read_yaml
from gates.errors import InvalidError, TamperedError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

BINARY_COLUMNS = 2


def load(folder: Path, sha: str, trusted_types: Sequence[str]) -> Any:  # noqa: ANN401 - any estimator
    """Return the estimator in a folder whose SHA is the expected one.

    Raises:
        TamperedError: The folder's content is not the expected one.
        InvalidError: It is not a skops file, or needs a type that the policy does not trust.
    """
    import skops.io
    from skops.io.exceptions import UntrustedTypesFoundException

    found = digest.of_tree(folder)
    if found != sha:
        raise TamperedError(
            f"The model in {folder} is not the one that was handed on.",
            why=f"Its SHA is {found[:16]}…, expected {sha[:16]}….",
            do="Find who wrote there, then train again: gates train",
        )
    refuse_code(folder)
    path = folder / MODEL_FILE
    try:
        return skops.io.load(path, trusted=list(trusted_types))
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


def refuse_code(folder: Path) -> None:
    """Refuse a folder that brings code or a loader of its own.

    Raises:
        InvalidError: It holds code, a pickle, or an MLmodel that names another loader.
    """
    for name in ("code", "model.pkl", "model.pickle", "python_model.pkl", "model.joblib"):
        if (folder / name).exists():
            raise InvalidError(
                f"{folder} holds {name!r}, which would run code when loaded.", do="Log it with skops."
            )
    described = folder / "MLmodel"
    if described.exists():
        flavors = read_yaml(described).get("flavors", {})
        loader = (
            flavors.get("python_function", {}).get("loader_module") if isinstance(flavors, dict) else None
        )
        if loader != "mlflow.sklearn":
            raise InvalidError(
                f"{described} names the loader {loader!r}.", do="Only mlflow.sklearn with skops is served."
            )
    missing = [name for name in SERVED_FILES if not (folder / name).exists()]
    if missing:
        raise InvalidError(
            f"{folder} has no {missing[0]}.", do="Write it in the train stage, then: gates train"
        )


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


def score(model: Any, rows: "pd.DataFrame", name: str) -> "npt.NDArray[np.float64]":  # noqa: ANN401 - any estimator
    """Return the probability of class 1 for each row, shape (rows,).

    Raises:
        InvalidError: predict_proba raises, answers another shape, or answers what is not a probability.
    """
    import numpy as np

    try:
        answered = np.asarray(model.predict_proba(rows), dtype="float64")
    except Exception as error:
        raise InvalidError(
            f"The {name}'s predict_proba raised {type(error).__name__}.",
            why=str(error)[:300],
            do="Make it answer the columns of its signature.",
        ) from error
    if answered.shape != (len(rows), BINARY_COLUMNS):
        raise InvalidError(
            f"The {name}'s predict_proba answered shape {answered.shape} to {len(rows)} rows.",
            do=f"Answer {BINARY_COLUMNS} columns, one a class.",
        )
    scores = answered[:, 1]
    if not ((scores >= 0) & (scores <= 1)).all():
        raise InvalidError(
            f"The {name} answered scores that are NaN or outside 0 to 1.", do="Mend the model."
        )
    return scores
