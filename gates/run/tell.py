"""`gates tell`: a sentence to those who watch a channel."""

from gates.adapters import github, webhook
from gates.errors import GatesError, InvalidError
from gates.render.issue import NO_WORD
from gates.run.project import Project
from gates.run.result import UNCHANGED, Result


def run(project: Project, text: str) -> Result:
    """Tell it to the webhook; that one is missing or fails is a warning, and stops nothing.

    Args:
        project: The project.
        text: What happened.
    """
    url = webhook.address()
    if not url:
        return Result(UNCHANGED, f"{webhook.VARIABLE} is not set: nobody is told.")
    try:
        webhook.post(url, f"{subject(project)}: {text.strip() or NO_WORD} {github.run_url()}".strip())
    except GatesError as error:
        github.annotate("warning", "tell", f"{error.what} {error.do}")
        return Result(UNCHANGED, f"Nobody was told. {error.what} {error.do}")
    return Result("pass", "Told.")


def subject(project: Project) -> str:
    """Return the name of the model; the folder's where the policy is what is wrong."""
    try:
        return project.model
    except InvalidError:
        return project.root.name
