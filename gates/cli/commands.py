"""The command `gates`: all its commands, each under a heading that has a module beside this one."""

import signal
import sys
from pathlib import Path
from typing import Any, NoReturn

import click

from gates import __version__
from gates.cli import alarm, champion, deliver, gate, project
from gates.errors import ExitCode, InvalidError

SECTIONS = (deliver.section, champion.section, alarm.section, gate.section, project.section)
EPILOG = "Exit codes: 0 pass, 1 fail, 2 invalid, 3 undecided, 4 unavailable, 5 conflict, 6 tampered."


class Sections(click.Group):
    """A group whose help lists its commands under headings."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write one list a section."""
        for section in SECTIONS:
            rows = [(name, _short_help(self, ctx, name)) for name in section.commands]
            with formatter.section(section.title):
                formatter.write_dl(rows)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:  # noqa: ANN401 - click's own
        """Name the nearest command for a mistyped one."""
        import difflib

        name = args[0] if args else ""
        if name and not name.startswith("-") and self.get_command(ctx, name) is None:
            near = difflib.get_close_matches(name, self.commands, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise click.UsageError(f"There is no command {name!r}.{hint}", ctx)
        return super().resolve_command(ctx, args)


def _short_help(group: click.Group, ctx: click.Context, name: str) -> str:
    command = group.get_command(ctx, name)
    return command.get_short_help_str(limit=110) if command else ""


@click.group(
    cls=Sections,
    epilog=EPILOG,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "auto_envvar_prefix": "GATES",
        "max_content_width": 100,
    },
)
@click.version_option(__version__, prog_name="gates")
def cli() -> None:
    """Bring a model to production through the gates, and know afterwards who did, when and why."""


for _section in SECTIONS:
    for _command in _section.commands.values():
        cli.add_command(_command)


def described_commands() -> dict[str, click.Command]:
    """Return the commands that have an action: all but those for a person, or for this repository itself."""
    return {name: command for section in SECTIONS for name, command in section.described.items()}


def main() -> NoReturn:
    """Run the command line; a signal to end stops what we have started too."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        cli.main(prog_name="gates", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        sys.exit(int(ExitCode.INVALID))
    except click.ClickException as error:
        from gates.run.answer import Answering

        context = getattr(error, "ctx", None)
        hint = f"{context.command_path} --help" if context else "gates --help"
        Answering("", Path(), as_json="--json" in sys.argv).complain(
            InvalidError(error.format_message(), do=hint)
        )
        sys.exit(int(ExitCode.INVALID))
    except click.Abort:
        sys.stderr.write("Interrupted. Run the same command again: it completes what was half done.\n")
        sys.exit(130)
    sys.exit(0)
