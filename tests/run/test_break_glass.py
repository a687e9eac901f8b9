"""A break-glass from the two keys to its end: it marks itself wherever somebody looks."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from gates import ledger
from gates.adapters import dvc, keys
from gates.adapters.model import MODEL_FILE, SERVED_FILES
from gates.envelope import seal
from gates.errors import ExitCode, InvalidError, TamperedError, UndecidedError
from gates.plans import rollback as plans
from gates.run import (
    audit,
    begun,
    drill,
    handoff,
    loader,
    predict,
    promote,
    reconcile,
    rollback,
    serving,
    ship,
    views,
)
from gates.run import project as clock
from gates.run.project import Project, now
from gates.run.promote import Glass
from gates.run.result import Result
from tests.adapters import mlflow_models
from tests.checks import project as checked
from tests.run import champions, judged
from tests.run.champions import another_key
from tests.run.judged import Judged

ADA, GRACE = "file:ada.pem", "file:grace.pem"
GLASS = Glass((ADA, GRACE), "churn answers nonsense", timedelta(hours=24))


@pytest.fixture
def failing(template: Judged, tmp_path: Path) -> Judged:
    """A first champion, and a decision about another model that is no pass; Ada and Grace have keys."""
    return template.copy(tmp_path / "project")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Judged:
    """The same, for copying only."""
    return build(tmp_path_factory.mktemp("failing") / "project")


def build(root: Path) -> Judged:
    """Make it."""
    made = judged.build(root)
    for person in ("ada", "grace", "adas_other"):
        path = root / f"{person}.pem"
        path.write_text(another_key())
        path.chmod(0o600)
    owned = {"ada": "Ada", "grace": "Grace", "adas_other": "Ada"}
    ours = [{"key": keys.signer(root)[0].public_key.keyid, "owner": "CI"}]
    listed = []
    for person, owner in owned.items():
        public = keys.existing(root / f"{person}.pem").public_key.keyid
        listed.append({"key": public, "owner": owner})

    def trust(params: dict[str, Any]) -> None:
        params["gates"] |= {"trusted_keys": ours, "approvers": listed}

    checked.Project(root).edit("params.yaml", trust)
    champions.promote(made.project, made.registry, 7)
    template = checked.Project(root)
    template.policy(golden={"min_auc": 0.99})
    (root / ".gitignore").write_text(judged.IGNORED + "*.pem\nmodels/\n")
    judged.commit(root)
    template.change("predictions", lambda scores: scores.assign(champion=scores["challenger"] * 0.5))
    champion = serving.facts(made.project.history(), "")["champion"]
    told = judged.hand_on(made.project, made.told.data, made.told.train, champion)
    assert made.judge(told).outcome == "fail"
    return made


def broken(failing: Judged, glass: Glass = GLASS) -> Project:
    """Break the glass, and return the project as the next command opens it."""
    result = promote.run(failing.project, "", apply=True, glass=glass)
    assert result.outcome == "pass"
    return failing.project


def test_it_serves_and_says_so_everywhere(failing: Judged, tmp_path: Path) -> None:
    """Status, history, audit, loader and export: who, why, until when."""
    project = broken(failing)
    champion = project.history().champion
    assert champion is not None
    assert failing.registry.champion_version() == champion.version == "2"
    shown = views.status(project)["champion"]["break_glass"]
    assert views.show(project, "2")["break_glass"] == shown
    assert (shown["by"], shown["reason"]) == ("Ada, Grace", GLASS.reason)
    assert "(over" not in shown["until"]
    entry = views.history(project)["entries"][0]
    assert (entry["kind"], entry["reason"]) == ("break-glass", GLASS.reason)
    served = audit.run(project, "").details["served"]
    assert (served["kind"], served["break_glass"]) == ("break-glass", shown)
    assert reconcile.run(project, repair=True).outcome == "pass"
    assert loader.load_champion(project.root).version == "2"
    loader.export(project, tmp_path / "image")
    assert loader.load_champion(tmp_path / "image", ledger=".gates/ledger").version == "2"


def test_a_plan_of_it_moves_nothing(failing: Judged) -> None:
    """It tells that two people would sign."""
    before = failing.project.history()
    told = promote.run(failing.project, "", apply=False, glass=GLASS)
    assert told.outcome == "planned"
    assert any("approval of two people" in step for step in told.details["plan"])
    assert failing.project.history() == before


def test_run_again_it_is_the_same_one(failing: Judged) -> None:
    """One entry, whenever it is repeated."""
    links = broken(failing).history().links
    assert broken(failing).history().links == links


@pytest.mark.parametrize(
    ("glass", "told"),
    [
        (replace(GLASS, approvers=(ADA,)), "needs 2 approvers"),
        (replace(GLASS, approvers=(ADA, ADA)), "needs 2 approvers"),
        (replace(GLASS, approvers=(ADA, "file:adas_other.pem")), "needs 2 approvers"),
        (replace(GLASS, approvers=(ADA, "file:nobody.pem")), "nobody.pem"),
        (replace(GLASS, lasts=timedelta(days=30)), "lasts at most"),
    ],
)
def test_who_may_not_break_the_glass(failing: Judged, glass: Glass, told: str) -> None:
    """One person, however many keys, a key that is not there, or for too long: exit code 2, nothing moved."""
    before = failing.project.history()
    with pytest.raises(InvalidError, match=told):
        promote.run(failing.project, "", apply=True, glass=glass)
    assert failing.project.history() == before


def test_a_key_that_nobody_lists_approves_nothing(failing: Judged) -> None:
    """And the job's own key in the environment never stands in for an approver's file."""
    path = failing.root / "mallory.pem"
    path.write_text(another_key())
    path.chmod(0o600)
    with pytest.raises(InvalidError, match="not one that the policy trusts"):
        promote.run(
            failing.project, "", apply=True, glass=replace(GLASS, approvers=(ADA, "file:mallory.pem"))
        )


def over(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let two days pass."""
    later = now() + timedelta(hours=25)
    for module in (clock, reconcile, serving):
        monkeypatch.setattr(module, "now", lambda: later)


def test_its_end_is_a_rollback(failing: Judged, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reconcile tells it, repairs it once, and the same model may still come in through the gates."""
    project = broken(failing)
    over(monkeypatch)
    assert "(over" in views.status(project)["champion"]["break_glass"]["until"]
    (found,) = reconcile.run(project, repair=False).details["deviations"]
    assert (found["kind"], found["version"]) == ("break-glass", "2")
    left = project.history().champion
    assert left is not None
    assert reconcile.run(project, repair=True).outcome == "tampered"
    history = project.history()
    assert history.champion is not None
    assert history.champion.version == failing.registry.champion_version() == "1"
    assert [link.entry.kind for link in history.links[-2:]] == ["rollback", "repair"]
    assert serving.facts(history, left.sha)["rolled_back"] is False
    assert reconcile.run(project, repair=True).outcome == "pass"


def test_nobody_goes_back_to_it(failing: Judged) -> None:
    """It was never passed: named it is refused, and it is no previous one."""
    project = broken(failing)
    rollback.run(project, "previous", "worse still", apply=True)
    with pytest.raises(InvalidError, match="came in by break-glass"):
        rollback.run(project, "2", "the lesser evil", apply=True)
    champions.promote(project, failing.registry, 8)
    rollback.run(project, "previous", "too slow", apply=True)
    champion = project.history().champion
    assert champion is not None
    assert champion.version == "1"


def appended(project: Project, **fields: Any) -> None:  # noqa: ANN401 - any field of an entry
    """Append an entry as somebody does who may sign entries and nothing else."""
    signer, _ = keys.signer(project.root)
    history = project._history()
    champion = fields.pop("target")
    entry = ledger.next_entry(
        history,
        operation="forged",
        kind="break-glass",
        target=champion,
        reason="",
        actor="mallory",
        time=now(),
    )
    entry = replace(entry, **fields)
    project.store.append(entry.seq, seal(ledger.to_document(entry), ledger.PAYLOAD_TYPE, signer))


def test_an_approval_is_good_once_and_for_its_own_decision(failing: Judged) -> None:
    """Who may append entries can neither bring it back, nor put another model under its approval."""
    project = broken(failing)
    glass = project.history().champion
    assert glass is not None
    first = project.history().served[0]
    rollback.run(project, "previous", "worse still", apply=True)
    before = project.store.entries()
    for target, told in (
        (glass, "is an old one"),
        (replace(first, approval=glass.approval), "another model or decision"),
        (replace(first, approval=first.statement), "does not verify"),
    ):
        appended(project, target=target)
        with pytest.raises(TamperedError, match=told):
            loader.load_champion(project.root)
        (Path(project.store.place) / f"{len(before) + 1:08d}.json").unlink()
        for memory in (project.root / ".gates/seen").iterdir():
            memory.unlink()


def test_an_entry_says_how_its_champion_came_in(failing: Judged) -> None:
    """Neither a break-glass as a promotion, nor the reverse."""
    project = broken(failing)
    glass, first = project.history().champion, project.history().served[0]
    for kind, target in (("promote", glass), ("break-glass", first), ("rollback", glass)):
        appended(project, target=target, kind=kind)
        with pytest.raises(TamperedError, match="does not say how its champion came in"):
            champions.anew(project).history()
        (Path(project.store.place) / "00000003.json").unlink()


def test_the_key_of_the_job_approves_nothing(failing: Judged) -> None:
    """Listed for decisions, it is nobody's word; and an approver's key signs no entry."""
    ours = replace(GLASS, approvers=(ADA, "file:.gates/key.pem"))
    with pytest.raises(InvalidError, match="not one that the policy trusts"):
        promote.run(failing.project, "", apply=True, glass=ours)
    (failing.root / ".gates/key.pem").write_bytes((failing.root / "ada.pem").read_bytes())
    with pytest.raises(InvalidError, match="not one that the policy trusts"):
        promote.run(failing.project, "", apply=True)


def test_it_cannot_be_prolonged(failing: Judged) -> None:
    """Again with another reason or for longer: told what holds, exit code 2."""
    links = broken(failing).history().links
    for glass in (replace(GLASS, reason="still nonsense"), replace(GLASS, lasts=timedelta(hours=48))):
        with pytest.raises(InvalidError, match="The glass was broken before"):
            promote.run(failing.project, "", apply=True, glass=glass)
    assert failing.project.history().links == links


def forget(project: Project, digest: str) -> None:
    (Path(project.store.place) / "objects" / digest).unlink()


def distrust(project: Project, _: str) -> None:
    params = yaml.safe_load(project.params.read_text())
    params["gates"]["approvers"][1]["revoked"] = "2020-01-01"
    project.params.write_text(yaml.safe_dump(params, sort_keys=False))


def unown(project: Project, _: str) -> None:
    params = yaml.safe_load(project.params.read_text())
    params["gates"]["approvers"][1]["owner"] = "Ada"
    project.params.write_text(yaml.safe_dump(params, sort_keys=False))


@pytest.mark.parametrize("edit", [forget, distrust, unown])
def test_an_approval_that_does_not_hold_serves_nobody(
    failing: Judged, edit: Callable[[Project, str], None]
) -> None:
    """Gone, by a key that was revoked, or of one person after all."""
    project = broken(failing)
    champion = project.history().champion
    assert champion is not None
    assert champion.approval is not None
    edit(project, champion.approval)
    with pytest.raises(TamperedError):
        loader.load_champion(project.root)
    with pytest.raises(TamperedError):
        views.status(champions.anew(project))


def test_a_drill_does_not_rehearse_with_it(failing: Judged) -> None:
    """No gate has passed it: exit code 3, before anything is registered."""
    with pytest.raises(UndecidedError, match="no champion that its gates have passed"):
        drill.run(broken(failing))


def test_it_is_not_already_champion(failing: Judged, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing changed, and `ship` takes it through its gates all the same: they alone make it a champion."""
    broken(failing)
    ran: list[str] = []

    def job(_: Project, name: str, *__: object) -> ship.Ended:
        ran.append(name)
        return ship.Ended(Result("fail", ""), 0.0)

    monkeypatch.setattr(ship, "_job", job)
    monkeypatch.setattr(dvc, "unchanged", lambda *_: True)
    ship.run(failing.project, "")
    assert ran == ["data"]


def test_it_is_compared_again(failing: Judged, monkeypatch: pytest.MonkeyPatch) -> None:
    """`predict` scores what serves by break-glass as any other challenger."""
    champion = broken(failing).history().champion
    assert champion is not None
    scored: list[str] = []

    def score(_: Project, models: dict[str, tuple[Path, str]]) -> dict[str, bytes]:
        scored.extend(sha for _, sha in models.values())
        return {}

    monkeypatch.setattr(predict, "_score", score)
    monkeypatch.setattr(predict, "_time", lambda *_: None)
    project = failing.project
    served = [*(project.model_folder / name for name in SERVED_FILES), project.features]
    told = handoff.write(project, "train", {"model_sha": champion.sha}, served)
    assert predict.run(project, told).outcome == "pass"
    assert scored == [champion.sha] * 2


def test_its_end_takes_nobody_else_out(failing: Judged, monkeypatch: pytest.MonkeyPatch) -> None:
    """A normal promotion comes in after reconcile has looked: it serves on, and nothing is left to note."""
    project = broken(failing)
    over(monkeypatch)
    compared = reconcile.compared

    def then_promoted(*asked: Any) -> Any:  # noqa: ANN401 - whatever it is asked and answers
        answer = compared(*asked)
        champions.promote(project, failing.registry, 9)
        return answer

    monkeypatch.setattr(reconcile, "compared", then_promoted)
    assert reconcile.run(project, repair=True).outcome == "pass"
    history = project.history()
    assert history.links[-1].entry.kind == "promote"
    assert history.champion is not None
    assert failing.registry.champion_version() == history.champion.version == "3"


def test_a_second_one_ends_too(failing: Judged, monkeypatch: pytest.MonkeyPatch) -> None:
    """The end of an earlier one, whose answer was lost, is not taken for its own."""
    project = broken(failing)
    over(monkeypatch)
    monkeypatch.setattr(begun, "answered", lambda _: None)
    for _ in range(2):
        reconcile.run(project, repair=True)
        assert failing.registry.champion_version() == "1"
        champion = serving.facts(project.history(), "")["champion"]
        failing.judge(judged.hand_on(project, failing.told.data, failing.told.train, champion))
        broken(failing)
        assert failing.registry.champion_version() == "2"


@pytest.mark.parametrize("earlier", ["none", "altered"])
def test_nobody_can_serve_instead(failing: Judged, monkeypatch: pytest.MonkeyPatch, earlier: str) -> None:
    """It serves on; the alias is put back all the same, it is told each time and noted once: exit 6."""
    project = broken(failing)
    over(monkeypatch)
    if earlier == "none":
        monkeypatch.setattr(plans, "_may_return", lambda *_: False)
    else:
        (mlflow_models.artifacts(project.root, "1") / MODEL_FILE).write_bytes(b"another")
    for _ in range(3):
        result = reconcile.run(champions.anew(project), repair=True)
        assert result.exit_code == ExitCode.TAMPERED
        told = {each["kind"]: each["do"] for each in result.details["deviations"]}
        assert "No earlier champion" in told["break-glass"]
        assert "gates ship" in told["break-glass"]
    assert [link.entry.kind for link in project.history().links[-2:]] == ["break-glass", "repair"]
    failing.registry.remove_alias()
    reconcile.run(champions.anew(project), repair=True)
    assert failing.registry.champion_version() == "2"


def test_an_approval_that_does_not_hold_is_a_finding(failing: Judged) -> None:
    """It hides nothing else: the alias is put back, and the audit tells both."""
    project = broken(failing)
    champion = project.history().champion
    assert champion is not None
    forget(project, champion.approval or "")
    failing.registry.point_champion("1")
    told = [each["kind"] for each in audit.run(project, "").details["deviations"]]
    assert told == ["alias", "statement"]
    result = reconcile.run(project, repair=True)
    assert (result.exit_code, result.details["deviations"][1]["version"]) == (ExitCode.TAMPERED, "2")
    assert failing.registry.champion_version() == "2"
