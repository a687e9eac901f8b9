"""MLflow's runs: one run a training, with its model, and never one that is left RUNNING."""

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gates.adapters.connection import Connection
from gates.adapters.model import SERVED_FILES, served_digest
from gates.errors import InvalidError, TamperedError


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


class Tracking(Connection):
    """The runs of one model."""

    def find_runs(self, tags: Mapping[str, str]) -> list[tuple[str, str]]:
        """Return id and commit of the FINISHED runs with these tags, newest first, at most 50.

        MLflow is asked by the model's SHA alone: in its language of filters a quote in a value is an error.
        """
        with self.answering("search runs"):
            experiment = self.client.get_experiment_by_name(self.model)
            if experiment is None:
                return []
            wanted = f"tags.model_sha = '{tags['model_sha']}' and attributes.status = 'FINISHED'"
            runs = self.client.search_runs([experiment.experiment_id], wanted, max_results=50)
            return [
                (str(run.info.run_id), str(run.data.tags.get("git_commit", "")))
                for run in runs
                if tags.items() <= run.data.tags.items()
            ]

    def holds(self, run_id: str, sha: str) -> bool:
        """Return whether the model that a run keeps still is the one with this SHA."""
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary) / "model"
            try:
                self.download(f"models:/{self.model_id(run_id)}", f"the model of run {run_id}", folder)
                return served_digest(folder) == sha
            except (InvalidError, TamperedError):
                return False

    def record(self, training: Training) -> str:
        """Record a training as one FINISHED run with its model, and return the run's id.

        Whatever goes wrong leaves the run FAILED, never RUNNING.
        """
        with self.answering("record the run"), self._run(training.started_ms, training.tags) as run_id:
            from mlflow.entities import Metric, Param

            metrics = [
                Metric(name, value, training.started_ms, step)
                for step, values in training.metrics.items()
                for name, value in values.items()
            ]
            params = [Param(name, value) for name, value in training.params.items()]
            self.client.log_batch(run_id, metrics=metrics, params=params)
            self._log_model(run_id, training)
            return run_id

    def record_failure(self, reason: str, started_ms: int, tags: Mapping[str, str]) -> None:
        """Record a training that did not reach its end as a FAILED run."""
        with self.answering("record the failed run"):
            run = self.client.create_run(
                self._experiment(), start_time=started_ms, tags={**tags, "failure": reason[:500]}
            )
            self.client.set_terminated(run.info.run_id, "FAILED")

    def delete_run(self, run_id: str) -> None:
        """Delete a run; `mlflow gc` then removes its files."""
        with self.answering("delete the run"):
            self.client.delete_run(run_id)

    def run_facts(self, run_id: str) -> dict[str, Any]:
        """Return id, status and own tags of a run.

        Raises:
            InvalidError: There is no such run, or it was deleted.
        """
        with self.answering("read the run", absent=f"There is no MLflow run {run_id!r}."):
            run = self.client.get_run(run_id)
        if run.info.lifecycle_stage != "active":
            raise InvalidError(f"The MLflow run {run_id} was deleted.", do="Train again: gates train")
        tags = {name: value for name, value in run.data.tags.items() if not name.startswith("mlflow.")}
        return {"run_id": run_id, "status": run.info.status, "tags": tags}

    def _experiment(self) -> str:
        experiment = self.client.get_experiment_by_name(self.model)
        if experiment is not None:
            return str(experiment.experiment_id)
        return str(self.client.create_experiment(self.model, self.artifact_location))

    @contextmanager
    def _run(self, started_ms: int, tags: Mapping[str, str]) -> Iterator[str]:
        run_id = self.client.create_run(
            self._experiment(), start_time=started_ms, tags=dict(tags)
        ).info.run_id
        try:
            yield run_id
        except BaseException:
            self.client.set_terminated(run_id, "FAILED")
            raise
        self.client.set_terminated(run_id, "FINISHED")

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
        made = self.client.create_logged_model(
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


def _texts(signature: Mapping[str, Any]) -> dict[str, Any]:
    """MLflow keeps the columns of a signature as JSON in text."""
    import json

    return {name: json.dumps(value) for name, value in signature.items() if name in {"inputs", "outputs"}}


def _requirements() -> list[str]:
    from importlib.metadata import version

    return [f"{name}=={version(name)}" for name in ("numpy", "pandas", "scikit-learn", "skops")]
