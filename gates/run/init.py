"""`gates init`: what a repository needs to ship through the gates, written beside what is there.

No file that exists is changed. What would have stood in its place lies in `.gates/init/`, to be merged by
hand, and the answer says so.
"""

import os
import shlex
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from gates.adapters import files, workflow_files
from gates.documents import read_yaml
from gates.errors import InvalidError
from gates.run import first_files, survey, trainer
from gates.run.first_files import Found, place, repository
from gates.run.project import Project
from gates.run.result import Result
from gates.run.survey import Wishes

PROPOSED = Path(".gates") / "init"


def run(project: Project, wishes: Wishes) -> Result:
    """Write what is missing, and answer what was written, what was kept, and what to do next.

    Raises:
        InvalidError: A flag names what is not there, or the table cannot be learnt from.
    """
    root = project.root
    raw = survey.raw_file(root, wishes.data)
    table = survey.read(root, wishes)
    found = Found(
        raw=raw,
        key=survey.key_column(table, wishes),
        label=wishes.label,
        model=survey.model_name(root, wishes),
        groups=survey.groups(table, wishes),
        meaning=survey.label_of(table, wishes),
        trainer=trainer.find(root, wishes.fit),
    )
    project.say("dealing the golden set")
    texts = first_files.texts(root, found, table, project.log)
    made, kept = _write(root, texts)
    wrote, left = ([_seen(root, name) for name in names] for names in (made, kept))
    for name in wrote:
        project.say(f"wrote {name}")
    for name in left:
        project.say(f"kept: {name}")
    proposed = _propose(root, texts, kept)
    details = {
        "task": found.meaning.task,
        "wrote": wrote,
        "kept": left,
        "proposed": proposed,
        "plan": _next(root, found, proposed),
    }
    return Result("pass", _sentence(found, len(made), len(kept)), details=details)


def _sentence(found: Found, made: int, kept: int) -> str:
    value = found.meaning.positive
    what = found.label if value is None else f"whether {found.label} is {value}"
    return (
        f"{made} files written, {kept} kept. {found.model} ({found.meaning.task}) predicts {what}."
        " Review every line marked `review`, then:"
    )


def _write(root: Path, texts: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """Write the files that are not there; return the names of the new ones and of the others."""
    made = [name for name, text in texts.items() if files.create(place(root, name), text.encode())]
    return made, [name for name in texts if name not in made]


def _propose(root: Path, texts: Mapping[str, str], kept: Sequence[str]) -> list[str]:
    """Lay beside the project what differs from a file that was kept; return those names."""
    shutil.rmtree(root / PROPOSED, ignore_errors=True)
    differ = [name for name in kept if not _has(place(root, name), texts[name])]
    for name in differ:
        files.write_bytes(root / PROPOSED / name, texts[name].encode())
    return differ


def _has(path: Path, text: str) -> bool:
    """Return whether a file is what we would write; a list of patterns may hold more."""
    try:
        there = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return False
    if path.name in {".gitignore", ".dvcignore"}:
        return set(text.splitlines()) <= {*there.splitlines(), ""}
    return there == text


def _seen(root: Path, name: str) -> str:
    """Return the path of a file as it is typed in the project's folder."""
    return Path(os.path.relpath(place(root, name), root)).as_posix()


def _next(root: Path, found: Found, proposed: Sequence[str]) -> list[str]:
    """Return the commands that are left to type, in order."""
    steps = [] if (repository(root) / ".git").exists() else ["git init"]
    for name in proposed:
        quoted = shlex.quote(name)
        if name in {".gitignore", ".dvcignore"} or (name == "params.yaml" and not _has_policy(root)):
            steps.append(f"cat {PROPOSED / quoted} >> {quoted}")
        elif name == "dvc.yaml":
            steps.append(f"merge the stages of {PROPOSED / name} into {name}")
        elif name.startswith(first_files.WORKFLOWS) and not _calls_ours(root, name):
            steps.append(f"merge the job of {PROPOSED / name} into {_seen(root, name)}")
    if not (root / f"{found.raw}.dvc").exists():
        steps += [f"dvc add {shlex.quote(found.raw)}", "dvc push"]
    return [
        *steps,
        "gates policy",
        "git add --all && git commit -m 'Ship through the gates'",
        "gates ship",
    ]


def _has_policy(root: Path) -> bool:
    return "gates" in read_yaml(root / "params.yaml")


def _calls_ours(root: Path, name: str) -> bool:
    """Return whether a workflow that was kept calls for this project what ours would call."""
    try:
        there = workflow_files.read(repository(root))[name]
    except InvalidError:  # what nobody can read calls nothing
        return False
    return _calls(workflow_files.read(root / PROPOSED)[name]) <= _calls(there)


def _calls(workflow: Mapping[str, Any]) -> set[tuple[str, str]]:
    """Return the workflows that the jobs of one call, by name, each with the project's folder."""
    jobs = workflow.get("jobs")
    found = set()
    for job in jobs.values() if isinstance(jobs, dict) else ():
        uses, given = (job.get("uses", ""), job.get("with")) if isinstance(job, dict) else ("", None)
        folder = given.get("working-directory", ".") if isinstance(given, dict) else "."
        found.add((PurePosixPath(str(uses).partition("@")[0]).name, str(folder)))
    return found
