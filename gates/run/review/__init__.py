"""`gates review`: all that can be said about a proposed change without a secret, and all of it at once.

One look a file: a function of the project and of what the change is compared with. The cheap ones come first.
"""

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

from gates import digest
from gates.adapters import files, git
from gates.errors import GatesError, InvalidError, UnavailableError
from gates.render import review as render
from gates.run.project import Project
from gates.run.result import Result
from gates.run.review import changes, commands, data, judged, pipeline, policy, workflows
from gates.run.review.look import Base, Look

PAGE = "review.md"  # what the comment of a pull request says; it lies in `candidate/`
BASE = "HEAD^1"
SHOWN = 80  # characters of what was typed
Looking: TypeAlias = Callable[[Project, Base], Look]

LOOKS: dict[str, Looking] = {
    "policy": policy.look,
    "changes": changes.look,
    "stages": pipeline.look,
    "workflows": workflows.look,
    "lint": partial(commands.look, which="lint"),
    "champion": judged.champion,
    "candidate": judged.candidate,
    "data": data.look,
    "tests": partial(commands.look, which="tests"),
}


def run(project: Project, base: str) -> Result:
    """Look at everything, whatever is found on the way, and leave the answer as a page too.

    Args:
        project: The project.
        base: The commit that the change is compared with; empty for the first parent, where there is one.

    Raises:
        InvalidError: The commit that was named is not here, or there is no commit at all.
    """
    git.head(project.root)  # without one there is no change
    compared = Base(base or BASE, git.commit_of(project.root, base or BASE))
    if base and not compared.commit:
        raise InvalidError(
            f"--base {base[:SHOWN]} names no commit that is here.",
            do="Fetch it, or name another: git fetch origin main && gates review --base origin/main",
        )
    looks: dict[str, Look] = {}
    for name, look in LOOKS.items():
        read = "policy" not in looks or looks["policy"].outcome != "fail" or name == "workflows"
        later = Look("skipped", "Not before the policy can be read.")
        looks[name] = _look(project, compared, name, look) if read else later
    outcome, sentence = _together(looks)
    details = {
        "base": compared.commit,
        "folder": project.root.relative_to(git.top(project.root).resolve()).as_posix(),
        "looks": [each.to_document(name, project.root) for name, each in looks.items()],
    }
    page = render.page({"outcome": outcome, "sentence": sentence, **details}).encode()
    files.write_bytes(project.candidate / PAGE, page)
    return Result(outcome, sentence, digest=digest.of_bytes(page), details=details)


def _look(project: Project, base: Base, name: str, look: Looking) -> Look:
    """Return what is seen; an error is something that was seen, too."""
    project.say(f"looking at {name}")
    try:
        return look(project, base)
    except UnavailableError as error:
        return Look("skipped", _told(project, error.what, error.why))
    except GatesError as error:
        return Look("fail", _told(project, error.what, error.why, error.do), error.remarks)


def _told(project: Project, what: str, *parts: str) -> str:
    """Return an error in one line, without its list and without the project's place on this machine."""
    head, *listed = what.splitlines()
    first = f"{head.rstrip(':')}." if listed else head
    return " ".join(filter(None, (first, *parts))).replace(f"{project.root}/", "")


def _together(looks: dict[str, Look]) -> tuple[str, str]:
    """Return the outcome over all looks, and a sentence that hides none that was not taken."""

    def named(*outcomes: str) -> str:
        return ", ".join(name for name, each in looks.items() if each.outcome in outcomes)

    if failed := named("fail"):
        outcome, sentence = "fail", f"Stopped by {failed}."
    elif undecided := named("undecided"):
        outcome, sentence = "undecided", f"Undecided: {undecided}."
    else:
        outcome, sentence = "pass", f"Nothing speaks against it: {named('pass', 'warning')}."
    if warned := named("warning"):
        sentence += f" To be looked at by a person: {warned}."
    if skipped := named("skipped"):
        sentence += f" Not looked at: {skipped}."
    return outcome, sentence
