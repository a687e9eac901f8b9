"""A review as Markdown: the outcome first, every look, and nothing in it becomes markup."""

from typing import Any

import pytest
from rich.console import Console

from gates.render import review

HOSTILE = "a | b\n## pass <b> `x` [y](z)"


def document(**look: Any) -> dict[str, Any]:  # noqa: ANN401 - a look's values
    """A review with one look."""
    seen = {"look": "tests", "outcome": "fail", "sentence": "It failed.", "remarks": [], "lines": []}
    return {"outcome": "fail", "sentence": "Stopped by tests.", "folder": ".", "looks": [{**seen, **look}]}


def remark(text: str = "broken", file: str = "params.yaml", line: int = 7) -> dict[str, Any]:
    return {"text": text, "file": file, "line": line}


def test_outcome_and_sentence_come_first() -> None:
    assert review.page(document()).splitlines()[:3] == ["## review: fail", "", "Stopped by tests."]


@pytest.mark.parametrize("outcome", review.MARKS)
def test_every_look_is_one_row_whatever_it_says(outcome: str) -> None:
    page = review.page(document(outcome=outcome, sentence=HOSTILE))
    (row,) = [line for line in page.splitlines() if line.startswith("| tests")]
    assert row.replace("\\|", "").count("|") == 4
    assert "<b>" not in row.replace("\\<", "")


@pytest.mark.parametrize(
    ("file", "line", "place"),
    [("params.yaml", 7, "params.yaml:7: "), ("params.yaml", 0, "params.yaml: "), ("", 0, "")],
)
def test_a_remark_stands_behind_its_place(file: str, line: int, place: str) -> None:
    assert f"\n- {place}broken\n" in review.page(document(remarks=[remark(file=file, line=line)]))


def test_of_many_remarks_twenty_are_shown_and_the_rest_counted() -> None:
    page = review.page(document(remarks=[remark()] * 25))
    assert page.count("params.yaml:7") == 20
    assert "and 5 more" in page


@pytest.mark.parametrize("line", ["```", "`````", "\x1b[31mred", "<!-- x"])
def test_what_a_program_said_cannot_leave_its_block(line: str) -> None:
    page = review.page(document(lines=["before", line, "after"])).rstrip("\n").splitlines()
    fence = page[-1]
    assert set(fence) == {"`"}
    assert [each for each in page if set(each) == {"`"} and len(each) >= len(fence)] == [fence, fence]
    assert "\x1b" not in "".join(page)


def test_a_terminal_shows_every_look_with_its_places() -> None:
    console = Console(width=200)
    with console.capture() as captured:
        console.print(review.table(document(remarks=[remark(HOSTILE)], lines=["said"])))
    told = captured.get()
    assert "tests" in told
    assert "params.yaml:7: a | b" in told
    assert "said" in told
