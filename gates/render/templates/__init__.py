"""The templates of pages, and what fills them: what it is given is text, and never becomes markup."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from gates.digest import of_file, of_listing

if TYPE_CHECKING:
    from jinja2 import Environment, Template

FOLDER = Path(__file__).parent
KINDS = {".j2", ".css"}  # of file that pages are made of; what Python keeps beside them is not


def template(name: str) -> "Template":
    """Return a template of this folder."""
    return _environment().get_template(name)


def sha256() -> str:
    """Return the digest of all templates: a page that was made of others is made anew."""
    return of_listing({each.name: of_file(each) for each in FOLDER.iterdir() if each.suffix in KINDS})


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        autoescape=True,
        loader=FileSystemLoader(FOLDER),
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals["css"] = (FOLDER / "page.css").read_text("utf-8")
    return environment
