"""Fixtures of the workflow tests."""

import os
from collections.abc import Iterator

import pytest

from tests.workflows import harness, production
from tests.workflows.production import Production


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "setup: installs the package from the package index, as a job on GitHub does"
    )


@pytest.fixture(scope="session")
def act() -> None:
    """Skip what needs act where it is absent, unless the caller demands it."""
    if harness.find_act() is None:
        reason = "act is neither on PATH nor in .tools/bin, so no workflow was run"
        if os.environ.get("GATES_REQUIRE_TOOLS") == "1":
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)


@pytest.fixture(scope="module")
def three_champions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Production]:
    """Three models, promoted one after the other."""
    with production.new(tmp_path_factory.mktemp("production")) as made:
        yield made


@pytest.fixture(name="production")
def _production(three_champions: Production) -> Iterator[Production]:
    """The three champions as they were promoted, with a webhook and a GitHub of the test's own."""
    with production.again(three_champions) as made:
        yield made
