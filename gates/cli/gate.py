"""The heading Gates: one command a gate, made from `gates.checks`; a new gate is a new command."""

import typing
from typing import Any

from gates import checks
from gates.cli import flags
from gates.cli.section import Section
from gates.verdict import Verdict

if typing.TYPE_CHECKING:
    from gates.run.project import Project

section = Section("Gates")


def _add(name: str) -> None:
    """Add the command of a gate: its inputs are the flags, its docstring is the help."""
    check = checks.load(name)
    fields = checks.input_fields(check)

    def run_gate(project: "Project", today: str, **given: Any) -> Verdict:  # noqa: ANN401 - its own flags
        from gates.run import gate

        there = {key: value for key, value in given.items() if value not in (None, ())}
        return gate.run(project, name, there, flags.day(today))

    run_gate.__doc__ = check.__doc__
    section.command(*(flags.of_input(field) for field in fields), flags.TODAY, name=name)(run_gate)


for _name in checks.names():
    _add(_name)
