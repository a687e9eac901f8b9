"""Carrying out the steps of a plan: registry, ledger, alias, in this order."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from gates import ledger
from gates.adapters import files, github, model
from gates.adapters.registry import Registry
from gates.envelope import seal
from gates.errors import ConflictError, TamperedError
from gates.ledger import Champion, History
from gates.plans.steps import Append, PointAlias, Register, Step
from gates.run.project import Project, now
from gates.run.signing import trusted_signer

CONFIRMED = Path(".gates") / "confirmed"


def carry_out(project: Project, registry: Registry, steps: Sequence[Step], planned: History) -> History:
    """Carry out steps and return the history afterwards.

    Args:
        project: The project.
        registry: Where the model is registered.
        steps: What to do, in order.
        planned: The history that the steps were planned from: an entry follows its head, or is a conflict.

    Raises:
        ConflictError: Somebody else appended first.
        TamperedError: What the registry holds is not what was judged.
        UnavailableError: A system did not answer; running the same command again completes the rest.
    """
    registered: Champion | None = None
    for step in steps:
        match step:
            case Register():
                project.say("registering the model")
                registered = _register(project, registry, step)
            case Append():
                project.say("appending to the ledger")
                _append(project, planned, step, step.target or registered)
            case PointAlias():
                project.say("moving the alias")
                point_alias(project, registry)
    return project.history()


def point_alias(project: Project, registry: Registry) -> None:
    """Make the alias name what the ledger's head names, and remember that it was seen to.

    Somebody who appends meanwhile sets the alias too, and may do so first; so look until the head rests.
    """
    history = project.history()
    while history.head is not None and history.champion is not None:
        if registry.champion_version() != history.champion.version:
            registry.point_champion(history.champion.version)
        seen, history = history.head, project.history()
        if history.head == seen:
            files.write_bytes(_confirmation(project), seen.sha256.encode())
            return


def alias_confirmed(project: Project, history: History) -> bool:
    """Return whether this machine has seen the alias follow the ledger's head."""
    path = _confirmation(project)
    return history.head is not None and path.exists() and path.read_text() == history.head.sha256


def _confirmation(project: Project) -> Path:
    return project.root / CONFIRMED / project.model


def _register(project: Project, registry: Registry, step: Register) -> Champion:
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
    return Champion(step.sha, version, step.run_id, whole, step.statement)


def _append(project: Project, planned: History, step: Append, target: Champion | None) -> None:
    if target is None:
        raise ValueError("an entry needs a target: Register comes first")
    if planned.operation(step.operation) is not None:
        return
    signer = trusted_signer(project)
    entry = ledger.next_entry(
        planned,
        operation=step.operation,
        kind=step.kind,
        target=target,
        reason=step.reason,
        actor=github.actor(),
        time=now(),
    )
    try:
        project.store.append(entry.seq, seal(ledger.to_document(entry), ledger.PAYLOAD_TYPE, signer))
    except ConflictError:
        if project.history().operation(step.operation) is None:  # else a twin of ours has written it
            raise
