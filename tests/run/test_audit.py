"""An auditor's questions, a year later: who served that day, who put it there, why, and does it hold."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gates.adapters.model import MODEL_FILE
from gates.adapters.registry import Registry
from gates.errors import ExitCode, InvalidError
from gates.ledger import Champion
from gates.render import markdown
from gates.run import audit, carry_out, rollback
from gates.run.project import Project
from tests.adapters import mlflow_models
from tests.run.champions import promote


@pytest.fixture
def registry(project: Project) -> Registry:
    """The project's registry."""
    return mlflow_models.registry(project.root)


@pytest.fixture
def year(project: Project, registry: Registry, monkeypatch: pytest.MonkeyPatch) -> list[Champion]:
    """v1 from March, v2 from June, and v1 again from September."""

    def on(month: int) -> None:
        monkeypatch.setattr(carry_out, "now", lambda: datetime(2026, month, 1, 12, tzinfo=UTC))

    champions = []
    for number, month in ((1, 3), (2, 6)):
        on(month)
        champions.append(promote(project, registry, number))
    on(9)
    rollback.run(project, "previous", "complaints", apply=True)
    return champions


@pytest.mark.parametrize(
    ("at", "version"),
    [
        ("2026-03-01T11:59Z", None),
        ("2026-03-01T12:00:00Z", "1"),
        ("2026-03-01", "1"),
        ("2026-05-31", "1"),
        ("2026-06-01T12:00Z", "2"),
        ("2026-09-01T11:59:59Z", "2"),
        ("2026-09-02", "1"),
        ("", "1"),
    ],
)
@pytest.mark.usefixtures("year")
def test_who_served_at_a_moment(project: Project, at: str, version: str | None) -> None:
    """From its entry on, until the next; a day stands for its end."""
    result = audit.run(project, at)
    served = result.details["served"]
    assert (served and served["version"]) == version
    assert result.exit_code is ExitCode.PASS


def test_every_entry_with_its_evidence(project: Project, year: list[Champion]) -> None:
    """Who, when, why, and the digests of what it was made of."""
    first, _, back = audit.run(project, "").details["entries"]
    assert (first["version"], first["sha"], first["evidence"]) == ("1", year[0].sha, year[0].statement)
    assert (first["commit"], first["judged_on"]) == ("c" * 40, "2026-06-01")
    assert (back["kind"], back["reason"], back["sha"]) == ("rollback", "complaints", year[0].sha)


@pytest.mark.usefixtures("year")
def test_as_markdown(project: Project) -> None:
    """For a person: the answer first, then one row an entry."""
    text = markdown.audit(audit.run(project, "2026-07-01").to_document())
    assert "At 2026-07-01T23:59:59Z v2 served" in text
    assert text.count("| promote |") == 2
    assert "| rollback | v1 |" in text
    assert "complaints" in text


def test_what_does_not_hold_any_more(project: Project, year: list[Champion]) -> None:
    """Exit code 6; the entries are told all the same."""
    (mlflow_models.artifacts(project.root, "2") / MODEL_FILE).write_bytes(b"x")
    (Path(project.store.place) / "objects" / year[0].statement).unlink()
    result = audit.run(replace(project), "")
    assert result.exit_code is ExitCode.TAMPERED
    assert {each["kind"] for each in result.details["deviations"]} == {"files", "statement"}
    assert len(result.details["entries"]) == 3
    assert "**statement**" in markdown.audit(result.to_document())


def test_nobody_ever_served(project: Project) -> None:
    """An empty ledger verifies."""
    result = audit.run(project, "")
    assert (result.exit_code, result.details["served"]) == (ExitCode.PASS, None)
    assert "nobody served" in markdown.audit(result.to_document())


@pytest.mark.parametrize("at", ["yesterday", "2026-13-01", "2026-11-20T03:00", "2026-11-20T03:00+01:00"])
def test_what_is_no_moment(project: Project, at: str) -> None:
    """Exit code 2, and how one is written."""
    with pytest.raises(InvalidError, match="is no moment") as caught:
        audit.run(project, at)
    assert "2026-11-20T03:00Z" in caught.value.do


@pytest.mark.parametrize("at", ["2999-01-01", "2999-01-01T00:00Z"])
def test_nobody_has_served_in_the_future(project: Project, at: str) -> None:
    """An audit tells what was."""
    with pytest.raises(InvalidError, match="has not come yet"):
        audit.run(project, at)


@pytest.mark.parametrize(
    ("name", "change"), [("The policy", "edited"), ("dvc.lock", "removed"), ("The golden rows", "edited")]
)
@pytest.mark.usefixtures("year")
def test_evidence_that_is_not_as_it_was_is_told(project: Project, name: str, change: str) -> None:
    """What a statement or an entry names, and no other: the statement itself is untouched."""
    links = project.history().links
    ((_, sha256),) = [
        each for link in links[:1] for each in audit._named(project, link).items() if each[0] == name
    ]
    kept = project.root / ".gates" / "ledger" / project.model / "objects" / sha256
    kept.write_bytes(b"another") if change == "edited" else kept.unlink()
    result = audit.run(project, "")
    assert result.exit_code is ExitCode.TAMPERED
    (told,) = result.details["deviations"]
    assert (told["kind"], told["version"]) == ("evidence", "1")
    assert told["what"].startswith(f"{name} of entry 1: ")
