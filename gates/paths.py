"""Which paths we open at all: regular files with plain names; those of the policy lie in the project."""

import os
import re
import stat
import unicodedata
from pathlib import Path

from gates.errors import InvalidError

MAX_PATH_BYTES = 1024
MAX_NAME_BYTES = 255

_WORD = re.compile(r"[^\W\d_]+")
_ALIKE = {"LATIN", "GREEK", "CYRILLIC"}  # alphabets that share the shapes of many letters


def require_regular_file(path: Path) -> None:
    """Refuse what is not a regular file; links are never followed.

    Raises:
        InvalidError: The path is absent, a symbolic link, a folder or a device.
    """
    try:
        mode = path.lstat().st_mode
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from error
    if stat.S_ISLNK(mode):
        raise InvalidError(f"{path} is a symbolic link.", do="Give the path of the file itself.")
    if not stat.S_ISREG(mode):
        raise InvalidError(f"{path} is not a regular file.", do="Give the path of a file.")


def unreadable(path: Path | str, error: OSError | ValueError) -> InvalidError:
    """Return the error for a path that the system does not let us read."""
    reason = getattr(error, "strerror", None) or str(error)
    return InvalidError(f"{path} cannot be read.", why=f"{reason}.", do="Check the path and its rights.")


def read_bytes(path: Path, most: int) -> bytes:
    """Return the bytes of a regular file of at most ``most`` bytes.

    Raises:
        InvalidError: As for `require_regular_file`, or the file is larger.
    """
    require_regular_file(path)
    try:
        with path.open("rb") as file:
            data = file.read(most + 1)
    except OSError as error:
        raise unreadable(path, error) from error
    if len(data) > most:
        raise InvalidError(f"{path} is over-long; at most {most:,} bytes are read.", do="Check the path.")
    return data


def walk(folder: Path) -> dict[str, Path]:
    """Return relative POSIX path to path of every file below ``folder``, sorted; nothing is left out.

    Raises:
        InvalidError: The folder is absent or empty, or holds a link, a device, a name that is not UTF-8, or
            two names that differ only in case or Unicode form.
    """
    if not _is_folder(folder):
        raise InvalidError(f"{folder} is not a folder.", do="Check the path; links are not followed.")
    found: dict[str, Path] = {}
    for root, folders, names in os.walk(folder, onerror=_refuse):
        below = Path(root).relative_to(folder).as_posix()
        relative = {name: name if below == "." else f"{below}/{name}" for name in (*folders, *names)}
        for name, place in relative.items():
            if os.path.islink(os.path.join(root, name)):  # noqa: PTH114, PTH118 - a Path takes ten times as long
                raise InvalidError(
                    f"{Path(root, name)} is a symbolic link.", do="Replace it by what it points to."
                )
            require_plain(place)
        for name in names:
            path = found[relative[name]] = Path(root, name)
            require_regular_file(path)
    if not found:
        raise InvalidError(f"{folder} is an empty folder.", do="Run the stage that fills it: dvc repro")
    _require_distinct(folder, found)
    return dict(sorted(found.items()))


def require_plain(relative: str) -> str:
    """Return a path inside the project, unchanged.

    Raises:
        InvalidError: It is absolute, leaves the project by ``..``, is over-long, or has characters that look
            like others (control characters, a form that Unicode NFKC changes, two alphabets in one word).
    """
    parts = relative.split("/")
    if set(parts) <= {"", "."} or "\\" in relative or relative.startswith("/") or ".." in parts:
        raise InvalidError(f"The path {relative!r} leaves the project.", do="Give a path relative to it.")
    try:
        encoded = relative.encode()
    except UnicodeEncodeError as error:
        raise InvalidError(f"The path {relative!r} is not UTF-8.", do="Rename the file.") from error
    if len(encoded) > MAX_PATH_BYTES or max(map(len, encoded.split(b"/"))) > MAX_NAME_BYTES:
        limits = f"Use at most {MAX_PATH_BYTES} bytes, and {MAX_NAME_BYTES} for one name."
        raise InvalidError(f"The path {relative[:60]!r}… is over-long.", do=limits)
    if not relative.isprintable() or not (relative.isascii() or _is_unmistakable(relative)):
        raise InvalidError(f"The path {relative!r} has look-alike characters.", do="Rename it in plain ones.")
    return relative


def _is_unmistakable(text: str) -> bool:
    normal = unicodedata.normalize("NFKC", text) == text
    return normal and all(len(_alphabets(word)) <= 1 for word in _WORD.findall(text))


def _is_folder(path: Path) -> bool:
    try:
        return stat.S_ISDIR(path.lstat().st_mode)
    except (OSError, ValueError):
        return False


def _require_distinct(folder: Path, names: dict[str, Path]) -> None:
    folded: dict[str, str] = {}
    for name in names:
        parts = name.split("/")
        for part in ("/".join(parts[:depth]) for depth in range(len(parts), 0, -1)):
            twin = folded.setdefault(part.casefold(), part)
            if twin != part:
                first, second = sorted((twin, part))  # a folder lists its files in any order
                raise InvalidError(
                    f"{folder} holds {first!r} and {second!r}, which collide.", do="Rename one of them."
                )


def _alphabets(word: str) -> set[str]:
    return {unicodedata.name(letter, "").partition(" ")[0] for letter in word} & _ALIKE


def _refuse(error: OSError) -> None:
    raise unreadable(error.filename, error) from error
