"""A world in which three models were promoted one after the other, and what stands in it after an event.

The champions are made without a workflow: what is tested begins where they serve.
"""

import contextlib
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from gates import ledger
from gates.adapters import keys
from gates.adapters.console import Screen
from gates.adapters.registry import Registry
from gates.adapters.store import FolderStore
from gates.ledger import Champion, History
from gates.public_keys import public_key
from gates.run import carry_out
from gates.run.project import Project, now
from tests import github_server
from tests.adapters import mlflow_models
from tests.github_server import GitHub
from tests.run.champions import promote
from tests.workflows import harness


@dataclass(frozen=True)
class Production:
    """Ledger and registry with three champions, the third of which serves, and a repository beside them.

    Attributes:
        world: The repository whose events are played.
        champions: Who served, oldest first.
        folder: Where ledger and registry are.
        public: Public half of the key that signs.
        github: What plays GitHub's API and the webhook.
    """

    world: harness.World
    champions: tuple[Champion, ...]
    folder: Path
    public: str
    github: GitHub

    @property
    def told(self) -> list[str]:
        """What the webhook was told, in order."""
        return [each["text"] for each in self.github.posted]

    @property
    def history(self) -> History:
        """The ledger, verified."""
        entries = FolderStore(self.folder / "ledger" / "churn").entries()
        return ledger.read("churn", entries, [public_key(self.public)])

    @property
    def kinds(self) -> list[str]:
        """What the entries after the three promotions did."""
        return [link.entry.kind for link in self.history.links[3:]]

    @property
    def serves(self) -> tuple[str | None, str | None]:
        """The version that serves by the ledger, and by the alias."""
        champion = self.history.champion
        return champion.version if champion else None, self.alias()

    def alias(self) -> str | None:
        """The version that the alias names; by a fresh connection, since an older one may see old rows."""
        query = "SELECT version FROM registered_model_aliases WHERE name = 'churn' AND alias = 'champion'"
        with contextlib.closing(sqlite3.connect(self.folder / "machine" / "mlflow.db")) as connection:
            row = connection.execute(query).fetchone()
        return None if row is None else str(row[0])

    def move_alias(self, version: str) -> None:
        """Point the alias elsewhere, as somebody does by hand."""
        Registry(self.folder / "machine", "churn").point_champion(version)

    def declare(self, **keys: Any) -> None:  # noqa: ANN401 - whatever a policy may say
        """Commit another policy."""
        params = self.world.project / "params.yaml"
        document = yaml.safe_load(params.read_text())
        document["gates"] |= keys
        params.write_text(yaml.safe_dump(document, sort_keys=False))
        harness.commit(self.world.project)

    def play(self, workflow: str, event: str, payload: dict[str, Any] | None = None) -> harness.Run:
        """Play an event."""
        return harness.play(self.world, workflow, event, payload or {})

    def roll_back(self, to: str, reason: str = "too slow", serving: str = "") -> harness.Run:
        """Start the rollback by hand."""
        inputs = {"to": to, "serving": serving, "reason": reason}
        return self.play("on-dispatch.yml", "workflow_dispatch", {"inputs": inputs})

    def beside(self, folder: Path) -> "Production":
        """The same ledger, registry and repository, for another run at the same time."""
        shutil.copytree(self.world.project, folder / "project")
        return replace(self, world=replace(self.world, folder=folder))


@contextmanager
def new(folder: Path) -> Iterator[Production]:
    """Promote three models in a folder; what they left is kept, so that `again` can bring it back."""
    machine = folder / "machine"
    machine.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("no_proxy", "127.0.0.1")
        params = yaml.safe_load((harness.ROOT / "params.yaml").read_text())
        params["gates"]["alerts"] = {"burn_in_minutes": 0}
        private = keys.private_pem(machine)
        (public,) = keys.own(machine)
        params["gates"]["trusted_keys"] = [public]
        (machine / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False))
        project = Project(machine, machine / "log", Screen(), ledger_place=str(folder / "ledger"))
        registry = mlflow_models.registry(machine)
        with patch.context() as earlier:  # an alert of now is about them
            earlier.setattr(carry_out, "now", lambda: now() - timedelta(hours=1))
            champions = tuple(promote(project, registry, number) for number in (1, 2, 3))
        shutil.copytree(folder / "ledger", folder / "kept" / "ledger")
        shutil.copy2(machine / "mlflow.db", folder / "kept")
        world = harness.World(
            folder,
            secrets={"GATES_SIGNING_KEY": private, "GITHUB_TOKEN": "a-token"},
            variables={
                "GATES_LEDGER": str(folder / "ledger"),
                "MLFLOW_TRACKING_URI": f"sqlite:///{machine / 'mlflow.db'}",
            },
        )
        yield Production(world, champions, folder, public, GitHub())


@contextmanager
def again(made: Production) -> Iterator[Production]:
    """The three champions as they were promoted, a new repository, and nobody told of anything yet."""
    folder = made.folder
    shutil.rmtree(folder / "ledger")
    shutil.copytree(folder / "kept" / "ledger", folder / "ledger")
    shutil.copy2(folder / "kept" / "mlflow.db", folder / "machine")
    shutil.rmtree(made.world.project, ignore_errors=True)
    made.world.project.mkdir()
    shutil.copy2(folder / "machine" / "params.yaml", made.world.project)
    harness.commit(made.world.project)
    with github_server.serving(GitHub) as github:
        environment = {"GITHUB_API_URL": github.url, "no_proxy": "127.0.0.1"}
        secrets = {**made.world.secrets, "GATES_WEBHOOK": f"{github.url}/hook"}
        world = replace(made.world, secrets=secrets, environment=environment)
        yield replace(made, world=world, github=github)
