"""`gates selftest`: what nobody notices is named, and gates that refuse everything prove nothing."""

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from gates import checks, defects, digest
from gates.adapters.console import Screen
from gates.errors import ExitCode, InvalidError
from gates.policy_blocks import LivePolicy
from gates.run import selftest
from gates.run.project import Project
from gates.run.result import Result
from gates.run.selftest import copy, sound
from gates.run.selftest.copy import Copy
from gates.verdict import Finding, Outcome
from tests.run import judged
from tests.run.judged import Judged

AIMED = {  # at one gate each, by what its `judge` says of them
    "schema": ("nulls",),
    "lineage": ("failed run",),
    "golden": ("shuffled scores", "calibration broken"),
    "latency": ("hardly timed",),
    "fairness": ("one group scored down", "one group last"),
    "champion": ("worse than the champion",),
    "behaviour": ("a must-not-break test fails", "a must-not-break test skipped"),
    "documentation": ("no owner",),
    "freshness": ("golden set too old",),
}
GAPS = ("golden", "latency")
NOT_HELD = {"leaked label", "latency +50 %"}  # by the policy of the project that these tests judge


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Judged:
    """A project whose candidate was judged, and passed; for copying only."""
    made = judged.build(tmp_path_factory.mktemp("selftest") / "project")
    assert made.judge().outcome == "pass"
    return made


@pytest.fixture
def project(template: Judged, tmp_path: Path) -> Judged:
    """A copy of it."""
    return template.copy(tmp_path / "project")


def policy(project: Judged, **blocks: dict[str, Any]) -> None:
    """Change values of the policy, block by block."""
    path = project.root / "params.yaml"
    params = yaml.safe_load(path.read_text())
    for name, values in blocks.items():
        params["gates"][name] |= values
    path.write_text(yaml.safe_dump(params, sort_keys=False))


def told(result: Result) -> dict[str, dict[str, Any]]:
    """What was said of each defect."""
    return {each["name"]: each for each in result.details["defects"]}


def only(*names: str) -> list[defects.Defect]:
    """The defects with these names."""
    found = [each for each in defects.ALL if each.name in names]
    assert len(found) == len(names)
    return found


def kept(root: Path) -> dict[str, str]:
    """The digest of every file of a project but the log."""
    return {
        path.relative_to(root).as_posix(): digest.of_file(path)
        for path in root.rglob("*")
        if path.is_file() and path.name != "log"
    }


def test_a_policy_with_gaps_is_told_which(project: Judged) -> None:
    """Exactly what it does not hold is missed, with the key that would; the project is only read."""
    before = kept(project.root)
    result = selftest.run(project.project)
    assert result.exit_code is ExitCode.FAIL
    assert set(result.details["missed"]) == NOT_HELD
    assert all(name in result.sentence for name in NOT_HELD)
    seen = told(result)
    assert "golden.max_auc" in seen["leaked label"]["why"]
    assert seen["waiver expired"]["outcome"] == "not applicable"
    caught = [each for each in seen.values() if each["outcome"] == "caught"]
    assert all(set(each["expected"]) & set(each["by"]) for each in caught)
    proved = {each["gate"]: each["outcome"] for each in result.details["gates"]}
    assert proved == dict.fromkeys(project.project.policy.gates, "caught") | dict.fromkeys(GAPS, "missed")
    assert "caught nothing" not in result.sentence
    assert not any("gates-selftest" in each["why"] or str(project.root) in each["why"] for each in caught)
    assert kept(project.root) == before


def test_a_policy_without_gaps(project: Judged) -> None:
    """With the two limits nothing is missed: the candidate is judged again in the copy, by today's policy."""
    policy(project, golden={"max_auc": 0.97}, latency={"max_p99_ratio": 1.4})
    result = selftest.run(project.project, only(*NOT_HELD, "changed threshold"))
    assert result.exit_code is ExitCode.PASS
    assert (result.details["caught"], result.details["applicable"], result.details["missed"]) == (3, 3, [])


def test_a_gate_that_only_reports_catches_nothing(project: Judged) -> None:
    """Nor does it have to: it has no row among the gates, but what is missed is."""
    policy(project, schema={"mode": "report"})
    result = selftest.run(project.project, only("unit changed by 100", "nulls", "NaN scores"))
    assert result.exit_code is ExitCode.FAIL
    assert result.details["missed"] == ["unit changed by 100", "nulls"]
    assert "schema" not in {each["gate"] for each in result.details["gates"]}


def test_a_limit_that_holds_nothing(project: Judged) -> None:
    """The gate is there and blocks, and lets it through: that others object proves nothing of it."""
    policy(
        project,
        fairness={"min_disparate_impact": 0.0, "max_demographic_parity": 1.0, "max_equalized_odds": 1.0},
    )
    result = selftest.run(project.project, only("one group scored down"))
    assert result.exit_code is ExitCode.FAIL
    seen = told(result)["one group scored down"]
    assert (seen["outcome"], seen["expected"]) == ("missed", ["fairness"])
    assert seen["by"]
    assert "fairness" not in seen["by"]
    alone = " and ".join(seen["by"])
    assert seen["why"].startswith(f"Caught by {alone} alone, expected fairness.")
    assert f"fairness missed one group scored down (caught by {alone} alone)" in result.sentence
    assert "The gate fairness caught nothing" in result.sentence


@pytest.mark.parametrize("gate", AIMED)
def test_a_gate_that_cannot_fail_is_found_out(
    project: Judged, monkeypatch: pytest.MonkeyPatch, gate: str
) -> None:
    """Each of those that block, whoever else objects: every finding of it passes, whatever was measured."""
    check = checks.load(gate)
    judge = check.judge

    def unable(block: object, measurements: dict[str, float]) -> list[Finding]:
        return [replace(each, outcome=Outcome.PASS) for each in judge(block, measurements)]

    monkeypatch.setattr(check, "judge", unable)
    result = selftest.run(project.project, only(*AIMED[gate]))
    assert result.exit_code is ExitCode.FAIL
    assert result.details["missed"] == [each.name for each in defects.ALL if each.name in AIMED[gate]]
    assert f"{gate} missed {result.details['missed'][0]}" in result.sentence
    proved = {each["gate"]: each["outcome"] for each in result.details["gates"]}
    assert [name for name, outcome in proved.items() if outcome == "missed"] == [gate]
    assert f"The gate {gate} caught nothing" in result.sentence


def test_every_gate_that_blocks_in_the_demo_is_made_unable_to_fail() -> None:
    """So is every other gate that may block a candidate."""
    root = Path(__file__).parents[2]
    demo = Project(root, root / "log", Screen()).policy
    assert {name for name, block in demo.gates.items() if block.mode == "block"} <= {*AIMED}
    assert {*AIMED} == {
        name for name in checks.names() if not issubclass(checks.load(name).Policy, LivePolicy)
    }


def test_a_gate_that_no_defect_applies_to_is_told_and_fails_nobody(project: Judged) -> None:
    """With the reason, and what to do instead."""
    path = project.root / "params.yaml"
    params = yaml.safe_load(path.read_text())
    waiver = {"reason": "Reviewed: an offer.", "owner": "retention team", "expires": "2199-12-31"}
    params["gates"]["waivers"] = [{"gate": "fairness", "finding": "disparate_impact/female", **waiver}]
    path.write_text(yaml.safe_dump(params, sort_keys=False))
    names = ("one group scored down", "one group last", "waiver expired", "no owner")
    result = selftest.run(project.project, only(*names))
    assert result.exit_code is ExitCode.PASS
    (fairness,) = [each for each in result.details["gates"] if each["gate"] == "fairness"]
    assert (fairness["outcome"], fairness["applicable"]) == ("not applicable", 0)
    assert fairness["why"] in result.sentence
    assert "every attribute of fairness has a waiver" in fairness["why"]
    assert "gates fairness" in fairness["why"]


def test_nothing_could_be_planted(project: Judged) -> None:
    """Nothing is proved then, and so it does not pass."""
    result = selftest.run(project.project, only("waiver expired"))
    assert result.exit_code is ExitCode.FAIL
    assert "No defect was planted" in result.sentence


def test_a_gate_that_always_fails_proves_nothing(project: Judged) -> None:
    """No defect is planted: the copy without one is refused."""
    policy(project, golden={"min_auc": 1.0})
    result = selftest.run(project.project, only("NaN scores"))
    assert result.exit_code is ExitCode.FAIL
    assert (result.details["refused"], result.details["defects"]) == (["golden"], [])
    assert "without a defect" in result.sentence


def test_records_that_do_not_fit_prove_nothing(project: Judged, monkeypatch: pytest.MonkeyPatch) -> None:
    """If what is written anew were refused for its digest alone, every defect would seem to be caught."""
    monkeypatch.setattr(sound, "fit", lambda *_: None)
    result = selftest.run(project.project, only("nulls"))
    assert result.exit_code is ExitCode.FAIL
    assert "written anew" in result.sentence
    assert "hand-over" in result.details["refused"]


def test_nothing_was_judged(project: Judged) -> None:
    """The command that judges is told."""
    (project.root / "evidence/statement.json").unlink()
    with pytest.raises(InvalidError, match="no judged candidate") as error:
        selftest.run(project.project)
    assert "gates ship --until judge" in error.value.do


def test_the_last_candidate_was_refused(template: Judged, tmp_path: Path) -> None:
    """A defect shows only where everything else is right."""
    project = template.copy(tmp_path / "project")
    policy(project, latency={"p99_ms": 1.0})
    judged.commit(project.root)
    assert project.judge().outcome == "fail"
    with pytest.raises(InvalidError, match="did not pass: latency"):
        selftest.run(project.project)


@pytest.mark.parametrize("name", ["../../../evil.csv", "/evil.csv"])
def test_nothing_is_written_outside_of_the_copy(
    project: Judged, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Whatever dvc.lock names: a pull request may have written it."""
    temporary = tmp_path / "temporary/one/two"
    temporary.mkdir(parents=True)
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    place = name if name.startswith("..") else f"{tmp_path}{name}"
    (project.root / place).resolve().parent.mkdir(parents=True, exist_ok=True)
    (project.root / place).resolve().write_text("evil")
    lock = yaml.safe_load((project.root / "dvc.lock").read_text())
    next(iter(lock["stages"].values()))["deps"].append({"path": place, "md5": "0" * 32})
    (project.root / "dvc.lock").write_text(yaml.safe_dump(lock))
    with pytest.raises(InvalidError, match="leaves the project"):
        selftest.run(project.project)
    assert [path for path in (tmp_path / "temporary").rglob("*") if path.is_file()] == []


def test_the_copy_writes_in_itself_alone(tmp_path: Path) -> None:
    """What is planted follows names of dvc.lock too, and what is put back at the end does."""
    made = Copy(tmp_path / "copy", tmp_path / "log")
    for name in ("../evil.csv", f"{tmp_path}/evil.csv"):
        with made.planted(), pytest.raises(InvalidError, match="leaves the project"):
            made.write({name: b"evil"})
        with made.planted(), pytest.raises(InvalidError, match="leaves the project"):
            made.remember([name])
    assert not (tmp_path / "evil.csv").exists()


def test_what_git_keeps_under_odd_names_hinders_nobody(project: Judged) -> None:
    """No gate opens it, and so the copy is made without it."""
    odd = project.root / "a\\b.md"
    odd.write_text("a name with a backslash")
    judged.commit(project.root)
    with copy.of(project.project) as made:
        assert (made.root / "params.yaml").exists()
        assert not (made.root / odd.name).exists()


def test_what_is_planted_is_taken_out_again(tmp_path: Path) -> None:
    """What was written here, and what a stage of the project wrote, made or removed."""
    root = tmp_path / "copy"
    (root / "models").mkdir(parents=True)
    for name in ("params.yaml", "models/a", "models/b"):
        (root / name).write_text(name)
    before = kept(root)
    made = Copy(root, tmp_path / "log")
    with made.planted():
        made.write({"params.yaml": b"other", "new.txt": b"new"})
        made.remember(["models", "answers"])
        (root / "models/a").write_text("other")
        (root / "models/b").unlink()
        (root / "answers").write_text("new")
        assert {"params.yaml", "new.txt", "models/a", "models/b", "answers"} == made.touched
    assert kept(root) == before
    assert made.touched == frozenset()
