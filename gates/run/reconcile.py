"""`gates reconcile`: what moved in MLflow without the ledger, told and put back."""

import tempfile
from dataclasses import replace
from pathlib import Path

from gates import digest
from gates.adapters.registry import Registry, Version
from gates.adapters.tracking import Tracking
from gates.break_glass import Approval
from gates.errors import ConflictError, InvalidError, TamperedError, UndecidedError
from gates.ledger import Champion, History
from gates.plans import reconcile as plans
from gates.plans.reconcile import Deviation, Held, Proof, Seen
from gates.run import known, rollback, serving
from gates.run.carry_out import carry_out
from gates.run.project import Project, now
from gates.run.result import Result


def run(project: Project, *, repair: bool) -> Result:
    """Compare MLflow with the ledger; with ``repair``, put back what can be put back and note it.

    Raises:
        TamperedError: The ledger itself does not verify.
        UnavailableError: A system did not answer.
    """
    with known.told(known.NOTHING_CHANGED):
        registry = Registry(project.root, project.model)
        project.say("comparing MLflow with the ledger")
        history, found = compared(project, registry)
    if repair:
        found = _break_glass_ended(project, history, found)
    if not found:
        return Result("pass", "MLflow is as the ledger says.", details={"deviations": []})
    if repair:
        carry_out(project, registry, plans.plan(history, found), history)
    told = " ".join(
        f"{each.what} {'Put back.' if repair and not each.do else each.do}".rstrip() for each in found
    )
    return Result(
        "tampered",
        told,
        look="gates history" if repair else "gates reconcile --repair",
        details={"deviations": [each.to_document() for each in found], "repaired": repair},
    )


def _break_glass_ended(project: Project, history: History, found: list[Deviation]) -> list[Deviation]:
    """Roll back a break-glass that is over: the move that was found, and no later one.

    Returns:
        What was found, without it where somebody has ended it meanwhile, and with what to do where nobody
        can serve instead.
    """
    others = [each for each in found if each.kind != "break-glass"]
    if others == found:
        return found
    do, undoing = "", history.moved.sha256 if history.moved else ""
    try:
        rollback.run(project, "previous", "the break-glass is over", apply=True, undoing=undoing)
    except ConflictError:
        return others
    except (UndecidedError, rollback.NoneVerifiesError) as error:
        do = f"{error.what} It serves until another is promoted: gates ship"
    return [each if each in others else replace(each, do=do) for each in found]


def compared(project: Project, registry: Registry) -> tuple[History, list[Deviation]]:
    """Return the ledger and what is not as it says, of one moment.

    Who moves the champion meanwhile changes first the one and then the other; then it is looked at anew.
    """
    history = project.history()
    while found := deviations(project, registry, history):
        before, history = history, project.history()
        if history.moved == before.moved:
            break
    return history, found


def deviations(project: Project, registry: Registry, history: History) -> list[Deviation]:
    """Return what is not as the ledger says."""
    tracking = Tracking(project.root, project.model, registry.patience)
    served = dict.fromkeys(reversed(history.served))
    seen = Seen(
        alias=registry.champion_version(),
        versions={each.version: Held(each.stage, _known(each)) for each in registry.versions()},
        proofs=[_proof(project, registry, tracking, history, each) for each in served],
        approval=_approval(project, history),
        moment=now(),
    )
    return list(plans.deviations(history, seen))


def _approval(project: Project, history: History) -> Approval | None:
    """Return the approval by which the champion came in; that it does not hold is said of its statement."""
    if history.champion is None or history.champion.approval is None:
        return None
    try:
        return serving.approval(project, history, history.champion)
    except TamperedError:
        return None


def _proof(
    project: Project, registry: Registry, tracking: Tracking, history: History, champion: Champion
) -> Proof:
    """Look whether files, statement and run of who served are there."""
    whole, gone, statement, run = "", "", "", ""
    with tempfile.TemporaryDirectory() as temporary:
        try:
            whole = registry.fetch(champion.version, Path(temporary) / "model")
        except InvalidError as error:
            gone = error.what
    try:
        run = _run(project, tracking, history, champion)
    except TamperedError as error:
        statement = error.what
    return Proof(champion, whole, gone, statement, run)


def _run(project: Project, tracking: Tracking, history: History, champion: Champion) -> str:
    """Return what is wrong with the run behind a champion.

    Raises:
        TamperedError: The statement that says what it was does not hold.
    """
    decision = serving.decision(project, history, champion)
    judged = next((each.inputs.get("run") for each in decision.verdicts if each.gate == "lineage"), None)
    try:
        facts = tracking.run_facts(champion.run_id)
    except InvalidError as error:
        return error.what
    if judged in (None, digest.of_document(facts)):
        return ""
    return f"The run {champion.run_id} of version {champion.version} was edited after it was judged."


def _known(version: Version) -> str:
    by = f" by {version.user}" if version.user else ""
    return f"Version {version.version} was last changed at {version.changed}{by}."
