"""A ledger that was cut off or written anew is a valid chain, and is found out all the same."""

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from gates.adapters.store import FolderStore
from gates.cli import main
from gates.errors import ExitCode, InvalidError, TamperedError
from gates.run import seen
from gates.run.carry_out import point_alias
from gates.run.project import LEDGER_VARIABLE, Project
from tests.adapters import mlflow_models
from tests.adapters.test_git import run as git
from tests.run.champions import anew, entered, promote, trust_only_this_machine


def checkpoints_in(project: Project, place: str) -> Project:
    """Return the project with a policy that names a second place."""
    params = yaml.safe_load(project.params.read_text())
    params["gates"]["checkpoints"] = place
    project.params.write_text(yaml.safe_dump(params, sort_keys=False))
    return anew(project)


@pytest.fixture
def guarded(project: Project) -> Project:
    """A project whose second place is a folder."""
    return checkpoints_in(project, "checkpoints")


def entries(project: Project) -> list[Path]:
    """Return the files of the ledger's entries, oldest first."""
    return sorted(Path(project.store.place).glob("*.json"))


def elsewhere(project: Project) -> Project:
    """Return the project as a machine opens it that has seen nothing yet."""
    shutil.rmtree(project.root / seen.FOLDER)
    return anew(project)


@contextmanager
def forgotten(project: Project) -> Iterator[None]:
    """Let the block act as another machine does: what this one remembers stays as it is."""
    memory, kept = project.root / seen.FOLDER, project.root / "kept"
    memory.rename(kept)
    yield
    shutil.rmtree(memory, ignore_errors=True)
    kept.rename(memory)


def cut(project: Project) -> None:
    """Remove the newest entry."""
    entries(project)[-1].unlink()


def remove(project: Project) -> None:
    """Remove the whole ledger."""
    shutil.rmtree(project.store.place)


def write_anew(project: Project) -> None:
    """Write as many other entries, well signed, as one who has the key can."""
    count = len(entries(project))
    remove(project)
    with forgotten(project):
        for number in range(count):
            entered(anew(project), 10 + number)


LOSSES = {"cut": cut, "removed": remove, "written anew": write_anew}


@pytest.mark.parametrize("lose", LOSSES.values(), ids=list(LOSSES))
def test_a_reader_remembers_what_it_saw(project: Project, lose: Callable[[Project], None]) -> None:
    """Exit code 6; what remembers it is named, and how to begin anew on purpose."""
    for number in (1, 2):
        entered(project, number)
    assert len(anew(project).history().links) == 2
    lose(project)
    with pytest.raises(TamperedError, match="ledger of churn") as caught:
        anew(project).history()
    assert caught.value.code is ExitCode.TAMPERED
    assert str(project.root / seen.FOLDER) in caught.value.why
    shutil.rmtree(project.root / seen.FOLDER)
    anew(project).history()


@pytest.mark.parametrize("place", ["checkpoints", "git:refs/notes/checkpoints"])
@pytest.mark.parametrize("lose", LOSSES.values(), ids=list(LOSSES))
def test_another_machine_hears_it_from_the_second_place(
    project: Project, lose: Callable[[Project], None], place: str
) -> None:
    """It has seen nothing itself; the checkpoint is named."""
    git(project.root, "init", "--quiet")
    guarded = checkpoints_in(project, place)
    for number in (1, 2):
        entered(guarded, number)
        seen.leave_checkpoint(guarded.history(), guarded.checkpoints)
    lose(guarded)
    with pytest.raises(TamperedError) as caught:
        elsewhere(guarded).history()
    assert "Checkpoint 2" in caught.value.why
    assert "checkpoints" in caught.value.why


def test_a_clone_that_fetched_the_notes_sees_a_cut_tail(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Exit code 6 on a machine that has never seen the ledger; without the notes it would believe it."""
    monkeypatch.setenv(LEDGER_VARIABLE, str(tmp_path / "ledger"))
    guarded, notes = checkpoints_in(project, "git:refs/notes/ml-gates"), "refs/notes/ml-gates"
    git(guarded.root, "init", "--quiet")
    trust_only_this_machine(guarded)
    git(guarded.root, "add", "params.yaml")
    git(guarded.root, "commit", "--quiet", "-m", "policy")
    for number in (1, 2):
        entered(anew(guarded), number)
        seen.leave_checkpoint(anew(guarded).history(), guarded.checkpoints)
    cut(anew(guarded))
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{guarded.root}", str(clone))
    assert len(Project(clone, clone / "log", guarded.screen).history().links) == 1
    shutil.rmtree(clone / ".gates")
    git(clone, "fetch", "--quiet", "origin", f"{notes}:{notes}")
    monkeypatch.setattr(sys, "argv", ["gates", "status", "--project", str(clone)])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == ExitCode.TAMPERED
    assert f"Checkpoint 2 in {notes} says so" in " ".join(capfd.readouterr().err.split())


def test_a_ledger_is_not_kept_in_notes(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder called `git:refs` would be made."""
    monkeypatch.setenv(LEDGER_VARIABLE, "git:refs/notes/ml-gates")
    with pytest.raises(InvalidError, match="neither a folder nor a bucket"):
        anew(project).history()


def test_a_longer_chain_is_the_same_chain(guarded: Project) -> None:
    """Memory and checkpoint are behind, and no alarm is raised."""
    entered(guarded, 1)
    guarded.history()
    seen.leave_checkpoint(guarded.history(), guarded.checkpoints)
    with forgotten(guarded):
        entered(guarded, 2)
    assert len(anew(guarded).history().links) == 2


def test_an_entry_that_comes_while_we_read_is_no_alarm(
    guarded: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody appends, remembers and checkpoints between our looking at the two places."""
    entered(guarded, 1)
    guarded.history()
    reader, read = anew(guarded), FolderStore.entries

    def meanwhile(store: FolderStore) -> dict[int, bytes]:
        found = read(store)
        if store.place == reader.store.place:
            monkeypatch.setattr(FolderStore, "entries", read)
            entered(guarded, 2)
            seen.leave_checkpoint(guarded.history(), guarded.checkpoints)
        return found

    monkeypatch.setattr(FolderStore, "entries", meanwhile)
    assert len(reader.history().links) == 1


def test_a_checkpoint_that_a_killed_command_did_not_leave(guarded: Project) -> None:
    """The next one that sets the alias leaves it; once is enough."""
    registry = mlflow_models.registry(guarded.root)
    promote(guarded, registry, 1)
    checkpoint = FolderStore(guarded.root / "checkpoints/churn")
    assert list(checkpoint.entries()) == [1]
    shutil.rmtree(checkpoint.folder)
    for _ in range(2):
        point_alias(guarded, registry)
    assert list(checkpoint.entries()) == [1]


def test_a_checkpoint_of_another_chain_is_tampering(guarded: Project) -> None:
    """It is not written over."""
    entered(guarded, 1)
    FolderStore(guarded.root / "checkpoints/churn").append(1, b"another")
    with pytest.raises(TamperedError, match="of another chain"):
        seen.leave_checkpoint(guarded._history(), guarded.checkpoints)


def test_a_slow_reader_does_not_lower_the_memory(project: Project) -> None:
    """It read the ledger before the newest entry, and remembers after who has seen that."""
    entered(project, 1)
    slow = project.history()
    entered(project, 2)
    project.history()
    seen.remember(project.root, project.store.place, slow)
    cut(project)
    with pytest.raises(TamperedError, match="once had 2"):
        anew(project).history()


def test_two_ledgers_have_two_memories(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An empty one elsewhere was not cut off."""
    entered(project, 1)
    project.history()
    monkeypatch.setenv(LEDGER_VARIABLE, str(tmp_path / "other"))
    assert anew(project).history().links == ()


def test_a_memory_that_cannot_be_read(project: Project) -> None:
    """Exit code 2, and not taken for none."""
    entered(project, 1)
    project.history()
    (path,) = (project.root / seen.FOLDER).iterdir()
    for text in ("{", "{}", '{"model":"churn","seq":0,"sha256":""}', '{"model":"x","seq":1,"sha256":""}'):
        path.write_text(text)
        with pytest.raises(InvalidError):
            anew(project).history()


def test_who_may_only_read_still_reads(project: Project) -> None:
    """The memory cannot be written, and the answer is the same."""
    entered(project, 1)
    shutil.rmtree(project.root / seen.FOLDER, ignore_errors=True)
    (project.root / seen.FOLDER).write_text("in the way")
    assert len(anew(project).history().links) == 1
