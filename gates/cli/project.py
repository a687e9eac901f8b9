"""The heading Project: setting up a repository, reviewing a change to it, and releasing this one."""

import typing
from pathlib import Path
from typing import Any

import click

from gates.cli import flags
from gates.cli.section import Section

if typing.TYPE_CHECKING:
    from gates.run.project import Project
    from gates.run.result import Result

section = Section("Project")


@section.command(*flags.INIT, new=True, action=False)
def init(project: "Project", **wishes: Any) -> "Result":  # noqa: ANN401 - each flag's own
    """Write policy, contracts, stages and workflow into a repository of yours; overwrite nothing."""
    from gates.run import init as run
    from gates.run.survey import Wishes

    return run.run(project, Wishes(**wishes))


@section.command(
    click.option(
        "--base",
        default="",
        help="Commit to compare with, such as main; the first parent where left out.",
    )
)
def review(project: "Project", base: str) -> "Result":
    """Look at a proposed change in every way that needs no secret, and report all of it."""
    from gates.run import review as run

    return run.run(project, base)


@section.command(
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


@section.command(
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


@section.command(
    click.option("--pin", "pins", is_flag=True, help="Pin it in gates.lock: no other may judge."),
    click.option("--schema", is_flag=True, help="Print the JSON Schema of params.yaml, for editors."),
)
def policy(project: "Project", pins: bool, schema: bool) -> "dict[str, Any] | Result":  # noqa: FBT001 - click's own
    """Check params.yaml and show the policy that it declares."""
    from gates.run import pin, reference, views

    if schema:
        return reference.schema()
    shown = views.policy(project)
    return pin.write(project) if pins else shown


@section.command(
    click.option(
        "--private", is_flag=True, help="Print the private half, for the secret of a CI environment."
    ),
    action=False,
)
def key(project: "Project", private: bool) -> dict[str, Any]:  # noqa: FBT001 - click's own
    """Print the public key that verifies this machine's decisions."""
    from gates.run import signing

    return signing.key(project, private=private)


@section.command(
    click.option("--check", is_flag=True, help="Change nothing; fail where a file differs."), action=False
)
def actions(project: "Project", check: bool) -> "Result":  # noqa: FBT001 - click's own
    """Write .github/actions, the pages about workflows and gates, and the schema of params.yaml."""
    from gates.cli.commands import described_commands
    from gates.run import actions as run

    return run.run(project.root, described_commands(), check=check)


@section.command(
    click.argument("target", metavar="TAG", envvar="GATES_RELEASE_TAG"), flags.APPLY, action=False
)
def release(project: "Project", target: str, apply: bool) -> "Result":  # noqa: FBT001 - click's own
    """Make a version of this repository public, once its tests have passed."""
    from gates.run import release as run

    return run.run(project, target, apply=apply)


@section.command(
    click.option(
        "--retrain", is_flag=True, help="Plant defects in the training too: its stages run in the copy."
    )
)
def selftest(project: "Project", retrain: bool) -> "Result":  # noqa: FBT001 - click's own
    """Plant defects in a copy of the last candidate, one by one, and say which gate caught which."""
    from gates.run import selftest as run

    return run.run(project, retrain=retrain)
