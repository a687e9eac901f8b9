"""Carrying out the steps of a plan: objects, registry, ledger, alias, in this order."""

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from gates import break_glass, ledger, statement
from gates.adapters import files, github, model
from gates.adapters.registry import ContestedError, Registry
from gates.envelope import seal, unseal
from gates.errors import ConflictError, TamperedError
from gates.ledger import Champion, History
from gates.plans.steps import Append, Approve, ClearStage, PointAlias, Put, Register, RemoveAlias, Sign, Step
from gates.public_keys import Signer
from gates.run import known, seen
from gates.run.project import Project, now
from gates.run.signing import trusted_signer

CONFIRMED = Path(".gates") / "confirmed"
CONTESTS = 20  # so often somebody else may be quicker with the alias, before the next run has to see to it


def carry_out(
    project: Project,
    registry: Registry,
    steps: Sequence[Step],
    planned: History,
    approvers: Sequence[Signer] = (),
) -> History:
    """Carry out steps and return the history afterwards.

    Args:
        project: The project.
        registry: Where the model is registered.
        steps: What to do, in order.
        planned: The history that the steps were planned from: an entry follows its head, or is a conflict.
        approvers: Who signs an approval.

    Raises:
        ConflictError: Somebody else appended first.
        TamperedError: What the registry holds is not what was judged.
        UnavailableError: A system did not answer; running the same command again completes the rest.
    """
    kept: str | None = None
    approved: str | None = None
    registered: Champion | None = None
    stage = known.NOT_YET
    for step in steps:
        stage = known.UNKNOWN if isinstance(step, Append) else stage
        with known.told(stage):
            match step:
                case Sign():
                    project.say("signing the decision")
                    kept = _sign(project, step)
                case Put():
                    project.store.put(step.data)
                case Approve():
                    project.say("signing the approval")
                    approved = _approve(project, step, approvers)
                case Register():
                    if kept is None:
                        raise ValueError("a champion has its statement: Sign comes before Register")
                    project.say("registering the model")
                    registered = replace(_register(project, registry, step, kept), approval=approved)
                case Append():
                    project.say("appending to the ledger")
                    target = step.target or registered
                    if target is None and step.kind in ledger.MOVES:
                        raise ValueError("an entry that moves needs a target: Register comes first")
                    append(project, planned, step, target, kept)
                case PointAlias() | RemoveAlias() | ClearStage():
                    _set(project, registry, step)
        stage = known.ONLY_THE_ALIAS if isinstance(step, Append) else stage
    with known.told(stage):
        return project.history()


def _set(project: Project, registry: Registry, step: PointAlias | RemoveAlias | ClearStage) -> None:
    """Make the registry say what the ledger says."""
    match step:
        case PointAlias():
            project.say("moving the alias")
            point_alias(project, registry)
        case RemoveAlias():
            registry.remove_alias()
        case ClearStage():
            registry.clear_stage(step.version)


def point_alias(project: Project, registry: Registry) -> None:
    """Make checkpoint and alias follow the ledger, and remember that it was seen to.

    Somebody who appends meanwhile sets the alias too, and may do so first; so look until the ledger rests,
    and do not take another's alias for a failure: the last one to set it looks at the ledger again.
    """
    history, contested = project.history(), 0
    while history.moved is not None and history.champion is not None:
        seen.leave_checkpoint(history, project.checkpoints)
        try:
            if registry.champion_version() != history.champion.version:
                registry.point_champion(history.champion.version)
            follows = True
        except ContestedError:
            follows, contested = False, contested + 1
            if contested == CONTESTS:
                raise
        moved, history = history.moved, project.history()
        if follows and history.moved == moved:
            files.write_bytes(_confirmation(project), moved.sha256.encode())
            return


def alias_confirmed(project: Project, history: History) -> bool:
    """Return whether this machine has seen the alias follow the last move."""
    path = _confirmation(project)
    return history.moved is not None and path.exists() and path.read_text() == history.moved.sha256


def _confirmation(project: Project) -> Path:
    return project.root / CONFIRMED / project.model


def _sign(project: Project, step: Sign) -> str:
    """Keep the decision, signed; return the digest of its envelope."""
    envelope = seal(statement.to_document(step.decision), statement.PAYLOAD_TYPE, trusted_signer(project))
    unseal(envelope, statement.PAYLOAD_TYPE, project.trusted_keys, "The new statement")
    return project.store.put(envelope)


def _approve(project: Project, step: Approve, approvers: Sequence[Signer]) -> str:
    """Keep the approval, signed by all approvers; return the digest of its envelope."""
    envelope = seal(break_glass.to_document(step.approval), break_glass.PAYLOAD_TYPE, *approvers)
    break_glass.read(envelope, project.approver_keys, project.policy.approvers, "The new approval")
    return project.store.put(envelope)


def _register(project: Project, registry: Registry, step: Register, kept: str) -> Champion:
    version = registry.register(step.sha, step.run_id)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "model"
        whole = registry.fetch(version, folder)
        if model.served_digest(folder) != step.sha:
            raise TamperedError(
                f"Version {version} of {project.model} does not hold the model that was judged.",
                why="The files of its run were changed after the training.",
                do="Find who wrote there, then train again: gates ship",
            )
        # Predict and rollback would refuse it; who cannot serve is no champion.
        model.require_plain_folder(folder, project.policy.project.trusted_types)
    return Champion(step.sha, version, step.run_id, whole, kept)


def append(
    project: Project,
    planned: History,
    step: Append,
    target: Champion | None = None,
    kept: str | None = None,
) -> None:
    """Commit an entry and leave its checkpoint.

    Entries that moved nothing may come in between: what was planned still holds.

    Raises:
        ConflictError: Somebody else moved the champion first.
    """
    signer, history = trusted_signer(project), planned
    while history.operation(step.operation) is None:
        entry = ledger.next_entry(
            history,
            operation=step.operation,
            kind=step.kind,
            target=target,
            reason=step.reason,
            actor=github.actor(),
            time=now(),
            evidence=step.evidence or (None if step.kind in ledger.MOVES else kept),
        )
        try:
            project.store.append(entry.seq, seal(ledger.to_document(entry), ledger.PAYLOAD_TYPE, signer))
        except ConflictError:
            history = project.history()
            if history.operation(step.operation) is None and entry.moves and history.moved != planned.moved:
                raise
        else:
            history = project.history()
    seen.leave_checkpoint(history, project.checkpoints)
