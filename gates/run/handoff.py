"""What one job hands to the next: a manifest with the digest of every file, itself named by its digest.

The digest of the manifest travels apart from the files (a job output on GitHub, a variable on a laptop), so a
file swapped between two jobs is caught.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from gates import digest
from gates.adapters import files, git, github
from gates.documents import Document, read_json
from gates.errors import InvalidError, TamperedError
from gates.run.project import Project

FORMAT = 1
LOCK = "dvc.lock"


def write(project: Project, job: str, facts: Mapping[str, Any], handed: Iterable[Path]) -> str:
    """Write `candidate/<job>.json` over facts and files, and return its digest."""
    listed = {path.relative_to(project.root).as_posix(): digest.of_file(path) for path in handed}
    document = {"format": FORMAT, "job": job, **facts, "files": listed}
    return digest.of_bytes(files.write_json(project.candidate / f"{job}.json", document))


def read(project: Project, job: str, expect: str, needed: Iterable[Path]) -> Document:
    """Return what a job handed on, after verifying it and the files that are needed now.

    Args:
        project: The project.
        job: The job that wrote the manifest.
        expect: Digest that the manifest must have; empty where nobody told us.
        needed: Files of the manifest that this job is going to read.

    Raises:
        InvalidError: The job has not run.
        TamperedError: The manifest or a needed file is not what the job wrote.
    """
    path = project.candidate / f"{job}.json"
    require_told(expect, job)
    if not path.exists():
        raise InvalidError(
            f"The job `{job}` has left nothing.", why=f"{path} is absent.", do=f"Run it: gates {job}"
        )
    found = digest.of_file(path)
    if expect and found != expect:
        raise TamperedError(
            f"{path} is not what the job `{job}` handed on.",
            why=f"Its digest is {found[:16]}…, expected {expect[:16]}….",
            do=f"Where `gates {job}` ran again, run the rest too: gates ship. Else find who wrote there.",
        )
    try:
        document = read_json(path)
    except InvalidError as error:
        raise InvalidError(error.what, why=error.why, do=f"Write it again: gates {job}") from error
    listed = document.get("files")
    if document.get("format") != FORMAT or not isinstance(listed, dict):
        raise InvalidError(f"{path} is not a manifest of this version.", do=f"Write it again: gates {job}")
    for file in needed:
        name = file.relative_to(project.root).as_posix()
        if not file.exists():
            raise InvalidError(f"{name} is gone.", do=f"Run the job again that leaves it: gates {job}")
        if listed.get(name) != digest.of_file(file):
            raise TamperedError(
                f"{name} changed after the job `{job}` handed it on.",
                why="Its digest is not the one in the manifest.",
                do="Find who wrote there, then run all jobs again: gates ship",
            )
    return document


def require_told(expect: str, job: str) -> None:
    """Hold that in CI a job is told the digest of what it takes over: a misspelt output there is just empty.

    Raises:
        InvalidError: It was not told.
    """
    if not expect and github.on_actions():
        raise InvalidError(
            f"Nobody told the digest of what the job `{job}` handed on.",
            why="Without it, files that were swapped between the two jobs would be taken.",
            do=f"Hand it over: with: expect: ${{{{ needs.{job}.outputs.digest }}}}",
        )


def text(document: Document, field: str) -> str:
    """Return a text field of a manifest.

    Raises:
        InvalidError: It is absent, empty or not text.
    """
    value = document.get(field)
    if not isinstance(value, str) or not value:
        raise InvalidError(f"A manifest has no text {field!r}.", do="Run all jobs again: gates ship")
    return value


def hand_on_lock(project: Project) -> Path:
    """Put a copy of dvc.lock where files are handed on, and return it."""
    copy = project.candidate / LOCK
    files.write_bytes(copy, project.lock.read_bytes())
    return copy


def put_back_lock(project: Project) -> None:
    """Put the handed-on dvc.lock, already verified, in the place of the committed one.

    Raises:
        TamperedError: dvc.lock is neither the handed-on one nor the committed one.
    """
    handed = (project.candidate / LOCK).read_bytes()
    if project.lock.exists() and project.lock.read_bytes() == handed:
        return
    if LOCK in git.facts(project.root)["dirty"]:
        raise TamperedError(
            "dvc.lock changed after the job `train` handed it on.",
            do="See what changed it: git diff dvc.lock; then run all jobs again: gates ship",
        )
    files.write_bytes(project.lock, handed)
