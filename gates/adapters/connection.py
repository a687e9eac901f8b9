"""Opening MLflow: where it is, how long it is waited for, and its errors as ours."""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path

from gates import digest
from gates.adapters import logs
from gates.adapters.model import MODEL_FILE
from gates.adapters.patience import Patience
from gates.errors import GatesError, InvalidError, UnavailableError

ADDED_BY_DOWNLOAD = "registered_model_meta"
# Where a server is, and who may write to it.
CREDENTIALS = (
    "MLFLOW_TRACKING_URI",
    "MLFLOW_TRACKING_USERNAME",
    "MLFLOW_TRACKING_PASSWORD",
    "MLFLOW_TRACKING_TOKEN",
)
WRITES = (
    "record the run",
    "record the failed run",
    "register the model",
    "set the alias",
    "remove the alias",
    "clear the stage",
    "delete the version",
    "delete the model",
    "delete the run",
)
SLOWEST = 1_000_000  # bytes a second: a download that is slower than this counts as waiting
_ENVIRONMENT = {
    # What runs out of our patience is interrupted; MLflow's own threads then end after two of these.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "6",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",  # our stdout is one JSON document
}


class Connection:
    """One MLflow server, opened for one model.

    Attributes:
        model: The name of its experiment, and of its registered model.
        uri: Where its runs are.
        artifact_location: Where a new experiment keeps its files; None leaves that to the server.
        client: MLflow's own client.
        patience: How long it may still let us wait.
    """

    def __init__(self, root: Path, model: str, patience: Patience | None = None) -> None:
        """Connect to ``MLFLOW_TRACKING_URI``, else to SQLite in the project.

        Args:
            root: The project.
            model: The model's registered name.
            patience: That of another connection of the same command; its own where left out.
        """
        self.patience = patience or Patience()
        for name, value in _ENVIRONMENT.items():
            os.environ.setdefault(name, value)
        self.model = model
        given = os.environ.get("MLFLOW_TRACKING_URI")
        self.uri = given or f"sqlite:///{root.resolve() / 'mlflow.db'}"
        # MLflow would put the artifacts of a local database into the working folder, wherever that is.
        self.artifact_location = None if given else (root.resolve() / "mlruns").as_uri()
        import mlflow

        logs.hush_mlflow()
        registry = os.environ.get("MLFLOW_REGISTRY_URI")
        try:
            with self.answering("open its store"):
                mlflow.set_tracking_uri(self.uri)
                mlflow.set_registry_uri(registry or self.uri)
                self.client = mlflow.MlflowClient()
        finally:
            # MLflow leaves both in the environment, where a second project would take them for the user's.
            for name, theirs in (("MLFLOW_TRACKING_URI", given), ("MLFLOW_REGISTRY_URI", registry)):
                if not theirs:
                    os.environ.pop(name, None)

    @contextmanager
    def answering(
        self, doing: str, absent: str = "", earned: Callable[[], float] = lambda: 0.0
    ) -> Iterator[None]:
        """Turn MLflow's many errors into ours, and its silence into one.

        Args:
            doing: What MLflow is asked to do.
            absent: What to say where MLflow answers that something is not there.
            earned: Seconds that a large answer may take, by how much of it has come so far.

        Raises:
            InvalidError: It is not there, and ``absent`` says so.
            UnavailableError: Everything else; what was half written may or may not have been applied.
        """
        from mlflow.exceptions import MlflowException
        from sqlalchemy.exc import SQLAlchemyError

        try:
            # A local database migrates itself after an upgrade, and is not to be interrupted at it.
            with nullcontext() if self.uri.startswith("sqlite:") else self.patience.waiting(earned):
                yield
        except GatesError:
            raise
        except (MlflowException, SQLAlchemyError, OSError) as error:
            code = getattr(error, "error_code", "")
            if absent and (
                code in {"RESOURCE_DOES_NOT_EXIST", "NOT_FOUND"} or isinstance(error, FileNotFoundError)
            ):
                raise InvalidError(
                    absent,
                    why=f"Looked in {without_password(self.uri)}.",
                    do="Is it the right one? Choose another version: gates history; or train again.",
                ) from error
            raise UnavailableError(
                f"MLflow could not {doing}.",
                why=f"{_first_line(error)}{' A write may have been applied.' if doing in WRITES else ''}",
                do=f"Check {without_password(self.uri)}, then run the same command again.",
            ) from error

    def model_id(self, run_id: str) -> str:
        """Return what MLflow calls the model of a run.

        Raises:
            InvalidError: There is no such run, or it holds no model.
        """
        with self.answering("read the run", absent=f"There is no MLflow run {run_id!r}."):
            outputs = self.client.get_run(run_id).outputs
            models = outputs.model_outputs if outputs else []
        if not models:
            raise InvalidError(f"The MLflow run {run_id} holds no model.", do="Train again: gates train")
        return str(models[0].model_id)

    def download(self, uri: str, name: str, target: Path) -> str:
        """Download a model into a new folder and return the digest of all of it.

        Raises:
            InvalidError: It is gone, or has no model file.
        """
        from mlflow.artifacts import download_artifacts

        target.mkdir(parents=True)
        subject = f"{name[0].upper()}{name[1:]}"
        gone = f"{subject} is gone from the registry."
        with self.answering(f"download {name}", absent=gone, earned=lambda: _size(target) / SLOWEST):
            download_artifacts(uri, dst_path=str(target))
        (target / ADDED_BY_DOWNLOAD).unlink(missing_ok=True)
        if not (target / MODEL_FILE).exists():
            raise InvalidError(f"{subject} has no {MODEL_FILE}.", do="Choose another: gates history")
        return digest.of_tree(target)


def _size(folder: Path) -> int:
    """Return how much has come; a file that is just being renamed does not count."""
    size = 0
    for path in folder.rglob("*"):
        with suppress(OSError):
            size += path.stat().st_size
    return size


def _first_line(error: Exception) -> str:
    text = without_password(str(error)).strip().splitlines()
    return f"{text[0].rstrip('.')[:300]}." if text else f"{type(error).__name__}."


def without_password(text: str) -> str:
    """Return a text without the user and password that an address in it may hold."""
    return re.sub(r"://[^\s/]*@", "://…@", text)
