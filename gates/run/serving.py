"""What serves: facts about it from the ledger, and its files from the registry, verified."""

import shutil
from pathlib import Path
from typing import Any

from gates.adapters import model
from gates.adapters.registry import Registry
from gates.errors import TamperedError
from gates.ledger import Champion, History
from gates.plans.rollback import was_rolled_back
from gates.run.project import Project


def facts(history: History, sha: str) -> dict[str, Any]:
    """Return where the ledger's head is, and whether a candidate was once taken out of production."""
    head = history.head
    return {
        "champion": {"seq": head.entry.seq, "sha256": head.sha256} if head else None,
        "rolled_back": was_rolled_back(history, sha),
    }


def fetch(project: Project, registry: Registry, champion: Champion, target: Path) -> Path:
    """Download a champion and return the folder with the two files that answer requests.

    Raises:
        TamperedError: The registry's files are not those that were promoted.
        InvalidError: The version is gone, or brings what MLflow would run.
    """
    shutil.rmtree(target, ignore_errors=True)
    whole = registry.fetch(champion.version, target)
    if whole != champion.folder_sha256 or model.served_digest(target) != champion.sha:
        raise TamperedError(
            f"Version {champion.version} of {project.model} is not what was promoted.",
            why="A file of it was changed, added or removed in the registry.",
            do="Find who wrote there. Serve an earlier one: gates rollback --to previous",
        )
    model.require_plain_folder(target, project.policy.project.trusted_types)
    model.keep_served(target)
    return target
