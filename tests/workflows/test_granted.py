"""Who calls a workflow grants what its jobs ask for: on GitHub the run would not even start."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from string import Template
from typing import Any

import pytest
import yaml

from gates.adapters import workflow_files, workflow_linters
from gates.controls import workflows
from gates.controls.roads import Finding, Word
from tests.workflows import harness

WORKFLOWS = harness.ROOT / ".github" / "workflows"
FILES = [
    *WORKFLOWS.glob("on-*.yml"),
    *(harness.ROOT / "examples").glob("*/.github/workflows/*.yml"),
    *(harness.ROOT / "gates" / "adapters" / "templates").glob("*.yml.template"),
]
PAGES = [harness.ROOT / "README.md", *(harness.ROOT / "docs").glob("*.md")]


def calls(text: str) -> Iterator[tuple[str, dict[str, str], dict[str, str], dict[str, str]]]:
    """Yield each of our workflows that a text calls: the rights that it grants, its inputs and secrets."""
    document = yaml.safe_load(text)
    if not isinstance(document, dict):
        return
    for job in document.get("jobs", {}).values():
        called = re.search(r"\.github/workflows/([\w-]+\.yml)", str(job.get("uses", "")))
        if called:
            granted = job.get("permissions", document.get("permissions", {}))
            yield called[1], granted, job.get("with", {}), job.get("secrets", {})


def callers() -> list[Any]:
    """Every call in this repository, its example, what `gates init` writes, and what the pages tell."""
    texts = [(file, file.read_text().replace("$$", "$")) for file in FILES]
    texts += [
        (page, block) for page in PAGES for block in re.findall(r"(?s)```yaml\n(.*?)```", page.read_text())
    ]
    return [
        pytest.param(*call, id=f"{file.relative_to(harness.ROOT)} {call[0]}")
        for file, text in texts
        for call in calls(text)
    ]


def asked(file: Path) -> dict[str, str]:
    """The most that any job of a workflow asks for."""
    jobs = yaml.safe_load(file.read_text())["jobs"].values()
    rights = [right for job in jobs for right in job["permissions"].items()]
    return {name: "write" if (name, "write") in rights else level for name, level in rights}


@pytest.mark.parametrize(("called", "granted", "given", "secrets"), callers())
def test_a_call_grants_what_the_called_jobs_ask_for_and_can_write_the_ledger_that_it_names(
    called: str, granted: dict[str, str], given: dict[str, str], secrets: dict[str, str] | str
) -> None:
    """And it hands on no secret but those that are taken, each by its own name."""
    assert granted.items() >= asked(WORKFLOWS / called).items()
    takes = yaml.load((WORKFLOWS / called).read_text(), yaml.BaseLoader)["on"]["workflow_call"]  # noqa: S506 - text alone
    writes = "aws-role" in takes["inputs"]
    assert ("ledger" in given and writes) == ("aws-role" in given)
    assert set(given) <= set(takes["inputs"])
    if secrets != "inherit":
        assert secrets == {name: f"${{{{ secrets.{name} }}}}" for name in secrets}
        assert set(secrets) <= set(takes.get("secrets", {}))


TEMPLATES = [file for file in FILES if file.suffix == ".template"]


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: file.name)
def test_what_init_writes_passes_our_own_review_once_it_is_pinned(file: Path, tmp_path: Path) -> None:
    """And not before: `COMMIT` is no commit."""
    text = Template(file.read_text()).substitute(major="v1", called="", directory="", directory_alone="")
    copy = tmp_path / ".github" / "workflows" / "ours.yml"
    copy.parent.mkdir(parents=True)
    left = {}
    for ref in ("COMMIT", "c" * 40):
        copy.write_text(text.replace("@COMMIT", f"@{ref}"))
        left[ref] = [each.road for each in opened(tmp_path)]
    assert left == {"COMMIT": ["action-pins"], "c" * 40: []}
    command = ["zizmor", "--offline", "--persona", "auditor", "--quiet", str(copy)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_the_example_passes_our_own_review(tmp_path: Path) -> None:
    """By its tag, as ml-gates asks to be called."""
    shutil.copytree(harness.ROOT / "examples" / "consumer" / ".github", tmp_path / ".github")
    harness.git(tmp_path, "init", "--quiet")
    assert opened(tmp_path) == []
    assert workflow_linters.lint(tmp_path, tmp_path / "log")[0] == []


def opened(top: Path) -> list[Finding]:
    """The roads to production that the workflows leave open."""
    found = workflows.findings(workflow_files.read(top))
    return [each for each in found if each.word is Word.OPEN]
