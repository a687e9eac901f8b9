"""What this repository publishes: no address of an index, no path of the machine that it was written on."""

import re
import subprocess
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Hosts of package indexes. The brackets keep this file from matching itself.
INDEX_HOST = re.compile(
    r"pypi[.]org|python[h]osted[.]org|registry[.]npmjs|deb[.]debian|proxy[.]golang|sum[.]golang|index[.]crates"
)
HOME_FOLDER = re.compile(r"(?<![\w.}])/(?:home|root|Users)/[\w.-]+")


def published() -> list[Path]:
    """Every file that is committed, or would be by `git add --all`."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout.decode().split("\0")
    paths = [ROOT / name for name in names if name]
    return [path for path in paths if path.is_file() and b"\0" not in path.read_bytes()[:8000]]


def lines_with(pattern: re.Pattern[str]) -> list[str]:
    """Where the pattern stands, as file:line: text."""
    return [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:120]}"
        for path in published()
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1)
        if pattern.search(line)
    ]


def test_something_is_published() -> None:
    """The other tests look at the real tree, not at nothing."""
    assert Path(__file__) in published()


def test_no_host_of_an_index() -> None:
    """Where packages come from is the machine's setting, never this repository's."""
    assert lines_with(INDEX_HOST) == []


def test_no_home_folder() -> None:
    """Nobody's home folder is named."""
    assert lines_with(HOME_FOLDER) == []


@pytest.mark.parametrize("folder", [ROOT, ROOT.parent, Path.home()], ids=["clone", "beside", "home"])
def test_no_path_of_this_machine(folder: Path) -> None:
    """Nothing names where this clone lies. A temporary folder or the root says nothing about a machine."""
    if folder in {Path("/"), Path("/tmp"), Path(tempfile.gettempdir())}:  # noqa: S108 - only compared
        return
    assert lines_with(re.compile(rf"(?<![\w.]){re.escape(str(folder))}(?![\w-])")) == []
