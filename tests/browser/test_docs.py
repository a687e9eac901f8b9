"""The documentation's pages as its readers see them."""

import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import show
from tests.shell import ROOT


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the documentation."""
    folder = tmp_path_factory.mktemp("documentation")
    subprocess.run(["mkdocs", "build", "--quiet", "--site-dir", str(folder)], cwd=ROOT, check=True)
    return folder


@pytest.mark.parametrize("name", ["gates/golden.html", "operations.html", "statistics.html"])
def test_no_table_is_cut_and_nothing_is_faint(browser: Browser, pages: Path, name: str) -> None:
    """On a laptop each column is seen, and axe finds nothing serious."""
    shown = show(browser, pages / name, 1280)
    cut = shown.page.eval_on_selector_all(
        "table", "all => all.filter(each => each.scrollWidth > each.parentElement.clientWidth + 1).length"
    )
    assert (cut, shown.overflow() <= 0) == (0, True)
    assert shown.findings() == []
    shown.keep(f"docs-{Path(name).stem}")
