"""Who trains: the user's own function, found by reading its file; nothing of it runs."""

import ast
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gates.documents import parse_yaml
from gates.errors import InvalidError
from gates.paths import read_bytes

MAX_SOURCE = 1024 * 1024


@dataclass(frozen=True)
class Trainer:
    """The user's own function that trains.

    Attributes:
        module: Its module, as Python imports it from the project's folder.
        function: Its name; it takes features and labels and returns a fitted estimator.
        path: Its file, relative to the project.
        params: Its further arguments with plain defaults, which become parameters of the stage.
    """

    module: str
    function: str
    path: str
    params: dict[str, Any]


def find(root: Path, fit: str) -> Trainer:
    """Return the function that ``module:function`` names, with its parameters.

    Raises:
        InvalidError: The file or the function is not there, takes no features and labels, or has a further
            argument without a default.
    """
    do = (
        "Write `def fit(features, labels): …` that returns the fitted estimator, and name it: --fit train:fit"
    )
    module, _, function = fit.partition(":")
    if not re.fullmatch(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*", fit):
        raise InvalidError(f"--fit {fit} is not module:function.", do=do)
    path = Path(*module.split(".")).with_suffix(".py")
    if not (root / path).is_file():
        raise InvalidError(f"--fit {fit}: there is no file {path}.", do=do)
    try:
        tree = ast.parse(read_bytes(root / path, MAX_SOURCE))
    except (SyntaxError, ValueError) as error:
        raise InvalidError(f"--fit {fit}: {path} is not Python.", why=f"{error}.", do=do) from error
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == function:
            if len(node.args.posonlyargs + node.args.args) < 2:  # noqa: PLR2004 - features and labels
                raise InvalidError(f"--fit {fit} does not take features and labels.", do=do)
            if bare := _without_default(node.args):
                raise InvalidError(
                    f"--fit {fit}: its argument {bare!r} has no default.",
                    why="The training hands it features and labels, and by name what params.yaml says.",
                    do=f"Give it one in {path}, a number, a text, or true or false: {bare}=1",
                )
            return Trainer(module, function, path.as_posix(), _plain_defaults(node.args))
    raise InvalidError(f"--fit {fit}: {path} has no function {function!r}.", do=do)


def _without_default(arguments: ast.arguments) -> str:
    """Return the first argument beyond features and labels that has no default; empty where all have one."""
    ordered = [*arguments.posonlyargs, *arguments.args]
    bare = ordered[2 : max(2, len(ordered) - len(arguments.defaults))]
    bare += [
        each
        for each, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
        if default is None
    ]
    return bare[0].arg if bare else ""


def _plain_defaults(arguments: ast.arguments) -> dict[str, Any]:
    """Return the arguments beyond the first two that have a plain default and can be given by name."""
    ordered = [*arguments.posonlyargs, *arguments.args]
    named = ordered[len(ordered) - len(arguments.defaults) :]
    pairs = [*zip(named, arguments.defaults, strict=True)]
    pairs += [
        (each, default)
        for each, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
        if default is not None
    ]
    passed = {each.arg for each in (*arguments.posonlyargs, *ordered[:2])}
    values = {each.arg: _value(default) for each, default in pairs if each.arg not in passed}
    return {name: value for name, value in values.items() if value is not None}


def _value(default: ast.expr) -> Any:  # noqa: ANN401 - a number, a text, or true or false
    """Return what a default says where params.yaml can say it too; else None."""
    try:
        value = ast.literal_eval(default)  # reads `-1`, and runs nothing
        carried = parse_yaml(json.dumps({"value": value}, ensure_ascii=False).encode(), "default")["value"]
    except (InvalidError, TypeError, ValueError):
        return None
    return value if isinstance(value, bool | int | float | str) and carried == value else None
