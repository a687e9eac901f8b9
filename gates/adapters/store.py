"""The objects behind a ledger, in a folder; creating one that is absent is the commit."""

import os
import re
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from gates import digest
from gates.errors import ConflictError, TamperedError, UnavailableError

ENTRY = re.compile(r"(?!0{8})(?:[0-9]{8}|[1-9][0-9]{8,})\.json")


class Checkpoints(Protocol):
    """A second place that keeps how far one ledger had come, by sequence number."""

    @property
    def place(self) -> str:
        """Where they are, for an error to name."""

    def entries(self) -> dict[int, bytes]:
        """Return sequence number to bytes of what is kept, the farthest among it."""

    def append(self, seq: int, data: bytes) -> None:
        """Keep one for good, or raise `ConflictError` where another has this number."""


class Store(Checkpoints, Protocol):
    """Objects of one ledger: every entry by sequence number, and what they refer to by digest."""

    def put(self, data: bytes) -> str:
        """Keep bytes under their SHA-256 and return it."""

    def get(self, sha256: str) -> bytes:
        """Return kept bytes."""


class FolderStore:
    """Objects as files: `<seq>.json` for entries and `objects/<sha256>` for what they refer to."""

    def __init__(self, folder: Path) -> None:
        """Use a folder; it is made on the first write."""
        self.folder = folder

    @property
    def place(self) -> str:
        """The folder."""
        return str(self.folder)

    def entries(self) -> dict[int, bytes]:
        """Return sequence number to bytes of every entry.

        Raises:
            UnavailableError: The folder cannot be read.
            TamperedError: A file lies there that no ledger writes.
        """
        try:
            try:
                files = [path for path in self.folder.iterdir() if path.name.endswith(".json")]
            except FileNotFoundError:  # only an absent folder means that nothing was promoted yet
                return {}
            odd = [path.name for path in files if not ENTRY.fullmatch(path.name) or path.is_symlink()]
            if odd:
                raise TamperedError(
                    f"{self.folder} holds {odd[0]}, which no ledger writes.", do="Find who put it there."
                )
            return {int(path.stem): path.read_bytes() for path in files}
        except OSError as error:
            raise UnavailableError(
                f"The ledger in {self.folder} cannot be read.",
                why=f"{error.strerror}.",
                do="Check its rights.",
            ) from error

    def append(self, seq: int, data: bytes) -> None:
        """Commit an entry.

        Raises:
            ConflictError: Somebody else has committed this sequence number.
            UnavailableError: The folder cannot be written.
        """
        if not self._create(self.folder / f"{seq:08d}.json", data):
            raise taken(seq)

    def put(self, data: bytes) -> str:
        """Keep bytes under their SHA-256 and return it.

        Raises:
            TamperedError: What is kept under it already has another digest.
            UnavailableError: The folder cannot be written.
        """
        sha256 = digest.of_bytes(data)
        if not self._create(self.folder / "objects" / sha256, data):
            self.get(sha256)
        return sha256

    def get(self, sha256: str) -> bytes:
        """Return kept bytes.

        Raises:
            TamperedError: Nothing is kept under this digest, or what has another digest.
            UnavailableError: It cannot be read.
        """
        path = self.folder / "objects" / sha256
        try:
            data = path.read_bytes()
        except FileNotFoundError as error:
            raise TamperedError(
                f"The ledger keeps nothing under {sha256[:16]}….",
                why=f"{path} is absent; no command removes one.",
                do="Find who removed it; bring it back from a backup.",
            ) from error
        except OSError as error:
            raise UnavailableError(
                f"{path} cannot be read.", why=f"{error.strerror}.", do="Check its rights."
            ) from error
        if digest.of_bytes(data) != sha256:
            raise TamperedError(f"{path} was changed.", do="Find who wrote there; bring it from a backup.")
        return data

    def _create(self, path: Path, data: bytes) -> bool:
        """Write to a temporary file and link it: readers see all of it or nothing, and one writer wins."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                with suppress(FileExistsError):
                    os.link(name, path)
                    _sync_folder(path.parent)
                    return True
                return False
            finally:
                Path(name).unlink(missing_ok=True)
        except OSError as error:
            raise UnavailableError(
                f"The ledger in {self.folder} cannot be written.",
                why=f"{error.strerror}.",
                do="Check space and rights, then run the same command again.",
            ) from error


def taken(seq: int) -> ConflictError:
    """Return the error that somebody else has committed a sequence number."""
    return ConflictError(
        f"Entry {seq} was written by somebody else a moment ago.",
        why="The comparison was made against a champion that is no longer the champion.",
        do="Judge again: gates ship",
    )


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
