"""`gates drill` against a real ledger and registry: what it proves, and what it leaves."""

import pytest

from gates.adapters import dummy
from gates.adapters.registry import Registry
from gates.adapters.tracking import Tracking
from gates.errors import ConflictError, GatesError, UnavailableError, UndecidedError
from gates.policy import Policy
from gates.run import drill, rollback
from gates.run.project import Project
from gates.run.result import Result
from tests.adapters import mlflow_models
from tests.run.champions import promote


@pytest.fixture
def registry(project: Project) -> Registry:
    """The project's registry."""
    return mlflow_models.registry(project.root)


def left(registry: Registry) -> list[str]:
    """Return the registered models."""
    return [each.name for each in registry.client.search_registered_models()]


def test_a_drill_goes_the_way_of_a_rollback(project: Project, registry: Registry) -> None:
    """Each step is timed, the report is an entry, the champion serves on, and the scratch model is gone."""
    champion = promote(project, registry, 1)
    for number in (1, 2):
        result = drill.run(project)
        assert result.outcome == "pass", result.sentence
        assert list(result.details["steps_s"]) == [
            "promote a copy of the champion",
            "promote a dummy over it",
            "break the dummy",
            "roll back",
            "see the copy serve",
        ]
        history = project.history()
        assert [link.entry.kind for link in history.links] == ["promote", *["drill"] * number]
        assert history.champion == champion
        assert b"of 180 s allowed" in project.store.get(str(history.links[-1].entry.evidence))
        assert (left(registry), registry.champion_version()) == (["churn"], "1")
    runs = Tracking(project.root, "churn.drill")
    experiment = runs.client.get_experiment_by_name("churn.drill")
    assert experiment is not None
    assert runs.client.search_runs([experiment.experiment_id]) == []


def test_a_rollback_that_brings_nobody_back_fails_the_drill(
    project: Project, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 1, the step is named, it is noted, and the scratch model is gone all the same."""
    promote(project, registry, 1)
    monkeypatch.setattr(rollback, "run", lambda *_, **__: None)
    result = drill.run(project)
    assert result.exit_code == 1
    assert result.sentence.startswith("The drill failed at see the copy serve: The rollback did not bring")
    entry = project.history().links[-1].entry
    assert (entry.kind, entry.reason) == ("drill", result.sentence)
    assert left(registry) == ["churn"]


def test_a_rollback_that_leaves_the_alias_fails_the_drill(
    project: Project, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ledger alone does not serve whoever asks MLflow."""
    promote(project, registry, 1)
    rolled_back = rollback.run

    def without_alias(scratch: Project, *order: str, apply: bool) -> Result:
        result = rolled_back(scratch, *order, apply=apply)
        Registry(scratch.root, scratch.model).remove_alias()
        return result

    monkeypatch.setattr(rollback, "run", without_alias)
    assert "failed at see the copy serve" in drill.run(project).sentence


@pytest.mark.parametrize("error", [UnavailableError, ConflictError])
def test_what_says_nothing_about_the_rollback_is_no_result(
    project: Project, registry: Registry, monkeypatch: pytest.MonkeyPatch, error: type[GatesError]
) -> None:
    """A silent MLflow, somebody else's drill: its own exit code, no entry, and the scratch model is gone."""
    promote(project, registry, 1)
    before = project.history()

    def stopped(*_: object, **__: object) -> None:
        raise error("Stopped.", do="Run it again.")

    monkeypatch.setattr(rollback, "run", stopped)
    with pytest.raises(error, match="Stopped"):
        drill.run(project)
    assert project.history() == before
    assert left(registry) == ["churn"]


def test_a_broken_model_that_still_serves_fails_the_drill(
    project: Project, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What verifies a champion has to notice that it is gone."""
    promote(project, registry, 1)
    monkeypatch.setattr(rollback, "verify", lambda *_: None)
    assert "failed at break the dummy" in drill.run(project).sentence


def test_a_drill_that_takes_too_long_fails(
    project: Project, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the policy's limit."""
    promote(project, registry, 1)
    short = project.policy.project.model_copy(update={"drill_limit_s": 0.01})
    policy = project.policy
    changed = Policy(short, policy.gates, policy.live, policy.document, policy.sha256)
    monkeypatch.setitem(vars(project), "policy", changed)
    result = drill.run(project)
    assert (result.outcome, "at most 0.01 s are allowed" in result.sentence) == ("fail", True)


def test_one_that_was_killed_leaves_nothing_in_the_way(
    project: Project, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its scratch model is still registered; the next drill begins by deleting it."""
    promote(project, registry, 1)
    with monkeypatch.context() as patch:
        patch.setattr(Registry, "delete_model", lambda _: None)
        patch.setattr(dummy, "training", killed)
        with pytest.raises(KeyboardInterrupt):
            drill.run(project)
    assert left(registry) == ["churn", "churn.drill"]
    assert drill.run(project).outcome == "pass"


def killed(*_: object) -> None:
    raise KeyboardInterrupt


def test_without_a_champion_there_is_nothing_to_rehearse(project: Project, registry: Registry) -> None:
    """Undecided: exit code 3."""
    with pytest.raises(UndecidedError):
        drill.run(project)
    assert left(registry) == []
