"""The report as people see it, in a real browser."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from gates.render.report import html
from tests import decided
from tests.browser.conftest import WIDTHS, show

WHERE = """(() => {
  const here = document.activeElement
  return here.tagName + [...document.querySelectorAll("*")].indexOf(here)
})()"""


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the report of a decision with a broken rule and a long name in it."""
    folder = tmp_path_factory.mktemp("page")
    made = decided.project(folder / "project")
    long = "a_column_whose_name_is_longer_than_any_telephone_is_wide_and_that_has_no_space_in_it"
    made.change("train", lambda table: table.assign(**{long: 1}))
    written = folder / "report.html"
    written.write_text(html(decided.report(made)), "utf-8")
    return written


@pytest.mark.parametrize(("width", "scheme"), [*((each, "light") for each in WIDTHS), (360, "dark")])
def test_it_can_be_read(browser: Browser, path: Path, width: int, scheme: str) -> None:
    """At any width, by light and dark, without scrolling sideways, by who sees and who hears it."""
    shown = show(browser, path, width, scheme)
    shown.page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
    assert shown.overflow() <= 0
    assert shown.findings() == []
    assert shown.said == []
    assert shown.asked == [path.as_uri()]
    shown.keep(f"report-{width}-{scheme}")


def test_the_decision_is_on_the_first_screen(browser: Browser, path: Path) -> None:
    """Word, sentence and every gate, without scrolling, on a laptop."""
    page = show(browser, path, 1280).page
    last = page.locator("#gates + div tbody tr").last.bounding_box()
    assert page.locator("h1").inner_text().startswith("Promoted")
    assert last is not None
    assert last["y"] + last["height"] < 800


def test_the_keyboard_reaches_everything(browser: Browser, path: Path) -> None:
    """First the way past the head, then each table that may scroll and each list of figures."""
    page = show(browser, path, 360).page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "To the report"
    reached = set()
    while (place := page.evaluate(WHERE)) not in reached:
        reached.add(place)
        page.keyboard.press("Tab")
    summaries = {each for each in reached if each.startswith("SUMMARY")}
    assert len(summaries) == page.locator("summary").count()
    assert len({each for each in reached if each.startswith("DIV")}) >= page.locator("main > .scroll").count()


def test_paper_has_all_figures(browser: Browser, path: Path) -> None:
    """What is folded on a screen is printed, and the way around is not."""
    page = show(browser, path, 1280).page
    page.emulate_media(media="print")
    hidden = page.locator("details:not([open]) table").first
    assert hidden.bounding_box() is not None
    assert page.locator("nav").is_hidden()
    folded = page.evaluate(
        "getComputedStyle(document.querySelector('details'), '::details-content').contentVisibility"
    )
    assert folded == "visible"


def test_axe_would_find_something(browser: Browser, tmp_path: Path) -> None:
    """A page that nobody could read is found out, so that nothing found means something."""
    bad = tmp_path / "bad.html"
    bad.write_text("<html><p style='color:#eee;background:#fff'>faint</p><img src='x.png'></html>", "utf-8")
    shown = show(browser, bad, 1280)
    assert {each.partition(":")[0] for each in shown.findings()} >= {"color-contrast", "image-alt"}
    assert len(shown.asked) == 2
