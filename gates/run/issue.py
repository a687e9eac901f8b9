"""`gates issue`: what a person has to look at, as one issue a subject."""

from gates.adapters import github, github_issues
from gates.adapters.github_api import Api
from gates.render import issue as render
from gates.run.project import Project
from gates.run.result import Result
from gates.run.tell import subject


def run(project: Project, title: str, text: str) -> Result:
    """Open an issue on GitHub, or bring the open one with this title about this model up to date.

    Args:
        project: The project.
        title: What is wrong, the same words each time.
        text: What happened this time.

    Raises:
        InvalidError: There is no repository or token, or the token may not write issues.
        UnavailableError: GitHub did not answer.
    """
    model = subject(project)
    number, done = github_issues.put(
        Api.from_environment(),
        github_issues.Issue(
            render.marker(title, model),
            f"{title}: {model}",
            render.news(text),
            render.body(title, model, text, github.run_url()),
        ),
    )
    return Result("pass", f"Issue {number} was {done}: {title}: {model}.", details={"issue": number})
