"""A repository of somebody else, with a regression on other data, ships by one line that names us."""

import contextlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlflow
import pytest

from gates import ledger
from gates.adapters.store import FolderStore
from gates.public_keys import public_key
from tests import warm
from tests.shell import unhurried
from tests.workflows import harness

EXAMPLE = harness.ROOT / "examples" / "consumer"
JOBS = ["data", "train", "predict", "judge", "promote"]
PASSED = dict.fromkeys(JOBS, "success")


@dataclass(frozen=True)
class Push:
    """What a push did, and what stood afterwards in ledger and registry."""

    run: harness.Run
    history: ledger.History
    alias: str | None
    evidence: dict[str, Any]


def example(folder: Path) -> Path:
    """The example as somebody who copied it has it, with the limits of time wide."""
    harness.export(folder / "export", part="examples/consumer")
    shutil.move(folder / "export" / "examples" / "consumer", folder / "project")
    shutil.rmtree(folder / "export")
    unhurried(folder / "project" / "params.yaml")
    return folder / "project"


def gates(project: Path, *arguments: str) -> str:
    """What a command of ours prints on somebody's machine."""
    here = {name: value for name, value in os.environ.items() if name not in {"CI", "GITHUB_ACTIONS"}}
    command = [str(warm.programs() / "gates"), *arguments, "--project", str(project)]
    return subprocess.run(command, env=here, check=True, stdout=subprocess.PIPE, text=True).stdout


def push(world: harness.World, public: str, alpha: float) -> Push:
    """Push a commit whose model has this penalty, and look at what it left."""
    params = world.project / "params.yaml"
    params.write_text(re.sub(r"alpha: [\d.]+", f"alpha: {alpha}", params.read_text()))
    harness.commit(world.project, f"alpha {alpha}", "team/progression")
    run = harness.play(world, "ship.yml", "push", {"ref": "refs/heads/main"})
    entries = FolderStore(world.folder / "ledger" / "progression").entries()
    database = world.variables["MLFLOW_TRACKING_URI"].removeprefix("sqlite:///")
    query = "SELECT version FROM registered_model_aliases WHERE name = 'progression' AND alias = 'champion'"
    with contextlib.closing(sqlite3.connect(database)) as connection:
        row = connection.execute(query).fetchone()
    return Push(
        run,
        ledger.read("progression", entries, [public_key(public)]),
        str(row[0]) if row else None,
        {
            each.stem: json.loads(each.read_text())
            for each in (world.artifacts / "progression-evidence").glob("*.json")
        },
    )


@pytest.fixture(scope="module")
def story(act: None, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Push]:  # noqa: ARG001 - skips without act
    """A first model, a better one and a worse one, pushed one after the other."""
    folder = tmp_path_factory.mktemp("consumer")
    project = example(folder)
    administrator = folder / "administrator"
    administrator.mkdir()
    shutil.copy2(project / "params.yaml", administrator)
    private = json.loads(gates(administrator, "key", "--private", "--json"))
    public = json.loads(gates(administrator, "key", "--json"))
    (secret,), (key,) = private.values(), public.values()
    params = project / "params.yaml"
    params.write_text(params.read_text().replace("  task:", f'  trusted_keys: ["{key}"]\n  task:', 1))
    tracking = f"sqlite:///{folder / 'mlflow.db'}"
    world = harness.World(
        folder,
        secrets={"GATES_SIGNING_KEY": secret},
        variables={"GATES_LEDGER": str(folder / "ledger"), "MLFLOW_TRACKING_URI": tracking},
        consumer=True,
    )
    # A database in a file would keep the artifacts in the workspace of whichever job comes first.
    mlflow.MlflowClient(tracking).create_experiment("progression", (folder / "mlruns").as_uri())
    return {
        name: push(world, key, alpha) for name, alpha in (("first", 300), ("better", 30), ("worse", 1000))
    }


@pytest.mark.parametrize(("name", "version"), [("first", "1"), ("better", "2")])
def test_a_push_of_a_model_that_passes_every_gate_makes_it_champion(
    story: dict[str, Push], name: str, version: str
) -> None:
    told = story[name]
    assert (told.run.code, told.run.results) == (0, PASSED), told.run.log
    assert told.history.champion is not None
    assert (told.history.champion.version, told.alias) == (version, version)


def test_a_better_model_errs_by_less_beyond_luck(story: dict[str, Push]) -> None:
    measured = story["better"].evidence["champion"]["measurements"]
    assert measured["rmse/challenger"] < measured["rmse/champion"]
    assert measured["delta/low"] > 0
    assert story["better"].evidence["champion"]["inputs"]["task"] == "regression"


def test_a_push_of_a_worse_model_is_refused_and_the_champion_untouched(story: dict[str, Push]) -> None:
    told, before = story["worse"], story["better"]
    assert told.run.code == 1
    assert told.run.results == PASSED | {"judge": "failure", "promote": "skipped"}, told.run.log
    assert told.evidence["champion"]["outcome"] == "fail"
    assert (told.history, told.alias) == (before.history, before.alias)
    assert re.search(r"champion: delta -\d", told.run.jobs["judge"].summary["judge"])


def test_a_laptop_ships_the_example_and_rehearses_its_rollback(tmp_path: Path) -> None:
    """From what is committed: its data comes out of the folder that stands for the bucket."""
    project = example(tmp_path)
    harness.commit(project, "Begin")
    assert "Promoted v1, the first champion: RMSE " in gates(project, "ship")
    assert "Rolled back to a copy of v1" in gates(project, "drill")


def test_its_stages_import_nothing_from_gates() -> None:
    files = sorted(EXAMPLE.glob("**/*.py"))
    assert {file.name for file in files} >= {"prepare.py", "fit.py", "test_latency.py"}
    for file in files:
        assert not re.search(r"^\s*(from|import) gates\b", file.read_text(), re.MULTILINE), file


def test_its_workflow_names_us_once_and_holds_no_step() -> None:
    workflow = (EXAMPLE / ".github" / "workflows" / "ship.yml").read_text()
    assert re.findall(r"uses: (\S+)", workflow) == [f"{harness.SELF}/.github/workflows/ship.yml@v1"]
    assert "run:" not in workflow
    assert len(workflow.splitlines()) <= 13


def test_its_workflow_says_each_thing_once() -> None:
    """A key that stands twice is refused by GitHub; act and most readers of YAML do not look."""
    workflow = (EXAMPLE / ".github" / "workflows" / "ship.yml").read_text()
    keys = re.findall(r"(?m)^( *[\w-]+):", workflow)
    assert sorted(keys) == sorted(set(keys))
