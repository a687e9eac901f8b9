"""Job `data` after the pull: it says what the contract's verdict says, also where that does not block."""

from pathlib import Path

import pandas as pd
import pytest

from gates.adapters import dvc
from gates.errors import ExitCode, InvalidError
from gates.run import data
from tests.checks.project import Project, build, md5


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project whose raw file is tracked as it is, and has a remote."""
    made = build(tmp_path)
    monkeypatch.setattr(dvc, "remote", lambda _: "storage")
    monkeypatch.setattr(dvc, "pointer", md5)
    return made


def twice(raw: pd.DataFrame) -> pd.DataFrame:
    """Two rows stand twice, which the contract forbids."""
    return pd.concat([raw, raw.head(2)])


def test_data_that_keeps_its_contract(built: Project) -> None:
    """Its digest and its verdict are in the answer."""
    result = data.run(built.opened())
    assert (result.outcome, "keep their contract" in result.sentence) == ("pass", True)
    assert [each["gate"] for each in result.details["verdicts"]] == ["schema"]


@pytest.mark.parametrize("policy", [{"mode": "report"}, {"max_violations": 10_000}])
def test_data_that_may_break_its_contract_is_not_said_to_keep_it(
    built: Project, policy: dict[str, object]
) -> None:
    """It does not block, and the sentence says how often."""
    built.change("raw", twice)
    built.policy(schema=policy)
    result = data.run(built.opened())
    assert (result.outcome, result.exit_code) == ("pass", ExitCode.PASS)
    assert "break their contract" in result.sentence
    assert result.details["verdicts"]


def test_data_that_breaks_its_contract(built: Project) -> None:
    """The rule is named."""
    built.change("raw", twice)
    result = data.run(built.opened())
    assert result.outcome == "fail"
    assert "violations/raw" in result.sentence
    assert result.look == "gates schema"


def test_data_that_is_not_here_outside_of_git(built: Project) -> None:
    """DVC does nothing there; that it brought nothing would lead to the remote."""
    raw = built.opened().raw
    kept = md5(raw)
    raw.unlink()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dvc, "pointer", lambda _: kept)
        patch.setenv("GIT_CEILING_DIRECTORIES", str(built.root.parent))
        with pytest.raises(InvalidError, match="is in no git repository") as caught:
            data.run(built.opened())
    assert caught.value.do.startswith("Commit the project first: git init")
