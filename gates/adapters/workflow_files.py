"""The workflows and composite actions of a repository, as GitHub reads them."""

from pathlib import Path

import yaml

from gates.documents import MAX_BYTES, Document
from gates.errors import InvalidError
from gates.paths import read_bytes

PATTERNS = (".github/workflows/*.y*ml", ".github/actions/*/action.y*ml")


def read(top: Path) -> dict[str, Document]:
    """Return path to document of each; every value is text, since YAML would read `on` as true.

    Raises:
        InvalidError: A file is not YAML with a mapping at its root, or lacks what GitHub asks of a workflow.
    """
    paths = sorted(path for pattern in PATTERNS for path in top.glob(pattern))
    return {path.relative_to(top).as_posix(): _document(path) for path in paths}


def _document(path: Path) -> Document:
    try:
        loader = yaml.BaseLoader(read_bytes(path, MAX_BYTES))
        try:
            document = loader.get_single_data()
        finally:
            loader.dispose()
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        why = getattr(error, "problem", None) or str(error).splitlines()[0]
        where = f" in line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise InvalidError(
            f"{path} is not YAML.", why=f"{why}{where}.", do="Correct it, then: gates review"
        ) from error
    if not isinstance(document, dict):
        raise InvalidError(f"{path} is no mapping.", do="Correct it, then: gates review")
    if path.parent.name == "workflows" and not ("on" in document and isinstance(document.get("jobs"), dict)):
        raise InvalidError(
            f"{path} is no workflow: it needs `on:`, and `jobs:` with a name for each.",
            do="Correct it, then: gates review",
        )
    return document
