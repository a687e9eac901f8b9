"""`gates init`: what a repository needs to ship through the gates, written beside what is there.

No file that exists is changed. What would have stood in its place lies in `.gates/init/`, to be merged by
hand, and the answer says so.
"""

import shlex
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from gates.adapters import files
from gates.documents import read_yaml
from gates.run import first_files, survey, trainer
from gates.run.first_files import Found, repository
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
        groups=wishes.groups,
        meaning=survey.label_of(table, wishes),
        trainer=trainer.find(root, wishes.fit),
    )
    project.say("dealing the golden set")
    texts = first_files.texts(root, found, table, project.log)
    made, kept = _write(root, texts)
    for name in made:
        project.say(f"wrote {name}")
    for name in kept:
        project.say(f"kept: {name}")
    proposed = _propose(root, texts, kept)
    details = {
        "task": found.meaning.task,
        "wrote": made,
        "kept": kept,
        "proposed": proposed,
        "plan": _next(root, found, proposed),
    }
    return Result("pass", _sentence(found, len(made), len(kept)), details=details)


def _sentence(found: Found, made: int, kept: int) -> str:
    value = found.meaning.positive
    what = found.label if value is None else f"whether {found.label} is {value}"
    return (
        f"{made} files written, {kept} kept. {found.model} is a {found.meaning.task}: it predicts {what}."
        " Review every line marked `review`, then:"
    )


def _write(root: Path, texts: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """Write the files that are not there; return the names of the new ones and of the others."""
    made = [name for name, text in texts.items() if files.create(_place(root, name), text.encode())]
    return made, [name for name in texts if name not in made]


def _propose(root: Path, texts: Mapping[str, str], kept: Sequence[str]) -> list[str]:
    """Lay beside the project what differs from a file that was kept; return those names."""
    shutil.rmtree(root / PROPOSED, ignore_errors=True)
    differ = [name for name in kept if not _has(_place(root, name), texts[name])]
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


def _place(root: Path, name: str) -> Path:
    """Return where a file belongs: workflows in the repository's folder, all else in the project's."""
    return (repository(root) if name.startswith(first_files.WORKFLOWS) else root) / name


def _next(root: Path, found: Found, proposed: Sequence[str]) -> list[str]:
    """Return the commands that are left to type, in order."""
    steps = [] if (repository(root) / ".git").exists() else ["git init"]
    for name in proposed:
        quoted = shlex.quote(name)
        if name in {".gitignore", ".dvcignore"} or (name == "params.yaml" and not _has_policy(root)):
            steps.append(f"cat {PROPOSED / quoted} >> {quoted}")
        elif name == "dvc.yaml":
            steps.append(f"merge the stages of {PROPOSED / name} into {name}")
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
