"""The command `gates`: one subcommand a job, a gate and a question; the gates' come from `gates.checks`."""

import functools
import signal
import sys
import typing
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn

import click

from gates import __version__, checks
from gates.cli import flags
from gates.errors import ExitCode, InvalidError
from gates.verdict import Verdict

if typing.TYPE_CHECKING:
    from gates.run.project import Project
    from gates.run.result import Result

SECTIONS = {
    "Deliver": ("ship", "data", "train", "predict", "judge", "promote"),
    "Champion": ("status", "history", "show", "audit", "rollback", "drill", "reconcile", "restore", "export"),
    "Alarm": ("alert", "tell", "issue"),
    "Gates": tuple(checks.names()),
    "Project": ("init", "review", "comment", "doctor", "policy", "key", "actions", "release"),
}
WITHOUT_ACTION = {"init", "ship", "key", "actions", "release"}
EPILOG = "Exit codes: 0 pass, 1 fail, 2 invalid, 3 undecided, 4 unavailable, 5 conflict, 6 tampered."


class Sections(click.Group):
    """A group whose help lists its commands under headings."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write one list a section."""
        for section, names in SECTIONS.items():
            rows = [(name, _short_help(self, ctx, name)) for name in names]
            with formatter.section(section):
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


def _command(
    *options: Callable[[Any], Any], name: str | None = None, new: bool = False
) -> Callable[[Callable[..., Any]], click.Command]:
    """Register a command with the two options that every command has; a ``new`` one makes the project."""

    def register(function: Callable[..., Any]) -> click.Command:
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
        return cli.command(command_name)(decorated)

    return register


@_command(flags.APPROVER, flags.UNTIL)
def ship(project: "Project", approver: str, until: str) -> "Result":
    """Run data, train, predict, judge and promote, and say what was decided."""
    from gates.run import ship as run

    return run.run(project, approver, until)


@_command()
def data(project: "Project") -> "Result":
    """Pull the raw data, hash it, hold it against its contract."""
    from gates.run import data as run

    return run.run(project)


@_command(flags.EXPECT)
def train(project: "Project", expect: str) -> "Result":
    """Run the stages that changed and record the training in MLflow."""
    from gates.run import train as run

    return run.run(project, expect)


@_command(flags.EXPECT)
def predict(project: "Project", expect: str) -> "Result":
    """Score the golden features with challenger and champion, and time them."""
    from gates.run import predict as run

    return run.run(project, expect)


@_command(
    flags.EXPECT,
    click.option(
        "--expect-train", type=flags.DIGEST, default="", help="Digest that the job train handed on."
    ),
    click.option("--expect-data", type=flags.DIGEST, default="", help="Digest that the job data handed on."),
    flags.TODAY,
    flags.APPROVER,
)
def judge(
    project: "Project", expect: str, expect_train: str, expect_data: str, today: str, approver: str
) -> "Result":
    """Judge the candidate by every gate and write the statement."""
    from gates.run import judge as run

    expected = run.Expected(expect, expect_train, expect_data)
    return run.run(project, expected, flags.day(today), approver)


@_command(flags.EXPECT, flags.APPLY, *flags.BREAK_GLASS)
def promote(
    project: "Project",
    expect: str,
    apply: bool,  # noqa: FBT001 - click's own
    break_glass: bool,  # noqa: FBT001 - click's own
    approver: tuple[str, ...],
    reason: str,
    expires: timedelta | None,
) -> "Result":
    """Sign the decision, append it to the ledger, move the alias."""
    from gates.run import promote as run

    glass = flags.glass(break_glass, approver, reason, expires)
    return run.run(project, expect, apply=apply, glass=run.Glass(*glass) if glass else None)


@_command()
def status(project: "Project") -> dict[str, Any]:
    """Say who serves by the ledger, since when, from which run."""
    from gates.run import views

    return views.status(project)


@_command()
def history(project: "Project") -> dict[str, Any]:
    """List every move of the champion, newest first."""
    from gates.run import views

    return views.history(project)


@_command(click.argument("target", metavar="SHA", envvar="GATES_SHOW_TARGET"))
def show(project: "Project", target: str) -> dict[str, Any]:
    """Walk a SHA or version back to registry, run, commit, data and remote."""
    from gates.run import views

    return views.show(project, target)


@_command(
    click.option("--to", required=True, metavar="TARGET", help="previous, a version, or a SHA."),
    click.option("--reason", type=flags.REASON, required=True, help="One sentence for the auditor."),
    click.option(
        "--expect",
        type=flags.SERVING,
        default="",
        metavar="SERVING",
        help="What is to be undone: version or SHA of who serves now, or the digest of the entry that let it "
        "in, as `gates alert` tells it; whoever serves if empty. Two who ask at once go back once.",
    ),
    flags.APPLY,
)
def rollback(project: "Project", to: str, reason: str, expect: str, apply: bool) -> "Result":  # noqa: FBT001 - click's own
    """Make an earlier champion serve again."""
    from gates.run import rollback as run

    return run.run(project, to, reason, apply=apply, undoing=expect)


@_command(
    click.option(
        "--payload", default="", metavar="JSON", help="Body of Alertmanager's webhook, or @ and its file."
    )
)
def alert(project: "Project", payload: str) -> "Result":
    """Decide whether what Alertmanager tells is a reason to roll back."""
    from gates.run import alert as run

    return run.run(project, payload)


@_command(click.option("--text", default="", help="What happened."))
def tell(project: "Project", text: str) -> "Result":
    """Tell a channel what happened, by the webhook in GATES_WEBHOOK."""
    from gates.run import tell as run

    return run.run(project, text)


@_command(
    click.option(
        "--title", type=flags.REASON, required=True, help="What is wrong, the same words each time."
    ),
    click.option("--text", default="", help="What happened this time."),
)
def issue(project: "Project", title: str, text: str) -> "Result":
    """Open an issue on GitHub, or bring the open one of this title up to date."""
    from gates.run import issue as run

    return run.run(project, title, text)


@_command()
def drill(project: "Project") -> "Result":
    """Rehearse the rollback on a scratch model, and note how long it took."""
    from gates.run import drill as run

    return run.run(project)


@_command(
    click.option("--repair", is_flag=True, help="Put back what can be put back, and note it in the ledger.")
)
def reconcile(project: "Project", repair: bool) -> "Result":  # noqa: FBT001 - click's own
    """Compare alias, stages, files and runs in MLflow with the ledger."""
    from gates.run import reconcile as run

    return run.run(project, repair=repair)


@_command(
    click.option("--at", default="", help="Moment in UTC to answer for, such as 2026-11-20T03:00Z or a day.")
)
def audit(project: "Project", at: str) -> "Result":
    """Verify the whole ledger and every model, and report who served when and why."""
    from gates.run import audit as run

    return run.run(project, at)


@_command(click.argument("target", metavar="SHA", envvar="GATES_RESTORE_TARGET"))
def restore(project: "Project", target: str) -> "Result":
    """Put back dvc.lock, data and model of a promotion."""
    from gates.run import restore as run

    return run.run(project, target)


@_command(click.argument("folder", type=click.Path(path_type=Path), envvar="GATES_EXPORT_FOLDER"))
def export(project: "Project", folder: Path) -> "Result":
    """Write the champion with its proof into a folder, for an image or a sidecar."""
    from gates.run import loader

    return loader.export(project, folder)


@_command(*flags.INIT, new=True)
def init(project: "Project", **wishes: Any) -> "Result":  # noqa: ANN401 - each flag's own
    """Write policy, contracts, stages and workflow into a repository of yours; overwrite nothing."""
    from gates.run import init as run
    from gates.run.survey import Wishes

    return run.run(project, Wishes(**wishes))


@_command(
    click.option(
        "--require",
        type=click.Choice(["detects", "prevents"]),
        default="detects",
        help="How far every road has to be closed: detects (the default) or prevents.",
    )
)
def doctor(project: "Project", require: str) -> "Result":
    """Look, without changing anything, whether this setting keeps every road around the gates closed."""
    from gates.controls.roads import Word
    from gates.run import doctor as run

    return run.run(project, Word(require))


@_command(
    click.option(
        "--base",
        default="HEAD^1",
        help="Commit to compare with, such as main; the first parent where left out.",
    )
)
def review(project: "Project", base: str) -> "Result":
    """Look at a proposed change in every way that needs no secret, and report all of it."""
    from gates.run import review as run

    return run.run(project, base)


@_command(
    click.option("--number", type=click.IntRange(min=1), required=True, help="The pull request."),
    click.option(
        "--page",
        type=click.Path(path_type=Path),
        default=Path("candidate/review.md"),
        help="What the review left; candidate/review.md where left out.",
    ),
    click.option("--about", default=".", help="The project's folder, where one repository has several."),
    click.option(
        "--ended",
        type=click.Choice(["success", "failure", "cancelled", "skipped"]),
        required=True,
        help="How the job of the review ended: success, failure, cancelled or skipped.",
    ),
    click.option(
        "--head", type=flags.COMMIT, default="", help="The commit of the pull request that was reviewed."
    ),
    new=True,
)
def comment(project: "Project", number: int, page: Path, about: str, ended: str, head: str) -> "Result":
    """Write what a review left into one comment of a pull request, which is written anew each time."""
    from gates.run import comment as run

    return run.run(project.root / page, number, about, ended, head)


@_command(click.option("--pin", "pins", is_flag=True, help="Pin it in gates.lock: no other may judge."))
def policy(project: "Project", pins: bool) -> "dict[str, Any] | Result":  # noqa: FBT001 - click's own
    """Check params.yaml and show the policy that it declares."""
    from gates.run import pin, views

    shown = views.policy(project)
    return pin.write(project) if pins else shown


@_command(
    click.option(
        "--private", is_flag=True, help="Print the private half, for the secret of a CI environment."
    )
)
def key(project: "Project", private: bool) -> dict[str, Any]:  # noqa: FBT001 - click's own
    """Print the public key that verifies this machine's decisions."""
    from gates.run import signing

    return signing.key(project, private=private)


@_command(click.option("--check", is_flag=True, help="Change nothing; fail where a file differs."))
def actions(project: "Project", check: bool) -> "Result":  # noqa: FBT001 - click's own
    """Write .github/actions from these commands, and the page about the workflows."""
    from gates.run import actions as run

    return run.run(project.root, described_commands(), check=check)


@_command(click.argument("target", metavar="TAG", envvar="GATES_RELEASE_TAG"), flags.APPLY)
def release(project: "Project", target: str, apply: bool) -> "Result":  # noqa: FBT001 - click's own
    """Make a version of this repository public, once its tests have passed."""
    from gates.run import release as run

    return run.run(project, target, apply=apply)


def described_commands() -> dict[str, click.Command]:
    """Return the commands that have an action: all but those for a person, or for this repository itself."""
    return {name: command for name, command in cli.commands.items() if name not in WITHOUT_ACTION}


def _add_gate(name: str) -> None:
    """Add the subcommand of a gate: its inputs are the flags, its docstring is the help."""
    check = checks.load(name)
    fields = checks.input_fields(check)

    def run_gate(project: "Project", today: str, **given: Any) -> Verdict:  # noqa: ANN401 - its own flags
        from gates.run import gate

        there = {key: value for key, value in given.items() if value not in (None, ())}
        return gate.run(project, name, there, flags.day(today))

    run_gate.__doc__ = check.__doc__
    _command(*(flags.of_input(field) for field in fields), flags.TODAY, name=name)(run_gate)


for _name in checks.names():
    _add_gate(_name)


def _run(
    name: str,
    function: Callable[..., Any],
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
