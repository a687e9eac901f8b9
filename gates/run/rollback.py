"""`gates rollback`: make an earlier champion serve again."""

import shlex
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from gates.adapters import files, replay, trial
from gates.adapters.registry import Registry
from gates.adapters.trial import Trial
from gates.errors import ConflictError, ExitCode, GatesError, InvalidError, TamperedError
from gates.ledger import Champion, Entry, History
from gates.plans import rollback as plans
from gates.run import begun, known, serving
from gates.run.carry_out import alias_confirmed, carry_out, point_alias
from gates.run.project import Project
from gates.run.result import Result, planned


class NoneVerifiesError(GatesError):
    """There are earlier champions, and not one of them could serve."""


def run(project: Project, to: str, reason: str, *, apply: bool, undoing: str = "") -> Result:
    """Put the first target that verifies and loads back into service.

    Args:
        project: The project.
        to: ``previous``, a version, or a SHA (at least 7 digits).
        reason: One sentence for the auditor.
        apply: Carry the plan out; else the target is verified, the plan told, and nothing moved.
        undoing: The one move that is to be undone, by its entry's SHA-256, or by version or SHA of who serves
            by it; empty for whichever is the last.

    Raises:
        UndecidedError: There is nothing to roll back to.
        NoneVerifiesError: No earlier champion could serve.
        ConflictError: Another move is the last by now than the one to be undone, or was added meanwhile.
        InvalidError: Nobody has that version or SHA, or it serves already.
        TamperedError: The one that was named is not what was promoted; who may serve instead is told.
    """
    with known.told(known.NOTHING_MOVED):
        history = project.history()
    if undoing and not plans.is_last(history, undoing):
        return _undone(project, history, to, undoing, apply=apply)
    if apply and not undoing and (finished := _finish(project, history, to, reason)):
        return finished
    with known.told(known.NOTHING_MOVED), trial.start(project.log) as trying:
        registry = Registry(project.root, project.model)
        target, passed_over = _first_good(project, registry, trying, history, to)
    left = history.champion
    steps = plans.plan(history, target, reason)
    details = _details(target, left, passed_over)
    if not apply:
        words = ["gates", "rollback", "--to", to, "--expect", undoing or (f"v{left.version}" if left else "")]
        command = shlex.join([*words, "--reason", reason, "--apply"])
        told = planned(steps, command)
        return replace(told, details={**told.details, **details})
    with known.told(known.NOTHING_MOVED):
        begun.begin(project, plans.operation(history, target), (to, reason))
    carry_out(project, registry, steps, history)
    begun.answered(project)
    skipped = f" Passed over: {'; '.join(passed_over)}." if passed_over else ""
    was = f" instead of v{left.version}" if left else ""
    return Result("pass", f"v{target.version} serves again{was}.{skipped}", details=details)


def _finish(project: Project, history: History, to: str, reason: str) -> Result | None:
    """Complete this very rollback where it ended without an answer after its entry; None where it did not."""
    entry = begun.entry_of(project, history, (to, reason)) or _half_done(project, history, to)
    return _complete(project, history, entry) if entry else None


def _undone(project: Project, history: History, to: str, undoing: str, *, apply: bool) -> Result:
    """Answer who asks for a rollback that somebody else was faster with.

    Raises:
        ConflictError: Another move came between, or it never served.
    """
    entry = plans.undone(history, undoing, to)
    if entry is not None:
        return _complete(project, history, entry, apply=apply)
    serves = f"v{history.champion.version} serves" if history.champion else "Nobody serves"
    raise ConflictError(
        f"What is to be undone does not serve: {undoing[:16]}.",
        why=f"{serves}; the champion moved meanwhile, or that never served.",
        do="See who moved it, then name who serves if it has to go too: gates history",
    )


def _complete(project: Project, history: History, entry: Entry, *, apply: bool = True) -> Result:
    """Let the alias follow a rollback that the ledger holds."""
    target = entry.target
    if target is None:
        raise ValueError("a rollback has a target")
    if apply:
        with known.told(known.ONLY_THE_ALIAS):
            point_alias(project, Registry(project.root, project.model))
        begun.answered(project)
    sentence = f"v{target.version} serves again since {entry.time}; the alias follows it now."
    if history.moved and history.moved.entry != entry and history.champion:
        after = f"v{history.champion.version} serves since {history.since}"
        sentence = f"v{target.version} was rolled back to at {entry.time}; {after}."
    return Result("pass", sentence, details=_details(target, entry.origin, []))


def _half_done(project: Project, history: History, to: str) -> Entry | None:
    """Return the rollback that another machine began: the ledger has it, and the alias has not moved."""
    moved, champion = history.moved, history.champion
    if moved is None or champion is None or moved.entry.kind != "rollback":
        return None
    if to != "previous" and history.find(to).sha != champion.sha:
        return None
    left = moved.entry.origin
    if alias_confirmed(project, history) or left is None:
        return None
    with known.told(known.NOTHING_MOVED):
        alias = Registry(project.root, project.model).champion_version()
    return moved.entry if alias == left.version else None


def _details(target: Champion, left: Champion | None, passed_over: list[str]) -> dict[str, Any]:
    return {
        "version": target.version,
        "sha": target.sha,
        "run_id": target.run_id,
        "from": left.version if left else None,
        "passed_over": passed_over,
    }


def _first_good(
    project: Project, registry: Registry, trying: Trial, history: History, to: str
) -> tuple[Champion, list[str]]:
    """Return the newest target that verifies, loads and answers as it did, and why newer ones do not."""
    targets = list(plans.targets(history, to))
    found, refused = _try(project, registry, trying, history, targets)
    passed_over = [f"v{version}: {error.what}" for version, error in refused.items()]
    if found:
        return found, passed_over
    if to == "previous":
        nobody = NoneVerifiesError(
            "No earlier champion verifies and loads.",
            why=" ".join(passed_over),
            do="Bring one back from a backup, or promote another: gates ship",
        )
        if any(isinstance(each, TamperedError) for each in refused.values()):
            nobody.code = ExitCode.TAMPERED
        raise nobody
    (error,) = refused.values()
    offered, _ = _try(project, registry, trying, history, plans.instead_of(history, targets[0]))
    do = "No earlier champion verifies either; promote another: gates ship"
    if offered:
        do = f"The next earlier one that verifies: gates rollback --to {offered.version} --reason …"
    raise type(error)(f"v{targets[0].version} cannot serve: {error.what}", why=error.why, do=do) from error


def _try(
    project: Project, registry: Registry, trying: Trial, history: History, targets: Iterable[Champion]
) -> tuple[Champion | None, dict[str, GatesError]]:
    """Return the first target that holds, and what is wrong with those before it, by version."""
    refused: dict[str, GatesError] = {}
    for target in targets:
        project.say(f"verifying v{target.version}")
        try:
            verify(project, registry, trying, history, target)
        except (InvalidError, TamperedError) as error:
            refused[target.version] = error
            continue
        return target, refused
    return None, refused


def verify(project: Project, registry: Registry, trying: Trial, history: History, target: Champion) -> None:
    """Hold that a champion could serve: statement, digest and signature, it loads, it answers as it did.

    Raises:
        TamperedError: It is not what was promoted.
        InvalidError: It is gone, does not load by the policy's rules, or answers otherwise.
    """
    with tempfile.TemporaryDirectory() as temporary:
        folder = serving.fetch(project, registry, history, target, Path(temporary) / "model")
        rows = Path(temporary) / replay.NAME
        candidate = serving.decision(project, history, target).candidate
        files.write_bytes(rows, project.store.get(candidate.replay_sha256))
        policy = project.policy.project
        trying.load(folder, target.sha, policy.trusted_types, rows, policy.replay.tolerance, policy.task)
