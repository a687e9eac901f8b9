"""docs/decisions.md says what the code prints: figures, goals, explanations and pictures."""

import importlib
import re

import pytest

from benchmarks.decisions import __main__ as program
from benchmarks.decisions import document, pictures
from benchmarks.decisions.figure import Figure, coverage

WRITTEN = document.DOCUMENT.read_text("utf-8") if document.DOCUMENT.exists() else ""
AGAIN = "run: make decisions"


@pytest.fixture(scope="module")
def found() -> dict[str, list[Figure]]:
    """The whole table, of as few runs as there can be."""
    return {
        name: list(importlib.import_module(f"benchmarks.decisions.{name}").figures(1))
        for name in program.RUNS
    }


def _goals(text: str) -> list[tuple[str, str, str]]:
    """Return what each line counts, its goal, and what it is compared with: all but what came out."""
    found = []
    for line in text.splitlines():
        if line.startswith("| "):
            what, _, goal, _, today = line.removeprefix("| ").removesuffix(" |").split(" | ")
            found.append(
                (what, goal.removesuffix("MISSED").strip(), re.sub(r"[\d.]+( looks|%|,|$)", "", today))
            )
    return found


def test_every_section_fits_the_code(found: dict[str, list[Figure]]) -> None:
    """The same lines with the same goals, in the same order; and the same words around them."""
    now = document.sections_of(document.rendered(found))
    kept = document.sections_of(WRITTEN)
    assert list(kept) == list(now), AGAIN
    for name in now:
        assert _goals(kept[name]) == _goals(now[name]), AGAIN
        assert kept[name].partition("\n| ")[0] == now[name].partition("\n| ")[0], AGAIN
    assert WRITTEN.startswith(document.HEAD), AGAIN


def test_it_is_kept_of_as_many_runs_as_the_program_makes() -> None:
    """Not of a trial."""
    for name, text in document.sections_of(WRITTEN).items():
        runs = [int(each.replace(",", "")) for each in re.findall(r" \| ([\d,]+) \| ", text)]
        assert max(runs) == program.RUNS[name], AGAIN


def test_what_is_missed_stands_at_the_top() -> None:
    """As often as in the tables."""
    head, _, tables = WRITTEN.partition("\n## ")
    assert head.count("\n- ") == tables.count(" MISSED |")


def test_every_picture_is_there() -> None:
    """And no other."""
    shown = re.findall(r"\]\(pictures/(\w+)\.svg\)", WRITTEN)
    assert sorted(shown) == sorted(pictures.DRAWN) == sorted(document.ALT)
    assert sorted(path.stem for path in document.PICTURES.iterdir()) == sorted(shown)


def test_the_same_figures_give_the_same_pictures(found: dict[str, list[Figure]]) -> None:
    """To the byte; and a run of one gate draws what it can."""
    every = pictures.drawn(found)
    assert set(every) == set(pictures.DRAWN)
    assert pictures.drawn({"drift": found["drift"]}) == {"drift": every["drift"]}


def test_a_run_of_one_gate_replaces_its_section() -> None:
    """The others stay, and what is missed is told of all of them."""
    good, bad = coverage("a", "one", 0.95, 100), coverage("a", "two", 0.5, 100)
    text = document.rendered({"drift": [bad], "canary": [good]})
    again = document.rendered({"drift": [good]}, text)
    assert "\n1 of 2 goals are kept." in text
    assert "\n2 of 2 goals are kept." in again
    assert text.count("MISSED |") == 1
    assert "MISSED |" not in again
    assert document.sections_of(again)["canary"] == document.sections_of(text)["canary"]


def test_a_goal_of_two_ends() -> None:
    """Is missed on either side."""
    shares = (0.93, 0.94, 0.965, 0.97)
    assert [coverage("a", "b", share, 10).kept for share in shares] == [False, True, True, False]
