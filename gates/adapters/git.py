"""Facts about the commit and the working tree."""

import os
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gates.errors import InvalidError

FULL_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_COMMIT = 'Commit the project first: git init && git add . && git commit -m "first"'
# What the commands leave in a project is no part of what a model was made of.
_NOT_OURS = (":!.gates", ":!candidate", ":!evidence", ":!mlflow.db*", ":!mlruns")


def facts(root: Path, commits: Sequence[str] = ()) -> dict[str, Any]:
    """Return the commit, uncommitted paths, and of ``commits`` whether all exist and which it contains.

    Raises:
        InvalidError: The project is not in a git repository, or has no commit.
    """
    commit = head(root)
    everything = ("--porcelain=v1", "--untracked-files=all", "--no-renames", "-z")
    status = _git(root, "status", *everything, "--", ".", *_NOT_OURS)
    prefix = _git(root, "rev-parse", "--show-prefix").strip()
    dirty = sorted(line[3:].removeprefix(prefix) for line in status.split("\0") if line)
    asked = [each for each in commits if FULL_SHA.fullmatch(each)]
    known = len(asked) == len(commits) and all(
        _succeeds(root, "cat-file", "-e", f"{each}^{{commit}}") for each in asked
    )
    contains = [each for each in asked if _succeeds(root, "merge-base", "--is-ancestor", each, commit)]
    return {"commit": commit, "known": known, "dirty": dirty, "contains": contains}


def head(root: Path) -> str:
    """Return the full SHA of the commit that is checked out.

    Raises:
        InvalidError: The project is not in a git repository, or has no commit.
    """
    return _git(root, "rev-parse", "--verify", "HEAD^{commit}").strip()


def top(root: Path) -> Path:
    """Return the folder of the repository that a project lies in; the project's own where there is none."""
    ended = run(root, "rev-parse", "--show-toplevel")
    return root if ended.returncode else Path(os.fsdecode(ended.stdout.rstrip(b"\n")))


def commit_of(root: Path, name: str) -> str:
    """Return the full SHA of the commit that a name stands for; empty where there is none here."""
    ended = run(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    return "" if ended.returncode else ended.stdout.decode().strip()


def at(root: Path, commit: str, name: str) -> bytes | None:
    """Return a file of the project as a commit has it; None where it has none."""
    ended = run(root, "show", f"{commit}:./{name}")
    return None if ended.returncode else ended.stdout


def changed(root: Path, commit: str) -> list[str]:
    """Return the tracked files of the project that a commit has otherwise; paths from its folder."""
    listed = _git(root, "diff", "--name-only", "--no-renames", "--relative", "-z", commit, "--", ".")
    return [name for name in listed.split("\0") if name]


def tracked(root: Path) -> list[str]:
    """Return the files of the project that git keeps; paths from its folder.

    Raises:
        InvalidError: The project is not in a git repository.
    """
    return [name for name in _git(root, "ls-files", "-z", "--", ".").split("\0") if name]


def fetches(root: Path, ref: str) -> bool:
    """Return whether `git fetch` brings a ref under its own name, and refuses it where it was put back."""
    ended = run(root, "config", "--get-regexp", r"^remote\..*\.fetch$")
    return f"{ref}:{ref}" in [line.split(" ")[1] for line in ended.stdout.decode().splitlines()]


def run(root: Path, *arguments: str, given: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
    """Run git in a project with ``given`` on its stdin, and return how it ended.

    Raises:
        InvalidError: Git is not installed.
    """
    command = ["git", *arguments]
    environment = {**os.environ, "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"}
    try:
        return subprocess.run(
            command, cwd=root, input=given, capture_output=True, check=False, env=environment
        )
    except FileNotFoundError as error:
        raise InvalidError("git is not installed.", do="Install git; lineage needs it.") from error


def _succeeds(root: Path, *arguments: str) -> bool:
    return not run(root, *arguments).returncode


def require_repository(root: Path) -> None:
    """Hold that a project is in a repository.

    Raises:
        InvalidError: It is in none.
    """
    if not _succeeds(root, "rev-parse", "--git-dir"):
        raise InvalidError(f"{root.resolve()} is in no git repository.", do=_COMMIT)


def _git(root: Path, *arguments: str) -> str:
    ended = run(root, *arguments)
    if ended.returncode:
        raise InvalidError(
            f"git cannot tell which commit {root.resolve()} is at.",
            why=ended.stderr.decode(errors="replace").strip().splitlines()[0] + ".",
            do=_COMMIT,
        )
    return ended.stdout.decode(errors="backslashreplace")
