"""`gates restore` leaves the project as it was, whatever stops it."""

from dataclasses import replace
from pathlib import Path

import pytest

from gates import digest, ledger, statement
from gates.adapters import dvc, keys
from gates.adapters.console import Screen
from gates.envelope import seal
from gates.errors import InvalidError, TamperedError
from gates.run import restore
from gates.run.project import Project
from tests import examples
from tests.adapters import mlflow_models

KEPT = b"stages: {}\n"


@pytest.fixture
def sha() -> str:
    """The SHA of the model that was promoted."""
    return examples.sha(1)


@pytest.fixture
def promoted(project: Project, sha: str) -> Project:
    """A project whose ledger keeps the dvc.lock of a champion; it has no pipeline any more."""
    signer, _ = keys.signer(project.root)
    decision = examples.decision(1)
    lock = project.store.put(KEPT)
    decision = replace(decision, candidate=replace(decision.candidate, sha=sha, lock_sha256=lock))
    kept = project.store.put(seal(statement.to_document(decision), statement.PAYLOAD_TYPE, signer))
    champion = replace(examples.champion(1), sha=sha, statement=kept)
    entry = replace(examples.following(project.history(), 1), target=champion)
    project.store.append(entry.seq, seal(ledger.to_document(entry), ledger.PAYLOAD_TYPE, signer))
    return project


class Interrupting(Screen):
    """Somebody presses Ctrl-C once dvc.lock is in its place."""

    def say(self, line: str) -> None:
        """Stop."""
        raise KeyboardInterrupt(line)


@pytest.mark.parametrize("before", [b"stages: {now: {}}\n", None], ids=["a lock", "no lock"])
@pytest.mark.parametrize("stopped", ["by dvc", "by a person"])
def test_whatever_stops_it_puts_the_lock_back(promoted: Project, before: bytes | None, stopped: str) -> None:
    """The one that was there, or none."""
    if before is not None:
        promoted.lock.write_bytes(before)
    if stopped == "by dvc":  # there is no DVC project here, so that neither pull nor repro works
        with pytest.raises(InvalidError, match="not those that this model was made with") as caught:
            restore.run(promoted, "1")
        assert f"git checkout {'c' * 12}" in caught.value.do
    else:
        with pytest.raises(KeyboardInterrupt, match="bringing"):
            restore.run(replace(promoted, screen=Interrupting()), "1")
    assert (promoted.lock.read_bytes() if promoted.lock.exists() else None) == before


@pytest.mark.parametrize("there", [True, False], ids=["another model", "no model"])
def test_a_model_that_is_not_the_promoted_one(
    promoted: Project, monkeypatch: pytest.MonkeyPatch, *, there: bool
) -> None:
    """DVC brought what the lock names, and it is not what was promoted."""
    promoted.lock.write_bytes(b"now")
    if there:
        mlflow_models.write_model(promoted.model_folder)
    monkeypatch.setattr(dvc, "checkout", brought)
    with pytest.raises(InvalidError if there else TamperedError):
        restore.run(promoted, "1")
    assert promoted.lock.read_bytes() == b"now"


def brought(_: Path, __: Path) -> bool:
    """Stand for a DVC that finds every output."""
    return True


def test_a_lock_that_was_changed_in_the_ledger(promoted: Project) -> None:
    """Nothing of it is written."""
    promoted.lock.write_bytes(b"now")
    (Path(promoted.store.place) / "objects" / digest.of_bytes(KEPT)).write_bytes(b"other")
    with pytest.raises(TamperedError, match="was changed"):
        restore.run(promoted, "1")
    assert promoted.lock.read_bytes() == b"now"


def test_what_is_promoted_and_there_is_restored(
    project: Project, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    """The lock stays: it is the promoted model's."""
    found = mlflow_models.write_model(project.model_folder)
    monkeypatch.setattr(examples, "sha", lambda _: found)
    promoted: Project = request.getfixturevalue("promoted")
    monkeypatch.setattr(dvc, "checkout", brought)
    assert restore.run(promoted, "1").details == {"sha": found}
    assert promoted.lock.read_bytes() == KEPT


def test_raw_data_that_was_edited_stops_it_first(promoted: Project) -> None:
    """DVC would take the edit for the new truth; neither lock nor pointer nor data is touched."""
    raw = promoted.raw
    raw.parent.mkdir(parents=True, exist_ok=True)
    raw.write_text("edited\n")
    pointer = raw.with_name(raw.name + ".dvc")
    pointer.write_text(f"outs:\n- md5: {digest.of_bytes(b'as it was')[:32]}\n  path: {raw.name}\n")
    promoted.lock.write_bytes(b"stages: {now: {}}\n")
    with pytest.raises(InvalidError, match="was edited after it was tracked") as caught:
        restore.run(promoted, "1")
    assert f"dvc pull {promoted.policy.project.data.raw}" in caught.value.do
    assert (raw.read_text(), promoted.lock.read_bytes()) == ("edited\n", b"stages: {now: {}}\n")
