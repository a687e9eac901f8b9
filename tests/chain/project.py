"""A user's project on disk, and the commands that a user runs in it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlflow import MlflowClient

from gates import digest
from tests.adapters import mlflow_models
from tests.shell import Shell, copy_project, environment, unhurried

MODEL = "churn"
# Encoding one row of a table takes 12 ms, the model itself a third of one: no test here is about the first.
ANSWER = "return model[-1].predict_proba([[0] * model[-1].n_features_in_])"


@dataclass(frozen=True)
class Project(Shell):
    """A folder with what git keeps of a project."""

    def git(self, *arguments: str) -> str:
        """Run git, and return what it printed."""
        return self.must("git", *arguments).strip()

    def commit(self) -> str:
        """Commit what was edited, but for the dvc.lock of a ship, and return the commit."""
        self.git("commit", "--quiet", "--message", "edit", "--", ".", ":!dvc.lock")
        return self.git("rev-parse", "HEAD")

    def copy(self, folder: Path) -> "Project":
        """Return a copy that shares nothing with this: MLflow's absolute paths name the copy."""
        mlflow_models.copy(self.path, folder)
        return Project(folder, self.environment)

    @property
    def mlflow(self) -> MlflowClient:
        """A client of this project's tracking server and registry."""
        uri = f"sqlite:///{self.path / 'mlflow.db'}"
        return MlflowClient(uri, uri)

    def alias(self) -> str:
        """Return the version that the alias in MLflow names."""
        return str(self.mlflow.get_model_version_by_alias(MODEL, "champion").version)

    def runs(self) -> dict[str, str]:
        """Return the id of every MLflow run with its status."""
        found = self.mlflow.search_runs([each.experiment_id for each in self.mlflow.search_experiments()])
        return {run.info.run_id: run.info.status for run in found}

    def artifacts(self, version: str) -> Path:
        """Return the folder in which the registry keeps a version."""
        location = self.mlflow.get_model_version_download_uri(MODEL, version).removeprefix("file://")
        return Path(location)

    def champion(self) -> dict[str, Any] | None:
        """Return the champion as `gates status --json` tells it."""
        found: dict[str, Any] | None = self.gates("status", "--json").json["champion"]
        return found

    def sha(self) -> str:
        """Return the SHA of the model that the last training left."""
        return digest.of_tree(self.path / "models" / MODEL)

    def kept(self) -> dict[str, str]:
        """Return the digest of every file of ledger and evidence, but the page: bad input touches none."""
        return {
            path.relative_to(self.path).as_posix(): digest.of_file(path)
            for folder in (".gates/ledger", "evidence")
            for path in sorted((self.path / folder).rglob("*"))
            if path.is_file() and path.name != "report.html"
        }

    def handed_on(self, job: str, **facts: Any) -> None:  # noqa: ANN401 - whatever a manifest holds
        """Edit the manifest of a job; its files are listed as they are now."""
        path = self.path / "candidate" / f"{job}.json"
        document = json.loads(path.read_bytes()) | facts
        document["files"] = {name: digest.of_file(self.path / name) for name in document["files"]}
        path.write_bytes(digest.canonical_json(document))


def new(folder: Path, state: Path) -> Project:
    """Make a project as a user has it after the clone: committed, its bucket filled, nothing run."""
    copy_project(folder)
    project = Project(folder, environment(state))
    project.edit("params.yaml", "requests: 2000", "requests: 300")
    unhurried(folder / "params.yaml")
    project.edit("tests/latency/test_latency.py", "return model.predict_proba(row)", ANSWER)
    project.git("init", "--quiet", "--initial-branch", "main")
    project.git("add", "--all")
    project.git("commit", "--quiet", "--message", "first")
    project.must("python", "scripts/fill_bucket.py")
    return project
