"""Tests of `gates.paths`: which paths are opened at all."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gates import digest
from gates.errors import ExitCode, InvalidError
from gates.paths import MAX_PATH_BYTES, read_bytes, require_plain, require_regular_file, walk

BAD_NAMES = {
    "empty": ("", "leaves the project"),
    "parent": ("../secret", "leaves the project"),
    "parent inside": ("data/../../secret", "leaves the project"),
    "only the parent": ("..", "leaves the project"),
    "absolute": ("/etc/passwd", "leaves the project"),
    "absolute with two slashes": ("//etc/passwd", "leaves the project"),
    "backslash": ("..\\secret", "leaves the project"),
    "over-long": ("a/" * 600, "over-long"),
    "over-long name": ("a" * 256, "over-long"),
    "over-long in bytes": ("ä/" * 400, "over-long"),
    "full-width letters": ("\uff44ata/a.csv", "look-alike"),
    "ligature": ("ﬁle", "look-alike"),
    "decomposed umlaut": ("a\u0308.csv", "look-alike"),
    "two-dot leader": ("‥/secret", "look-alike"),
    "Cyrillic letter in a Latin word": ("m\u043edels/churn", "look-alike"),
    "Greek letter in a Latin word": ("d\u03b1ta", "look-alike"),
    "zero-width joiner": ("a\u200db", "look-alike"),
    "right-to-left override": ("a\u202egpj.exe", "look-alike"),
    "line break": ("a\nb", "look-alike"),
    "NUL": ("a\0b", "look-alike"),
    "not UTF-8": ("a\udcff", "not UTF-8"),
}


def _link(path: Path) -> None:
    path.with_name("target").write_text("x")
    path.symlink_to("target")


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))


BAD_FILES: dict[str, tuple[Callable[[Path], object], str]] = {
    "absent": (lambda path: path, "cannot be read"),
    "link": (_link, "symbolic link"),
    "dangling link": (lambda path: path.symlink_to("nowhere"), "symbolic link"),
    "link to a device": (lambda path: path.symlink_to("/dev/zero"), "symbolic link"),
    "folder": (lambda path: path.mkdir(), "not a regular file"),
    "pipe": (os.mkfifo, "not a regular file"),
    "socket": (_socket, "not a regular file"),
}


@pytest.mark.parametrize(("name", "says"), BAD_NAMES.values(), ids=BAD_NAMES)
def test_a_name_that_misleads_is_refused(name: str, says: str) -> None:
    """Exit code 2, the path shown in a form that cannot mislead, and something to do."""
    with pytest.raises(InvalidError, match=says) as caught:
        require_plain(name)
    assert caught.value.code == ExitCode.INVALID
    assert caught.value.do
    assert caught.value.what.isprintable()


@pytest.mark.parametrize(
    "name",
    [
        "a",
        "a/b.csv",
        "data/ü.csv",
        ".bucket/x",
        "日本/表.csv",
        "модель/a.csv",
        "a..b",
        "/".join(["a" * 255] * 4),
    ],
)
def test_a_plain_name_is_returned_unchanged(name: str) -> None:
    """Other scripts are no mistake, as long as one word keeps to one alphabet."""
    assert require_plain(name) == name


@given(st.text())
def test_what_is_returned_stays_in_the_project(name: str) -> None:
    """Whatever text comes, it is refused by InvalidError or is a short, printable path below the project."""
    try:
        plain = require_plain(name)
    except InvalidError:
        return
    root = Path("/project")
    assert (root / plain).is_relative_to(root)
    assert os.path.normpath(root / plain).startswith("/project")
    assert plain.isprintable()
    assert len(plain.encode()) <= MAX_PATH_BYTES


@pytest.mark.parametrize(("make", "says"), BAD_FILES.values(), ids=BAD_FILES)
def test_only_a_regular_file_is_opened(make: Callable[[Path], object], says: str, tmp_path: Path) -> None:
    """A link is never followed, a pipe never waited for; the path is named. The same for every reader."""
    path = tmp_path / "it"
    make(path)
    for read in (require_regular_file, digest.of_file, digest.md5_of_file, lambda path: read_bytes(path, 9)):
        with pytest.raises(InvalidError, match=f"it .*{says}") as caught:
            read(path)
        assert caught.value.do


@pytest.mark.parametrize("path", ["/dev/null", "/dev/zero"])
def test_a_device_is_refused(path: str) -> None:
    """An endless device is not read."""
    with pytest.raises(InvalidError, match=f"{path} is not a regular file"):
        digest.of_file(Path(path))


def test_a_name_that_the_system_cannot_hold_is_refused() -> None:
    """NUL and a name of 5,000 letters come from documents; neither ends with a traceback."""
    for name in ("a\0b", "a" * 5_000):
        with pytest.raises(InvalidError, match="cannot be read"):
            require_regular_file(Path(name))
        with pytest.raises(InvalidError, match="is not a folder"):
            walk(Path(name))


def test_a_file_that_opens_and_then_fails_is_refused() -> None:
    """A regular file whose reading fails is named as well."""
    for read in (digest.of_file, lambda path: read_bytes(path, 9)):
        with pytest.raises(InvalidError, match="/proc/self/mem cannot be read"):
            read(Path("/proc/self/mem"))


def test_a_file_that_hides_its_size_is_still_limited() -> None:
    """The limit is on what is read, not on what the system says before."""
    assert Path("/proc/self/status").stat().st_size == 0
    with pytest.raises(InvalidError, match="at most 10 bytes"):
        read_bytes(Path("/proc/self/status"), 10)


def test_bytes_up_to_the_limit_are_read(tmp_path: Path) -> None:
    """Exactly the limit is allowed; one byte more is not."""
    path = tmp_path / "a"
    path.write_bytes(b"12345")
    assert read_bytes(path, 5) == b"12345"
    with pytest.raises(InvalidError, match="at most 4 bytes"):
        read_bytes(path, 4)


def test_walking_leaves_nothing_out(tmp_path: Path) -> None:
    """Hidden files and what git ignores count like any other; the order is that of the names."""
    for name in (".git/x", "b", "a/z", "a/.hidden", ".gitignore", "a-b"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(name)
    found = walk(tmp_path)
    assert list(found) == [".git/x", ".gitignore", "a-b", "a/.hidden", "a/z", "b"]
    assert all(path.read_text() == name for name, path in found.items())


def _files(*names: str) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        for name in names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text("x")

    return make


def _with(name: str, make: Callable[[Path], object]) -> Callable[[Path], None]:
    def both(folder: Path) -> None:
        (folder / "sub").mkdir()
        (folder / "good").write_text("x")
        make(folder / "sub" / name)

    return both


BAD_FOLDERS: dict[str, tuple[Callable[[Path], None], str]] = {
    "empty": (lambda _: None, "is an empty folder"),
    "only empty folders": (lambda folder: (folder / "a/b").mkdir(parents=True), "is an empty folder"),
    "case collision": (_files("Model.skops", "model.skops"), "'Model.skops' and 'model.skops'"),
    "case collision of letters that fold": (_files("straße", "STRASSE"), "which collide"),
    "case collision of folders": (_files("A/x", "a/y"), "'A' and 'a'"),
    "case collision of file and folder": (_files("a/y", "A"), "'A' and 'a'"),
    "Unicode look-alike": (_files("ﬁle"), "look-alike"),
    "decomposed name": (_files("u\u0308"), "look-alike"),
    "mixed alphabets": (_files("model.skops", "m\u043edel.skops"), "look-alike"),
    "control character": (_files("a\x1b[2J"), "look-alike"),
    "name that is not UTF-8": (_files(os.fsdecode(b"\xff")), "not UTF-8"),
    "over-long": (_files("/".join(["x" * 200] * 6)), "over-long"),
    "link to a file": (_with("it", _link), "sub/it is a symbolic link"),
    "link to a folder": (_with("it", lambda path: path.symlink_to("/etc")), "sub/it is a symbolic link"),
    "pipe": (_with("it", os.mkfifo), "sub/it is not a regular file"),
    "socket": (_with("it", _socket), "sub/it is not a regular file"),
}


@pytest.mark.parametrize(("make", "says"), BAD_FOLDERS.values(), ids=BAD_FOLDERS)
def test_a_folder_with_something_odd_in_it_is_refused(
    make: Callable[[Path], None], says: str, tmp_path: Path
) -> None:
    """Exit code 2, what is odd is named, and no digest comes out."""
    make(tmp_path)
    for read in (walk, digest.of_tree):
        with pytest.raises(InvalidError, match=says) as caught:
            read(tmp_path)
        assert caught.value.do


def test_the_folder_itself_is_a_real_folder(tmp_path: Path) -> None:
    """Neither a file, nor a link to a folder, nor nothing."""
    (tmp_path / "file").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path)
    for name in ("file", "link", "absent"):
        with pytest.raises(InvalidError, match=f"{name} is not a folder"):
            walk(tmp_path / name)
