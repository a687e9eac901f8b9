"""What one job hands to the next cannot be swapped on the way."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from gates import digest
from gates.documents import Document
from gates.errors import ExitCode, InvalidError, TamperedError
from gates.run import handoff
from gates.run.project import Project


@pytest.fixture
def file(project: Project) -> Path:
    """A file to hand on."""
    path = project.candidate / "deep" / "predictions"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"scores")
    return path


@pytest.fixture
def handed(project: Project, file: Path) -> str:
    """The digest of the manifest over that file."""
    return handoff.write(project, "predict", {"run_id": "7"}, [file])


def test_what_was_written_is_read(project: Project, file: Path, handed: str) -> None:
    """Facts and files; the digest is the manifest's own."""
    assert handed == digest.of_file(project.candidate / "predict.json")
    document = handoff.read(project, "predict", handed, [file])
    assert document["run_id"] == handoff.text(document, "run_id") == "7"
    assert document["files"] == {"candidate/deep/predictions": digest.of_bytes(b"scores")}


def test_the_same_files_give_the_same_digest(project: Project, file: Path, handed: str) -> None:
    """Nothing of the moment or the machine is in a manifest."""
    assert handoff.write(project, "predict", {"run_id": "7"}, [file]) == handed


def test_another_manifest_is_tampering(project: Project, file: Path, handed: str) -> None:
    """Written by the same code over another file, and still not what was handed on: exit code 6."""
    file.write_bytes(b"better scores")
    handoff.write(project, "predict", {"run_id": "7"}, [file])
    with pytest.raises(TamperedError, match=r"predict\.json") as caught:
        handoff.read(project, "predict", handed, [file])
    assert caught.value.code is ExitCode.TAMPERED
    assert handed[:16] in caught.value.why


@pytest.mark.parametrize("expected", [True, False], ids=["told", "not told"])
def test_a_changed_file_is_tampering(project: Project, file: Path, handed: str, *, expected: bool) -> None:
    """Whether or not somebody told us the manifest's digest."""
    file.write_bytes(b"better scores")
    with pytest.raises(TamperedError, match="candidate/deep/predictions"):
        handoff.read(project, "predict", handed if expected else "", [file])


def test_a_file_that_was_not_handed_on_is_tampering(project: Project, file: Path, handed: str) -> None:
    """Nobody vouches for it."""
    beside = file.with_name("beside")
    beside.write_bytes(b"scores")
    with pytest.raises(TamperedError, match="beside"):
        handoff.read(project, "predict", handed, [file, beside])


def test_files_that_are_not_needed_are_not_looked_at(project: Project, file: Path, handed: str) -> None:
    """The judge has no model, so the model's files are absent there."""
    file.unlink()
    assert handoff.read(project, "predict", handed, [])


def test_a_needed_file_that_is_gone(project: Project, file: Path, handed: str) -> None:
    """It is named."""
    file.unlink()
    with pytest.raises(InvalidError, match="predictions"):
        handoff.read(project, "predict", handed, [file])


def test_a_job_that_has_not_run(project: Project) -> None:
    """The error gives the command that runs it."""
    with pytest.raises(InvalidError, match="`train` has left nothing") as caught:
        handoff.read(project, "train", "", [])
    assert caught.value.do.endswith("gates train")


@pytest.mark.parametrize(
    "text", ["{}", '{"format": 1}', '{"format": 1, "files": []}', '{"format": 2, "files": {}}', "[]", "", "{"]
)
def test_what_is_no_manifest(project: Project, text: str) -> None:
    """The file is named, and nothing of it is used."""
    project.candidate.mkdir()
    (project.candidate / "data.json").write_text(text)
    with pytest.raises(InvalidError, match=r"data\.json"):
        handoff.read(project, "data", "", [])


@pytest.mark.parametrize("document", [{}, {"run_id": 7}, {"run_id": None}, {"run_id": ""}])
def test_a_fact_that_is_not_text(document: Document) -> None:
    """The field is named; an empty text is no fact, and would be taken for a digest that nobody told."""
    with pytest.raises(InvalidError, match="run_id"):
        handoff.text(document, "run_id")


# ---------------------------------------------------------------- dvc.lock, which git has too


@pytest.fixture
def handed_lock(project: Project) -> Project:
    """A checkout of a commit, with the dvc.lock that the training left handed on beside it."""
    project.lock.write_bytes(b"trained")
    assert handoff.hand_on_lock(project).read_bytes() == b"trained"
    project.lock.write_bytes(b"committed")
    git(project, "init", "--quiet")
    git(project, "add", "dvc.lock")
    git(project, "commit", "--quiet", "--message", "first")
    return project


def git(project: Project, *arguments: str) -> None:
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *identity, *arguments], cwd=project.root, check=True)


def test_a_fresh_checkout_gets_the_lock(handed_lock: Project) -> None:
    """As the training left it; a second time there is nothing to do."""
    for _ in range(2):
        handoff.put_back_lock(handed_lock)
        assert handed_lock.lock.read_bytes() == b"trained"


def test_a_checkout_without_a_lock_gets_one(handed_lock: Project) -> None:
    """A first training: none was committed yet."""
    git(handed_lock, "rm", "--quiet", "dvc.lock")
    git(handed_lock, "commit", "--quiet", "--message", "without")
    handoff.put_back_lock(handed_lock)
    assert handed_lock.lock.read_bytes() == b"trained"


@pytest.mark.parametrize(
    "edit", [lambda lock: lock.write_bytes(b"edited"), lambda lock: lock.unlink()], ids=["edited", "deleted"]
)
def test_a_lock_that_somebody_edited_is_tampering(
    handed_lock: Project, edit: Callable[[Path], object]
) -> None:
    """It is neither what was committed nor what was handed on, and stays for whoever looks."""
    edit(handed_lock.lock)
    before = handed_lock.lock.exists() and handed_lock.lock.read_bytes()
    with pytest.raises(TamperedError, match=r"dvc\.lock changed"):
        handoff.put_back_lock(handed_lock)
    assert (handed_lock.lock.exists() and handed_lock.lock.read_bytes()) == before


# ---------------------------------------------------------------- what is no file


@pytest.mark.parametrize(
    "replace",
    [
        lambda path: path.mkdir(),
        lambda path: path.symlink_to(path.with_name("elsewhere")),
    ],
    ids=["folder", "link"],
)
def test_a_manifest_that_is_no_file(
    project: Project, file: Path, handed: str, replace: Callable[[Path], None]
) -> None:
    """Links are not followed, folders not read."""
    path = project.candidate / "predict.json"
    path.rename(path.with_name("elsewhere"))
    replace(path)
    with pytest.raises(InvalidError, match=r"predict\.json"):
        handoff.read(project, "predict", handed, [file])
