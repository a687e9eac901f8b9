"""SHA-256 of a file, of a folder, and of a document in canonical JSON."""

import hashlib
import json
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from gates.paths import require_regular_file, unreadable, walk

HALF_A_PAIR = re.compile("[\ud800-\udfff]")
_CANONICAL = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, check_circular=False
)
_WORTH_THREADS = 4 * 1024 * 1024


def of_bytes(data: bytes) -> str:
    """Return the SHA-256 of ``data`` as 64 hex digits."""
    return hashlib.sha256(data).hexdigest()


def of_file(path: Path) -> str:
    """Return the SHA-256 of a regular file, read in pieces.

    Raises:
        InvalidError: The path is absent, a link, a folder or a device.
    """
    return _of_file(path, "sha256")


def md5_of_file(path: Path) -> str:
    """Return the MD5 of a regular file: how DVC names content; never a proof of anything.

    Raises:
        InvalidError: As for `of_file`.
    """
    return _of_file(path, "md5")


def of_tree(folder: Path) -> str:
    """Return the SHA-256 over the sorted relative paths of a folder and the digest of each file.

    Nothing is ignored: a hidden file counts like any other, so adding one changes the digest.

    Raises:
        InvalidError: The folder is absent or empty, or holds a link, a device or a colliding name.
    """
    files = walk(folder)
    try:
        size = sum(path.lstat().st_size for path in files.values())
    except OSError as error:
        raise unreadable(folder, error) from error
    if size < _WORTH_THREADS:
        return of_listing({name: of_file(path) for name, path in files.items()})
    with ThreadPoolExecutor() as pool:  # hashing leaves Python to others, so this uses more than one core
        return of_listing(dict(zip(files, pool.map(of_file, files.values()), strict=True)))


def of_listing(files: Mapping[str, str]) -> str:
    """Return the digest of a folder whose files (relative path to digest) are known already."""
    return of_document(dict(files))


def of_document(document: object) -> str:
    """Return the SHA-256 of the canonical JSON of a document."""
    return of_bytes(canonical_json(document))


def canonical_json(document: object) -> bytes:
    """Return the one byte form of a JSON document: sorted keys, no spaces, UTF-8, finite numbers only.

    Raises:
        ValueError: The document holds NaN or an infinity.
        TypeError: The document holds something that JSON has no form for.
    """
    return _CANONICAL.encode(document).encode()


def same_json(one: object, other: object) -> bool:
    """Return whether two documents have the same canonical JSON, to which ``1`` and ``1.0`` are two values.

    What has none, as what is not finite or half a surrogate pair, is the same as nothing.
    """
    try:
        return canonical_json(one) == canonical_json(other)
    except (ValueError, TypeError):
        return False


def _of_file(path: Path, algorithm: str) -> str:
    require_regular_file(path)
    empty = hashlib.new(algorithm, usedforsecurity=algorithm != "md5")
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, empty.copy).hexdigest()
    except OSError as error:
        raise unreadable(path, error) from error
