"""The heading Gates: one command a gate, made from `gates.checks`; a new gate is a new command."""

import typing
from pathlib import Path
from typing import Any

import click

from gates import checks
from gates.cli import flags
from gates.cli.section import Section
from gates.verdict import Verdict

if typing.TYPE_CHECKING:
    from gates.run.project import Project
    from gates.run.result import Result

section = Section("Gates")


def _add(name: str) -> None:
    """Add the command of a gate: its inputs are the flags, its docstring is the help."""
    check = checks.load(name)
    fields = checks.input_fields(check)

    long = checks.over_parts(check) is not None

    def run_gate(project: "Project", today: str, engine: str = "local", **given: Any) -> Verdict:  # noqa: ANN401 - its own flags
        from gates.run import gate

        there = {key: value for key, value in given.items() if value not in (None, ())}
        return gate.run(project, name, there, flags.day(today), engine)

    run_gate.__doc__ = check.__doc__
    options = [flags.of_input(field, folder=long) for field in fields] + [flags.ENGINE] * long
    section.command(*options, flags.TODAY, name=name)(run_gate)


for _name in checks.names():
    _add(_name)


@section.command(
    click.option(
        "--data",
        "tables",
        type=flags.TABLE,
        multiple=True,
        required=True,
        help="Table, folder of Parquet files here or in s3://, or profile; give it once for each.",
    ),
    click.option(
        "--out",
        type=click.Path(dir_okay=False, path_type=Path),
        required=True,
        help="JSON file to write.",
    ),
    flags.ENGINE,
)
def profile(project: "Project", tables: "tuple[Path | str, ...]", out: Path, engine: str) -> "Result":
    """Write a small profile of tables, which the gate drift takes as its reference or as live data."""
    from gates.run import profile as run

    return run.run(project, tables, out, engine)
