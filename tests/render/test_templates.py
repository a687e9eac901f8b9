"""What fills a template is text, and stays so."""

from markupsafe import Markup

from gates.render.templates import body


def test_rows_of_a_table() -> None:
    """The first cell is the row's heading; a link stays one, and what only looks like markup is none."""
    rows = [("<b>", '"a" & b', "'"), [Markup('<a href="x">y</a>'), "z"]]
    assert body(rows) == (
        '<tr><th scope="row">&lt;b&gt;</th><td>&quot;a&quot; &amp; b</td><td>&#x27;</td></tr>\n'
        '<tr><th scope="row"><a href="x">y</a></th><td>z</td></tr>\n'
    )
    assert isinstance(body(rows), Markup)
