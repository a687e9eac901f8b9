"""`gates promote` believes neither the statement nor an empty ledger: both have to hold once more."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path

import pytest

from gates import checks, digest, statement
from gates.adapters import keys
from gates.adapters.registry import Registry
from gates.envelope import unseal
from gates.errors import ConflictError, ExitCode, GatesError, InvalidError, TamperedError
from gates.ledger import History
from gates.plans.steps import Step
from gates.public_keys import Signer
from gates.run import preconditions, promote, serving
from gates.run.carry_out import carry_out
from gates.run.project import LEDGER_VARIABLE, Project, now
from gates.statement import Decision
from gates.verdict import Outcome, Verdict, Waiver
from tests.checks import project as checked
from tests.run import judged
from tests.run.champions import another_key, entered, trust_only_this_machine
from tests.run.judged import Judged


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Judged:
    """A project with a passing decision, for refusals only."""
    return passed(tmp_path_factory.mktemp("judged"))


@pytest.fixture
def passing(shared: Judged) -> Iterator[Judged]:
    """The same, with its decision put back afterwards; nothing else of it may have changed."""
    statement = shared.root / "evidence/statement.json"
    before = statement.read_bytes()
    yield shared
    assert not Path(shared.project.store.place).exists()
    assert shared.registry.champion_version() is None
    statement.write_bytes(before)


def passed(root: Path) -> Judged:
    """Build a project with a passing decision."""
    made = judged.build(root)
    result = made.judge()
    assert result.outcome == "pass", result.details["verdicts"]
    return made


def change(decision: Decision, gate: str, edit: Callable[[Verdict], Verdict]) -> Decision:
    """Return the decision with another verdict of one gate."""
    edited = tuple(edit(each) if each.gate == gate else each for each in decision.verdicts)
    assert edited != decision.verdicts
    return replace(decision, verdicts=edited)


def measured(made: Judged, verdict: Verdict, **figures: float) -> Verdict:
    """Return what the gate says to other figures, so that findings and measurements agree."""
    measurements = {**verdict.measurements, **figures}
    findings = tuple(checks.load(verdict.gate).judge(made.project.policy.gates[verdict.gate], measurements))
    return replace(verdict, measurements=measurements, findings=findings)


def waived(made: Judged, verdict: Verdict) -> Verdict:
    """A bad figure, told as it is, under a waiver that the policy does not have."""
    bad = measured(made, verdict, brier=0.9)
    (failed,) = [each for each in bad.findings if each.outcome is Outcome.FAIL]
    waiver = Waiver("golden", failed.name, "nobody has reviewed this", "somebody", now().date())
    findings = tuple(replace(each, waiver=waiver) if each is failed else each for each in bad.findings)
    forged = replace(bad, findings=findings)
    assert forged.outcome is Outcome.PASS
    return forged


def compared(made: Judged, verdict: Verdict) -> Verdict:
    """A comparison with a champion that nobody names."""
    better = {"champions": 1.0, "rows_per_class": 500.0, "delta": 0.1, "delta/low": 0.05, "delta/high": 0.15}
    forged = measured(made, verdict, **better)
    assert forged.outcome is Outcome.PASS
    return forged


Forgery = Callable[[Judged, Decision], Decision]

FORGED: dict[str, Forgery] = {
    "an added waiver": lambda made, decision: change(decision, "golden", lambda each: waived(made, each)),
    "a dropped finding": lambda _, decision: change(
        decision, "lineage", lambda each: replace(each, findings=each.findings[1:])
    ),
    "another measurement": lambda _, decision: change(
        decision, "golden", lambda each: replace(each, measurements={**each.measurements, "auc": 0.99})
    ),
    "a comparison with nobody": lambda made, decision: change(
        decision, "champion", lambda each: compared(made, each)
    ),
    "a first model beside a champion": lambda _, decision: replace(
        decision, champion={"seq": 1, "sha256": "a" * 64}
    ),
    "a gate that only reports": lambda _, decision: change(
        decision, "golden", lambda each: replace(each, mode="report")
    ),
    "other parameters": lambda _, decision: candidate(decision, params_sha256="0" * 64),
    "another golden version": lambda _, decision: candidate(decision, golden_version="v9"),
    "another dvc.lock": lambda _, decision: candidate(decision, lock_sha256="0" * 64),
}


def candidate(decision: Decision, **fields: str) -> Decision:
    """Return a decision about something else."""
    return replace(decision, candidate=replace(decision.candidate, **fields))


SAYS = {
    "an added waiver": "findings of golden",
    "a dropped finding": "findings of lineage",
    "another measurement": "findings of golden",
    "a comparison with nobody": "does not fit the champion",
    "a first model beside a champion": "does not fit the champion",
    "a gate that only reports": "another policy",
    "other parameters": r"another params\.yaml",
    "another golden version": "another golden version",
    "another dvc.lock": r"another dvc\.lock",
}


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_decision_is_tampering(passing: Judged, name: str) -> None:
    """Well-formed and saying pass, and yet not what was judged; see test_tampering.py for the other kinds."""
    forged = FORGED[name](passing, passing.decision)
    assert forged.outcome is Outcome.PASS
    passing.decide(forged)
    with pytest.raises(TamperedError, match=SAYS[name]) as caught:
        promote.run(passing.project, "", apply=True)
    assert caught.value.code is ExitCode.TAMPERED
    assert caught.value.do


@pytest.mark.parametrize("days", [-2, 2, -365])
def test_a_decision_of_another_day_is_refused(passing: Judged, days: int) -> None:
    """Yesterday but one's golden set, waivers and champion are not today's."""
    passing.decide(replace(passing.decision, judged_on=now().date() + timedelta(days=days)))
    with pytest.raises(InvalidError, match="no longer holds"):
        promote.run(passing.project, "", apply=True)


def test_another_decision_than_the_one_that_was_handed_on(passing: Judged) -> None:
    """By its digest, before anything in it is read."""
    path = passing.root / "evidence/statement.json"
    told = digest.of_file(path)
    path.write_bytes(path.read_bytes() + b"\n")
    with pytest.raises(TamperedError, match="not what the job `judge` wrote"):
        promote.run(passing.project, told, apply=True)


def test_without_a_decision(passing: Judged) -> None:
    """Nothing to promote; the error says what to run."""
    (passing.root / "evidence/statement.json").unlink()
    with pytest.raises(InvalidError, match="no decision to promote") as caught:
        promote.run(passing.project, "", apply=True)
    assert caught.value.do == "Judge first: gates judge"


# ---------------------------------------------------------------- what writes


@pytest.fixture
def mine(shared: Judged, tmp_path: Path) -> Judged:
    """A project of its own with a passing decision."""
    return shared.copy(tmp_path / "project")


@pytest.mark.parametrize(("figure", "outcome"), [({"brier": 0.9}, "fail"), ({"auc/low": 0.1}, "undecided")])
def test_a_decision_that_is_no_pass_is_noted_and_promotes_nothing(
    mine: Judged, figure: dict[str, float], outcome: str
) -> None:
    """Its outcome is the answer, with the gate that stopped it; once, however often it is asked."""
    mine.decide(change(mine.decision, "golden", lambda each: measured(mine, each, **figure)))
    for _ in range(2):
        result = promote.run(mine.project, "", apply=True)
        assert (result.outcome, "golden" in result.sentence) == (outcome, True)
    history = mine.project.history()
    (link,) = history.links
    assert (link.entry.kind, link.entry.reason) == ("refuse", f"{outcome}: golden")
    assert (history.champion, mine.registry.champion_version()) == (None, None)
    envelope = mine.project.store.get(str(link.entry.evidence))
    kept = unseal(envelope, statement.PAYLOAD_TYPE, mine.project.trusted_keys, "the evidence")
    assert statement.from_document(kept) == mine.decision


def test_a_policy_that_was_changed_is_told(mine: Judged) -> None:
    """The next decision lists it; one that does not is tampering, and so is one that lists more."""
    promote.run(mine.project, "", apply=True)
    checked.Project(mine.root).policy(golden={"min_auc": 0.5})
    judged.commit(mine.root)
    template = checked.Project(mine.root)
    template.change("predictions", lambda scores: scores.assign(champion=scores["challenger"] * 0.5))
    champion = serving.facts(mine.project.history(), "")["champion"]
    data, train = mine.told.data, mine.told.train
    told = judged.hand_on(mine.project, data, train, champion)
    mine.judge(told)
    (change_of_policy,) = mine.decision.policy_changes
    assert change_of_policy.startswith("gates.golden.min_auc: ")
    for hidden in ((), (*mine.decision.policy_changes, "gates.x: 1 → 2")):
        mine.decide(replace(mine.decision, policy_changes=hidden))
        with pytest.raises(TamperedError, match="how its policy differs"):
            promote.run(mine.project, "", apply=True)


def test_a_waiver_that_expired_since_the_judgement(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An approval came a day late: exit code 2, and nobody is accused."""
    mine, today = judged.build(tmp_path / "project"), now()
    template = checked.Project(mine.root)
    template.policy(golden={"max_brier": 0.0})
    template.waive("golden", "brier", today.date())
    judged.commit(mine.root)
    assert mine.judge().outcome == "pass"
    monkeypatch.setattr(preconditions, "now", lambda: today + timedelta(days=1))
    with pytest.raises(InvalidError, match="has expired on"):
        promote.run(mine.project, "", apply=True)
    monkeypatch.setattr(preconditions, "now", lambda: today)
    assert promote.run(mine.project, "", apply=True).outcome == "pass"


def test_a_promotion_speaks_of_its_own(mine: Judged, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else's move that comes right after it is told, and not taken for it."""

    def and_somebody_moves(
        project: Project, registry: Registry, steps: list[Step], before: History, approvers: list[Signer]
    ) -> History:
        carry_out(project, registry, steps, before, approvers)
        entered(project, 7)
        return project.history()

    monkeypatch.setattr(promote, "carry_out", and_somebody_moves)
    result = promote.run(mine.project, "", apply=True)
    assert result.details["sha"] == mine.decision.candidate.sha
    assert result.sentence.startswith("v1 was promoted; v7 serves since")


def test_in_ci_a_job_is_told_what_it_takes_over(mine: Judged, monkeypatch: pytest.MonkeyPatch) -> None:
    """A misspelt output is empty there, and no error of GitHub's."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv(LEDGER_VARIABLE, str(mine.root / "shared"))
    with pytest.raises(InvalidError, match="Nobody told the digest") as caught:
        promote.run(mine.project, "", apply=True)
    assert "needs.judge.outputs.digest" in caught.value.do
    with pytest.raises(InvalidError, match="Nobody told the digest"):
        mine.judge(replace(mine.told, predict=""))


def test_a_refusal_in_between_is_no_conflict(mine: Judged) -> None:
    """The champion that a passing decision was compared with still serves."""
    good = mine.decision
    mine.decide(change(good, "golden", lambda each: measured(mine, each, brier=0.9)))
    promote.run(mine.project, "", apply=True)
    mine.decide(good)
    assert promote.run(mine.project, "", apply=True).outcome == "pass"
    assert [link.entry.kind for link in mine.project.history().links] == ["refuse", "promote"]


def test_a_plan_signs_writes_and_moves_nothing(passing: Judged) -> None:
    """Not even a key is made; it tells the steps, and the command that carries them out."""
    result = promote.run(passing.project, "", apply=False)
    assert (result.outcome, result.exit_code, result.look) == ("planned", 0, "gates promote --apply")
    verbs = [step.split()[0] for step in result.details["plan"]]
    assert verbs == ["sign", "keep", "keep", "keep", "keep", "register", "append", "point"]
    assert not (passing.root / keys.KEY_FILE).exists()


@pytest.mark.parametrize("days", [0, -1, 1])
def test_a_passing_decision_is_promoted(mine: Judged, days: int) -> None:
    """Also at midnight, and where a clock is an hour off; the statement and the lock are kept."""
    decision = replace(mine.decision, judged_on=now().date() + timedelta(days=days))
    mine.decide(decision)
    result = promote.run(mine.project, "", apply=True)
    assert result.details["candidate"] == asdict(mine.decision.candidate)
    assert result.details["decision"] == digest.of_file(mine.root / "evidence/statement.json")
    assert (result.details["decided"], result.details["against_champion"]) == ("pass", [])
    champion = mine.project.history().champion
    assert champion is not None
    assert (result.outcome, champion.sha) == ("pass", decision.candidate.sha)
    assert mine.registry.champion_version() == champion.version == "1"
    store = mine.project.store
    assert store.get(champion.statement)
    assert store.get(decision.candidate.lock_sha256) == (mine.root / "dvc.lock").read_bytes()


def test_a_first_model_beside_a_champion_is_a_conflict(mine: Judged) -> None:
    """Another decision that compared with nobody: somebody serves now."""
    promote.run(mine.project, "", apply=True)
    before = mine.project.history()
    mine.decide(replace(mine.decision, judged_on=now().date() - timedelta(days=1)))
    with pytest.raises(ConflictError, match="champion moved"):
        promote.run(mine.project, "", apply=True)
    assert mine.project.history() == before


def test_an_empty_ledger_beside_an_alias_is_refused(
    mine: Judged, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ledger that made the champion is elsewhere: no second one is begun."""
    promote.run(mine.project, "", apply=True)
    monkeypatch.setenv(LEDGER_VARIABLE, str(tmp_path / "another"))
    with pytest.raises(TamperedError, match="this ledger is empty") as caught:
        promote.run(mine.project, "", apply=True)
    assert str(tmp_path / "another") in caught.value.why
    assert not (tmp_path / "another").exists()


def test_who_loses_a_race_for_the_first_entry_is_told_of_a_conflict(
    mine: Judged, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The alias of a winner who came between our two looks is no champion of another ledger."""
    project = mine.project
    keys.signer(project.root)
    read = project.history

    def too_early() -> History:
        monkeypatch.setattr(Project, "history", lambda _: read())
        entered(project, 1)
        return History(project.model)

    monkeypatch.setattr(Project, "history", lambda _: too_early())
    monkeypatch.setattr(Registry, "champion_version", lambda _: "1")
    with pytest.raises(ConflictError):
        promote.run(project, "", apply=True)


def test_a_key_that_nobody_trusts_promotes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refused before anything is registered or kept."""
    mine = judged.build(tmp_path / "project")
    trust_only_this_machine(mine.project)
    judged.commit(mine.root)
    assert mine.judge().outcome == "pass"
    monkeypatch.setenv(keys.VARIABLE, another_key())
    with pytest.raises(GatesError, match="not one that the policy trusts"):
        promote.run(mine.project, "", apply=True)
    assert not Path(mine.project.store.place).exists()
    assert mine.registry.champion_version() is None
