"""`gates rollback` against a real ledger and registry."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from gates.adapters import keys, replay
from gates.adapters.model import MODEL_FILE
from gates.adapters.registry import Registry
from gates.errors import ConflictError, ExitCode, InvalidError, TamperedError, UndecidedError
from gates.ledger import Champion
from gates.run import begun, rollback
from gates.run.carry_out import CONFIRMED
from gates.run.project import LEDGER_VARIABLE, Project
from tests.adapters import mlflow_models
from tests.run.champions import anew, another_key, promote, trust_only_this_machine


@pytest.fixture
def registry(project: Project) -> Registry:
    """The project's registry."""
    return mlflow_models.registry(project.root)


@pytest.fixture
def three(project: Project, registry: Registry) -> list[Champion]:
    """Three models, promoted one after the other."""
    return [promote(project, registry, number) for number in (1, 2, 3)]


def serves(project: Project, registry: Registry) -> str:
    """Return the version that serves; ledger and alias agree on it."""
    champion = project.history().champion
    assert champion is not None
    assert registry.champion_version() == champion.version
    return champion.version


@pytest.mark.usefixtures("three")
def test_a_second_previous_does_not_bring_the_bad_one_back(project: Project, registry: Registry) -> None:
    """v3 back to v2, then to v1: v3 was taken out. With nobody left it is undecided, and v1 serves on."""
    for left, back in (("3", "2"), ("2", "1")):
        result = rollback.run(project, "previous", "too slow", apply=True)
        assert (result.details["version"], result.details["from"]) == (back, left)
        assert serves(project, registry) == back
    with pytest.raises(UndecidedError):
        rollback.run(project, "previous", "too slow", apply=True)
    assert serves(project, registry) == "1"


@pytest.mark.usefixtures("three")
def test_a_plan_verifies_and_moves_nothing(project: Project, registry: Registry) -> None:
    """It names who would serve, and the command that carries it out, safe to paste."""
    before = project.history()
    result = rollback.run(project, "previous", "Ada's", apply=False)
    assert (result.outcome, result.exit_code, result.details["version"]) == ("planned", 0, "2")
    assert result.look == """gates rollback --to previous --expect v3 --reason 'Ada'"'"'s' --apply"""
    assert [step.split()[0] for step in result.details["plan"]] == ["append", "point"]
    assert (project.history(), serves(project, registry)) == (before, "3")


@pytest.mark.usefixtures("three")
def test_only_the_entry_that_is_named_is_undone(project: Project, registry: Registry) -> None:
    """The plan says so in its command; after another move it is a conflict, and nothing moves."""
    moved = project.history().moved
    assert moved
    plan = rollback.run(project, "1", "slow", apply=False, undoing=moved.sha256)
    assert plan.look == f"gates rollback --to 1 --expect {moved.sha256} --reason slow --apply"
    rollback.run(project, "previous", "too slow", apply=True)
    with pytest.raises(ConflictError):
        rollback.run(project, "1", "slow", apply=True, undoing=moved.sha256)
    assert serves(project, registry) == "2"


@pytest.mark.usefixtures("three")
def test_of_two_who_want_the_same_one_gone_the_second_goes_back_no_further(
    project: Project, registry: Registry
) -> None:
    """It is answered that another serves already; an alias that was left behind follows."""
    for reason in ("too slow", "far too slow"):
        result = rollback.run(project, "previous", reason, apply=True, undoing="v3")
        assert (result.outcome, result.details["version"], serves(project, registry)) == ("pass", "2", "2")
        registry.point_champion("3" if reason == "too slow" else "2")
    assert [link.entry.kind for link in project.history().links[3:]] == ["rollback"]
    told = rollback.run(project, "previous", "too slow", apply=False, undoing="3")
    assert told.sentence.startswith("v2 serves again since ")
    with pytest.raises(ConflictError, match=r"does not serve: 1\."):
        rollback.run(project, "previous", "too slow", apply=True, undoing="1")


def test_one_that_was_rolled_back_has_to_be_named(
    project: Project, registry: Registry, three: list[Champion]
) -> None:
    """By its SHA or version."""
    rollback.run(project, "previous", "too slow", apply=True)
    rollback.run(project, three[2].sha[:8], "the lesser evil", apply=True)
    assert serves(project, registry) == "3"


@pytest.mark.usefixtures("three")
def test_a_key_that_nobody_trusts_rolls_nothing_back(
    project: Project, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its entry would make the ledger unreadable: exit code 2, and everything as before."""
    trusting = trust_only_this_machine(project)
    before = trusting.history()
    monkeypatch.setenv(keys.VARIABLE, another_key())
    with pytest.raises(InvalidError, match="not one that the policy trusts") as caught:
        rollback.run(trusting, "previous", "too slow", apply=True)
    assert caught.value.code is ExitCode.INVALID
    assert anew(trusting).history() == before
    assert serves(anew(trusting), registry) == "3"


@pytest.mark.usefixtures("three")
def test_an_alias_moved_by_hand_is_no_rollback_that_was_begun(project: Project, registry: Registry) -> None:
    """On a machine that has seen nothing: the next one is an entry of its own, with its reason."""
    rollback.run(project, "previous", "too slow", apply=True)
    registry.point_champion("1")
    shutil.rmtree(project.root / CONFIRMED)
    result = rollback.run(project, "previous", "worse still", apply=True)
    assert (result.details["from"], serves(project, registry)) == ("2", "1")
    assert [link.entry.reason for link in project.history().links][-2:] == ["too slow", "worse still"]


@pytest.mark.usefixtures("three")
def test_previous_passes_over_what_was_changed(project: Project, registry: Registry) -> None:
    """And says so."""
    (mlflow_models.artifacts(project.root, "2") / MODEL_FILE).write_bytes(b"another")
    result = rollback.run(project, "previous", "too slow", apply=True)
    assert serves(project, registry) == "1"
    (passed,) = result.details["passed_over"]
    assert passed.startswith("v2: Version 2 of churn is not what was promoted")


def test_one_that_answers_otherwise_than_it_was_judged_does_not_serve(
    project: Project, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It verifies and loads; what it answers to golden rows is not what it answered then."""
    promote(project, registry, 1)
    with monkeypatch.context() as patch:
        patch.setattr(
            mlflow_models, "answers", lambda _: replay.sample(mlflow_models.ROWS, np.full(4, 0.3), 4)
        )
        promote(project, registry, 2)
    promote(project, registry, 3)
    result = rollback.run(project, "previous", "too slow", apply=True)
    assert serves(project, registry) == "1"
    (passed,) = result.details["passed_over"]
    assert passed.startswith("v2: It does not answer as it did when it was judged")


@pytest.mark.usefixtures("three")
def test_one_that_was_deleted_is_named_and_the_next_earlier_one_offered(
    project: Project, registry: Registry
) -> None:
    """Exit code 2, the command to paste, and nothing moved."""
    registry.client.delete_model_version("churn", "2")
    with pytest.raises(InvalidError, match="v2 cannot serve: Version 2 of churn is gone") as caught:
        rollback.run(project, "2", "too slow", apply=True)
    assert "gates rollback --to 1 --reason" in caught.value.do
    assert serves(project, registry) == "3"


@pytest.mark.usefixtures("three")
def test_the_one_that_was_named_is_not_passed_over(project: Project, registry: Registry) -> None:
    """Exit code 6, and nothing moved."""
    (mlflow_models.artifacts(project.root, "2") / MODEL_FILE).write_bytes(b"another")
    with pytest.raises(TamperedError, match="Version 2 of churn is not what was promoted"):
        rollback.run(project, "2", "too slow", apply=True)
    assert serves(project, registry) == "3"


@pytest.mark.usefixtures("three")
def test_nobody_verifies(project: Project, registry: Registry) -> None:
    """Every reason is told, and nothing moved."""
    for version in "12":
        (mlflow_models.artifacts(project.root, version) / MODEL_FILE).write_bytes(b"another")
    with pytest.raises(rollback.NoneVerifiesError, match="No earlier champion verifies") as caught:
        rollback.run(project, "previous", "too slow", apply=True)
    assert caught.value.code is ExitCode.TAMPERED
    assert "v1: " in caught.value.why
    assert "v2: " in caught.value.why
    assert serves(project, registry) == "3"


# ---------------------------------------------------------------- an order that was not answered


@pytest.fixture
def unanswered(
    project: Project, registry: Registry, three: list[Champion], monkeypatch: pytest.MonkeyPatch
) -> Project:
    """A rollback that did everything, and was ended before it could say so."""
    assert three
    with monkeypatch.context() as patch:
        patch.setattr(begun, "answered", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            rollback.run(project, "previous", "too slow", apply=True)
    assert serves(project, registry) == "2"
    return anew(project)


def test_the_same_order_again_is_that_one(unanswered: Project, registry: Registry) -> None:
    """No second entry; once it was answered, the same words roll back once more."""
    result = rollback.run(unanswered, "previous", "too slow", apply=True)
    assert (result.details["version"], result.details["from"]) == ("2", "3")
    assert len(unanswered.history().links) == 4
    rollback.run(unanswered, "previous", "too slow", apply=True)
    assert serves(unanswered, registry) == "1"


@pytest.mark.parametrize(("to", "reason"), [("previous", "worse still"), ("1", "too slow")])
def test_other_words_are_another_order(unanswered: Project, registry: Registry, to: str, reason: str) -> None:
    """Whoever gives another reason or names another model means another rollback."""
    rollback.run(unanswered, to, reason, apply=True)
    assert serves(unanswered, registry) == "1"
    assert len(unanswered.history().links) == 5


@pytest.mark.parametrize(("run", "version"), [("7", "2"), ("8", "1")])
def test_a_job_that_is_run_again_has_another_machine(
    project: Project,
    registry: Registry,
    three: list[Champion],
    run: str,
    version: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And the same run id; a new run is a new order."""
    assert three
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_RUN_ID", "7")
    monkeypatch.setenv(LEDGER_VARIABLE, str(Path(project.store.place).parent))
    rollback.run(anew(project), "previous", "too slow", apply=True)
    shutil.rmtree(project.root / CONFIRMED)
    shutil.rmtree(project.root / begun.FOLDER, ignore_errors=True)
    monkeypatch.setenv("GITHUB_RUN_ID", run)
    rollback.run(anew(project), "previous", "too slow", apply=True)
    assert serves(anew(project), registry) == version


def test_half_a_note_is_none(unanswered: Project, registry: Registry) -> None:
    """Whoever wrote it, the order is a new one."""
    (note,) = (unanswered.root / begun.FOLDER).iterdir()
    note.write_text('{"operation"')
    rollback.run(unanswered, "previous", "too slow", apply=True)
    assert serves(unanswered, registry) == "1"


def test_an_order_that_somebody_overtook_is_told(unanswered: Project, registry: Registry) -> None:
    """It happened, and another serves since: the same words do not take that one out."""
    promote(unanswered, registry, 4)
    result = rollback.run(anew(unanswered), "previous", "too slow", apply=True)
    assert result.sentence.startswith("v2 was rolled back to at")
    assert "v4 serves since" in result.sentence
    assert serves(anew(unanswered), registry) == "4"
