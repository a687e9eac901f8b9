"""A project whose five jobs have handed on what the gates ask for, with a real registry and a real commit."""

import subprocess
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from gates import statement
from gates.adapters import behaviour, git, replay
from gates.adapters.console import Screen
from gates.adapters.model import SERVED_FILES
from gates.adapters.registry import Registry
from gates.digest import canonical_json
from gates.documents import read_json
from gates.run import handoff, judge
from gates.run.judge import Expected
from gates.run.project import Project, now
from gates.run.result import Result
from gates.statement import Decision
from tests.adapters import mlflow_models
from tests.checks import project as checked
from tests.checks.project import sha256

__all__ = ["Judged", "build", "commit", "hand_on", "sha256"]

IGNORED = "candidate/\nevidence/\n.gates/\nmlruns/\nmlflow.db\nlog\n"


@dataclass(frozen=True)
class Judged:
    """A project and the digests that its jobs told."""

    root: Path
    told: Expected

    @property
    def project(self) -> Project:
        """The project as the next command opens it."""
        return Project(self.root, self.root / "log", Screen())

    @property
    def registry(self) -> Registry:
        """The project's registry."""
        return Registry(self.root, "churn")

    def copy(self, root: Path) -> "Judged":
        """Return a twin in another folder."""
        mlflow_models.copy(self.root, root)
        return replace(self, root=root)

    def judge(self, told: Expected | None = None, today: date | None = None) -> Result:
        """Run the job."""
        return judge.run(self.project, told or self.told, today or now().date(), "")

    @property
    def decision(self) -> Decision:
        """What the job has decided."""
        return statement.from_document(read_json(self.root / "evidence/statement.json"))

    def decide(self, decision: Decision) -> None:
        """Write another decision in its place, in the form that is ours."""
        path = self.root / "evidence/statement.json"
        path.write_bytes(canonical_json(statement.to_document(decision)))


def build(root: Path, prepare: Callable[[checked.Project], object] = lambda _: None) -> Judged:
    """Write a project that is about to be judged, and passes as the first model.

    Args:
        root: Its folder.
        prepare: Changes the project before it is committed, and its run recorded.
    """
    root.mkdir(exist_ok=True)
    template = checked.build(root)
    prepare(template)
    template.edit(
        "params.yaml", lambda params: params["gates"].update(trusted_types=[*mlflow_models.TRUSTED])
    )
    template.change("predictions", lambda scores: scores.drop(columns="champion"))
    template.write_document("candidate/latency.json", checked.latency(challenger=checked.seconds(0.010)))
    template.write_behaviour(challenger=checked.BEHAVIOUR)
    training = mlflow_models.training(root / "models/churn")
    (root / "candidate" / replay.NAME).write_bytes(mlflow_models.answers(training.model))
    template.lock()
    (root / ".gitignore").write_text(IGNORED)
    subprocess.run(["git", "init", "--quiet"], cwd=root, check=True)
    commit(root)
    project = Project(root, root / "log", Screen())
    facts: dict[str, Any] = template.document("candidate/train.json")
    facts["model_sha"] = training.tags["model_sha"]
    tags = template.document("candidate/run.json")["tags"]
    tags |= {"model_sha": facts["model_sha"], "git_commit": git.head(root)}
    facts["run_id"] = mlflow_models.tracking(root).record(replace(training, tags=tags))
    data = {name: facts[name] for name in ("data_sha256", "data_md5", "remote")}
    written = handoff.write(project, "data", data, [project.raw])
    served = [project.model_folder / name for name in SERVED_FILES]
    handed = [*served, handoff.hand_on_lock(project), project.features, project.labels]
    train = handoff.write(project, "train", {**facts, "data": written}, handed)
    return Judged(root, hand_on(project, written, train))


def commit(root: Path) -> None:
    """Commit what was edited."""
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgsign=false"]
    for command in (["add", "."], ["commit", "--quiet", "--message", "edit"]):
        subprocess.run(["git", *identity, *command], cwd=root, check=True)


def hand_on(project: Project, data: str, train: str, champion: object = None) -> Expected:
    """Hand on the predictions, and return what the three jobs tell."""
    names = ("predictions.parquet", "latency.json", replay.NAME, behaviour.RESULT)
    handed = [project.candidate / name for name in names]
    predict = handoff.write(project, "predict", {"train": train, "champion": champion}, handed)
    return Expected(predict, train, data)
