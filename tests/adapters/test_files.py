"""Files are replaced whole or not at all."""

from functools import partial
from pathlib import Path

import pytest

from gates.adapters import files
from gates.errors import ExitCode, UnavailableError


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_file_is_made_with_its_folders(tmp_path: Path) -> None:
    """Readable by everybody, with nothing left beside it."""
    path = tmp_path / "a" / "b" / "file"
    files.write_bytes(path, b"1")
    assert path.read_bytes() == b"1"
    assert path.stat().st_mode & 0o777 == 0o644
    assert names(path.parent) == {"file"}


def test_whoever_reads_keeps_the_old_file(tmp_path: Path) -> None:
    """Replacing makes a new file; it does not write into the one that is open."""
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with path.open("rb") as reader:
        files.write_bytes(path, b"new, and longer")
        assert reader.read() == b"old"
    assert path.read_bytes() == b"new, and longer"
    assert names(tmp_path) == {"file"}


def test_a_link_is_replaced_and_not_followed(tmp_path: Path) -> None:
    """Nobody makes us write elsewhere."""
    (tmp_path / "elsewhere").write_bytes(b"old")
    (tmp_path / "file").symlink_to("elsewhere")
    files.write_bytes(tmp_path / "file", b"new")
    assert (tmp_path / "elsewhere").read_bytes() == b"old"
    assert not (tmp_path / "file").is_symlink()


def test_json_is_canonical(tmp_path: Path) -> None:
    """Sorted, without spaces, and returned as written."""
    data = files.write_json(tmp_path / "file", {"b": 1, "a": "é"})
    assert data == (tmp_path / "file").read_bytes() == '{"a":"é","b":1}'.encode()


def test_json_that_is_none_leaves_the_old_file(tmp_path: Path) -> None:
    """NaN has no form in JSON."""
    files.write_json(tmp_path / "file", {})
    with pytest.raises(ValueError, match="Out of range"):
        files.write_json(tmp_path / "file", {"a": float("nan")})
    assert (tmp_path / "file").read_bytes() == b"{}"


def test_a_folder_holds_exactly_the_given_files(tmp_path: Path) -> None:
    """What was there before is gone, and nothing is left beside it."""
    folder = tmp_path / "evidence"
    (folder / "deep").mkdir(parents=True)
    (folder / "old").write_bytes(b"")
    files.replace_folder(folder, {"a": b"1", "b": b"2"})
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {"a": b"1", "b": b"2"}
    assert folder.stat().st_mode & 0o444 == 0o444
    assert names(tmp_path) == {"evidence", ".gates"}
    assert names(tmp_path / files.STAGING) == set()


def test_a_folder_that_cannot_be_written_whole_stays(tmp_path: Path) -> None:
    """The second file fails, so the old folder is untouched; what was written is gone again."""
    folder = tmp_path / "evidence"
    files.replace_folder(folder, {"a": b"1"})
    with pytest.raises(UnavailableError, match="evidence"):
        files.replace_folder(folder, {"a": b"2", "absent/b": b"2"})
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {"a": b"1"}
    assert names(tmp_path) == {"evidence", ".gates"}
    assert names(tmp_path / files.STAGING) == set()


def test_a_folder_is_never_half_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever looks between two renames sees all old files, none, or all new ones."""
    folder = tmp_path / "evidence"
    files.replace_folder(folder, {"a": b"1", "b": b"1"})
    seen: list[dict[str, bytes]] = []
    rename = Path.rename

    def looking(path: Path, target: Path) -> Path:
        moved = rename(path, target)
        seen.append({each.name: each.read_bytes() for each in folder.iterdir()} if folder.exists() else {})
        return moved

    monkeypatch.setattr(Path, "rename", looking)
    files.replace_folder(folder, {"a": b"2", "c": b"2"})
    assert seen == [{}, {"a": b"2", "c": b"2"}]


def test_a_path_below_a_file_is_unavailable(tmp_path: Path) -> None:
    """Exit code 4, the path and the system's reason."""
    (tmp_path / "file").write_bytes(b"")
    path = tmp_path / "file" / "a"
    for write in (partial(files.write_bytes, path, b""), partial(files.replace_folder, path, {})):
        with pytest.raises(UnavailableError, match="file/a") as caught:
            write()
        assert caught.value.code is ExitCode.UNAVAILABLE
        assert caught.value.why


def test_a_file_over_a_folder_is_unavailable(tmp_path: Path) -> None:
    """And leaves nothing beside it."""
    (tmp_path / "folder" / "full").mkdir(parents=True)
    with pytest.raises(UnavailableError, match="folder"):
        files.write_bytes(tmp_path / "folder", b"")
    assert names(tmp_path) == {"folder"}
