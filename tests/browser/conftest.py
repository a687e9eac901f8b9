"""A real Chromium, headless, which reaches nothing but the files it is shown."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from tests.shell import ROOT

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SCREENSHOTS = ROOT / ".screenshots"
SERIOUS = {"serious", "critical"}
WIDTHS = (360, 768, 1280)
# What starts connections of its own, and what a container does not let it do.
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")


@dataclass
class Shown:
    """A page as somebody sees it.

    Attributes:
        page: The page.
        said: What it wrote to its console, and errors.
        asked: Every address that it asked for.
    """

    page: Page
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def findings(self) -> list[str]:
        """Return what axe-core finds serious, with where."""
        found = Axe().run(self.page).response["violations"]
        return [
            f"{each['id']}: {each['help']} {[node['target'] for node in each['nodes']][:3]}"
            for each in found
            if each["impact"] in SERIOUS
        ]

    def overflow(self) -> int:
        """Return by how many pixels the page is wider than its window."""
        return int(self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))

    def keep(self, name: str) -> None:
        """Keep a picture of the whole page for people to look at."""
        SCREENSHOTS.mkdir(exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start Chromium: the machine's, or the one that Playwright has."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
        if path is None and not Path(own).exists():
            assert not os.environ.get("GATES_REQUIRE_TOOLS"), "make tools installs Chromium"
            pytest.skip("no Chromium here: make tools")
        started = playwright.chromium.launch(executable_path=path or own, args=list(FLAGS))
        yield started
        started.close()


@pytest.fixture(autouse=True)
def _closed(browser: Browser) -> Iterator[None]:
    """Let no page that a test opened go on drawing beside the next one's."""
    yield
    for context in browser.contexts:
        context.close()


def show(browser: Browser, path: Path, width: int, scheme: str = "light") -> Shown:
    """Open a file in a window of so many pixels, as its reader's system likes it."""
    context = browser.new_context(
        viewport={"width": width, "height": 800},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    page = context.new_page()
    shown = Shown(page)
    page.on("console", lambda message: shown.said.append(message.text))
    page.on("pageerror", lambda error: shown.said.append(str(error)))
    page.on("request", lambda request: shown.asked.append(request.url))
    page.goto(path.as_uri())
    return shown
