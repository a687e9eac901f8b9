"""Facts about the commit and the working tree."""

import os
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from gates.errors import InvalidError


def facts(root: Path, commits: Iterable[str] = ()) -> dict[str, Any]:
    """Return the commit, whether it is known, uncommitted paths, and which of ``commits`` it contains.

    Raises:
        InvalidError: The project is not in a git repository, or has no commit.
    """
    commit = head(root)
    status = _git(root, "status", "--porcelain=v1", "--untracked-files=all", "--no-renames", "-z", "--", ".")
    prefix = _git(root, "rev-parse", "--show-prefix").strip()
    dirty = sorted(line[3:].removeprefix(prefix) for line in status.split("\0") if line)
    contains = [each for each in commits if _is_ancestor(root, each)]
    return {"commit": commit, "known": _is_ancestor(root, commit), "dirty": dirty, "contains": contains}


def head(root: Path) -> str:
    """Return the full SHA of the commit that is checked out.

    Raises:
        InvalidError: The project is not in a git repository, or has no commit.
    """
    return _git(root, "rev-parse", "--verify", "HEAD^{commit}").strip()


def _is_ancestor(root: Path, commit: str) -> bool:
    if len(commit) != 40 or not set(commit) <= set("0123456789abcdef"):  # noqa: PLR2004 - a full SHA-1
        return False
    command = ["git", "merge-base", "--is-ancestor", commit, "HEAD"]
    return (
        subprocess.run(command, cwd=root, capture_output=True, check=False, env=_environment()).returncode
        == 0
    )


def _git(root: Path, *arguments: str) -> str:
    command = ["git", *arguments]
    try:
        ended = subprocess.run(command, cwd=root, capture_output=True, check=False, env=_environment())
    except FileNotFoundError as error:
        raise InvalidError("git is not installed.", do="Install git; lineage needs it.") from error
    if ended.returncode:
        raise InvalidError(
            f"git cannot tell which commit {root.resolve()} is at.",
            why=ended.stderr.decode(errors="replace").strip().splitlines()[0] + ".",
            do='Commit the project first: git init && git add -A && git commit -m "first"',
        )
    return ended.stdout.decode(errors="surrogateescape")


def _environment() -> dict[str, str]:
    return {**os.environ, "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"}
