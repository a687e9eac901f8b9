"""This repository's own CI under act: its actions test themselves, and one job stands for all."""

import shutil
from pathlib import Path

import pytest

from tests.workflows import harness

pytestmark = pytest.mark.usefixtures("act")

PUSH = {"ref": "refs/heads/main"}
GREEN = dict.fromkeys(["test", "actions", "required"], "success")


@pytest.fixture
def world(tmp_path: Path) -> harness.World:
    """This repository, with a test command that passes at once."""
    world = harness.World(tmp_path)
    harness.export(world.project)
    (world.project / ".ci" / "run").write_text("echo 'all tests pass'\n")
    return world


def play(world: harness.World) -> harness.Run:
    """Push what the project holds."""
    harness.commit(world.project)
    return harness.play(world, "ci.yml", "push", PUSH)


def test_what_must_pass_passes_and_what_must_fail_fails(world: harness.World) -> None:
    run = play(world)
    assert (run.code, run.results) == (0, GREEN), run.log


def test_a_red_test_command_makes_the_required_job_red(world: harness.World) -> None:
    (world.project / ".ci" / "run").write_text("exit 1\n")
    run = play(world)
    assert (run.code, run.results) == (1, GREEN | {"test": "failure", "required": "failure"}), run.log


def test_an_action_that_passes_where_it_must_fail_makes_ci_red(world: harness.World) -> None:
    cases = world.project / "tests" / "workflows" / "self_test"
    shutil.copy2(cases / "fast.json", cases / "slow.json")
    run = play(world)
    assert (run.code, run.results) == (1, GREEN | {"actions": "failure", "required": "failure"}), run.log
