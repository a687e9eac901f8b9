"""How long the workflows take under act, whose jobs run one after the other on this machine."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import mlflow

from tests.workflows import harness
from tests.workflows.test_ship import gates_key, new_bucket, new_project, replace_in


def played(folder: Path) -> Iterator[tuple[str, float | None, harness.World]]:
    """Yield what is to be played next, its goal in seconds, and the world to play it in."""
    project = new_project(folder / "project", new_bucket(folder / "remote"))
    tracking = f"sqlite:///{folder / 'mlflow.db'}"
    # A database in a file would keep the artifacts in the workspace of whichever job comes first.
    mlflow.MlflowClient(tracking).create_experiment("churn", (folder / "mlruns").as_uri())
    shutil.copy2(project / "params.yaml", folder)
    world = harness.World(
        folder,
        gates=Path(sys.prefix) / "bin",  # which imports what it needs, as on a runner
        secrets={"GATES_SIGNING_KEY": gates_key(folder, "--private")},
        variables={"GATES_LEDGER": str(folder / "ledger"), "MLFLOW_TRACKING_URI": tracking},
    )
    listed = f'  model: churn\n  trusted_keys: ["{gates_key(folder)}"]\n'
    replace_in(project / "params.yaml", "  model: churn\n", listed)
    harness.commit(project)
    yield "ship.yml under act, first model", None, world
    yield "ship.yml under act, nothing changed", 60, world


def push(world: harness.World) -> None:
    """Push to main, and stop where that is not green."""
    run = harness.play(world, "on-push.yml", "push", {"ref": "refs/heads/main"})
    if run.code:
        raise SystemExit(run.log)
