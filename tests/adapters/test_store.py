"""The folder behind a ledger; what holds for every store is in `test_stores`."""

from pathlib import Path

import pytest

from gates import digest
from gates.adapters.store import FolderStore
from gates.errors import ConflictError, ExitCode, TamperedError, UnavailableError


def test_nothing_but_entries_and_objects_is_left(tmp_path: Path) -> None:
    """Reading makes nothing, and writing leaves no file of its own."""
    store = FolderStore(tmp_path / "deep" / "ledger")
    assert store.entries() == {}
    assert not store.folder.exists()
    for seq in (1, 123_456_789):
        store.append(seq, b"entry")
    store.put(b"object")
    assert {path.name for path in store.folder.iterdir()} == {"00000001.json", "123456789.json", "objects"}


def test_the_second_writer_conflicts(tmp_path: Path) -> None:
    """Create-if-absent: what was committed stays, even where the bytes are equal."""
    store = FolderStore(tmp_path)
    store.append(1, b"first")
    for data in (b"second", b"first"):
        with pytest.raises(ConflictError) as caught:
            store.append(1, data)
        assert caught.value.code is ExitCode.CONFLICT
    assert store.entries() == {1: b"first"}


@pytest.mark.parametrize(
    "name", ["notes.json", "7.json", "00000000.json", "-0000001.json", "000000001.json", "0000000\u0661.json"]
)
def test_a_foreign_entry_is_tampering(tmp_path: Path, name: str) -> None:
    """No ledger writes such a name, so that two files never stand for one entry."""
    store = FolderStore(tmp_path)
    store.append(7, b"seven")
    (tmp_path / name).write_bytes(b"{}")
    with pytest.raises(TamperedError, match=name) as caught:
        store.entries()
    assert caught.value.code is ExitCode.TAMPERED


def test_a_linked_entry_is_tampering(tmp_path: Path) -> None:
    """Links are never followed."""
    (tmp_path / "elsewhere").write_bytes(b"{}")
    (tmp_path / "00000001.json").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(TamperedError, match=r"00000001\.json"):
        FolderStore(tmp_path).entries()


def test_objects_are_kept_by_digest(tmp_path: Path) -> None:
    """Putting twice keeps one; getting returns the bytes."""
    store = FolderStore(tmp_path)
    sha256 = store.put(b"statement")
    assert sha256 == digest.of_bytes(b"statement") == store.put(b"statement")
    assert store.get(sha256) == b"statement"
    assert [path.name for path in (tmp_path / "objects").iterdir()] == [sha256]


def test_an_altered_object_is_tampering(tmp_path: Path) -> None:
    """Reading notices, and so does keeping the same bytes again: an entry would refer to it."""
    store = FolderStore(tmp_path)
    sha256 = store.put(b"statement")
    (tmp_path / "objects" / sha256).write_bytes(b"Statement")
    with pytest.raises(TamperedError, match=sha256):
        store.get(sha256)
    with pytest.raises(TamperedError, match=sha256):
        store.put(b"statement")


def test_an_unknown_object(tmp_path: Path) -> None:
    """Nothing is kept under that digest any more: whoever names it has seen it there."""
    with pytest.raises(TamperedError, match="keeps nothing"):
        FolderStore(tmp_path).get("0" * 64)


def test_a_folder_that_cannot_be_used_is_unavailable(tmp_path: Path) -> None:
    """An unreadable ledger is never taken for an empty one."""
    (tmp_path / "file").write_bytes(b"")
    store = FolderStore(tmp_path / "file" / "ledger")
    for use in (store.entries, lambda: store.append(1, b""), lambda: store.put(b"")):
        with pytest.raises(UnavailableError, match="file/ledger") as caught:
            use()
        assert caught.value.code is ExitCode.UNAVAILABLE
        assert caught.value.why
