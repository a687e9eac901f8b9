"""Job `data`: pull the raw data, hash it with SHA-256, hold it against its contract."""

import math
from pathlib import Path
from typing import Any

from gates import digest
from gates.adapters import dvc, files, git
from gates.errors import InvalidError, UnavailableError
from gates.run import gate, handoff
from gates.run.project import Project, now
from gates.run.result import Result
from gates.verdict_document import to_document

NO_LIMIT = math.inf
LATER_TABLES = frozenset({"train", "train_contract", "features", "golden_contract"})


def run(project: Project) -> Result:
    """Return pass when the raw data is here and keeps its contract.

    Raises:
        UnavailableError: The remote did not give the data.
        InvalidError: There is no pointer or no verified remote.
    """
    raw = project.raw
    md5, remote = bring(project)
    facts = {"data_sha256": digest.of_file(raw), "data_md5": md5, "remote": remote}
    project.say("holding the raw data against its contract")
    verdict = gate.judge(project, "schema", {}, now().date(), skip=LATER_TABLES)
    details: dict[str, Any] = {"verdicts": [to_document(verdict)]}
    if verdict.blocks:
        files.replace_folder(project.evidence, {"schema.json": digest.canonical_json(to_document(verdict))})
        broken = verdict.decisive.name if verdict.decisive else "nothing checked"
        sentence = f"The raw data breaks its contract: {broken}."
        return Result(
            verdict.outcome.value,
            sentence,
            verdict="evidence/schema.json",
            look="gates schema",
            details=details,
        )
    rows = int(verdict.measurements.get("rows/raw", 0))
    written = handoff.write(project, "data", facts, [raw])
    violations = int(verdict.measurements.get("violations/raw", 0))
    sentence = f"{rows:,} rows keep their contract."
    if violations:
        sentence = f"{rows:,} rows break their contract {violations:,} times, which the policy lets pass."
    return Result("pass", sentence, digest=written, details={"model": project.model, **facts, **details})


def bring(project: Project, limit_s: float = NO_LIMIT) -> tuple[str, str]:
    """Have the raw data here, pulled within so many seconds where it is not; return its MD5 and its remote.

    Raises:
        UnavailableError: The remote did not give the data.
        InvalidError: There is no pointer or no verified remote.
    """
    raw = project.raw
    remote, md5 = dvc.remote(project.root), dvc.pointer(raw)
    if not raw.exists() or digest.md5_of_file(raw) != md5:
        project.say(f"pulling {project.policy.project.data.raw}")
        _pull(project, raw, limit_s)
    return md5, remote


def _pull(project: Project, raw: Path, limit_s: float) -> None:
    """Pull the raw file; DVC does not write over one that it has never seen."""
    try:
        dvc.pull(project.root, raw, project.log, limit_s)
    except UnavailableError as error:
        git.require_repository(project.root)  # else DVC does nothing at all
        if not raw.exists():
            raise
        name = project.policy.project.data.raw
        raise InvalidError(
            f"{name} is not what its pointer names, and DVC has no copy of it.",
            do=f"To keep the edit: dvc add {name}; to drop it: rm {name}. Then: gates data",
        ) from error
