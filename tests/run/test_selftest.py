"""`gates selftest`: what nobody notices is named, and gates that refuse everything prove nothing."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from gates import defects, digest
from gates.errors import ExitCode, InvalidError
from gates.run import selftest
from gates.run.result import Result
from gates.run.selftest import sound
from gates.run.selftest.copy import Copy
from tests.run import judged
from tests.run.judged import Judged

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
    assert not any("gates-selftest" in each["why"] or str(project.root) in each["why"] for each in caught)
    assert kept(project.root) == before


def test_a_policy_without_gaps(project: Judged) -> None:
    """With the two limits nothing is missed: the candidate is judged again in the copy, by today's policy."""
    policy(project, golden={"max_auc": 0.97}, latency={"max_p99_ratio": 1.4})
    result = selftest.run(project.project, only(*NOT_HELD, "changed threshold"))
    assert result.exit_code is ExitCode.PASS
    assert (result.details["caught"], result.details["applicable"], result.details["missed"]) == (3, 3, [])


def test_a_gate_that_only_reports_catches_nothing(project: Judged) -> None:
    """What another gate notices too is caught all the same."""
    policy(project, schema={"mode": "report"})
    result = selftest.run(project.project, only("unit changed by 100", "nulls", "NaN scores"))
    assert result.exit_code is ExitCode.FAIL
    assert result.details["missed"] == ["unit changed by 100", "nulls"]


def test_a_limit_that_holds_nothing(project: Judged) -> None:
    """The gate is there and blocks, and lets it through."""
    policy(
        project,
        fairness={"min_disparate_impact": 0.0, "max_demographic_parity": 1.0, "max_equalized_odds": 1.0},
    )
    result = selftest.run(project.project, only("one group scored down"))
    seen = told(result)["one group scored down"]
    assert "fairness" not in seen["by"]
    assert seen["expected"] == ["fairness"]


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
