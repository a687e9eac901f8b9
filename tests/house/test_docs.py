"""The documentation is a site that builds, and each of its pages is reached."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from gates import human_parts
from gates.human_parts import HumanParts
from gates.render.statistics import Function, Module
from gates.run import reference
from gates.stats import auc
from tests.shell import ROOT

MKDOCS = yaml.safe_load((ROOT / "mkdocs.yml").read_text("utf-8"))


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
    """Once."""
    entries = [each for entry in MKDOCS["nav"] for each in entry.values()]
    named = [
        address for each in entries for address in ([each] if isinstance(each, str) else addresses(each))
    ]
    there = [each.relative_to(ROOT / "docs").as_posix() for each in (ROOT / "docs").rglob("*.md")]
    assert sorted(named) == sorted(there)


def addresses(entries: list[dict[str, str]]) -> list[str]:
    """The pages of a part of the menu."""
    return [address for entry in entries for address in entry.values()]


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


def test_a_source_keeps_the_first_half_of_its_sentence() -> None:
    """Neither an initial nor `et al.` ends one."""
    told = "Return it (A. One et al. 1999). By B. Two and C. Three (2001)."
    assert Function("f", f"{told} Nothing.\n\n    Raises:\n        ValueError: D. Four (1900).").does == told


@pytest.mark.parametrize("module", reference.modules(), ids=lambda module: module.name)
def test_every_sentence_about_the_statistics_begins_like_one(module: Module) -> None:
    """With a capital letter that is no surname's, and with every bracket that it closes."""
    for function in module.functions:
        for sentence in function.sentences:
            assert re.match(r"[A-Z`]", sentence), sentence
            assert not re.match(r"[\w'-]+(?: et al\.)?,? \(?(?:1[89]|20)\d\d\b", sentence), sentence
            assert sentence.count("(") == sentence.count(")"), sentence
