"""For all tests: property tests answer alike for one commit, who shares a process, and where files lie."""

import gc
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadFileScheduling

from tests import machine, once, warm

TESTS = Path(__file__).parent
# What takes longest begins first; the tests of a room go on from one another's projects and servers.
FIRST = (
    *("chain", "workflows/test_ship.py", "faults", "test_fuzzing.py", "test_laws.py", "workflows"),
    *("run/test_selftest.py", "test_histories.py", "browser"),
)
ROOMS = ("tests/chain/", "tests/faults/")
MEMORY = Path("/dev/shm")  # noqa: S108 - as a place to look at; pytest makes a folder of its own there
ROOM = 4 * 2**30

# Neither a deadline nor `too_slow`: how busy this machine is fails no test.
settings.register_profile(
    "gates", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("gates")


def _write_to_memory() -> None:
    """Keep temporary files in memory where it has room and lets programs run, unless told where.

    They are many and small, and most are soon removed: for a push under act, a disk took a sixth of the time.
    """
    if "TMPDIR" in os.environ or not MEMORY.is_dir():
        return
    place = os.statvfs(MEMORY)
    if place.f_bavail * place.f_frsize > ROOM and not place.f_flag & os.ST_NOEXEC:
        os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)


_write_to_memory()


def pytest_configure(config: pytest.Config) -> None:
    """Let each process of the tests do once what libraries do often, and all start programs from one."""
    once.read_descriptions()
    once.read_yaml_in_c()
    if getattr(config.option, "numprocesses", None):
        warm.programs()  # which the test processes then share
    else:  # in xdist's controller nothing is collected
        gc.disable()  # until all is imported


@pytest.fixture(scope="session", autouse=True)
def _forgotten() -> Iterator[None]:
    """Let nothing depend on what the machine is set to: on GitHub alone, for one, a key must be given."""
    with pytest.MonkeyPatch.context() as patch:
        machine.forget(patch)
        yield


class Rooms(LoadFileScheduling):  # type: ignore[misc]  # xdist has no types here
    """The tests of a file run in one process, and so do those of a room."""

    def _split_scope(self, nodeid: str) -> str:
        file = str(super()._split_scope(nodeid))
        return next((room for room in ROOMS if file.startswith(room)), file)


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Rooms:
    """Let xdist deal whole rooms; its own groups are lost on pytest 9.2."""
    return Rooms(config, log)


def pytest_collection_finish() -> None:
    """Let garbage be looked for among what tests make alone."""
    once.collect_rarely()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let what takes longest begin first."""
    items.sort(key=_rank)


def _rank(item: pytest.Item) -> int:
    place = item.path.relative_to(TESTS)
    return next((rank for rank, name in enumerate(FIRST) if place.is_relative_to(name)), len(FIRST))
