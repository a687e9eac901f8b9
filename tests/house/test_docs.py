"""The documentation is a site that builds, and each of its pages is reached."""

import re
import subprocess
from pathlib import Path

import yaml

from gates import human_parts
from gates.human_parts import HumanParts
from gates.run import reference
from gates.stats import auc
from tests.shell import ROOT

MKDOCS = yaml.safe_load((ROOT / "mkdocs.yml").read_text("utf-8"))
BUILT_IN_PARTS = {"gates"}  # folders whose index leads on


def test_it_builds_without_a_warning(tmp_path: Path) -> None:
    """Strictly: a link that leads nowhere, or a page that is in no menu, is an error; nothing is fetched."""
    ended = subprocess.run(
        ["mkdocs", "build", "--quiet", "--site-dir", str(tmp_path / "site")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stderr.strip()) == (0, "")
    pages = {
        each.relative_to(tmp_path / "site").with_suffix("") for each in (tmp_path / "site").rglob("*.html")
    }
    sources = {each.relative_to(ROOT / "docs").with_suffix("") for each in (ROOT / "docs").rglob("*.md")}
    assert sources <= pages
    for page in (tmp_path / "site").rglob("*.html"):
        fetched = re.findall(
            r'<(?:script|link|img)[^>]*(?:src|href)="(https?:[^"]+)"', page.read_text("utf-8")
        )
        assert fetched == [], page


def test_every_page_is_in_the_menu() -> None:
    """Or in the index of its folder."""
    named = {address for entry in MKDOCS["nav"] for address in entry.values()}
    there = {each.relative_to(ROOT / "docs").as_posix() for each in (ROOT / "docs").glob("*.md")}
    assert there <= named
    for folder in BUILT_IN_PARTS:
        index = (ROOT / "docs" / folder / "index.md").read_text("utf-8")
        for page in (ROOT / "docs" / folder).glob("*.md"):
            assert page.name == "index.md" or f"({page.name})" in index


def test_the_statistics_are_those_of_the_code() -> None:
    """Each public function of gates/stats, with its first sentence."""
    page = reference.pages()[reference.STATISTICS]
    assert page == (ROOT / reference.STATISTICS).read_text("utf-8")
    assert f"| `{auc.auc_difference.__name__}` | " in page
    rows = re.findall(r"^\| `(\w+)` \| (.+) \|$", page, re.MULTILINE)
    assert len(rows) > 50
    assert all(len(text) > 20 for _, text in rows)


def test_the_example_of_what_people_say_has_every_key() -> None:
    """And is read as the gate reads it."""
    page = (ROOT / "docs" / "adopt.md").read_text("utf-8")
    (example,) = (each for each in re.findall(r"(?s)```yaml\n(.*?)```", page) if "intended_use:" in each)
    document = yaml.safe_load(example)
    assert [*document] == [*HumanParts.model_fields]
    assert human_parts.from_document(document).said("owner")
