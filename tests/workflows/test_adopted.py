"""A repository that `gates init` began ships on GitHub, by the workflow that was written into it."""

from pathlib import Path

import mlflow
import pytest

from gates import ledger
from gates.adapters.store import FolderStore
from gates.public_keys import public_key
from tests import adoption, shell
from tests.chain.project import Project
from tests.workflows import harness

pytestmark = pytest.mark.usefixtures("act")


def adopted(folder: Path) -> Project:
    """Type the commands of docs/adopt.md up to the first ship, and put the data where a runner reaches it."""
    (folder / "project").mkdir()
    project = adoption.plain(folder / "project", shell.environment(folder / "dvc"))
    for command in adoption.COMMANDS[: adoption.COMMANDS.index("gates ship")]:
        project.must("sh", "-c", command)
    shell.unhurried(project.path / "params.yaml")
    project.must("dvc", "remote", "modify", "storage", "url", str(folder / "bucket"))
    project.must("dvc", "push")
    return project


def test_the_first_push_promotes_the_first_model(tmp_path: Path) -> None:
    project = adopted(tmp_path)
    secret = project.must("gates", "key", "--private")
    key = project.must("gates", "key").strip()
    project.edit("params.yaml", "  model: tumours\n", f'  model: tumours\n  trusted_keys: ["{key}"]\n')
    project.git("remote", "add", "origin", "https://github.com/team/tumours.git")
    project.git("commit", "--quiet", "--all", "--message", "Where runners reach it")
    tracking = f"sqlite:///{tmp_path / 'mlflow.db'}"
    world = harness.World(
        tmp_path,
        secrets={"GATES_SIGNING_KEY": secret},
        variables={"GATES_LEDGER": str(tmp_path / "ledger"), "MLFLOW_TRACKING_URI": tracking},
        consumer=True,
    )
    # A database in a file would keep the artifacts in the workspace of whichever job comes first.
    mlflow.MlflowClient(tracking).create_experiment("tumours", (tmp_path / "mlruns").as_uri())
    run = harness.play(world, "ship.yml", "push", {"ref": "refs/heads/main"})
    jobs = dict.fromkeys(["data", "train", "predict", "judge", "promote"], "success")
    assert (run.code, run.results) == (0, jobs), run.log
    entries = FolderStore(tmp_path / "ledger" / "tumours").entries()
    champion = ledger.read("tumours", entries, [public_key(key)]).champion
    assert champion is not None
    assert champion.version == "1"
