"""`gates actions`: the composite actions of this repository, written from the commands."""

from collections.abc import Mapping
from pathlib import Path

import click

from gates.adapters import files
from gates.render.action import Action, Input, render
from gates.run.result import Result

FOLDER = Path(".github") / "actions"
ARGUMENTS = {"target": "Version or SHA of a champion.", "folder": "New folder to write."}
EVERYWHERE = frozenset({"project", "json"})


def run(root: Path, commands: Mapping[str, click.Command], *, check: bool) -> Result:
    """Write every `action.yml`, or say which differ."""
    written = {
        root / FOLDER / name / "action.yml": render(_action(name, each)) for name, each in commands.items()
    }
    stale = [path for path, text in written.items() if not path.exists() or path.read_text() != text]
    if check:
        names = ", ".join(path.parent.name for path in stale)
        sentence = (
            f"These differ from the commands: {names}. Run: gates actions" if stale else "All actions fit."
        )
        return Result("fail" if stale else "pass", sentence)
    for path in stale:
        files.write_bytes(path, written[path].encode())
    return Result("pass", f"{len(stale)} of {len(written)} actions written.")


def _action(name: str, command: click.Command) -> Action:
    inputs = tuple(
        _input(parameter)
        for parameter in command.params
        if parameter.name and parameter.opts[0].lstrip("-") not in EVERYWHERE
    )
    return Action(name, command.get_short_help_str(limit=200).rstrip("."), inputs)


def _input(parameter: click.Parameter) -> Input:
    text = getattr(parameter, "help", None) or ARGUMENTS[parameter.name or ""]
    return Input(
        parameter.opts[0].lstrip("-").replace("_", "-"), text.rstrip("."), required=parameter.required
    )
