"""Where a project's things lie, and whose keys its ledger is read with."""

from dataclasses import replace
from pathlib import Path

import pytest

from gates import checks, ledger
from gates.adapters import keys
from gates.adapters.console import Screen
from gates.envelope import seal
from gates.errors import InvalidError, TamperedError, UnavailableError
from gates.ledger import Champion, History
from gates.run.project import LEDGER_VARIABLE, Project, now, open_project

CHAMPION = Champion("a" * 64, "1", "run", "b" * 64, "c" * 64)


def promote(project: Project, operation: str = "first") -> None:
    """Append an entry as a promotion does."""
    signer, _ = keys.signer(project.root)
    entry = ledger.next_entry(
        project.history(),
        operation=operation,
        kind="promote",
        target=CHAMPION,
        reason="",
        actor="ada",
        time=now(),
    )
    project.store.append(entry.seq, seal(ledger.to_document(entry), ledger.PAYLOAD_TYPE, signer))


def test_paths_are_below_the_root(project: Project) -> None:
    """As the policy names them."""
    assert project.raw == project.root / "data/raw/churn.csv"
    assert project.model_folder == project.root / "models/churn"
    assert (project.model, project.store.folder) == ("churn", project.root / ".gates/ledger/churn")


def test_the_environment_moves_the_ledger(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Absolute, or relative to the project; empty stands for unset."""
    for value, folder in (
        (str(tmp_path / "shared"), tmp_path / "shared/churn"),
        ("shared", project.root / "shared/churn"),
        ("", project.root / ".gates/ledger/churn"),
    ):
        monkeypatch.setenv(LEDGER_VARIABLE, value)
        assert replace(project).store.folder == folder


def test_a_ledger_that_is_no_folder(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """An address is not taken for a folder called `s3:`."""
    monkeypatch.setenv(LEDGER_VARIABLE, "s3://bucket/ledger")
    with pytest.raises(InvalidError, match=r"s3://bucket/ledger is not a folder"):
        _ = project.store


def test_an_empty_ledger_needs_no_key(project: Project) -> None:
    """Asking who serves makes none."""
    assert project.history() == History("churn")
    assert not (project.root / ".gates").exists()


def test_a_ledger_is_read_with_this_machines_key(project: Project) -> None:
    """Where the policy lists none."""
    promote(project)
    assert project.history().champion == CHAMPION


def test_entries_without_a_key_to_verify_them(project: Project) -> None:
    """They are not believed, and not called forged either."""
    promote(project)
    (project.root / ".gates/key.pem").unlink()
    with pytest.raises(InvalidError, match="no public key"):
        project.history()


def test_entries_of_another_key_are_tampering(project: Project) -> None:
    """A new key does not make the old ledger its own."""
    promote(project)
    (project.root / ".gates/key.pem").unlink()
    keys.signer(project.root)
    with pytest.raises(TamperedError, match="Entry 1"):
        project.history()


def test_a_ledger_that_cannot_be_read_is_not_empty(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a champion would be taken for the first one."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(LEDGER_VARIABLE, str(tmp_path / "file"))
    with pytest.raises(UnavailableError, match="cannot be read"):
        project.history()


@pytest.mark.parametrize("gate", checks.names())
def test_every_input_of_a_gate_is_found_or_given(project: Project, gate: str) -> None:
    """In the gate's own block, the project's, or what the jobs hand on; the approver is given by a person."""
    for field in checks.input_fields(checks.load(gate)):
        if field.name == "approver":
            continue
        value = project.input(gate, field.name, is_file=field.is_file)
        if field.is_file:
            assert project.root in value.parents


def test_an_unknown_input(project: Project) -> None:
    """Nobody has it."""
    with pytest.raises(KeyError):
        project.input("golden", "unheard_of", is_file=False)


def test_opening_needs_params(tmp_path: Path) -> None:
    """The folder is named, and nothing is made in it."""
    with pytest.raises(InvalidError, match=f"{tmp_path.name} has no params.yaml"):
        open_project(tmp_path, "status", Screen())
    assert list(tmp_path.iterdir()) == []


def test_time_is_utc() -> None:
    """An entry's time means the same everywhere."""
    offset = now().utcoffset()
    assert offset is not None
    assert not offset
