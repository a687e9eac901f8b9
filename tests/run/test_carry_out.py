"""The steps of a promotion against a real registry: each is done once, and nothing is done by halves."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from gates import digest
from gates.adapters import keys
from gates.adapters.model import MODEL_FILE, served_digest
from gates.adapters.registry import Registry
from gates.errors import ConflictError, InvalidError, TamperedError
from gates.ledger import Champion
from gates.plans.steps import Append, PointAlias, Register, Sign, Step
from gates.run.carry_out import alias_confirmed, carry_out, point_alias
from gates.run.project import Project
from tests import examples
from tests.adapters import mlflow_models
from tests.run.champions import another_key, trust_only_this_machine

RACERS = 8
SIGN = Sign(examples.decision())
APPEND = Append("first", "promote", None, "first champion")


@pytest.fixture
def registry(project: Project) -> Registry:
    """The project's registry, without a model."""
    return mlflow_models.registry(project.root)


@pytest.fixture
def register(project: Project) -> Register:
    """The step that registers a recorded model."""
    training = mlflow_models.training(project.model_folder)
    run_id = mlflow_models.tracking(project.root).record(training)
    return Register(training.tags["model_sha"], run_id)


def test_a_promotion(project: Project, registry: Registry, register: Register) -> None:
    """Version, entry, alias, and this machine remembers that it saw the alias."""
    assert not alias_confirmed(project, project.history())
    history = carry_out(project, registry, [SIGN, register, APPEND, PointAlias()], project.history())
    champion = history.champion
    assert champion is not None
    assert (champion.sha, champion.version, champion.run_id) == (register.sha, "1", register.run_id)
    assert project.store.get(champion.statement)
    folder = project.root / "fetched"
    assert champion.folder_sha256 == registry.fetch("1", folder)
    assert served_digest(folder) == digest.of_tree(project.model_folder) == champion.sha
    (link,) = history.links
    assert (link.entry.kind, link.entry.reason, link.entry.origin) == ("promote", "first champion", None)
    assert registry.champion_version() == "1"
    assert alias_confirmed(project, history)


def test_carried_out_again_it_changes_nothing(
    project: Project, registry: Registry, register: Register
) -> None:
    """One version, one entry: a twin with the same plan finds its work done."""
    steps: list[Step] = [SIGN, register, APPEND, PointAlias()]
    planned = project.history()
    first = carry_out(project, registry, steps, planned)
    assert carry_out(project, registry, steps, planned) == first


def test_a_plan_of_yesterday_conflicts(project: Project, registry: Registry, register: Register) -> None:
    """The entry would not follow the head that the candidate was compared with."""
    planned = project.history()
    first = carry_out(project, registry, [SIGN, register, APPEND], planned)
    second = replace(APPEND, operation="second")
    with pytest.raises(ConflictError):
        carry_out(project, registry, [SIGN, register, second, PointAlias()], planned)
    assert project.history() == first
    assert registry.champion_version() is None


def test_killed_before_the_alias(project: Project, registry: Registry, register: Register) -> None:
    """The move has happened; the alias is completed by the next run."""
    history = carry_out(project, registry, [SIGN, register, APPEND], project.history())
    assert history.champion is not None
    assert registry.champion_version() is None
    assert not alias_confirmed(project, history)
    point_alias(project, registry)
    assert registry.champion_version() == "1"
    assert alias_confirmed(project, history)


def test_the_alias_follows_the_ledger_and_not_the_step(
    project: Project, registry: Registry, register: Register
) -> None:
    """Moved by hand, it is put back; without a ledger nothing is pointed at."""
    point_alias(project, registry)
    assert registry.champion_version() is None
    carry_out(project, registry, [SIGN, register, APPEND], project.history())
    first = project.history()
    again = replace(APPEND, operation="second", target=first.champion)
    second = carry_out(project, registry, [again], first)
    registry.point_champion("1")
    point_alias(project, registry)
    assert alias_confirmed(project, second)
    assert not alias_confirmed(project, replace(second, links=second.links[:1]))


def test_whoever_appends_while_the_alias_is_set_is_followed(
    project: Project, registry: Registry, register: Register
) -> None:
    """The other one may have set the alias first; so it is looked at until the head rests."""
    first = carry_out(project, registry, [SIGN, register, APPEND], project.history()).champion
    assert first is not None
    training = mlflow_models.training(project.model_folder)
    run_id = mlflow_models.tracking(project.root).record(training)
    version = registry.register(training.tags["model_sha"], run_id)
    second, overtaken = replace(first, version="2"), False

    class Overtaken(Registry):
        def point_champion(self, version: str) -> None:
            """Somebody else appends and points right before us; then our older version is set."""
            nonlocal overtaken
            if not overtaken:
                overtaken = True
                append = replace(APPEND, operation="second", target=second)
                carry_out(project, registry, [append, PointAlias()], project.history())
            super().point_champion(version)

    point_alias(project, Overtaken(project.root, project.model))
    assert overtaken
    assert registry.champion_version() == version == "2"
    assert alias_confirmed(project, project.history())


def test_a_key_that_nobody_trusts_writes_nothing(
    project: Project, registry: Registry, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An entry is for ever, and one that does not verify would end the ledger."""
    before = carry_out(project, registry, [SIGN, register, APPEND], project.history())
    trusting = trust_only_this_machine(project)
    monkeypatch.setenv(keys.VARIABLE, another_key())
    again = replace(APPEND, operation="second", target=before.champion)
    with pytest.raises(InvalidError, match="not one that the policy trusts") as caught:
        carry_out(trusting, registry, [again, PointAlias()], before)
    assert "gates.trusted_keys" in caught.value.do
    assert trusting.history() == before


def test_a_model_that_changed_since_it_was_judged(
    project: Project, registry: Registry, register: Register
) -> None:
    """What the registry holds is looked at before the ledger is written."""
    (mlflow_models.artifacts(project.root) / MODEL_FILE).write_bytes(b"another")
    with pytest.raises(TamperedError, match="does not hold the model that was judged"):
        carry_out(project, registry, [SIGN, register, APPEND, PointAlias()], project.history())
    assert not project.history().links
    assert registry.champion_version() is None


def test_a_model_that_nobody_would_load(project: Project, registry: Registry, register: Register) -> None:
    """Code beside the model: predict and rollback would refuse it, so it does not become champion."""
    (mlflow_models.artifacts(project.root) / "code").mkdir()
    (mlflow_models.artifacts(project.root) / "code/loader.py").write_text("")
    with pytest.raises(InvalidError, match="code"):
        carry_out(project, registry, [SIGN, register, APPEND, PointAlias()], project.history())
    assert not project.history().links


@pytest.mark.parametrize("same", [True, False], ids=["one operation", "many operations"])
def test_of_racing_moves_one_is_written(project: Project, registry: Registry, *, same: bool) -> None:
    """All were planned from one history: twins of the winner are done, all others conflict."""
    target = Champion("a" * 64, "1", "run", "b" * 64, "5" * 64)
    together, planned = threading.Barrier(RACERS), project.history()
    keys.signer(project.root)

    def move(number: int) -> bool:
        step = Append("same" if same else str(number), "promote", target, "")
        together.wait()
        try:
            carry_out(replace(project), registry, [step], planned)
        except ConflictError:
            return False
        return True

    with ThreadPoolExecutor(RACERS) as pool:
        moved = list(pool.map(move, range(RACERS)))
    assert sum(moved) == (RACERS if same else 1)
    assert len(project.history().links) == 1


def test_an_entry_needs_a_target(project: Project, registry: Registry) -> None:
    """A plan that appends before it registers is a mistake of ours."""
    with pytest.raises(ValueError, match="Register comes first"):
        carry_out(project, registry, [APPEND], project.history())
