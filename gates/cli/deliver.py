"""The heading Deliver: `gates ship`, and each of its jobs alone."""

import typing
from datetime import timedelta

import click

from gates.cli import flags
from gates.cli.section import Section

if typing.TYPE_CHECKING:
    from gates.run.project import Project
    from gates.run.result import Result

section = Section("Deliver")


@section.command(flags.APPROVER, flags.UNTIL, action=False)
def ship(project: "Project", approver: str, until: str) -> "Result":
    """Run data, train, predict, judge and promote, and say what was decided."""
    from gates.run import ship as run

    return run.run(project, approver, until)


@section.command()
def data(project: "Project") -> "Result":
    """Pull the raw data, hash it, hold it against its contract."""
    from gates.run import data as run

    return run.run(project)


@section.command(flags.EXPECT)
def train(project: "Project", expect: str) -> "Result":
    """Run the stages that changed and record the training in MLflow."""
    from gates.run import train as run

    return run.run(project, expect)


@section.command(flags.EXPECT)
def predict(project: "Project", expect: str) -> "Result":
    """Score the golden features with challenger and champion, and time them."""
    from gates.run import predict as run

    return run.run(project, expect)


@section.command(
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
    from gates.run import report

    expected = run.Expected(expect, expect_train, expect_data)
    result = run.run(project, expected, flags.day(today), approver)
    if result.outcome != "pass":  # that of a pass is written when it is promoted
        report.tell(project)
    return result


@section.command(flags.EXPECT, flags.APPLY, *flags.BREAK_GLASS)
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
    from gates.run import report

    glass = flags.glass(break_glass, approver, reason, expires)
    result = run.run(project, expect, apply=apply, glass=run.Glass(*glass) if glass else None)
    if apply:
        report.tell(project)
    return result
