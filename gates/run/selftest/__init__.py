"""`gates selftest`: defects are planted in a copy of the project, one by one; each has to be caught.

A gate that never says no is worth nothing, and neither is one that always does: the copy without a defect,
and the copy whose files were all written anew, have to pass.
"""

import time
from collections.abc import Sequence

from gates import defects, statement
from gates.defects import Changes, Defect, NotApplicableError
from gates.defects.case import PARAMS, STATEMENT
from gates.documents import read_json
from gates.errors import InvalidError
from gates.run.project import Project
from gates.run.result import Result
from gates.run.selftest import ask, copy, proof, sound, train
from gates.run.selftest.ask import Heard
from gates.run.selftest.copy import Copy
from gates.run.selftest.proof import Tried
from gates.statement import Decision
from gates.verdict import Outcome

AGAIN = "gates ship --until judge"
FROM_JOBS = ("train.json", "predict.json", "git.json", "run.json", "serving.json", "predictions.parquet")
TABLES = ("raw", "train", "features", "labels", "predictions")


def run(project: Project, planted: Sequence[Defect] = defects.ALL, *, retrain: bool = False) -> Result:
    """Plant every defect, and say who caught it; fail where those missed one who are to catch it.

    Args:
        project: The project, with the candidate of its last judgement; it is only read.
        planted: The defects.
        retrain: Plant those too that are trained on, by running the project's own stages in the copy.

    Raises:
        InvalidError: Nothing was judged here, or the last candidate did not pass.
        UnavailableError: The disk is full.
    """
    approver = _approver(project)
    begun = time.monotonic()
    with copy.of(project) as made, project.screen.step("selftest") as show:
        show("without a defect")
        no_champion = sound.give_champion(made)
        heard = ask.everybody(made, ask.told(made), promotes=False, approver=approver)
        if heard.objections:
            return _refused(heard, "The copy without a defect does not pass")
        decision = sound.decide(made, heard)
        heard = _written_anew(made, decision, TABLES)
        if heard.objections:
            return _refused(heard, "A copy whose files were written anew, without a defect, does not pass")
        if retrain:
            show("trained anew without a defect")
            heard = _written_anew(made, decision, ("train",), retrains=True)
            if heard.objections:
                return _refused(heard, "A copy that was trained anew, without a defect, does not pass")
        tried = []
        for defect in planted:
            show(defect.name)
            tried.append(_tried(made, decision, defect, retrain=retrain))
    return proof.answer(project.policy, tried, time.monotonic() - begun, no_champion)


def _approver(project: Project) -> str:
    """Return who approved the candidate of the last judgement, if anybody had to.

    Raises:
        InvalidError: There is none, or it did not pass.
    """
    path = project.root / STATEMENT
    absent = [each for each in (*(project.candidate / name for name in FROM_JOBS), path) if not each.exists()]
    if absent:
        raise InvalidError(
            "There is no judged candidate to plant defects in.",
            why=f"{absent[0]} is absent.",
            do=f"Judge one, then test: {AGAIN}; gates selftest",
        )
    decision = statement.from_document(read_json(path), str(path))
    if decision.outcome is not Outcome.PASS:
        names = ", ".join(each.gate for each in statement.blocking(decision.verdicts))
        raise InvalidError(
            f"The last candidate did not pass: {names}.",
            why="Whether a defect is noticed shows only where everything else is right.",
            do=f"Judge one that passes, then test: {AGAIN}; gates selftest",
        )
    return _approved(decision)


def _approved(decision: Decision) -> str:
    """Return who approved a first model; empty where nobody had to."""
    return next(
        (each.inputs.get("approver", "") for each in decision.verdicts if each.gate == "champion"), ""
    )


def _written_anew(made: Copy, decision: Decision, tables: Sequence[str], *, retrains: bool = False) -> Heard:
    """Plant nothing as every defect is planted: tables and policy are written again as they are."""
    case = sound.case(made, decision)
    changes: dict[str, bytes] = {**case.edited(PARAMS, lambda _: None)}
    for name in tables:
        changes |= case.written_anew(name)
    with made.planted():
        return _heard(made, decision, changes, in_the_making=True, retrains=retrains)


def _tried(made: Copy, decision: Decision, defect: Defect, *, retrain: bool) -> Tried:
    """Plant one defect, ask everybody, and take it out again."""
    begun = time.monotonic()
    try:
        if defect.retrains and not retrain:
            raise NotApplicableError("it takes a training: gates selftest --retrain")
        case = sound.case(made, decision)
        expected, changes = defect.expected_in(case), defect.plant(case)
        with made.planted():
            heard = _heard(
                made, decision, changes, in_the_making=defect.in_the_making, retrains=defect.retrains
            )
    except NotApplicableError as error:
        return proof.not_applicable(defect, str(error))
    return proof.heard(defect, expected, heard, time.monotonic() - begun)


def _heard(
    made: Copy, decision: Decision, changes: Changes, *, in_the_making: bool, retrains: bool = False
) -> Heard:
    """Write the changes, with records that fit them or as somebody who wrote there afterwards, and ask."""
    case, told = sound.case(made, decision), ask.told(made)
    made.write(changes)
    if retrains:
        try:
            scores = train.run(made, case, changes)
        except InvalidError as error:
            return Heard((ask.objection(made.project, "train", error),), ())
        made.write(scores)
        changes = {**changes, **scores}
    if in_the_making:
        sound.fit(made, case, changes)
        told = ask.told(made)
    return ask.everybody(
        made, told, promotes=not in_the_making, approver=_approved(decision), sound=decision.verdicts
    )


def _refused(heard: Heard, what: str) -> Result:
    """Answer that the gates refuse what has no defect: whatever they catch then proves nothing."""
    told = "; ".join(f"{each.who}: {each.why}" for each in heard.objections)
    sentence = f"{what}, so that to refuse a defect would prove nothing. {told}"
    return Result("fail", sentence, look=AGAIN, details={"defects": [], "refused": heard.who})
