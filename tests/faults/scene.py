"""A project with three champions and a fourth model that waits, put back to that before every case."""

import shutil
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gates import ledger
from gates.adapters.console import Screen
from gates.adapters.registry import Registry
from gates.adapters.store import FolderStore
from gates.ledger import History
from gates.run import serving
from gates.run.project import Project
from tests import machine
from tests.checks import project as checked
from tests.run import judged
from tests.run.champions import promote

BUCKET = "ledger"
ROLLBACK = ("rollback", "--to", "previous", "--reason", "too slow")
COMMANDS = {"promote": ("promote", "--apply", "--json"), "rollback": (*ROLLBACK, "--apply", "--json")}
CHAMPIONS = 3


@dataclass(frozen=True)
class Scene:
    """A project and the database of its MLflow, with a copy of both as they were.

    Attributes:
        root: The project.
        database: MLflow's database: the project's own, or a server's.
        kept: Copies of `.gates` and of the database.
        mlflow: Address of the server, or empty for the project's own.
    """

    root: Path
    database: Path
    kept: Path
    mlflow: str = ""

    def restore(self) -> None:
        """Put everything back as it was; a server may have the database open."""
        shutil.rmtree(self.root / ".gates")
        shutil.copytree(self.kept / ".gates", self.root / ".gates")
        source, target = sqlite3.connect(self.kept / "mlflow.db"), sqlite3.connect(self.database)
        source.backup(target)
        target.close()
        source.close()

    def upload(self, client: Any, prefix: str) -> str:  # noqa: ANN401 - boto's clients are made at run time
        """Put the ledger as it was into a bucket, under a prefix of its own, and return where it is."""
        folder = self.kept / ".gates/ledger"
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                key = f"{prefix}/{path.relative_to(folder)}"
                client.put_object(Bucket=BUCKET, Key=key, Body=path.read_bytes())
        return f"s3://{BUCKET}/{prefix}"

    def alias(self) -> str:
        """Return the version that MLflow's alias names: read from the database, apart from our code."""
        with sqlite3.connect(self.database) as database:
            rows = database.execute(
                "select version from registered_model_aliases where name = 'churn' and alias = 'champion'"
            ).fetchall()
        database.close()
        return str(rows[0][0]) if rows else ""

    def history(self, client: Any, place: str = "") -> History:  # noqa: ANN401 - as above
        """Return the verified ledger, from a place in the bucket or from the folder."""
        if not place:
            entries = FolderStore(self.root / ".gates/ledger/churn").entries()
        else:
            prefix = f"{place.removeprefix(f's3://{BUCKET}/')}/churn/"
            listed = client.list_objects_v2(Bucket=BUCKET, Prefix=prefix, Delimiter="/")["Contents"]
            entries = {
                int(Path(each["Key"]).stem): client.get_object(Bucket=BUCKET, Key=each["Key"])["Body"].read()
                for each in listed
            }
        trusted = Project(self.root, self.root / "log", Screen(quiet=True)).trusted_keys
        return ledger.read("churn", entries, trusted)

    def copy(self, root: Path) -> "Scene":
        """Return a twin in another folder, with a database of its own; the models stay where they are."""
        shutil.copytree(self.root, root)
        return Scene(root, root / "mlflow.db", self.kept)

    def behind(self, root: Path, server: Path, address: str) -> "Scene":
        """Return a twin behind another server, which gets the same runs and models."""
        shutil.copytree(self.root, root)
        shutil.copytree(
            self.database.parent, server, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.db*")
        )
        return Scene(root, server / "mlflow.db", self.kept, address)


def build(root: Path, environment: Mapping[str, str], database: Path | None = None) -> Scene:
    """Build one: three models promoted one after the other, and a passing decision about a fourth."""
    with pytest.MonkeyPatch.context() as patch:
        machine.forget(patch)
        for name, value in environment.items():
            patch.setenv(name, value)
        made = judged.build(root)
        for number in range(1, CHAMPIONS + 1):
            promote(made.project, Registry(root, "churn"), number)
            shutil.rmtree(root / f"models/{number}")
        champion = serving.facts(made.project.history(), "")["champion"]
        template = checked.Project(root)
        template.change("predictions", lambda scores: scores.assign(champion=1 - scores["challenger"]))
        both = {role: checked.seconds(0.010) for role in ("challenger", "champion")}
        template.write_document("candidate/latency.json", checked.latency(**both))
        told = judged.hand_on(made.project, made.told.data, made.told.train, champion)
        result = made.judge(told)
        assert result.outcome == "pass", result.sentence
    kept = root.parent / f"{root.name} kept"
    scene = Scene(root, database or root / "mlflow.db", kept, environment.get("MLFLOW_TRACKING_URI", ""))
    kept.mkdir()
    shutil.copytree(root / ".gates", kept / ".gates")
    shutil.copy(scene.database, kept / "mlflow.db")
    return scene
