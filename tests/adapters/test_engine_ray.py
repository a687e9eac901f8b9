"""Ray, really started: the same bytes as here, whatever is lost on the way."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from gates.adapters import engine_local, engine_ray
from gates.digest import canonical_json
from gates.errors import InvalidError, UnavailableError
from gates.parts import Part, parts_of
from gates.run import engine, gate, profile
from gates.verdict import Outcome
from gates.verdict_document import to_document
from tests.checks.project import TODAY, build

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from gates.adapters.engine_ray import Cluster
    from tests.checks.project import Project

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """One for all tests: it takes seconds to start."""
    pytest.importorskip("ray", reason="Ray is not installed, so no cluster was asked")
    with engine_ray.joined("") as started:
        yield started


@pytest.fixture
def joined(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a command join the cluster of these tests."""

    @contextmanager
    def same(_: str) -> Iterator[Cluster]:
        yield cluster

    monkeypatch.setattr(engine_ray, "joined", same)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project whose training and live tables are folders of files, with rows that break the contract."""
    made = build(tmp_path)
    for name in ("train", "live"):
        rows = made.table(name)
        if name == "train":
            rows.loc[rows.index[[3, 200]], "contract"] = "Weekly"
            rows.loc[rows.index[-1], "row_id"] = rows["row_id"].iloc[0]
        folder = tmp_path / name
        folder.mkdir()
        for place in range(5):
            rows.iloc[place::5].to_parquet(folder / f"{place}.parquet", row_group_size=30)
    return made


def listed(project: Project) -> list[Part]:
    return parts_of(sorted((project.root / "train").iterdir()))[0]


def killed(marker: Path, place: str) -> Callable[[Part], tuple[str, int]]:
    """Give work over parts, of which one kills its process the first time; the marker says that it did."""

    def work(part: Part) -> tuple[str, int]:
        if part.path.name == place and not marker.exists():
            marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return part.path.name, part.rows

    return work


@pytest.mark.usefixtures("joined")
@pytest.mark.parametrize("name", ["schema", "drift"])
def test_ray_gives_the_same_bytes(project: Project, name: str) -> None:
    """Of verdicts with findings of rows, keys and distributions."""
    given = {
        "schema": {"train": project.root / "train"},
        "drift": {"reference": project.root / "train", "live": project.root / "live"},
    }[name]
    verdicts = []
    for on in (engine.LOCAL, engine.RAY):
        with engine.opened(project.opened(), on) as used:
            verdicts.append(gate.judge(project.opened(), name, given, TODAY, over=used.over))
    local, ray = (canonical_json(to_document(verdict)) for verdict in verdicts)
    assert local == ray
    assert len(verdicts[0].findings) > 6
    assert (verdicts[0].outcome is Outcome.FAIL) == (name == "schema")


@pytest.mark.usefixtures("joined")
def test_ray_profiles_the_same(project: Project) -> None:
    for on in (engine.LOCAL, engine.RAY):
        profile.run(project.opened(), [project.root / "train"], project.root / f"{on}.json", on)
    assert project.path("ray.json").read_bytes() == project.path("local.json").read_bytes()


def test_what_a_lost_process_did_is_done_again(cluster: Cluster, project: Project) -> None:
    """Its part comes in its place, and once."""
    marker, done = project.root / "killed", list[Part]()
    parts = listed(project)
    results = cluster.carry(parts, killed(marker, "2.parquet"), done.append)
    assert marker.exists()
    assert results == list(engine_local.carry(parts, killed(marker, ""), lambda _: None))
    assert sorted(done, key=parts.index) == parts


def test_what_is_lost_again_and_again_is_unavailable(
    cluster: Cluster, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No verdict comes of the rest."""
    monkeypatch.setattr(engine_ray, "RETRIES", 0)

    def work(_: Part) -> Any:  # noqa: ANN401 - it never returns
        os.kill(os.getpid(), signal.SIGKILL)

    with pytest.raises(UnavailableError, match="Ray lost a task"):
        cluster.carry(listed(project)[:1], work, lambda _: None)


def test_an_error_of_ours_comes_as_it_is(cluster: Cluster, project: Project) -> None:
    def work(part: Part) -> Any:  # noqa: ANN401 - it never returns
        raise InvalidError(f"{part.path.name} is odd.", why="so", do="that")

    with pytest.raises(InvalidError, match=r"\.parquet is odd") as caught:
        cluster.carry(listed(project), work, lambda _: None)
    assert (caught.value.why, caught.value.do) == ("so", "that")


def test_any_other_error_is_told_without_a_traceback(cluster: Cluster, project: Project) -> None:
    with pytest.raises(UnavailableError, match="A task of Ray failed"):
        cluster.carry(listed(project), lambda part: part.rows // 0, lambda _: None)


def test_without_ray_its_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(InvalidError, match="Ray is not installed") as caught, engine_ray.joined(""):
        pass
    assert "ml-gates[ray]" in caught.value.do


class Busy:
    """A Ray whose cluster cannot begin what is asked of it, so many times."""

    def __init__(self, times: int) -> None:
        self.left, self.asked = times, list[str]()

    def init(self, address: str, **_: object) -> None:
        self.asked.append(address)
        self.left -= 1
        if self.left >= 0:
            raise ConnectionAbortedError("Initialization failure from server:\nTraceback\nNo room, it said.")

    def shutdown(self) -> None:
        self.asked.append("shutdown")

    def cluster_resources(self) -> dict[str, float]:
        return {"CPU": 2.0}


def test_a_cluster_that_could_not_begin_is_asked_once_more(monkeypatch: pytest.MonkeyPatch) -> None:
    busy = Busy(times=1)
    monkeypatch.setitem(sys.modules, "ray", busy)
    with engine_ray.joined("ray://there:1"):
        assert busy.asked == ["ray://there:1", "shutdown", "ray://there:1"]


def test_one_that_never_begins_is_told_by_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", Busy(times=9))
    with pytest.raises(UnavailableError) as caught, engine_ray.joined("ray://there:1"):
        pass
    assert caught.value.why == "No room, it said."
