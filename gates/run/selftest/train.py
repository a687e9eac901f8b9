"""Training in the copy: the stages below what a defect changed, then the answers of the new model."""

from gates import stages
from gates.adapters import answers, process
from gates.defects import Case, Changes, NotApplicableError
from gates.defects.case import LOCK, PIPELINE
from gates.errors import InvalidError
from gates.run.selftest.copy import Copy
from gates.run.ship import WITHHELD

ANSWERS = "candidate/answers.parquet"


def run(made: Copy, case: Case, changed: Changes) -> Changes:
    """Run the user's own stages that read what was changed, and return the change of the scores.

    Raises:
        NotApplicableError: No stage reads it.
        InvalidError: A stage failed, or the model that it left does not answer.
    """
    project = made.project
    downstream = stages.downstream(made.root / LOCK, made.root / PIPELINE, {*changed})
    if not downstream:
        raise NotApplicableError("no stage of dvc.yaml names the training table among its deps")
    for stage in downstream:
        made.remember(stage.outs)
        for command in stage.commands:
            _run(made, stage, command)
    made.remember([ANSWERS])
    answers.ask(
        project.model_folder,
        project.features,
        case.key,
        made.root / ANSWERS,
        trusted_types=project.policy.project.trusted_types,
        task=case.task,
        log=project.log,
    )
    return case.scored(made.root / ANSWERS)


def _run(made: Copy, stage: stages.Stage, command: str) -> None:
    """Run a command as DVC does, in a shell; it is the user's code, and sees what the job `train` does."""
    ended = process.run(
        ["/bin/sh", "-c", command],
        cwd=made.root / stage.folder,
        env=dict.fromkeys(WITHHELD["train"]),
        log=made.project.log,
        merge=True,
    )
    if ended.code:
        raise InvalidError(
            f"The stage {stage.name} failed.", why=" | ".join(ended.tail[-2:]), do=f"See {made.project.log}"
        )
