"""What makes a version of this package public: its release stays, the tag of its major version moves on."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from gates.errors import ConflictError, InvalidError, TamperedError, UndecidedError

VERSION = re.compile(r"v(0|[1-9][0-9]{0,5})\.(0|[1-9][0-9]{0,5})\.(0|[1-9][0-9]{0,5})")
AGAIN = "then run the workflow `release` again, on the tag"


@dataclass(frozen=True)
class Facts:
    """What has to fit together.

    Attributes:
        tag: The tag that is to be released.
        version: The version that pyproject.toml of the checked out commit names.
        notes: Its section in the changelog; empty where there is none.
        head: The commit that is checked out.
        commit: The commit that the tag names on GitHub.
        checks: How the required check of this commit ended each time; empty text while it runs.
        released: Tag of every release to its text.
        moving: The commit that the tag of the major version names; empty where there is no such tag.
    """

    tag: str
    version: str
    notes: str
    head: str
    commit: str
    checks: Sequence[str]
    released: Mapping[str, str]
    moving: str


@dataclass(frozen=True)
class Publish:
    """Make the release of a tag; ``latest`` shows it first."""

    tag: str
    text: str
    latest: bool

    def __str__(self) -> str:
        """Say it to who reads the plan."""
        return f"make the release {self.tag}"


@dataclass(frozen=True)
class MoveTag:
    """Let the tag of a major version name a commit; ``new`` where there is no such tag yet."""

    name: str
    commit: str
    new: bool

    def __str__(self) -> str:
        """Say it to who reads the plan."""
        return f"let {self.name} name {self.commit[:12]}"


ReleaseStep: TypeAlias = Publish | MoveTag


def major(tag: str) -> str:
    """Return the tag that moves: v1 for v1.2.3.

    Raises:
        InvalidError: The tag is no version.
    """
    if not VERSION.fullmatch(tag):
        raise InvalidError(f"{tag[:80]!r} is no version such as v1.2.3.", do=f"Tag the commit, {AGAIN}.")
    return tag.partition(".")[0]


def plan(facts: Facts) -> list[ReleaseStep]:
    """Return what is left to do; nothing where all of it is done.

    Raises:
        InvalidError: Tag, version and changelog do not fit together.
        ConflictError: The tag was moved since it was checked out.
        UndecidedError: The required check of the commit has not passed.
        TamperedError: The version was released from another commit.
    """
    name = major(facts.tag)
    _require_fitting(facts)
    _require_tested(facts)
    steps: list[ReleaseStep] = []
    if facts.tag not in facts.released:
        newest = _newest(facts.tag, facts.released)
        steps.append(Publish(facts.tag, f"{facts.notes}\n\nCommit: {facts.commit}\n", latest=newest))
    elif facts.commit not in facts.released[facts.tag]:
        raise TamperedError(
            f"{facts.tag} was released from another commit than {facts.commit[:12]}.",
            why="A version that is out stays as it is; whoever pinned the tag gets other code now.",
            do="Find who moved it, and put it back: git push --force origin COMMIT:refs/tags/" + facts.tag,
        )
    siblings = [each for each in facts.released if each.partition(".")[0] == name]
    if _newest(facts.tag, siblings) and facts.moving != facts.commit:
        steps.append(MoveTag(name, facts.commit, new=not facts.moving))
    return steps


def _require_fitting(facts: Facts) -> None:
    if facts.tag != f"v{facts.version}":
        raise InvalidError(
            f"The tag {facts.tag} is not the version in pyproject.toml, {facts.version}.",
            do="Set the version, commit, and tag that commit.",
        )
    if not facts.notes:
        raise InvalidError(
            f"CHANGELOG.md has no section `## {facts.version}`.", do="Write it, commit, and tag that commit."
        )
    if facts.head != facts.commit:
        raise ConflictError(
            f"{facts.tag} names {facts.commit[:12] or 'nothing'} on GitHub, not {facts.head[:12]}.",
            why="That is the commit which is checked out.",
            do="Run the workflow `release` again, on the tag.",
        )


def _require_tested(facts: Facts) -> None:
    if not facts.checks:
        raise UndecidedError(
            f"The check `required` did not run on {facts.commit[:12]}.",
            why="It runs for pull requests and on main.",
            do=f"Bring the commit to main, {AGAIN}.",
        )
    bad = [each for each in facts.checks if each != "success"]
    if bad:
        ended = f"ended with {bad[0]}" if bad[0] else "still runs"
        raise UndecidedError(
            f"The check `required` of {facts.commit[:12]} {ended}.", do=f"Let it pass, {AGAIN}."
        )


def _newest(tag: str, others: "Sequence[str] | Mapping[str, str]") -> bool:
    """Return whether a version is newer than, or is, each of the others; what is no version is passed by."""
    return all(_numbers(each) <= _numbers(tag) for each in others if VERSION.fullmatch(each))


def _numbers(tag: str) -> tuple[int, ...]:
    return tuple(map(int, tag.removeprefix("v").split(".")))
