"""The threat model names what is there: every module, test and road of the doctor, and none is left out."""

import ast
import re
from pathlib import Path

import pytest

from gates.cli import cli
from gates.controls.roads import ROADS

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs/threat-model.md").read_text()
EXPECTED = """alias / stage / overwritten / run is edited / not from the ledger / forged / removed / cut off
old copy / stolen / weakened / waiver / leak / run cache / remote / runs code / between two jobs / fork
cache is poisoned / edits a workflow / tag of an action / replayed / clock / workflow takes"""
COLUMNS = ("road", "what", "word", "where", "test", "doctor")


def rows() -> list[dict[str, str]]:
    """Every row of every table, column to cell."""
    cells = [
        [cell.strip() for cell in line.strip("|").split(" | ")]
        for line in TEXT.splitlines()
        if line.startswith("|")
    ]
    return [dict(zip(COLUMNS, row, strict=True)) for row in cells if row[0].strip("|-") not in {"", "road"}]


def quoted(text: str) -> list[str]:
    """What stands in backticks."""
    return re.findall(r"`([^`]+)`", text)


ROWS = rows()


def test_every_road_of_the_doctor_is_a_row_and_vice_versa() -> None:
    """A check without a road would be unexplained, a name without a check a promise."""
    named = {name for row in ROWS for name in quoted(row["doctor"])}
    assert named == {road.name for road in ROADS}
    assert all(quoted(row["doctor"]) or row["doctor"] == "—" for row in ROWS)


@pytest.mark.parametrize("row", ROWS, ids=[row["road"] for row in ROWS])
def test_a_row_names_what_is_there(row: dict[str, str]) -> None:
    """Where the control lives, and the test that holds it."""
    assert row["what"]
    assert re.match(r"prevents|detects|not prevented", row["word"])
    assert quoted(row["where"])
    for name in quoted(row["where"]):
        assert (ROOT / name).is_file(), name
    assert quoted(row["test"])
    for name in quoted(row["test"]):
        file, _, function = name.partition("::")
        tree = ast.parse((ROOT / file).read_text())
        tests = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        assert not function or function in tests, name


def test_every_command_that_it_names_exists() -> None:
    """In the text as in the tables."""
    named = {match for each in quoted(TEXT) for match in re.findall(r"^gates ([a-z-]+)", each)}
    assert {"reconcile", "doctor"} <= named <= set(cli.commands)


def test_the_roads_that_have_to_be_in_it() -> None:
    """Few enough to be read here, many enough that a table was not lost."""
    assert len(ROWS) >= 38
    told = " ".join(row["road"] for row in ROWS).lower()
    for word in re.split(" / |\n", EXPECTED):
        assert word in told, word
    claims = TEXT.partition("## What we do not claim")[2]
    assert "administrator is detected, not prevented" in claims
