"""The files that `gates init` starts a project with, as this package carries them."""

from collections.abc import Mapping
from importlib.resources import files
from string import Template


def text(name: str, values: Mapping[str, object]) -> str:
    """Return one of the templates with its `$names` replaced.

    Raises:
        KeyError: The template names a value that is not given.
    """
    template = files("gates.adapters").joinpath("templates", f"{name}.template").read_text("utf-8")
    return Template(template).substitute(values)
