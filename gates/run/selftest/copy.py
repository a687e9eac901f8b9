"""A copy of a project, in which defects are planted one after the other; the project itself is only read."""

import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gates import stages
from gates.adapters import files, git
from gates.adapters.console import Screen
from gates.defects import Changes
from gates.errors import InvalidError
from gates.paths import require_plain, require_regular_file
from gates.run.project import Project

LEFT_BY_JOBS = ("candidate", "evidence")


class Copy:
    """The files of a project that its gates read, in a folder of their own."""

    def __init__(self, root: Path, log: Path) -> None:
        """Stand for a folder that holds the copy already."""
        self.root = root
        self._log = log
        self._before: dict[str, bytes | None] = {}

    @property
    def project(self) -> Project:
        """The copy as the next command would open it."""
        return Project(self.root, self._log, Screen(quiet=True))

    def write(self, changes: Changes) -> None:
        """Write files anew, and remember what they were.

        Raises:
            InvalidError: A name leaves the copy.
        """
        for name, content in changes.items():
            path = self.root / require_plain(name)
            self._before.setdefault(name, path.read_bytes() if path.exists() else None)
            files.write_bytes(path, content)

    def remember(self, names: Iterable[str]) -> None:
        """Remember files that somebody else is about to write; of a folder those that lie in it.

        Raises:
            InvalidError: A name leaves the copy.
        """
        for name in names:
            path = self.root / require_plain(name)
            there = [each for each in path.rglob("*") if each.is_file()] if path.is_dir() else [path]
            for each in there:
                content = each.read_bytes() if each.exists() else None
                self._before.setdefault(each.relative_to(self.root).as_posix(), content)

    @property
    def touched(self) -> frozenset[str]:
        """The files that were written in this block of `planted`."""
        return frozenset(self._before)

    @contextmanager
    def planted(self) -> Iterator[Callable[[], None]]:
        """Put back at the end of the block whatever is written in it; gives a function that keeps it."""
        self._before = {}
        try:
            yield self._before.clear
        finally:
            for name, content in self._before.items():
                if content is None:
                    (self.root / name).unlink(missing_ok=True)
                else:
                    files.write_bytes(self.root / name, content)
            self._before = {}


@contextmanager
def of(project: Project) -> Iterator[Copy]:
    """Copy what gates read of a project: what git keeps, what dvc.lock names, what the jobs left.

    Raises:
        InvalidError: The project is not in a git repository, a file of it is gone, or dvc.lock names one
            that lies outside of it.
    """
    shared = project.policy.project
    names = {
        *_plain(git.tracked(project.root)),
        *stages.files(project.lock, project.root / "dvc.yaml"),
        *(shared.data.raw, shared.data.train, shared.golden_set.features, shared.golden_set.labels),
        *(
            path.relative_to(project.root).as_posix()
            for folder in LEFT_BY_JOBS
            for path in sorted((project.root / folder).iterdir())
            if path.is_file()
        ),
    }
    with tempfile.TemporaryDirectory(prefix="gates-selftest-") as temporary:
        root = Path(temporary) / "project"
        for name in sorted(names):
            _copy(project.root, root, name)
        yield Copy(root, project.log)


def _plain(names: Iterable[str]) -> Iterator[str]:
    """Yield the names that a gate would open; git may keep others, which none of them reads."""
    for name in names:
        with suppress(InvalidError):
            yield require_plain(name)


def _copy(project: Path, copy: Path, name: str) -> None:
    source, target = project / require_plain(name), copy / name
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_symlink() or not source.exists():
        return  # what a gate misses, it says itself
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
        return
    require_regular_file(source)
    try:
        shutil.copyfile(source, target)
    except OSError as error:
        raise InvalidError(
            f"{source} cannot be copied.", why=f"{error.strerror}.", do="Make room, then: gates selftest"
        ) from error
