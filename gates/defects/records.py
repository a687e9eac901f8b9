"""Defects of the records: what a job, a run or a decision says is not what is there."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from gates import human_parts
from gates.defects.case import (
    GIT,
    LOCK,
    PARAMS,
    PIPELINE,
    RUN,
    STATEMENT,
    WAIVED,
    Case,
    Changes,
    Defect,
    NotApplicableError,
)
from gates.documents import Document
from gates.stages import files

OTHER = "f" * 64
NO_COMMIT = "0" * 40
LINEAGE, PROMOTE, POLICY = ("lineage",), ("promote",), ("policy",)
AUTHOR = "what promote asks, always"
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


def commit_moved(case: Case) -> Changes:
    """Let another commit be checked out than the one that was judged."""
    return case.edited(GIT, lambda facts: facts.update(commit=NO_COMMIT))


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


def threshold_changed(case: Case) -> Changes:
    """Allow requests twice the time, after the candidate was judged."""
    allowed = float(getattr(case.policy.block("latency"), "p99_ms", 0.0))
    return case.setting("gates.latency.p99_ms", 2.0 * allowed)


def gate_switched_off(case: Case) -> Changes:
    """Let the first gate that blocks only report, after the candidate was judged."""
    first = next(name for name, block in case.policy.gates.items() if block.mode == "block")
    return case.setting(f"gates.{first}.mode", "report")


def gate_removed(case: Case) -> Changes:
    """Take the gate golden out of the policy."""
    return case.edited(PARAMS, lambda params: params["gates"].pop("golden"))


def waiver_expired(case: Case) -> Changes:
    """Let the waivers that are in use have ended yesterday."""
    if not case.waived:
        raise NotApplicableError("no finding of a gate that blocks is waived")
    yesterday = (case.today - timedelta(days=1)).isoformat()

    def edit(params: Document) -> None:
        for waiver in params["gates"]["waivers"]:
            waiver["expires"] = yesterday

    return case.edited(PARAMS, edit)


def figure_forged(case: Case) -> Changes:
    """Write a better figure into the decision than was measured."""

    def edit(document: Document) -> None:
        for verdict in document["predicate"]["verdicts"]:
            finding = verdict["findings"][0]
            if finding["name"] in verdict["measurements"]:
                better = 1.0 if finding["sense"] == "at most" else -1.0
                verdict["measurements"][finding["name"]] -= better * (abs(finding["limit"]) + 1.0)
                return

    return case.edited(STATEMENT, edit)


def verdict_dropped(case: Case) -> Changes:
    """Take a verdict out of the decision."""
    return case.edited(STATEMENT, lambda document: document["predicate"]["verdicts"].pop(0))


def decision_of_long_ago(case: Case) -> Changes:
    """Date the decision before the days for which it holds."""
    days = case.policy.project.decision_days + 1
    day = (case.decision.judged_on - timedelta(days=days)).isoformat()
    return case.edited(STATEMENT, lambda document: document["predicate"].update(judged_on=day))


def not_said(case: Case) -> Changes:
    """Take a part that the policy requires, the owner if it is one, out of what people say of the model."""
    required: tuple[str, ...] = getattr(case.policy.gates.get("documentation"), "required", ())
    waived = {each.finding for each in case.policy.waivers if each.gate == "documentation"}
    held = sorted(
        (each for each in required if f"said/{each}" not in waived), key=lambda each: each != "owner"
    )
    if not held:
        raise NotApplicableError("the policy asks nobody to say anything (gates.documentation.required)")
    return case.edited(human_parts.NAME, lambda said: said.update({held[0]: ""}))


def _perfect(value: Any) -> Any:  # noqa: ANN401 - plain JSON
    if isinstance(value, dict):
        return {name: _perfect(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_perfect(each) for each in value]
    return 1.0 if isinstance(value, float) else value


def _afterwards(
    name: str, planted: str, expected: tuple[str, ...], plant: Callable[[Case], Changes], held_by: str
) -> Defect:
    return Defect(name, planted, expected, plant, held_by, in_the_making=False)


DEFECTS = (
    _afterwards(
        "swapped model",
        "The model file is another one than the job train handed on.",
        ("hand-over", "lineage"),
        model_swapped,
        "the digests that jobs hand on, always",
    ),
    _afterwards(
        "forged metric",
        "The metrics of the training say that it was perfect.",
        LINEAGE,
        metric_forged,
        METRICS,
    ),
    _afterwards("code edited", "A stage's code has one line more.", LINEAGE, code_edited, ALWAYS),
    _afterwards("changed dvc.lock", "dvc.lock names another output.", LINEAGE, lock_edited, ALWAYS),
    _afterwards(
        "parameter changed",
        "A parameter is another one than it was trained with.",
        LINEAGE,
        parameter_changed,
        ALWAYS,
    ),
    _afterwards(
        "uncommitted tree", "The pipeline was edited and not committed.", LINEAGE, uncommitted, ALWAYS
    ),
    _afterwards(
        "unknown commit", "The commit of the run is not in the repository.", LINEAGE, unknown_commit, ALWAYS
    ),
    _afterwards(
        "another branch",
        "The run was made at a commit that is no part of this one.",
        LINEAGE,
        other_branch,
        ALWAYS,
    ),
    _afterwards(
        "trained uncommitted",
        "The run was made from a tree with uncommitted changes.",
        LINEAGE,
        trained_dirty,
        ALWAYS,
    ),
    _afterwards("failed run", "The run is not a finished one.", LINEAGE, run_failed, ALWAYS),
    _afterwards("data of another run", "The run names other raw data.", LINEAGE, other_data_in_run, ALWAYS),
    _afterwards("model of another run", "The run names another model.", LINEAGE, other_model_in_run, ALWAYS),
    _afterwards(
        "tag removed", "The run does not say how many rows it was trained on.", LINEAGE, tag_removed, ALWAYS
    ),
    _afterwards(
        "changed threshold",
        "A limit is twice as high as when the candidate was judged.",
        PROMOTE,
        threshold_changed,
        AUTHOR,
    ),
    _afterwards(
        "gate switched off",
        "A gate that blocked only reports, since the candidate was judged.",
        PROMOTE,
        gate_switched_off,
        AUTHOR,
    ),
    _afterwards(
        "gate removed",
        "The policy has no block of the gate golden.",
        POLICY,
        gate_removed,
        "gates policy, always",
    ),
    Defect(
        "waiver expired",
        "The waivers in use have ended.",
        (WAIVED,),
        waiver_expired,
        "the last day of a waiver, always",
    ),
    Defect(
        "no owner",
        "model_card.yaml does not say who answers for the model, or another part that the policy requires.",
        ("documentation",),
        not_said,
        "required of gates.documentation",
    ),
    _afterwards(
        "forged verdict",
        "The decision tells a better figure than was measured.",
        PROMOTE,
        figure_forged,
        AUTHOR,
    ),
    _afterwards(
        "verdict dropped", "The decision has no verdict of one gate.", PROMOTE, verdict_dropped, AUTHOR
    ),
    _afterwards(
        "decision of long ago", "The decision is older than it may be.", PROMOTE, decision_of_long_ago, AUTHOR
    ),
    _afterwards(
        "another commit",
        "Another commit is checked out than the one that was judged.",
        PROMOTE,
        commit_moved,
        AUTHOR,
    ),
)
