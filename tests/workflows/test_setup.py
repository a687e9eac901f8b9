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
      - uses: actions/checkout@v6
      - uses: $/.github/actions/setup
      - run: python -I -m uv --no-config pip check
      - run: python -I -c 'import gates, sys; print(gates.__file__.startswith(sys.prefix))'
      - run: gates --help
"""


@pytest.mark.setup
@pytest.mark.usefixtures("act")
def test_setup_installs_the_command_from_the_lock(tmp_path: Path) -> None:
    """It comes from the action's own folder, fits together, and takes nothing from the checkout."""
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
    # Modules and settings that a checkout may bring, by accident or not: nothing of it runs or counts here.
    for name in ("venv.py", "pip.py", "types.py", "sitecustomize.py"):
        (world.project / name).write_text("raise SystemExit('the code of the checkout ran')\n")
    (world.project / "uv.toml").write_text('required-version = "==0.0.1"\n')
    harness.commit(world.project)
    run = harness.play(world, "caller.yml", "push", {"ref": "refs/heads/main"})
    assert (run.code, run.results) == (0, {"setup": "success"}), run.log
    assert run.jobs["setup"].log["3"] == "True\n"
    assert "rollback" in run.jobs["setup"].log["4"]
