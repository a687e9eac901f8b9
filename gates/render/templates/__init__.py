"""The templates of pages, and what fills them: what it is given is text, and never becomes markup."""

from functools import cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from gates.digest import of_file, of_listing

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from jinja2 import Environment, Template
    from markupsafe import Markup

FOLDER = Path(__file__).parent
KINDS = {".j2", ".css"}  # of file that pages are made of; what Python keeps beside them is not


def template(name: str) -> "Template":
    """Return a template of this folder."""
    return _environment().get_template(name)


def sha256() -> str:
    """Return the digest of all templates: a page that was made of others is made anew."""
    return of_listing({each.name: of_file(each) for each in FOLDER.iterdir() if each.suffix in KINDS})


def body(rows: "Iterable[Sequence[str | Markup]]") -> "Markup":
    """Return the rows of a table, the first cell of each as its heading.

    A site has millions of cells: here they take a third of the time that they take in a template.
    """
    from markupsafe import Markup

    lines = []
    for row in rows:
        first, *rest = [each if isinstance(each, Markup) else escape(each) for each in row]
        lines.append(f'<tr><th scope="row">{first}</th><td>{"</td><td>".join(rest)}</td></tr>\n')
    return Markup("".join(lines))  # noqa: S704 - of cells that are escaped


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
    environment.globals["body"] = body
    environment.globals["css"] = (FOLDER / "page.css").read_text("utf-8")
    return environment
