"""`gates actions`: composite actions, pages and a schema, written from commands, gates and workflows."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from gates.adapters import files, workflow_files
from gates.render import workflows
from gates.render.action import HEADER, Action, Input, render
from gates.run import reference
from gates.run.result import Result

FOLDER = Path(".github") / "actions"
PAGE = Path("docs") / "workflows.md"
ARGUMENTS = {"target": "Version or SHA of a champion.", "folder": "New folder to write."}
EVERYWHERE = frozenset({"project", "json"})


def run(root: Path, commands: Mapping[str, click.Command], *, check: bool) -> Result:
    """Write every `action.yml`, the pages about workflows and gates, and the schema, or say which differ."""
    written = {FOLDER / name / "action.yml": render(_action(name, each)) for name, each in commands.items()}
    written[PAGE] = workflows.render(
        {
            Path(name).name: ((root / name).read_text(), document)
            for name, document in workflow_files.read(root).items()
            if Path(name).parent.name == "workflows"
        }
    )
    written |= reference.pages()
    stale = [path for path, text in written.items() if _text(root / path) != text]
    left = [path for path in _generated(root) if path not in written]
    if check:
        names = ", ".join(map(str, [*stale, *left]))
        differ = f"These differ from commands, gates and workflows: {names}. Run: gates actions"
        return Result("fail" if names else "pass", differ if names else "All fit.")
    for path in stale:
        files.write_bytes(root / path, written[path].encode())
    for path in left:
        (root / path).unlink()
    return Result(
        "pass", f"{len(stale)} of {len(written)} files written{f', {len(left)} removed' if left else ''}."
    )


def _generated(root: Path) -> Iterator[Path]:
    """Yield the actions that were written for commands, also for those that are no more."""
    for path in sorted((root / FOLDER).glob("*/action.yml")):
        if path.read_text().startswith(HEADER):
            yield path.relative_to(root)


def _text(path: Path) -> str | None:
    return path.read_text() if path.exists() else None


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
