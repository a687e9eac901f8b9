"""One heading of `gates --help` with its commands, and what every command has and does."""

import functools
import sys
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import click

from gates.cli import flags

if typing.TYPE_CHECKING:
    from gates.run.answer import Answer


class Section:
    """A heading of the help; each has a module of this package.

    Attributes:
        title: The heading.
        commands: Name to command, in the order in which they are defined, which is that of the help.
        described: Name to command of those that have an action.
    """

    def __init__(self, title: str) -> None:
        self.title = title
        self.commands: dict[str, click.Command] = {}
        self.described: dict[str, click.Command] = {}

    def command(
        self,
        *options: Callable[[Any], Any],
        name: str | None = None,
        new: bool = False,
        action: bool = True,
    ) -> Callable[[Callable[..., "Answer"]], click.Command]:
        """Make a function a command, with the two options that every command has.

        Args:
            options: Its own flags and arguments, as click's decorators.
            name: What is typed; the function's name where left out.
            new: Its folder need not be a project yet.
            action: It has an action: all have but those for a person, or for this repository itself.
        """

        def register(function: Callable[..., "Answer"]) -> click.Command:
            command_name = name or function.__name__

            @functools.wraps(function)
            def wrapped(**options: Any) -> NoReturn:  # noqa: ANN401 - each command's own
                _run(command_name, function, new=new, **options)

            folder = click.Path(file_okay=False, path_type=Path)
            shared = (
                click.option("--project", type=folder, default=Path(), help="Folder of params.yaml."),
                click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON."),
            )
            decorated: Callable[..., Any] = wrapped
            for option in reversed((*options, *shared)):
                decorated = option(decorated)
            command = click.command(command_name)(decorated)
            self.commands[command_name] = command
            if action:
                self.described[command_name] = command
            return command

        return register


def _run(
    name: str,
    function: Callable[..., "Answer"],
    *,
    new: bool,
    project: Path,
    as_json: bool,
    **options: Any,  # noqa: ANN401 - each command's own
) -> NoReturn:
    """Run a command and end the process with its exit code; errors become one block, never a traceback."""
    from gates.run.answer import Answering
    from gates.run.project import open_project

    answering = Answering(name, project, as_json=as_json, flags=flags.given(click.get_current_context()))
    with answering.errors():
        opened = open_project(project, name, answering.screen, new=new)
        answering.tell(function(project=opened, **options), opened)
    sys.exit(int(answering.code))
