"""`gates report`: of what was judged here, and of champions, present and past."""

from dataclasses import replace
from pathlib import Path

import pytest

from gates.errors import InvalidError, TamperedError
from gates.run import promote, report
from gates.verdict import Outcome
from tests.run import judged
from tests.run.judged import Judged


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Judged:
    """A project that was judged, and passes."""
    made = judged.build(tmp_path_factory.mktemp("report") / "project")
    made.judge()
    return made


@pytest.fixture
def passing(template: Judged, tmp_path: Path) -> Judged:
    """A copy of it."""
    return template.copy(tmp_path / "project")


def page(made: Judged) -> str:
    """Write the report of what was judged, and return it."""
    report.run(made.project, "", None)
    return (made.root / "evidence/report.html").read_text("utf-8")


def test_before_and_after_a_promotion(passing: Judged, tmp_path: Path) -> None:
    """The champion's, from the ledger alone, has the same bytes; and again, where nothing is to do."""
    told = page(passing)
    assert "Passed, not promoted yet" in told
    assert "that of the statement, which nobody has signed yet," in told
    promote.run(passing.project, "", apply=True)
    told = page(passing)
    assert "Promoted v1, the first champion" in told
    assert "promote at " in told
    assert "that of the signed statement <code>" in told
    for path in (passing.root / "evidence").iterdir():
        path.unlink()
    out = tmp_path / "page.html"
    result = report.run(passing.project, "v1", out)
    assert (result.outcome, result.details["state"]) == ("pass", "promoted")
    assert out.read_text("utf-8") == told
    report.tell(passing.project, of_who_serves=True)
    unchanged = (passing.root / "evidence/report.html").read_text("utf-8")
    assert "is already champion; nothing to do." in unchanged
    assert '<figure id="roc">' in unchanged


def test_a_refusal_says_what_stopped_it(passing: Judged) -> None:
    """Before and after the ledger has noted it."""
    verdicts = passing.decision.verdicts
    stopped = replace(verdicts[0], findings=(replace(verdicts[0].findings[0], outcome=Outcome.UNDECIDED),))
    passing.decide(replace(passing.decision, verdicts=(stopped, *verdicts[1:])))
    assert f"Undecided. {stopped.gate}:" in page(passing)


def test_a_refused_model_is_found_by_its_sha(passing: Judged) -> None:
    """Long after, when its evidence lies in the ledger alone; what nobody knows stays an error."""
    params = passing.root / "params.yaml"
    params.write_text(params.read_text().replace("min_auc: 0.8", "min_auc: 0.99"))
    judged.commit(passing.root)
    passing.judge()
    assert promote.run(passing.project, "", apply=True).outcome != "pass"
    sha = passing.decision.candidate.sha
    for path in (passing.root / "evidence").iterdir():
        path.unlink()
    result = report.run(passing.project, sha[:12], None)
    assert result.details["state"] == "refused"
    assert "refuse at " in (passing.root / "evidence/report.html").read_text("utf-8")
    for unknown in (sha[:6], "f" * 12, "v1"):
        with pytest.raises(InvalidError):
            report.run(passing.project, unknown, None)


@pytest.mark.parametrize("change", [b"{}", b"", None])
def test_exhibits_that_the_statement_does_not_name_are_not_drawn(
    passing: Judged, change: bytes | None
) -> None:
    """Edited, emptied or taken away."""
    path = passing.root / "evidence/exhibits.json"
    path.unlink() if change is None else path.write_bytes(change)
    with pytest.raises(TamperedError, match="not what the statement names"):
        report.run(passing.project, "", None)
    assert not (passing.root / "evidence/report.html").exists()


def test_that_there_is_no_report_changes_no_answer(
    passing: Judged, capsys: pytest.CaptureFixture[str]
) -> None:
    """A ship says so and ends as it would have."""
    (passing.root / "evidence/exhibits.json").unlink()
    report.tell(passing.project)
    assert "there is no report" in capsys.readouterr().err


def test_nothing_to_report(passing: Judged) -> None:
    """What to do is told."""
    (passing.root / "evidence/statement.json").unlink()
    with pytest.raises(InvalidError, match="Nothing was judged") as caught:
        report.run(passing.project, "", None)
    assert "gates ship" in caught.value.do
    with pytest.raises(InvalidError, match="is empty"):
        report.run(passing.project, "v7", None)
