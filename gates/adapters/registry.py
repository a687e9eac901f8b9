"""MLflow: one run a training, one registered version a champion, and the alias that serving reads.

MLflow has no compare-and-swap and answers an error on a write that it has carried out, so every write here
searches before it creates and reads back what it wrote.
"""

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gates import digest
from gates.adapters import logs
from gates.adapters.model import MODEL_FILE, SERVED_FILES
from gates.errors import GatesError, InvalidError, UnavailableError

ALIAS = "champion"
ADDED_BY_DOWNLOAD = "registered_model_meta"

_ENVIRONMENT = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",  # our stdout is one JSON document
}


@dataclass(frozen=True)
class Training:
    """What a training left behind, to be recorded as one run.

    Attributes:
        model: The loaded estimator.
        folder: The folder with model file and signature, which answers requests.
        signature: The signature as MLflow's dictionary.
        example: A few rows of input.
        params: Stage parameters.
        metrics: Step to metric name to value.
        tags: What lineage asks for.
        trusted_types: Types that loading the model needs.
        started_ms: When the training began, in ms since the epoch.
    """

    model: Any
    folder: Path
    signature: Mapping[str, Any]
    example: Any
    params: Mapping[str, str]
    metrics: Mapping[int, Mapping[str, float]]
    tags: Mapping[str, str]
    trusted_types: tuple[str, ...]
    started_ms: int


class Registry:
    """One tracking server with its registry, and one model in it."""

    def __init__(self, root: Path, model: str) -> None:
        """Connect to ``MLFLOW_TRACKING_URI``, else to SQLite in the project."""
        for name, value in _ENVIRONMENT.items():
            os.environ.setdefault(name, value)
        self.model = model
        given = os.environ.get("MLFLOW_TRACKING_URI")
        self.uri = given or f"sqlite:///{root.resolve() / 'mlflow.db'}"
        # MLflow would put the artifacts of a local database into the working folder, wherever that is.
        self._artifacts = None if given else (root.resolve() / "mlruns").as_uri()
        import mlflow

        logs.hush_mlflow()
        registry = os.environ.get("MLFLOW_REGISTRY_URI")
        with self._answering("open its store"):
            mlflow.set_tracking_uri(self.uri)
            mlflow.set_registry_uri(registry or self.uri)
            self._client = mlflow.MlflowClient()
        # MLflow leaves both in the environment, where a second project would take them for the user's.
        for name, theirs in (("MLFLOW_TRACKING_URI", given), ("MLFLOW_REGISTRY_URI", registry)):
            if not theirs:
                os.environ.pop(name, None)

    def find_runs(self, tags: Mapping[str, str]) -> list[tuple[str, str]]:
        """Return id and commit of the FINISHED runs with these tags, newest first, at most 50."""
        with self._answering("search runs"):
            experiment = self._client.get_experiment_by_name(self.model)
            if experiment is None:
                return []
            wanted = " and ".join(f"tags.{name} = '{value}'" for name, value in tags.items())
            runs = self._client.search_runs(
                [experiment.experiment_id], f"{wanted} and attributes.status = 'FINISHED'", max_results=50
            )
            return [(str(run.info.run_id), str(run.data.tags.get("git_commit", ""))) for run in runs]

    def record(self, training: Training) -> str:
        """Record a training as one FINISHED run with its model, and return the run's id.

        Whatever goes wrong leaves the run FAILED, never RUNNING.
        """
        with self._answering("record the run"), self._run(training.started_ms, training.tags) as run_id:
            from mlflow.entities import Metric, Param

            metrics = [
                Metric(name, value, training.started_ms, step)
                for step, values in training.metrics.items()
                for name, value in values.items()
            ]
            params = [Param(name, value) for name, value in training.params.items()]
            self._client.log_batch(run_id, metrics=metrics, params=params)
            self._log_model(run_id, training)
            return run_id

    def record_failure(self, reason: str, started_ms: int, tags: Mapping[str, str]) -> None:
        """Record a training that did not reach its end as a FAILED run."""
        with self._answering("record the failed run"):
            run = self._client.create_run(
                self._experiment(), start_time=started_ms, tags={**tags, "failure": reason[:500]}
            )
            self._client.set_terminated(run.info.run_id, "FAILED")

    def run_facts(self, run_id: str) -> dict[str, Any]:
        """Return id, status and own tags of a run.

        Raises:
            InvalidError: There is no such run, or it was deleted.
        """
        with self._answering("read the run", absent=f"There is no MLflow run {run_id!r}."):
            run = self._client.get_run(run_id)
        if run.info.lifecycle_stage != "active":
            raise InvalidError(f"The MLflow run {run_id} was deleted.", do="Train again: gates train")
        tags = {name: value for name, value in run.data.tags.items() if not name.startswith("mlflow.")}
        return {"run_id": run_id, "status": run.info.status, "tags": tags}

    def register(self, sha: str, run_id: str) -> str:
        """Return the version of this run's model, registering it if there is none."""
        with self._answering("register the model"):
            from mlflow.exceptions import MlflowException

            try:
                self._client.create_registered_model(self.model)
            except MlflowException as error:
                if error.error_code != "RESOURCE_ALREADY_EXISTS":
                    raise
            found = self._client.search_model_versions(f"name = '{self.model}' and tags.model_sha = '{sha}'")
            known = [int(version.version) for version in found if version.run_id == run_id]
            if known:
                return str(max(known))
            model_id = self._model_id(run_id)
            made = self._client.create_model_version(
                self.model, f"models:/{model_id}", run_id, tags={"model_sha": sha}, model_id=model_id
            )
            return str(made.version)

    def fetch(self, version: str, target: Path) -> str:
        """Download a registered version into an empty folder and return the digest of all of it.

        Raises:
            InvalidError: The registry has no such version, or its files are gone.
        """
        return self._download(f"models:/{self.model}/{version}", f"version {version} of {self.model}", target)

    def champion_version(self) -> str | None:
        """Return the version that the alias names, if it names one."""
        with self._answering("read the alias"):
            from mlflow.exceptions import MlflowException

            try:
                return str(self._client.get_model_version_by_alias(self.model, ALIAS).version)
            except MlflowException as error:
                if error.error_code in {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}:
                    return None
                raise

    def point_champion(self, version: str) -> None:
        """Set the alias and read it back.

        Raises:
            UnavailableError: It reads back as something else.
        """
        with self._answering("set the alias"):
            self._client.set_registered_model_alias(self.model, ALIAS, version)
        seen = self.champion_version()
        if seen != version:
            raise UnavailableError(
                f"The alias {ALIAS} of {self.model} reads back as version {seen}, not {version}.",
                why="Somebody else set it a moment ago, or the server did not keep the write.",
                do="Run the same command again; the ledger decides.",
            )

    def _experiment(self) -> str:
        experiment = self._client.get_experiment_by_name(self.model)
        if experiment is not None:
            return str(experiment.experiment_id)
        return str(self._client.create_experiment(self.model, self._artifacts))

    @contextmanager
    def _run(self, started_ms: int, tags: Mapping[str, str]) -> Iterator[str]:
        run_id = self._client.create_run(
            self._experiment(), start_time=started_ms, tags=dict(tags)
        ).info.run_id
        try:
            yield run_id
        except BaseException:
            self._client.set_terminated(run_id, "FAILED")
            raise
        self._client.set_terminated(run_id, "FINISHED")

    def _log_model(self, run_id: str, training: Training) -> None:
        """Log the model so that its file is, byte for byte, the one that the stage wrote."""
        import mlflow.sklearn
        from mlflow.models import Model, ModelSignature

        class AsWritten:
            """A flavour for MLflow: its own scikit-learn folder with the stage's files put in."""

            @staticmethod
            def save_model(path: str, mlflow_model: Any, **options: Any) -> None:  # noqa: ANN401 - MLflow's own
                mlflow.sklearn.save_model(training.model, path, mlflow_model=mlflow_model, **options)
                for name in SERVED_FILES:
                    shutil.copyfile(training.folder / name, Path(path) / name)

        # MLflow would put the model into the experiment `Default`, whose artifacts lie in the working folder.
        made = self._client.create_logged_model(
            self._experiment(), "model", source_run_id=run_id, params=dict(training.params)
        )
        Model.log(
            artifact_path=None,
            model_id=made.model_id,
            flavor=AsWritten,
            run_id=run_id,
            signature=ModelSignature.from_dict(_texts(training.signature)),
            input_example=training.example,
            pip_requirements=_requirements(),
            serialization_format="skops",
            skops_trusted_types=list(training.trusted_types),
        )

    def _model_id(self, run_id: str) -> str:
        with self._answering("read the run", absent=f"There is no MLflow run {run_id!r}."):
            outputs = self._client.get_run(run_id).outputs
            models = outputs.model_outputs if outputs else []
        if not models:
            raise InvalidError(f"The MLflow run {run_id} holds no model.", do="Train again: gates train")
        return str(models[0].model_id)

    def _download(self, uri: str, name: str, target: Path) -> str:
        from mlflow.artifacts import download_artifacts

        target.mkdir(parents=True)
        subject = f"{name[0].upper()}{name[1:]}"
        with self._answering(f"download {name}", absent=f"{subject} is gone from the registry."):
            download_artifacts(uri, dst_path=str(target))
        (target / ADDED_BY_DOWNLOAD).unlink(missing_ok=True)
        if not (target / MODEL_FILE).exists():
            raise InvalidError(f"{subject} has no {MODEL_FILE}.", do="Choose another: gates history")
        return digest.of_tree(target)

    @contextmanager
    def _answering(self, doing: str, absent: str = "") -> Iterator[None]:
        """Turn MLflow's many errors into ours; what was half written may or may not have been applied."""
        from mlflow.exceptions import MlflowException
        from sqlalchemy.exc import SQLAlchemyError

        try:
            yield
        except GatesError:
            raise
        except (MlflowException, SQLAlchemyError, OSError) as error:
            code = getattr(error, "error_code", "")
            if absent and (
                code in {"RESOURCE_DOES_NOT_EXIST", "NOT_FOUND"} or isinstance(error, FileNotFoundError)
            ):
                raise InvalidError(absent, do="See what there is: gates history") from error
            raise UnavailableError(
                f"MLflow could not {doing}.",
                why=f"{_first_line(error)} A write may have been applied.",
                do=f"Check {_without_password(self.uri)}, then run the same command again.",
            ) from error


def _texts(signature: Mapping[str, Any]) -> dict[str, Any]:
    """MLflow keeps the columns of a signature as JSON in text."""
    import json

    return {name: json.dumps(value) for name, value in signature.items() if name in {"inputs", "outputs"}}


def _requirements() -> list[str]:
    from importlib.metadata import version

    return [f"{name}=={version(name)}" for name in ("numpy", "pandas", "scikit-learn", "skops")]


def _first_line(error: Exception) -> str:
    text = _without_password(str(error)).strip().splitlines()
    return f"{text[0].rstrip('.')[:300]}." if text else f"{type(error).__name__}."


def _without_password(text: str) -> str:
    return re.sub(r"://[^\s/]*@", "://…@", text)
