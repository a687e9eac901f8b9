"""Who calls a workflow grants what its jobs ask for: on GitHub the run would not even start."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.workflows import harness

WORKFLOWS = harness.ROOT / ".github" / "workflows"
FILES = [
    *WORKFLOWS.glob("on-*.yml"),
    *(harness.ROOT / "examples").glob("*/.github/workflows/*.yml"),
    *(harness.ROOT / "gates" / "adapters" / "templates").glob("*.yml.template"),
]
PAGES = [harness.ROOT / "README.md", *(harness.ROOT / "docs").glob("*.md")]


def calls(text: str) -> Iterator[tuple[str, dict[str, str], dict[str, str]]]:
    """Yield each of our workflows that a text calls, the rights that the call grants, and its inputs."""
    document = yaml.safe_load(text)
    if not isinstance(document, dict):
        return
    for job in document.get("jobs", {}).values():
        called = re.search(r"\.github/workflows/([\w-]+\.yml)", str(job.get("uses", "")))
        if called:
            yield called[1], job.get("permissions", document.get("permissions", {})), job.get("with", {})


def callers() -> list[Any]:
    """Every call in this repository, its example, what `gates init` writes, and what the pages tell."""
    texts = [(file, file.read_text()) for file in FILES]
    texts += [
        (page, block) for page in PAGES for block in re.findall(r"(?s)```yaml\n(.*?)```", page.read_text())
    ]
    return [
        pytest.param(called, granted, given, id=f"{file.relative_to(harness.ROOT)} {called}")
        for file, text in texts
        for called, granted, given in calls(text)
    ]


def asked(file: Path) -> dict[str, str]:
    """The most that any job of a workflow asks for."""
    jobs = yaml.safe_load(file.read_text())["jobs"].values()
    rights = [right for job in jobs for right in job["permissions"].items()]
    return {name: "write" if (name, "write") in rights else level for name, level in rights}


@pytest.mark.parametrize(("called", "granted", "given"), callers())
def test_a_call_grants_what_the_called_jobs_ask_for_and_can_write_the_ledger_that_it_names(
    called: str, granted: dict[str, str], given: dict[str, str]
) -> None:
    assert granted.items() >= asked(WORKFLOWS / called).items()
    assert ("ledger" in given) == ("aws-role" in given)
