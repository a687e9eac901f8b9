"""What holds for a ledger wherever it is: creating an absent object is the commit, and one writer wins."""

import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias

import pytest

from gates import digest
from gates.adapters.s3_store import S3Store
from gates.adapters.store import FolderStore, Store
from gates.errors import ConflictError, ExitCode
from tests import servers
from tests.servers import S3

WRITERS = 8
ROUNDS = 10
Open: TypeAlias = Callable[[], Store]


@pytest.fixture(scope="module")
def moto() -> Iterator[S3]:
    """The server that unit tests use."""
    with servers.moto() as server:
        yield server


@pytest.fixture(scope="module")
def versity(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3]:
    """A real one."""
    with servers.versity(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture(params=["folder", "moto", "versity"])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Open:
    """Open the same empty ledger as often as one likes, as several processes do."""
    if request.param == "folder":
        return lambda: FolderStore(tmp_path / "deep" / "ledger")
    s3: S3 = request.getfixturevalue(request.param)
    for name, value in s3.environment.items():
        monkeypatch.setenv(name, value)
    bucket = s3.bucket(f"bucket-{uuid.uuid4().hex[:12]}")
    return lambda: S3Store(f"s3://{bucket}/deep/ledger")


def test_nothing_yet(store: Open) -> None:
    """An empty ledger, and reading makes nothing."""
    assert store().entries() == {}
    assert store().entries() == {}


def test_entries_are_what_was_appended(store: Open) -> None:
    """Sequence number to bytes, beyond eight digits too; objects are no entries."""
    written = {1: b"a", 2: b"b", 123_456_789: b"c"}
    for seq, data in written.items():
        store().append(seq, data)
    store().put(b"object")
    assert store().entries() == written


def test_the_second_writer_conflicts(store: Open) -> None:
    """What was committed stays."""
    store().append(1, b"first")
    with pytest.raises(ConflictError) as caught:
        store().append(1, b"second")
    assert caught.value.code is ExitCode.CONFLICT
    assert store().entries() == {1: b"first"}


def test_of_eight_racing_writers_one_wins(store: Open) -> None:
    """Each sequence number has exactly one winner, whose bytes are whole."""
    together = threading.Barrier(WRITERS)
    opened = [store() for _ in range(WRITERS)]

    def text(writer: int) -> bytes:
        return b"writer %d" % writer * 1000

    def write(writer: int) -> list[int]:
        won = []
        for seq in range(1, ROUNDS + 1):
            together.wait()
            with suppress(ConflictError):
                opened[writer].append(seq, text(writer))
                won.append(seq)
        return won

    with ThreadPoolExecutor(WRITERS) as pool:
        won = list(pool.map(write, range(WRITERS)))
    assert sorted(seq for seqs in won for seq in seqs) == list(range(1, ROUNDS + 1))
    assert store().entries() == {seq: text(writer) for writer, seqs in enumerate(won) for seq in seqs}


def test_objects_are_kept_by_digest(store: Open) -> None:
    """Putting twice keeps one; getting returns the bytes."""
    sha256 = store().put(b"statement")
    assert sha256 == digest.of_bytes(b"statement") == store().put(b"statement")
    assert store().get(sha256) == b"statement"
