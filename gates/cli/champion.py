"""The heading Champion: who serves and served, and what moves, checks or puts back the champion."""

import typing
from pathlib import Path
from typing import Any

import click

from gates.cli import flags
from gates.cli.section import Section

if typing.TYPE_CHECKING:
    from collections.abc import Callable

    from gates.run.project import Project
    from gates.run.result import Result

section = Section("Champion")


def _out(name: str) -> "Callable[..., Any]":
    """Return the option that names the file to write, else the one in evidence/."""
    file = click.Path(dir_okay=False, path_type=Path)
    return click.option("--out", type=file, help=f"File to write; evidence/{name} where left out.")


@section.command()
def status(project: "Project") -> dict[str, Any]:
    """Say who serves by the ledger, since when, from which run."""
    from gates.run import views

    return views.status(project)


@section.command()
def history(project: "Project") -> dict[str, Any]:
    """List every move of the champion, newest first."""
    from gates.run import views

    return views.history(project)


@section.command(click.argument("target", metavar="SHA", envvar="GATES_SHOW_TARGET"))
def show(project: "Project", target: str) -> dict[str, Any]:
    """Walk a SHA or version back to registry, run, commit, data and remote."""
    from gates.run import views

    return views.show(project, target)


@section.command(
    click.argument("target", metavar="SHA", default="", envvar="GATES_REPORT_TARGET"), _out("report.html")
)
def report(project: "Project", target: str, out: Path | None) -> "Result":
    """Write a page of pictures and figures: the last decision here, or that about a champion or a refusal."""
    from gates.run import report as run

    return run.run(project, target, out)


@section.command(
    click.argument("target", metavar="SHA", default="", envvar="GATES_CARD_TARGET"), _out("model_card.md")
)
def card(project: "Project", target: str, out: Path | None) -> "Result":
    """Write the model card of who serves, or of another champion, from what the ledger keeps."""
    from gates.run import card as run

    return run.run(project, target, out)


@section.command(
    click.argument("folder", type=click.Path(file_okay=False, path_type=Path), envvar="GATES_SITE_FOLDER"),
    click.option(
        "--also",
        type=click.Path(file_okay=False, path_type=Path),
        multiple=True,
        help="Folder of a further project; give it once for each.",
    ),
    click.option(
        "--pictures",
        type=click.IntRange(min=0),
        default=10,
        help="How many of the newest decisions without pictures get theirs; 10 where left out.",
    ),
)
def site(project: "Project", folder: Path, also: tuple[Path, ...], pictures: int) -> "Result":
    """Build a folder of pages: every champion, refusal, drill and waiver, and each decision's report."""
    from gates.run import site as run

    return run.run(project, folder, also, pictures)


@section.command(
    click.option("--at", default="", help="Moment in UTC to answer for, such as 2026-11-20T03:00Z or a day.")
)
def audit(project: "Project", at: str) -> "Result":
    """Verify the whole ledger and every model, and report who served when and why."""
    from gates.run import audit as run

    return run.run(project, at)


@section.command(
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


@section.command()
def drill(project: "Project") -> "Result":
    """Rehearse the rollback on a scratch model, and note how long it took."""
    from gates.run import drill as run

    return run.run(project)


@section.command(
    click.option("--repair", is_flag=True, help="Put back what can be put back, and note it in the ledger.")
)
def reconcile(project: "Project", repair: bool) -> "Result":  # noqa: FBT001 - click's own
    """Compare alias, stages, files and runs in MLflow with the ledger."""
    from gates.run import reconcile as run

    return run.run(project, repair=repair)


@section.command(click.argument("target", metavar="SHA", envvar="GATES_RESTORE_TARGET"))
def restore(project: "Project", target: str) -> "Result":
    """Put back dvc.lock, data and model of a promotion."""
    from gates.run import restore as run

    return run.run(project, target)


@section.command(click.argument("folder", type=click.Path(path_type=Path), envvar="GATES_EXPORT_FOLDER"))
def export(project: "Project", folder: Path) -> "Result":
    """Write the champion with its proof into a folder, for an image or a sidecar."""
    from gates.run import loader

    return loader.export(project, folder)
