"""A self-test as a table: what nobody noticed first, and nothing in it becomes markup."""

from typing import Any

from rich.console import Console

from gates.render import selftest

HOSTILE = "a | b\n## pass <b> `x` [y](z)"


def row(name: str, outcome: str, **values: Any) -> dict[str, Any]:  # noqa: ANN401 - a row's values
    """What was said of one defect."""
    by = ["golden"] if outcome == "caught" else []
    return {"name": name, "outcome": outcome, "expected": ["golden"], "by": by, "why": "so", **values}


DOCUMENT = {
    "outcome": "fail",
    "sentence": "1 of 2 defects were not caught: second.",
    "defects": [
        row("third", "not applicable"),
        row("first", "caught", seconds=0.5, why=HOSTILE),
        row("second", "missed", seconds=0.25),
        row("other", "missed", seconds=0.1, by=["schema"]),
    ],
    "gates": [
        {"gate": "golden", "caught": 1, "missed": 0, "applicable": 2, "outcome": "caught", "why": ""},
        {"gate": "latency", "caught": 0, "missed": 1, "applicable": 1, "outcome": "missed", "why": "so"},
        {
            "gate": "champion",
            "caught": 0,
            "missed": 0,
            "applicable": 0,
            "outcome": "not applicable",
            "why": "so",
        },
    ],
}


def test_what_nobody_noticed_comes_first() -> None:
    """Under the outcome and its sentence."""
    lines = selftest.page(DOCUMENT).splitlines()
    assert lines[:3] == ["## selftest: fail", "", DOCUMENT["sentence"]]
    names = [line.split("|")[1].strip() for line in lines if line.startswith("| ")]
    assert names == ["defect", "second", "other", "first", "third", "gate", "golden", "latency", "champion"]


def test_what_a_gate_says_stays_in_its_cell() -> None:
    """Whatever a column of the data is called."""
    (line,) = [line for line in selftest.page(DOCUMENT).splitlines() if line.startswith("| first")]
    assert line.replace("\\|", "").count("|") == 6
    assert "<b>" not in line.replace("\\<", "")


def test_who_should_have_caught_it_is_told() -> None:
    """Another gate may notice; that the expected one did not is why the defect was missed."""
    assert "schema (not by golden)" in selftest.page(DOCUMENT)


def test_each_gate_that_blocks_has_a_row() -> None:
    """Whether it has shown that it can fail, in words."""
    lines = selftest.page(DOCUMENT).splitlines()
    assert lines[lines.index("| gate | caught | outcome |") + 2 :] == [
        "| golden | 1 of 2 | can fail |",
        "| latency | 0 of 1 | missed 1 |",
        "| champion | 0 of 0 | not put to the test |",
    ]


def test_a_terminal_shows_every_defect_and_gate() -> None:
    """Or nothing at all, where none was planted."""
    console = Console(width=200)
    with console.capture() as captured:
        console.print(selftest.table(DOCUMENT))
    first = [line.split()[0] for line in captured.get().splitlines() if line.split()]
    assert first == ["defect", "second", "other", "first", "third", "gate", "golden", "latency", "champion"]
    with console.capture() as captured:
        console.print(selftest.table({**DOCUMENT, "defects": []}))
    assert captured.get().strip() == ""
