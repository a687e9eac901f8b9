"""Two models of one repository, each with its own folder, params, stages and ledger: one push ships both."""

import json
import re
import shutil
from pathlib import Path

import mlflow
import pytest

from gates import ledger
from gates.adapters.store import FolderStore
from gates.public_keys import public_key
from tests.workflows import harness
from tests.workflows.test_consumer import JOBS, example, gates

PENALTIES = {"strict": 300.0, "loose": 30.0}  # name of a model → its one parameter
JOB = """
  {name}:
    uses: $/.github/workflows/ship.yml
    with:
      working-directory: models/{name}
      tracking-uri: ${{{{ vars.MLFLOW_TRACKING_URI }}}}
      ledger: ${{{{ vars.GATES_LEDGER }}}}
    secrets:
      GATES_SIGNING_KEY: ${{{{ secrets.GATES_SIGNING_KEY }}}}
"""


@pytest.mark.usefixtures("act")
def test_each_has_its_own_champion_and_ledger(tmp_path: Path) -> None:
    administrator = tmp_path / "administrator"
    administrator.mkdir()
    shutil.copy2(harness.ROOT / "examples" / "consumer" / "params.yaml", administrator)
    (secret,) = json.loads(gates(administrator, "key", "--private", "--json")).values()
    (public,) = json.loads(gates(administrator, "key", "--json")).values()
    tracking = f"sqlite:///{tmp_path / 'mlflow.db'}"
    world = harness.World(
        tmp_path / "world",
        secrets={"GATES_SIGNING_KEY": secret},
        variables={"GATES_LEDGER": str(tmp_path / "ledger"), "MLFLOW_TRACKING_URI": tracking},
        callers={"both.yml": "on: push\njobs:" + "".join(JOB.format(name=name) for name in PENALTIES)},
    )
    (world.project / "models").mkdir(parents=True)
    for name, penalty in PENALTIES.items():
        project = world.project / "models" / name
        shutil.move(example(tmp_path / name), project)
        params = project / "params.yaml"
        text = re.sub(r"alpha: [\d.]+", f"alpha: {penalty}", params.read_text())
        params.write_text(
            text.replace("  model: progression\n", f'  model: {name}\n  trusted_keys: ["{public}"]\n')
        )
        mlflow.MlflowClient(tracking).create_experiment(name, (tmp_path / "mlruns" / name).as_uri())
    harness.commit(world.project)
    run = harness.play(world, "both.yml", "push", {"ref": "refs/heads/main"})
    assert run.code == 0, run.log
    histories = {
        name: ledger.read(name, FolderStore(tmp_path / "ledger" / name).entries(), [public_key(public)])
        for name in PENALTIES
    }
    champions = {name: history.champion for name, history in histories.items()}
    assert {name: each and each.version for name, each in champions.items()} == dict.fromkeys(PENALTIES, "1")
    assert len({each and each.sha for each in champions.values()}) == len(PENALTIES)
    assert {job.split("/")[-1] for job in run.results} >= set(JOBS)
