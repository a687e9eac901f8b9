"""`gates rollback`: make an earlier champion serve again."""

import shlex
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from gates.adapters import trial
from gates.adapters.registry import Registry
from gates.adapters.trial import Trial
from gates.errors import GatesError, InvalidError, TamperedError
from gates.ledger import Champion, History
from gates.plans import rollback as plans
from gates.run import serving
from gates.run.carry_out import alias_confirmed, carry_out, point_alias
from gates.run.project import Project
from gates.run.result import Result, planned


def run(project: Project, to: str, reason: str, *, apply: bool) -> Result:
    """Put the first target that verifies and loads back into service.

    Args:
        project: The project.
        to: ``previous``, a version, or a SHA (at least 7 digits).
        reason: One sentence for the auditor.
        apply: Carry the plan out; else the target is verified, the plan told, and nothing moved.

    Raises:
        UndecidedError: There is nothing to roll back to.
        InvalidError: Nobody has that version or SHA, or it serves already.
        TamperedError: The one that was named is not what was promoted.
    """
    history = project.history()
    if apply and (finished := _finish(project, history, to)):
        return finished
    targets = list(plans.targets(history, to))
    with trial.start(project.log) as trying:
        registry = Registry(project.root, project.model)
        target, passed_over = _first_good(project, registry, trying, targets)
    left = history.champion
    steps = plans.plan(history, target, reason)
    details = _details(target, left, passed_over)
    if not apply:
        command = f"gates rollback --to {shlex.quote(to)} --reason {shlex.quote(reason)} --apply"
        told = planned(steps, command)
        return replace(told, details={**told.details, **details})
    carry_out(project, registry, steps, history)
    skipped = f" Passed over: {'; '.join(passed_over)}." if passed_over else ""
    was = f" instead of v{left.version}" if left else ""
    return Result("pass", f"v{target.version} serves again{was}.{skipped}", details=details)


def _finish(project: Project, history: History, to: str) -> Result | None:
    """Complete this very rollback where it was killed after its entry; None where it was not."""
    moved, champion = history.moved, history.champion
    if moved is None or champion is None or moved.entry.kind != "rollback":
        return None
    if to != "previous" and history.find(to).sha != champion.sha:
        return None
    if alias_confirmed(project, history):
        return None
    registry = Registry(project.root, project.model)
    left = moved.entry.origin
    if left is None or registry.champion_version() != left.version:  # then it is a new rollback
        return None
    point_alias(project, registry)
    details = _details(champion, left, [])
    sentence = f"v{champion.version} serves again since {moved.entry.time}; the alias follows it now."
    return Result("pass", sentence, details=details)


def _details(target: Champion, left: Champion | None, passed_over: list[str]) -> dict[str, Any]:
    return {
        "version": target.version,
        "sha": target.sha,
        "run_id": target.run_id,
        "from": left.version if left else None,
        "passed_over": passed_over,
    }


def _first_good(
    project: Project, registry: Registry, trying: Trial, targets: list[Champion]
) -> tuple[Champion, list[str]]:
    """Return the newest target that verifies and loads, and why newer ones do not."""
    passed_over: list[str] = []
    for target in targets:
        project.say(f"verifying v{target.version}")
        try:
            _verify(project, registry, trying, target)
        except (InvalidError, TamperedError) as error:
            if len(targets) == 1:
                raise
            passed_over.append(f"v{target.version}: {error.what}")
            continue
        return target, passed_over
    raise GatesError("No earlier champion verifies and loads.", why=" ".join(passed_over), do="gates history")


def _verify(project: Project, registry: Registry, trying: Trial, target: Champion) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = serving.fetch(project, registry, target, Path(temporary) / "model")
        trying.load(folder, target.sha, project.policy.project.trusted_types)
