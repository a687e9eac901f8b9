"""Job `train`: run the stages that changed, and record the training as one MLflow run."""

import math
from contextlib import suppress
from pathlib import Path
from typing import Any

from gates import digest
from gates.adapters import dvc, git, model
from gates.adapters.model import SIGNATURE_FILE
from gates.adapters.tracking import Tracking, Training
from gates.documents import Document, read_json, read_yaml
from gates.errors import GatesError, InvalidError
from gates.run import handoff
from gates.run.project import Project, now
from gates.run.result import Result
from gates.tables import read_table

EXAMPLE_ROWS = 3


def run(project: Project, expect: str) -> Result:
    """Train what changed and return pass with the model's SHA and its run.

    Raises:
        InvalidError: A stage failed, or left no model: the run is FAILED then. Or what it left cannot be
            recorded.
        TamperedError: The manifest or the raw data is not what the job `data` handed on.
        UnavailableError: MLflow did not answer.
    """
    data = handoff.read(project, "data", expect, [project.raw])
    data_manifest = digest.of_file(project.candidate / "data.json")  # before the project's code can write
    tree = git.facts(project.root)
    started = int(now().timestamp() * 1000)
    dirty = [path for path in tree["dirty"] if path != project.lock.name]
    if dirty:
        project.say(f"uncommitted changes ({', '.join(dirty[:3])}): the lineage gate will refuse this model")
    source = {
        "git_commit": tree["commit"],
        "git_dirty": str(bool(dirty)).lower(),
        "dvc_data_md5": handoff.text(data, "data_md5"),
        "data_sha256": handoff.text(data, "data_sha256"),
        "dvc_remote": handoff.text(data, "remote"),
    }
    try:
        project.say("running the stages that changed")
        dvc.repro(project.root, project.log, lambda stage: project.say(f"running stage {stage}"))
        sha = model.served_digest(project.model_folder)
    except GatesError as error:
        with suppress(GatesError):  # what stopped the training matters more than that MLflow is down too
            Tracking(project.root, project.model).record_failure(error.what, started, source)
        raise
    project.say("recording the run in MLflow")
    run_id, found = _record(project, sha, source, started)
    facts = {
        "data": data_manifest,
        **{field: handoff.text(data, field) for field in ("data_sha256", "data_md5", "remote")},
        "model_sha": sha,
        "run_id": run_id,
        "lock_sha256": digest.of_file(project.lock),
        "train_sha256": digest.of_file(project.root / project.policy.project.data.train),
    }
    served = [project.model_folder / name for name in model.SERVED_FILES]
    handed = [*served, handoff.hand_on_lock(project), project.features, project.labels]
    written = handoff.write(project, "train", facts, handed)
    how = "known run" if found else "run"
    return Result("pass", f"Model {sha[:12]}, {how} {run_id[:8]}.", digest=written, details=facts)


def _record(project: Project, sha: str, source: dict[str, str], started: int) -> tuple[str, bool]:
    """Return the run of this model, and whether MLflow knew it already."""
    # Before MLflow is imported: skops looks through all modules there are, 0.4 s longer with those of MLflow.
    training = _training(project, sha, source, started)
    tracking = Tracking(project.root, project.model)
    wanted = {name: value for name, value in training.tags.items() if name != "git_commit"}
    known = tracking.find_runs(wanted)
    contained = git.facts(project.root, [commit for _, commit in known])["contains"]
    for run_id, commit in known:
        # A run whose tags or model were changed is left to the auditor; the training is recorded anew.
        if commit in contained and tracking.holds(run_id, sha):
            return run_id, True
    return tracking.record(training), False


def _training(project: Project, sha: str, source: dict[str, str], started: int) -> Training:
    """Collect a training from the outputs of its stages, so that a cached one can be recorded too."""
    folder = project.model_folder
    types = project.policy.project.trusted_types
    estimator = model.load(folder, sha, types)
    table = read_table(project.root / project.policy.project.data.train)
    metrics = read_json(project.root / project.policy.project.training.metrics)
    tags = {**source, "model_sha": sha, "train_rows": str(len(table)), "train_range": _range(table)}
    return Training(
        model=estimator,
        folder=folder,
        signature=read_json(folder / SIGNATURE_FILE),
        example=table[model.input_columns(folder)].head(EXAMPLE_ROWS),
        params=_params(project.lock),
        metrics=_staged(metrics, project.policy.project.training.metrics),
        tags=tags,
        trusted_types=types,
        started_ms=started,
    )


def _params(lock: Path) -> dict[str, str]:
    """Return every parameter that a stage has read, as dvc.lock has it."""
    try:
        return {
            name: str(value)
            for stage in read_yaml(lock).get("stages", {}).values()
            for values in stage.get("params", {}).values()
            for name, value in values.items()
        }
    except AttributeError as error:
        raise InvalidError(f"{lock} lists parameters as DVC does not.", do="dvc repro --force") from error


def _staged(document: Document, name: str) -> dict[int, dict[str, float]]:
    try:
        return {int(each["step"]): dict(each["metrics"]) for each in document["staged"]}
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidError(
            f"{name} has no staged metrics: {error}.",
            do='Write {"staged": [{"step": 1, "metrics": {"auc": 0.8}}]} in the train stage.',
        ) from error


def _range(table: Any) -> str:  # noqa: ANN401 - a DataFrame
    """Return lowest and highest value of each numeric column, short enough for a tag."""
    numeric = table.select_dtypes("number")
    spans = {name: [float(numeric[name].min()), float(numeric[name].max())] for name in numeric.columns[:40]}
    return digest.canonical_json(
        {name: span for name, span in spans.items() if math.isfinite(sum(span))}
    ).decode()
