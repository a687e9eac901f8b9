"""Which paths we open at all: regular files, inside the project, with plain names."""

import os
import stat
import unicodedata
from pathlib import Path, PurePosixPath

from gates.errors import InvalidError

MAX_PATH_BYTES = 1024


def require_regular_file(path: Path) -> None:
    """Refuse what is not a regular file; links are never followed.

    Raises:
        InvalidError: The path is absent, a symbolic link, a folder or a device.
    """
    try:
        mode = path.lstat().st_mode
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InvalidError(f"{path} cannot be read.", why=f"{reason}.", do="Check the path.") from error
    if stat.S_ISLNK(mode):
        raise InvalidError(f"{path} is a symbolic link.", do="Give the path of the file itself.")
    if not stat.S_ISREG(mode):
        raise InvalidError(f"{path} is not a regular file.", do="Give the path of a file.")


def read_bytes(path: Path, most: int) -> bytes:
    """Return the bytes of a regular file of at most ``most`` bytes.

    Raises:
        InvalidError: As for `require_regular_file`, or the file is larger.
    """
    require_regular_file(path)
    size = path.stat().st_size
    if size > most:
        raise InvalidError(f"{path} has {size:,} bytes; at most {most:,} are read.", do="Check the path.")
    return path.read_bytes()


def walk(folder: Path) -> dict[str, Path]:
    """Return relative POSIX path to path of every file below ``folder``, sorted; nothing is left out.

    Raises:
        InvalidError: The folder is absent or empty, or holds a link, a device, a name that is not UTF-8, or
            two names that differ only in case or Unicode form.
    """
    if folder.is_symlink() or not folder.is_dir():
        raise InvalidError(f"{folder} is not a folder.", do="Check the path; links are not followed.")
    found: dict[str, Path] = {}
    for root, folders, names in os.walk(folder, onerror=_unreadable):
        for name in (*folders, *names):
            path = Path(root) / name
            if path.is_symlink():
                raise InvalidError(f"{path} is a symbolic link.", do="Replace it by what it points to.")
            require_plain(path.relative_to(folder).as_posix())
        found |= {(Path(root) / name).relative_to(folder).as_posix(): Path(root) / name for name in names}
    if not found:
        raise InvalidError(f"{folder} is an empty folder.", do="Run the stage that fills it: dvc repro")
    _require_distinct(folder, found)
    return dict(sorted(found.items()))


def require_plain(relative: str) -> str:
    """Return a path inside the project, unchanged.

    Raises:
        InvalidError: It is absolute, leaves the project by ``..``, is over-long, or has characters that look
            like others (control characters, or a form that Unicode NFKC changes).
    """
    path = PurePosixPath(relative)
    if not relative or "\\" in relative or path.is_absolute() or ".." in path.parts:
        raise InvalidError(f"The path {relative!r} leaves the project.", do="Give a path relative to it.")
    try:
        encoded = relative.encode()
    except UnicodeEncodeError as error:
        raise InvalidError(f"The path {relative!r} is not UTF-8.", do="Rename the file.") from error
    if len(encoded) > MAX_PATH_BYTES:
        raise InvalidError(
            f"The path {relative[:60]!r}… is over-long.", do=f"Use at most {MAX_PATH_BYTES} bytes."
        )
    if unicodedata.normalize("NFKC", relative) != relative or not relative.isprintable():
        raise InvalidError(f"The path {relative!r} has look-alike characters.", do="Rename it in plain ones.")
    return relative


def _require_distinct(folder: Path, names: dict[str, Path]) -> None:
    folded: dict[str, str] = {}
    for name in names:
        twin = folded.setdefault(name.casefold(), name)
        if twin != name:
            raise InvalidError(
                f"{folder} holds {twin!r} and {name!r}, which collide.", do="Rename one of them."
            )


def _unreadable(error: OSError) -> None:
    raise InvalidError(f"{error.filename} cannot be read.", why=f"{error.strerror}.") from error
