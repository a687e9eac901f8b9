"""The setup action as it is, without a stand-in: a real installation from the lock."""

import os
from pathlib import Path

import pytest

from tests.workflows import harness

CALLER = """
on: push
jobs:
  setup:
    runs-on: ubuntu-latest
    steps:
      - uses: $/.github/actions/setup
      - run: python -m uv pip check
      - run: python -c 'import gates, sys; print(gates.__file__.startswith(sys.prefix))'
      - run: gates --help
"""


@pytest.mark.setup
@pytest.mark.usefixtures("act")
def test_setup_installs_the_command_from_the_lock(tmp_path: Path) -> None:
    """The package comes from the action's own folder, and what the lock brings fits together."""
    index = {
        name: value for name, value in os.environ.items() if name.startswith(("PIP_", "UV_", "SSL_CERT"))
    }
    cache = {"UV_CACHE_DIR": str(Path.home() / ".cache" / "uv")}
    world = harness.World(
        tmp_path,
        real_setup=True,
        environment=cache | index,
        callers={"caller.yml": CALLER},
    )
    world.project.mkdir()
    harness.commit(world.project)
    run = harness.play(world, "caller.yml", "push", {"ref": "refs/heads/main"})
    assert (run.code, run.results) == (0, {"setup": "success"}), run.log
    assert run.jobs["setup"].log["2"] == "True\n"
    assert "rollback" in run.jobs["setup"].log["3"]
