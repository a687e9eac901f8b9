"""Servers, roads and projects that are started once for all faults."""

from collections.abc import Iterator

import pytest

from tests.faults import matrix
from tests.faults.matrix import Matrix


@pytest.fixture(scope="session")
def steps(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Matrix]:
    """The steps as they were recorded, and what runs cases on them."""
    with matrix.start(tmp_path_factory.mktemp("matrix")) as recorded:
        yield recorded
