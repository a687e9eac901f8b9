"""release.yml under act: a pushed tag becomes a release, and a branch does not."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gates import __version__
from tests import github_server
from tests.github_releases import Hub
from tests.workflows import harness

pytestmark = pytest.mark.usefixtures("act")

TAG = f"v{__version__}"
MAJOR = TAG.partition(".")[0]


@pytest.fixture
def hub() -> Iterator[Hub]:
    """A GitHub on which the required check of every commit has passed."""
    with github_server.serving(Hub) as server:
        server.checks.append({"conclusion": "success", "app": {"slug": "github-actions"}})
        yield server


@pytest.fixture
def world(hub: Hub, tmp_path: Path) -> harness.World:
    """This repository, its head tagged as the version that it says it is."""
    reached = {"GITHUB_API_URL": hub.url, "no_proxy": "127.0.0.1"}
    world = harness.World(tmp_path, environment=reached, secrets={"GITHUB_TOKEN": "a-token"})
    harness.export(world.project)
    hub.tags[TAG] = harness.commit(world.project)
    harness.git(world.project, "tag", TAG)
    return world


def test_a_pushed_tag_is_released_and_the_major_tag_moves(hub: Hub, world: harness.World) -> None:
    run = harness.play(world, "release.yml", "push", {"ref": f"refs/tags/{TAG}"})
    assert (run.code, run.results) == (0, {"release": "success"}), run.log
    assert [each["tag_name"] for each in hub.releases] == [TAG]
    assert hub.tags[MAJOR] == hub.tags[TAG]
    assert "a-token" in hub.asked[0].headers["Authorization"]


def test_started_by_hand_on_a_branch_it_releases_nothing(hub: Hub, world: harness.World) -> None:
    run = harness.play(world, "release.yml", "workflow_dispatch", {"ref": "refs/heads/main"})
    assert (run.code, run.results) == (1, {"release": "failure"}), run.log
    assert (hub.releases, MAJOR in hub.tags) == ([], False)
    assert "no version such as v1.2.3" in run.log
