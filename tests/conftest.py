"""For all tests: property tests answer the same for the same commit, and which tests share a process."""

from pathlib import Path

import pytest
from hypothesis import settings

TESTS = Path(__file__).parent
# What takes longest begins first; the tests of the chain go on from one another's projects.
FIRST = ("workflows/test_ship.py", "chain", "test_fuzzing.py", "workflows", "faults")

settings.register_profile("gates", deadline=None, derandomize=True)
settings.load_profile("gates")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let each file run in one process, the chain in one of its own, and the longest begin first."""
    for item in items:
        place = item.path.relative_to(TESTS)
        item.add_marker(pytest.mark.xdist_group("chain" if place.parts[0] == "chain" else str(place)))
    items.sort(key=_rank)


def _rank(item: pytest.Item) -> int:
    place = item.path.relative_to(TESTS)
    return next((rank for rank, name in enumerate(FIRST) if place.is_relative_to(name)), len(FIRST))
