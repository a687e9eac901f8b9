"""The site as people walk through it, from files, without a server."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from gates.run import site
from tests import decided, ledgers
from tests.browser.conftest import show


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the site of one model, its newest decision with pictures."""
    folder = tmp_path_factory.mktemp("pages")
    decision, drawn = decided.decided(decided.project(folder / "judged"))
    made = ledgers.write(folder / "churn", "churn", decision, drawn, 4)
    site.run(made, folder / "site", [], 1)
    return folder / "site/index.html"


def test_from_the_index_to_a_picture_and_back(browser: Browser, index: Path) -> None:
    """Each page can be read on a telephone, by light and dark, by who sees and who hears it."""
    shown = show(browser, index, 360, "dark")
    for link, title in (("churn", "churn"), ("4: report", "Promoted · churn")):
        assert shown.overflow() <= 0
        assert shown.findings() == []
        shown.keep(f"site-{link.partition(':')[0]}")
        shown.page.get_by_role("link", name=link, exact=True).click()
        assert shown.page.locator("h1").inner_text() == title
    assert shown.page.locator("figure svg").count() > 3
    shown.page.get_by_role("link", name="All decisions").click()
    shown.page.get_by_role("link", name="All models").click()
    assert shown.page.url == index.as_uri()
    assert shown.said == []
    assert all(each.startswith(index.parent.as_uri()) for each in shown.asked)
