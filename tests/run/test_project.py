"""Where a project's things lie, and whose keys its ledger is read with."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from gates import ledger
from gates.adapters import keys
from gates.adapters.console import Screen
from gates.adapters.s3_store import S3Store
from gates.envelope import seal
from gates.errors import InvalidError, TamperedError, UnavailableError
from gates.ledger import Champion, History
from gates.policy_blocks import LedgerObjects
from gates.run.project import LEDGER_VARIABLE, Project, now, open_project
from gates.run.signing import trusted_signer

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
    assert (project.model, project.store.place) == ("churn", str(project.root / ".gates/ledger/churn"))


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
        assert replace(project).store.place == str(folder)


def test_a_ledger_elsewhere(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bucket is one, with the policy's lock; another address is not taken for a folder called `gs:`."""
    params = yaml.safe_load(project.params.read_text())
    params["gates"]["ledger_objects"] = {"lock_years": 7, "kms_key": "alias/ledger"}
    project.params.write_text(yaml.safe_dump(params))
    monkeypatch.setenv(LEDGER_VARIABLE, "s3://bucket/ledger/")
    store = replace(project).store
    assert isinstance(store, S3Store)
    kept = LedgerObjects(lock_years=7, kms_key="alias/ledger")
    assert (store.place, store.kept) == ("s3://bucket/ledger/churn", kept)
    monkeypatch.setenv(LEDGER_VARIABLE, "gs://bucket/ledger")
    with pytest.raises(InvalidError, match="gs://bucket/ledger is neither a folder nor a bucket"):
        _ = replace(project).store


def test_in_ci_a_ledger_does_not_lie_on_the_runner(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would be thrown away, and the next champion be taken for the first one."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    with pytest.raises(InvalidError, match="thrown away"):
        _ = replace(project).store
    monkeypatch.setenv(LEDGER_VARIABLE, str(project.root / "shared"))
    assert replace(project).store.entries() == {}


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


def terms(project: Project, **days: str) -> Project:
    """List this machine's key in the policy, with days."""
    params = yaml.safe_load(project.params.read_text())
    listed = {"key": keys.signer(project.root)[0].public_key.keyid, "owner": "platform team", **days}
    params["gates"]["trusted_keys"] = [listed]
    project.params.write_text(yaml.safe_dump(params, sort_keys=False))
    return replace(project)


def test_what_a_key_signed_outside_its_days_is_not_believed(project: Project) -> None:
    """Revoked the day after, it stays; revoked that day, it does not: exit code 6, with the owner."""
    promote(project)
    today = now().date()
    assert terms(project, revoked=str(today + timedelta(days=1))).history().links
    for days in (
        {"revoked": str(today)},
        {"until": str(today - timedelta(days=1))},
        {"from": str(today + timedelta(days=1))},
    ):
        with pytest.raises(TamperedError, match="Entry 1 of the ledger is not believed") as caught:
            terms(project, **days).history()
        assert "platform team" in caught.value.why


def test_a_revoked_key_signs_no_more(project: Project) -> None:
    """Refused before it has signed: nobody would believe it."""
    with pytest.raises(InvalidError, match="was revoked on"):
        trusted_signer(terms(project, revoked=str(now().date())))
    trusted_signer(terms(project, until=str(now().date())))


def test_a_ledger_that_cannot_be_read_is_not_empty(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a champion would be taken for the first one."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(LEDGER_VARIABLE, str(tmp_path / "file"))
    with pytest.raises(UnavailableError, match="cannot be read"):
        project.history()


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
