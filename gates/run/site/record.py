"""What a site's folder tells of the run before: which pages are there, and how they were made."""

import contextlib
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

from gates import __version__, digest
from gates.adapters import files
from gates.documents import Document, read_json
from gates.errors import InvalidError
from gates.render import templates
from gates.run.site.pages import DRAWN, PLAIN

MADE = ".made.json"  # what was made of what, so that it is not made again
MARK = ".nojekyll"  # that a site lies here; GitHub Pages also takes it to publish the files as they are
OLD = "old"  # a page with pictures that another version drew
PICTURE = b"<figure"
FORMAT = 1


def require_ours(folder: Path) -> None:
    """Hold that nothing but a site lies in a folder, since an index is written over.

    Raises:
        InvalidError: Something else does.
    """
    if folder.is_dir() and any(folder.iterdir()) and not (folder / MARK).exists():
        raise InvalidError(
            f"{folder} holds files that no site has left.",
            do="Name a folder of its own: gates site candidate/site",
        )


def read(folder: Path) -> dict[str, str]:
    """Return the pages of the run before that stay: those made the same way, and all that have pictures."""
    return {name: how for name, how in _told(folder).items() if (folder / name).exists()}


def write(folder: Path, pages: Mapping[str, str]) -> None:
    """Keep which pages are there."""
    files.write_bytes(folder / MARK, b"")
    files.write_json(folder / MADE, {"format": FORMAT, "of": _maker(), "pages": dict(pages)})


def _told(folder: Path) -> dict[str, str]:
    path = folder / MADE
    document: Document = {}
    if path.exists():
        with contextlib.suppress(InvalidError):  # then as if there were none
            document = read_json(path)
    pages = document.get("pages")
    if not isinstance(pages, dict):  # no record of ours: the pages themselves tell
        there = ((each.relative_to(folder).as_posix(), each.read_bytes()) for each in folder.glob("*/*.html"))
        return {name: OLD for name, page in there if PICTURE in page}
    if document.get("of") == _maker():
        return {name: how for name, how in pages.items() if how in {DRAWN, PLAIN, OLD}}
    return {name: OLD for name, how in pages.items() if how in {DRAWN, OLD}}


def _maker() -> str:
    """Return what says that pages would be made otherwise now: programs and templates."""
    return digest.of_document([FORMAT, __version__, version("matplotlib"), templates.sha256()])
