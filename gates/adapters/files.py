"""Writing files so that a reader sees the old one or the new one, never half of it.

A folder is replaced in two steps: who looks between them sees none, which nobody takes for an empty one.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from gates.digest import canonical_json
from gates.errors import UnavailableError

STAGING = Path(".gates") / "staging"


def write_bytes(path: Path, data: bytes) -> None:
    """Replace a file in one step.

    Raises:
        UnavailableError: The disk is full or the folder cannot be written.
    """
    with _explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
            Path(name).chmod(0o644)
            Path(name).replace(path)
        finally:
            Path(name).unlink(missing_ok=True)


def create(path: Path, data: bytes) -> bool:
    """Write a file that is not there yet, and return whether it was not; one that is there stays as it is.

    Raises:
        UnavailableError: The disk is full or the folder cannot be written.
    """
    with _explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with path.open("xb") as file:
                file.write(data)
        except FileExistsError:
            return False
    return True


def write_json(path: Path, document: object) -> bytes:
    """Replace a file by the canonical JSON of a document, and return its bytes."""
    data = canonical_json(document)
    write_bytes(path, data)
    return data


def replace_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Replace a folder by one with exactly these files, once all of them are written.

    Raises:
        UnavailableError: The disk is full or the parent folder cannot be written.
    """
    with _explained(folder):
        staging = folder.parent / STAGING
        staging.mkdir(parents=True, exist_ok=True)
        place = Path(tempfile.mkdtemp(dir=staging))
        try:
            new = place / "new"
            new.mkdir()
            for name, data in files.items():
                (new / name).write_bytes(data)
            if folder.exists():
                folder.rename(place / "old")
            new.rename(folder)
        finally:
            if not folder.exists() and (place / "old").exists():
                (place / "old").rename(folder)
            shutil.rmtree(place, ignore_errors=True)


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UnavailableError(
            f"{path} cannot be written.",
            why=f"{error.strerror}.",
            do="Check space and rights, then run again.",
        ) from error
