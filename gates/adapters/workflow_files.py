"""The workflows and composite actions of a repository, as GitHub reads them."""

from pathlib import Path

import yaml

from gates.documents import MAX_BYTES, Document
from gates.errors import InvalidError, Remark
from gates.paths import read_bytes

WORKFLOWS = Path(".github/workflows")
PATTERNS = (".github/workflows/*.y*ml", ".github/actions/*/action.y*ml")


def read(top: Path) -> dict[str, Document]:
    """Return path to document of each; every value is text, since YAML would read `on` as true.

    Raises:
        InvalidError: Files are not YAML with a mapping at its root, or lack what GitHub asks of a workflow;
            each is one of its remarks.
    """
    documents: dict[str, Document] = {}
    wrong: list[Remark] = []
    for path in sorted(path for pattern in PATTERNS for path in top.glob(pattern)):
        name = path.relative_to(top).as_posix()
        try:
            documents[name] = _document(path, name)
        except InvalidError as error:
            wrong += error.remarks or [Remark(" ".join(filter(None, (error.what, error.why))), str(path))]
    if wrong:
        raise InvalidError(
            f"{wrong[0].text[:-1]}{f', and {len(wrong) - 1} more are none' if wrong[1:] else ''}.",
            why="GitHub takes no such file, so nothing can be said about what it starts.",
            do="Correct it, and run the same command again.",
            remarks=wrong,
        )
    return documents


def _document(path: Path, name: str) -> Document:
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
        said = Remark(f"{name} is not YAML: {why}{where}.", str(path), mark.line + 1 if mark else 0)
        raise InvalidError(said.text, remarks=[said]) from error
    if not isinstance(document, dict):
        raise InvalidError(f"{name} is no mapping.")
    jobs = document.get("jobs")
    named = jobs and isinstance(jobs, dict) and all(isinstance(job, dict) for job in jobs.values())
    if Path(name).parent == WORKFLOWS and not (named and document.get("on")):
        raise InvalidError(f"{name} is no workflow: it needs `on:`, and `jobs:` with a name for each.")
    return document
