"""The heading Alarm: whether an alert is a reason to act, and telling people."""

import typing

import click

from gates.cli import flags
from gates.cli.section import Section

if typing.TYPE_CHECKING:
    from gates.run.project import Project
    from gates.run.result import Result

section = Section("Alarm")


@section.command(
    click.option(
        "--payload", default="", metavar="JSON", help="Body of Alertmanager's webhook, or @ and its file."
    )
)
def alert(project: "Project", payload: str) -> "Result":
    """Decide whether what Alertmanager tells is a reason to roll back."""
    from gates.run import alert as run

    return run.run(project, payload)


@section.command(click.option("--text", default="", help="What happened."))
def tell(project: "Project", text: str) -> "Result":
    """Tell a channel what happened, by the webhook in GATES_WEBHOOK."""
    from gates.run import tell as run

    return run.run(project, text)


@section.command(
    click.option(
        "--title", type=flags.REASON, required=True, help="What is wrong, the same words each time."
    ),
    click.option("--text", default="", help="What happened this time."),
)
def issue(project: "Project", title: str, text: str) -> "Result":
    """Open an issue on GitHub, or bring the open one of this title up to date."""
    from gates.run import issue as run

    return run.run(project, title, text)
