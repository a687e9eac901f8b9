"""Fifty promotions and rollbacks at once: every one is in the ledger once, and the alias is at its head."""

from collections.abc import Iterator

import pytest

from tests.faults import load
from tests.faults.load import Place
from tests.faults.matrix import LEDGERS

SEED = 0  # `make faults` runs all twenty


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """One for both stores; each begins with the same three champions."""
    with load.start(tmp_path_factory.mktemp("load")) as started:
        yield started


@pytest.mark.parametrize("ledger", LEDGERS)
def test_nothing_is_lost(place: Place, ledger: str) -> None:
    """No lost update, no broken chain, no entry twice, and the alias is where the ledger says."""
    assert place.wrong(ledger, SEED) == []
