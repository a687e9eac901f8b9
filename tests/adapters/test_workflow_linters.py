"""What zizmor and actionlint say, with file and line; where they are not installed, that is told."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gates.adapters import workflow_linters
from gates.errors import InvalidError

WORKFLOW = """\
on: push
permissions: {}
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v6
"""
MISTAKE = "      - run: echo ${{ no.such.context }}\n"


@pytest.fixture
def top(tmp_path: Path) -> Path:
    """A repository with one workflow."""
    path = tmp_path / ".github" / "workflows" / "build.yml"
    path.parent.mkdir(parents=True)
    path.write_text(WORKFLOW)
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    return tmp_path


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that alone holds what is installed."""
    folder = tmp_path / "tools"
    folder.mkdir()
    monkeypatch.setattr(sys, "executable", str(folder / "python"))
    monkeypatch.setenv("PATH", str(folder))
    return folder


def test_zizmor_tells_file_and_line(top: Path) -> None:
    remarks, _ = workflow_linters.lint(top, top / "log")
    found = [each for each in remarks if each.text.startswith("zizmor: unpinned-uses: ")]
    assert [(each.file, each.line) for each in found] == [(str(top / ".github/workflows/build.yml"), 7)]


@pytest.mark.parametrize(
    ("ref", "more", "told"),
    [
        ("v1", "", []),
        ("v1.2.3", "", []),
        ("c" * 40, "", []),
        ("main", "", ["unpinned-uses"]),
        ("v1", ", secrets: inherit", ["secrets-inherit"]),
    ],
)
def test_a_call_of_ml_gates_by_tag_is_no_finding(top: Path, ref: str, more: str, told: list[str]) -> None:
    """The doctor says what a tag means; that every secret goes there is a finding as anywhere."""
    call = f"uses: org/ml-gates/.github/workflows/ship.yml@{ref}{more}"
    text = f"on: push\npermissions: {{}}\njobs: {{ship: {{{call}}}}}\n"
    (top / ".github" / "workflows" / "build.yml").write_text(text)
    remarks, _ = workflow_linters.lint(top, top / "log")
    assert [each.text.split(": ")[1] for each in remarks if each.text.startswith("zizmor")] == told


def test_actionlint_tells_file_and_line(top: Path) -> None:
    path = Path(__file__).parents[2] / ".tools" / "bin"
    if not shutil.which("actionlint", path=f"{path}"):
        pytest.skip("actionlint is not in .tools/bin")
    workflow = top / ".github" / "workflows" / "build.yml"
    workflow.write_text(WORKFLOW + MISTAKE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{path}", prepend=":")
        remarks, absent = workflow_linters.lint(top, top / "log")
    (found,) = [each for each in remarks if each.text.startswith("actionlint: ")]
    assert (found.file, found.line, absent) == (str(workflow), 8, [])


def test_what_is_not_installed_is_named(top: Path, tools: Path) -> None:
    assert workflow_linters.lint(top, top / "log") == ([], ["zizmor", "actionlint"])
    assert tools.is_dir()


def test_a_repository_without_workflows_is_not_asked_about(tmp_path: Path) -> None:
    assert workflow_linters.lint(tmp_path, tmp_path / "log")[0] == []


def test_a_linter_that_answers_something_else_is_an_error(top: Path, tools: Path) -> None:
    program = tools / "zizmor"
    program.write_text("#!/bin/sh\necho 'fatal: no' >&2\necho '[{}]'\n")
    program.chmod(0o755)
    with pytest.raises(InvalidError, match="zizmor did not come to an answer") as refused:
        workflow_linters.lint(top, top / "log")
    assert "fatal: no" in refused.value.why
