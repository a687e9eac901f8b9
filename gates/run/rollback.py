"""`gates rollback`: make an earlier champion serve again."""

import tempfile
from pathlib import Path

from gates import ledger
from gates.adapters import model
from gates.adapters.registry import Registry, keep_served, served_digest
from gates.errors import GatesError, InvalidError, TamperedError
from gates.ledger import Champion
from gates.plans import rollback as plans
from gates.run.carry_out import carry_out
from gates.run.project import Project
from gates.run.result import Result


def run(project: Project, to: str, reason: str) -> Result:
    """Put the first target that verifies and loads back into service.

    Args:
        project: The project.
        to: ``previous``, a version, or a SHA (at least 7 digits).
        reason: One sentence for the auditor.

    Raises:
        UndecidedError: There is nothing to roll back to.
        InvalidError: Nobody has that version or SHA, or it serves already.
        TamperedError: The one that was named is not what was promoted.
    """
    history = project.history()
    targets = list(ledger.rollback_target(history, to))
    registry = Registry(project.root, project.model)
    target, passed_over = _first_good(project, registry, targets)
    left = history.champion
    carry_out(project, registry, plans.plan(history, target, reason))
    details = {
        "version": target.version,
        "sha": target.sha,
        "run_id": target.run_id,
        "from": left.version if left else None,
        "passed_over": passed_over,
    }
    skipped = f" Passed over: {'; '.join(passed_over)}." if passed_over else ""
    was = f" instead of v{left.version}" if left else ""
    return Result("pass", f"v{target.version} serves again{was}.{skipped}", details=details)


def _first_good(project: Project, registry: Registry, targets: list[Champion]) -> tuple[Champion, list[str]]:
    """Return the newest target that verifies and loads, and why newer ones do not."""
    passed_over: list[str] = []
    for target in targets:
        project.say(f"verifying v{target.version}")
        try:
            _verify(project, registry, target)
        except (InvalidError, TamperedError) as error:
            if len(targets) == 1:
                raise
            passed_over.append(f"v{target.version}: {error.what}")
            continue
        return target, passed_over
    raise GatesError("No earlier champion verifies and loads.", why=" ".join(passed_over), do="gates history")


def _verify(project: Project, registry: Registry, target: Champion) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "model"
        whole = registry.fetch(target.version, folder)
        if whole != target.folder_sha256 or served_digest(folder) != target.sha:
            raise TamperedError(
                f"Version {target.version} of {project.model} is not what was promoted.",
                why="A file of it was changed, added or removed in the registry.",
                do="Choose another: gates history",
            )
        model.refuse_code(folder)
        keep_served(folder)
        model.load(folder, target.sha, project.policy.project.trusted_types)
