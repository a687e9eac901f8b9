"""Fixtures of the workflow tests."""

import os

import pytest

from tests.workflows import harness


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
