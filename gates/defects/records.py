"""Defects of what a model was made of: what a file, git or a run says of it is not what is there."""

from typing import Any

from gates.defects.case import GIT, LOCK, PARAMS, PIPELINE, RUN, Case, Changes, NotApplicableError, afterwards
from gates.documents import Document
from gates.stages import files

OTHER = "f" * 64
LINEAGE = ("lineage",)
ALWAYS = "the gate lineage, always"
METRICS = "the file among the metrics of a stage in dvc.yaml"


def model_swapped(case: Case) -> Changes:
    """Change the last byte of the model file."""
    name = f"{case.policy.project.training.model}/model.skops"
    content = (case.root / name).read_bytes()
    return {name: content[:-1] + bytes([content[-1] ^ 1])}


def metric_forged(case: Case) -> Changes:
    """Write 1 for every figure in the metrics of the training."""
    name = case.policy.project.training.metrics
    return case.edited(name, lambda document: document.update(_perfect(document)))


def code_edited(case: Case) -> Changes:
    """Write a line more into a stage's code."""
    lock, pipeline = case.root / LOCK, case.root / PIPELINE
    name = next((each for each in files(lock, pipeline) if each.endswith((".py", ".sh", ".R"))), None)
    if name is None:
        raise NotApplicableError("no stage depends on code (deps in dvc.yaml)")
    return {name: (case.root / name).read_bytes() + b"\n# one line more\n"}


def lock_edited(case: Case) -> Changes:
    """Write into dvc.lock that another file came out of the last stage."""

    def edit(document: Document) -> None:
        *_, last = (each for each in document["stages"].values() if each.get("outs"))
        last["outs"][0]["md5"] = OTHER[:32]

    return case.edited(LOCK, edit)


def parameter_changed(case: Case) -> Changes:
    """Change a parameter that a stage has read."""
    for stage in case.document(LOCK)["stages"].values():
        for name, value in stage.get("params", {}).get(PARAMS, {}).items():
            if isinstance(value, int | float) and not isinstance(value, bool):
                return case.setting(name, value + 1)
    raise NotApplicableError(f"no stage reads a number from {PARAMS}")


def uncommitted(case: Case) -> Changes:
    """Let git say that the pipeline was edited and not committed."""
    return case.edited(GIT, lambda facts: facts.update(dirty=[PIPELINE]))


def unknown_commit(case: Case) -> Changes:
    """Let git say that it has no commit of that name."""
    return case.edited(GIT, lambda facts: facts.update(known=False))


def other_branch(case: Case) -> Changes:
    """Let git say that this commit does not contain the one that the model was trained at."""
    return case.edited(GIT, lambda facts: facts.update(contains=[]))


def trained_dirty(case: Case) -> Changes:
    """Let the run say that it was made from a tree with uncommitted changes."""
    return case.edited(RUN, lambda run: run["tags"].update(git_dirty="true"))


def run_failed(case: Case) -> Changes:
    """Let the run be a failed one."""
    return case.edited(RUN, lambda run: run.update(status="FAILED"))


def other_data_in_run(case: Case) -> Changes:
    """Let the run name other raw data."""
    return case.edited(RUN, lambda run: run["tags"].update(data_sha256=OTHER))


def other_model_in_run(case: Case) -> Changes:
    """Let the run name another model."""
    return case.edited(RUN, lambda run: run["tags"].update(model_sha=OTHER))


def tag_removed(case: Case) -> Changes:
    """Take the number of training rows out of the run's tags."""
    return case.edited(RUN, lambda run: run["tags"].pop("train_rows"))


def _perfect(value: Any) -> Any:  # noqa: ANN401 - plain JSON
    if isinstance(value, dict):
        return {name: _perfect(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_perfect(each) for each in value]
    return 1.0 if isinstance(value, float) else value


DEFECTS = (
    afterwards(
        "swapped model",
        "The model file is another one than the job train handed on.",
        ("hand-over", "lineage"),
        model_swapped,
        "the digests that jobs hand on, always",
    ),
    afterwards(
        "forged metric",
        "The metrics of the training say that it was perfect.",
        LINEAGE,
        metric_forged,
        METRICS,
    ),
    afterwards("code edited", "A stage's code has one line more.", LINEAGE, code_edited, ALWAYS),
    afterwards("changed dvc.lock", "dvc.lock names another output.", LINEAGE, lock_edited, ALWAYS),
    afterwards(
        "parameter changed",
        "A parameter is another one than it was trained with.",
        LINEAGE,
        parameter_changed,
        ALWAYS,
    ),
    afterwards(
        "uncommitted tree", "The pipeline was edited and not committed.", LINEAGE, uncommitted, ALWAYS
    ),
    afterwards(
        "unknown commit", "The commit of the run is not in the repository.", LINEAGE, unknown_commit, ALWAYS
    ),
    afterwards(
        "another branch",
        "The run was made at a commit that is no part of this one.",
        LINEAGE,
        other_branch,
        ALWAYS,
    ),
    afterwards(
        "trained uncommitted",
        "The run was made from a tree with uncommitted changes.",
        LINEAGE,
        trained_dirty,
        ALWAYS,
    ),
    afterwards("failed run", "The run is not a finished one.", LINEAGE, run_failed, ALWAYS),
    afterwards("data of another run", "The run names other raw data.", LINEAGE, other_data_in_run, ALWAYS),
    afterwards("model of another run", "The run names another model.", LINEAGE, other_model_in_run, ALWAYS),
    afterwards(
        "tag removed", "The run does not say how many rows it was trained on.", LINEAGE, tag_removed, ALWAYS
    ),
)
