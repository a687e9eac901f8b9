"""Workflow files are read as GitHub reads them."""

from pathlib import Path

import pytest

from gates.adapters import workflow_files
from gates.errors import InvalidError

ROOT = Path(__file__).resolve().parents[2]


def write(root: Path, name: str, text: str) -> None:
    """Write a file below .github."""
    path = root / ".github" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_values_are_text(tmp_path: Path) -> None:
    """`on` is a word and not true, and nothing is a number."""
    write(tmp_path, "workflows/a.yml", "on: push\njobs: {x: {timeout-minutes: 5}}\n")
    write(tmp_path, "workflows/b.yaml", "on: [push]\njobs: {y: {}}\n")
    write(tmp_path, "workflows/notes.md", "no workflow")
    write(tmp_path, "actions/setup/action.yml", "runs: {using: composite}\n")
    assert workflow_files.read(tmp_path) == {
        ".github/workflows/a.yml": {"on": "push", "jobs": {"x": {"timeout-minutes": "5"}}},
        ".github/workflows/b.yaml": {"on": ["push"], "jobs": {"y": {}}},
        ".github/actions/setup/action.yml": {"runs": {"using": "composite"}},
    }


def test_an_action_is_no_workflow_whatever_its_folder_is_called(tmp_path: Path) -> None:
    """What decides is the place."""
    write(tmp_path, "actions/workflows/action.yml", "runs: {using: composite}\n")
    assert list(workflow_files.read(tmp_path)) == [".github/actions/workflows/action.yml"]


def test_none(tmp_path: Path) -> None:
    """No folder, no file."""
    assert workflow_files.read(tmp_path) == {}


def test_our_own() -> None:
    """All of them."""
    found = workflow_files.read(ROOT)
    assert "workflow_call" in found[".github/workflows/ship.yml"]["on"]


@pytest.mark.parametrize(
    "text",
    [
        "on: push",
        "jobs: {x: {}}",
        "on:\njobs: {x: {}}",
        "on: push\njobs: {}",
        "on: push\njobs: [x]",
        "on: push\njobs: {x: y}",
        "",
        "a: [",
        "- a",
        "\x00",
        "a: 1\n---\nb: 2",
        "[" * 100_000,
        b"\xff\xfe\xfa".decode("latin1"),
    ],
)
def test_what_is_no_workflow(tmp_path: Path, text: str) -> None:
    """Exit code 2, and the file is named."""
    write(tmp_path, "workflows/bad.yml", text)
    with pytest.raises(InvalidError, match=r"bad\.yml"):
        workflow_files.read(tmp_path)


def test_where_it_is_no_yaml_is_told(tmp_path: Path) -> None:
    """Line and column, for whoever has to mend it."""
    write(tmp_path, "workflows/bad.yml", "on: push\njobs: [\n")
    with pytest.raises(InvalidError) as refused:
        workflow_files.read(tmp_path)
    assert "in line 3, column 1" in refused.value.what
    assert [(each.file, each.line) for each in refused.value.remarks] == [
        (str(tmp_path / ".github/workflows/bad.yml"), 3)
    ]


def test_every_file_that_is_none_is_told(tmp_path: Path) -> None:
    """At once, each with its place."""
    for name in ("a", "b"):
        write(tmp_path, f"workflows/{name}.yml", "on: push\njobs: []\n")
    with pytest.raises(
        InvalidError, match=r"^\.github/workflows/a\.yml is no workflow.*, and 1 more are none\.$"
    ) as refused:
        workflow_files.read(tmp_path)
    assert [Path(each.file).name for each in refused.value.remarks] == ["a.yml", "b.yml"]
