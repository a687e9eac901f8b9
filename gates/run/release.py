"""`gates release`: make a version of this repository public, once its tests have passed."""

import re
import tomllib
from pathlib import Path

from gates.adapters import git
from gates.adapters.github_api import Api
from gates.adapters.github_release import Releases
from gates.errors import InvalidError
from gates.paths import read_bytes
from gates.plans.release import Facts, Publish, ReleaseStep, major, plan
from gates.run.project import Project
from gates.run.result import UNCHANGED, Result, planned

MOST_BYTES = 1024 * 1024


def run(project: Project, tag: str, *, apply: bool) -> Result:
    """Release a tag: answer the plan, or with ``apply`` what was done.

    Raises:
        GatesError: Something does not fit, or GitHub did not answer.
    """
    moving = major(tag)
    releases = Releases(Api.from_environment())
    version, head = _version(project.root), git.head(project.root)
    commit = releases.commit(tag)
    facts = Facts(
        tag=tag,
        version=version,
        notes=_notes(project.root, version),
        head=head,
        commit=commit,
        checks=releases.checks(head),
        released=releases.texts(),
        moving=releases.commit(moving),
    )
    steps = plan(facts)
    if not steps:
        return Result(UNCHANGED, f"{tag} is released; nothing to do.")
    if not apply:
        return planned(steps, f"gates release {tag} --apply")
    for step in steps:
        project.say(str(step))
        _do(releases, step)
    return Result("pass", f"Released {tag}: {', '.join(map(str, steps))}.", details={"commit": commit})


def _do(releases: Releases, step: ReleaseStep) -> None:
    if isinstance(step, Publish):
        releases.publish(step.tag, step.text, latest=step.latest)
    else:
        releases.move(step.name, step.commit, new=step.new)


def _version(root: Path) -> str:
    """Return the version of the commit that is checked out, whichever version of us runs."""
    path = root / "pyproject.toml"
    try:
        return str(tomllib.loads(read_bytes(path, MOST_BYTES).decode())["project"]["version"])
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise InvalidError(
            f"{path} names no version.", why=f"{type(error).__name__}: {error}.", do="Write project.version."
        ) from error


def _notes(root: Path, version: str) -> str:
    """Return a version's section of the changelog, without its heading; empty where there is none."""
    text = read_bytes(root / "CHANGELOG.md", MOST_BYTES).decode(errors="replace")
    found = re.search(rf"^## {re.escape(version)}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    return found[1].strip() if found else ""
