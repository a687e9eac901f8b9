"""What somebody did in MLflow without the ledger is told, and put back where it can be."""

import shutil
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from gates import digest, ledger, statement
from gates.adapters import keys
from gates.adapters.model import MODEL_FILE
from gates.adapters.registry import Registry
from gates.envelope import seal
from gates.errors import ExitCode
from gates.run import reconcile, rollback, serving
from gates.run.project import Project
from gates.verdict import Verdict, enough
from tests import examples
from tests.adapters import mlflow_models
from tests.run.champions import promote


@dataclass(frozen=True)
class Served:
    """A project with two champions, the second of which serves."""

    project: Project
    registry: Registry

    def reconcile(self, *, repair: bool = False) -> tuple[ExitCode, list[str]]:
        """Run the command; give its code and the kinds of what it found."""
        result = reconcile.run(replace(self.project), repair=repair)
        return result.exit_code, [each["kind"] for each in result.details["deviations"]]

    def artifacts(self, version: str) -> Path:
        """Return the folder in which the registry keeps a version."""
        return mlflow_models.artifacts(self.project.root, version)

    def stage(self, version: str) -> None:
        """Put a version into production the old way."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            self.registry.client.transition_model_version_stage("churn", version, "Production")


@pytest.fixture
def served(project: Project) -> Served:
    """Everything is as the ledger says."""
    registry = mlflow_models.registry(project.root)
    for number in (1, 2):
        promote(project, registry, number)
    return Served(project, registry)


def test_nothing_moved(served: Served) -> None:
    """Exit code 0, and no entry."""
    before = served.project.history()
    assert served.reconcile(repair=True) == (ExitCode.PASS, [])
    assert served.project.history() == before


def delete_version(served: Served) -> None:
    served.registry.client.delete_model_version("churn", "1")


def delete_champion(served: Served) -> None:
    served.registry.client.delete_model_version("churn", "2")


def drop_statement(served: Served) -> None:
    statement_of_first = served.project.history().served[0].statement
    (Path(served.project.store.place) / "objects" / statement_of_first).unlink()


def delete_run(served: Served) -> None:
    served.registry.client.delete_run(served.project.history().served[0].run_id)


MOVED: dict[str, tuple[Callable[[Served], object], str]] = {
    "alias moved by hand": (lambda served: served.registry.point_champion("1"), "alias"),
    "alias removed": (lambda served: served.registry.remove_alias(), "alias"),
    "stage set by hand": (lambda served: served.stage("1"), "stage"),
    "a model file altered": (lambda served: (served.artifacts("2") / MODEL_FILE).write_bytes(b"x"), "files"),
    "an earlier one altered": (
        lambda served: (served.artifacts("1") / "MLmodel").write_text("a: b"),
        "files",
    ),
    "artifacts deleted": (lambda served: shutil.rmtree(served.artifacts("1")), "files"),
    "version deleted": (delete_version, "files"),
    "the champion's version deleted": (delete_champion, "alias, files"),
    "statement missing": (drop_statement, "statement"),
    "run deleted": (delete_run, "run"),
}
PUT_BACK = {"alias", "stage"}


@pytest.mark.parametrize(("move", "kind"), MOVED.values(), ids=list(MOVED))
def test_what_moved_is_told_and_put_back(served: Served, move: Callable[[Served], object], kind: str) -> None:
    """Exit code 6 either way; repaired once, it is as the ledger says, or is noted once for ever."""
    before = served.project.history()
    move(served)
    assert served.reconcile() == (ExitCode.TAMPERED, kind.split(", "))
    assert served.project.history() == before
    for _ in range(2):
        code, kinds = served.reconcile(repair=True)
        if kind in PUT_BACK:
            break
        assert (code, kinds) == (ExitCode.TAMPERED, kind.split(", "))
    noted = served.project.history().links[len(before.links) :]
    assert [(link.entry.kind, link.entry.reason) for link in noted] == [("repair", kind)]
    assert kind.rsplit(", ", maxsplit=1)[-1].encode() in served.project.store.get(
        str(noted[0].entry.evidence)
    )
    if kind in PUT_BACK:
        assert served.reconcile() == (ExitCode.PASS, [])
    assert served.project.history().champion == before.champion


def test_a_champion_that_is_gone_is_rolled_back_by_who_reads_it(served: Served) -> None:
    """The command is told; after it the alias is right again."""
    delete_champion(served)
    told = reconcile.run(served.project, repair=True)
    assert all("gates rollback --to previous" in each["do"] for each in told.details["deviations"])
    rollback.run(served.project, "previous", "version 2 was deleted", apply=True)
    assert served.registry.champion_version() == "1"
    assert served.reconcile() == (ExitCode.TAMPERED, ["files"])


def test_it_says_who_and_when_as_far_as_mlflow_knows(served: Served) -> None:
    """The time of the last change of the version that was touched."""
    served.stage("1")
    (found,) = reconcile.run(served.project, repair=False).details["deviations"]
    assert "Version 1 was put into the stage Production" in found["what"]
    assert "Version 1 was last changed at 20" in found["known"]


def test_an_alias_where_nobody_was_promoted(project: Project) -> None:
    """Whoever set it went round every gate."""
    registry = mlflow_models.registry(project.root)
    training = mlflow_models.training(project.root / "models/1")
    run_id = mlflow_models.tracking(project.root).record(training)
    registry.point_champion(registry.register(training.tags["model_sha"], run_id))
    served = Served(project, registry)
    assert served.reconcile(repair=True) == (ExitCode.TAMPERED, ["alias"])
    assert registry.champion_version() is None
    assert served.reconcile() == (ExitCode.PASS, [])


def test_a_run_that_was_edited_after_it_was_judged(project: Project) -> None:
    """The lineage verdict holds the digest of what the run said then."""
    registry = mlflow_models.registry(project.root)
    champion = promote(project, registry, 1)
    facts = mlflow_models.tracking(project.root).run_facts(champion.run_id)
    lineage = Verdict(
        "lineage",
        "block",
        (enough("runs", 1, 1),),
        inputs={"run": digest.of_document(facts)},
        policy_sha256=examples.POLICY,
    )
    passing = examples.decision()
    candidate = replace(passing.candidate, sha=champion.sha, run_id=champion.run_id)
    beside = serving.facts(project.history(), "")["champion"]
    passing = replace(passing, candidate=candidate, champion=beside, verdicts=(lineage,))
    signer, _ = keys.signer(project.root)
    kept = project.store.put(seal(statement.to_document(passing), statement.PAYLOAD_TYPE, signer))
    entry = replace(examples.following(project.history(), 1), target=replace(champion, statement=kept))
    project.store.append(entry.seq, seal(ledger.to_document(entry), ledger.PAYLOAD_TYPE, signer))
    served = Served(project, registry)
    assert served.reconcile() == (ExitCode.PASS, [])
    registry.client.set_tag(champion.run_id, "train_rows", "1")
    assert served.reconcile() == (ExitCode.TAMPERED, ["run"])


def test_a_promotion_in_between_is_no_deviation(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ledger was read before it and the alias after it: both are read once more."""
    read, promoted = Registry.champion_version, False

    def champion_version(registry: Registry) -> str | None:
        nonlocal promoted
        if not promoted:
            promoted = True
            promote(replace(served.project), served.registry, 3)
        return read(registry)

    monkeypatch.setattr(Registry, "champion_version", champion_version)
    assert served.reconcile(repair=True) == (ExitCode.PASS, [])
    assert [link.entry.kind for link in replace(served.project).history().links] == ["promote"] * 3
