"""Checkpoints in git notes, in real repositories: what is kept, who wins, and what travels to a clone."""

import json
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gates import digest
from gates.adapters.git_notes import GitNotes
from gates.errors import ConflictError, ExitCode, InvalidError, TamperedError, UnavailableError
from tests.adapters.test_git import commit, run

REF = "refs/notes/ml-gates"
WRITERS = 8
ROUNDS = 3


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one commit, whose user has no name."""
    root = tmp_path / "repository"
    root.mkdir()
    run(root, "init", "--quiet")
    commit(root, a="1")
    return root


def notes(root: Path, model: str = "churn") -> GitNotes:
    """Open the place as every command does."""
    return GitNotes(root, f"git:{REF}", model)


def line(seq: int, model: str = "churn", sha256: str = "0" * 64) -> bytes:
    """Return a checkpoint."""
    return digest.canonical_json({"model": model, "seq": seq, "sha256": sha256})


def note(root: Path) -> str:
    """Return what a person reads, with the command of the threat model."""
    tree = run(root, "hash-object", "-t", "tree", "/dev/null")
    return run(root, "notes", "--ref=ml-gates", "show", tree)


def rewrite(root: Path, text: str) -> None:
    """Write the note as a person can."""
    tree = run(root, "hash-object", "-t", "tree", "/dev/null")
    run(root, "notes", "--ref=ml-gates", "add", "--force", "-m", text, tree)


def test_nothing_yet(repository: Path) -> None:
    """No ref, no checkpoint, and reading makes none."""
    assert notes(repository).entries() == {}
    assert run(repository, "for-each-ref", "refs/notes") == ""
    assert notes(repository).place == REF


def test_the_farthest_is_kept(repository: Path) -> None:
    """A person reads it with git's own command; a killed writer that comes later takes nothing back."""
    for seq in (1, 2, 3, 2):
        notes(repository).append(seq, line(seq))
    assert notes(repository).entries() == {3: line(3)}
    assert note(repository) == line(3).decode()
    assert run(repository, "rev-list", "--count", REF) == "3"


def test_another_with_its_number_is_a_conflict(repository: Path) -> None:
    """Exit code 5, and the same once more is none."""
    notes(repository).append(1, line(1))
    notes(repository).append(1, line(1))
    with pytest.raises(ConflictError) as caught:
        notes(repository).append(1, line(1, sha256="1" * 64))
    assert caught.value.code is ExitCode.CONFLICT
    assert notes(repository).entries() == {1: line(1)}


def test_two_models_share_a_note(repository: Path) -> None:
    """Each reads its own line."""
    notes(repository).append(7, line(7))
    notes(repository, "fraud").append(2, line(2, "fraud"))
    assert notes(repository).entries() == {7: line(7)}
    assert notes(repository, "fraud").entries() == {2: line(2, "fraud")}


def test_other_notes_stay(repository: Path) -> None:
    """Somebody uses the ref for commits too."""
    notes(repository).append(1, line(1))
    run(repository, "notes", "--ref=ml-gates", "add", "-m", "reviewed", "HEAD")
    notes(repository).append(2, line(2))
    assert notes(repository).entries() == {2: line(2)}
    assert run(repository, "notes", "--ref=ml-gates", "show", "HEAD") == "reviewed"


def test_a_note_in_a_folder_of_its_tree_is_found(repository: Path) -> None:
    """As git itself spreads a ref with many notes."""
    notes(repository).append(1, line(1))
    tree = run(repository, "hash-object", "-t", "tree", "/dev/null")
    blob = run(repository, "rev-parse", f"{REF}:{tree}")

    def mktree(row: str) -> str:
        done = subprocess.run(
            ["git", "mktree"], cwd=repository, input=row, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    inner = mktree(f"100644 blob {blob}\t{tree[2:]}\n")
    outer = mktree(f"040000 tree {inner}\t{tree[:2]}\n")
    run(repository, "update-ref", REF, run(repository, "commit-tree", outer, "-m", "spread"))
    assert notes(repository).entries() == {1: line(1)}
    notes(repository).append(2, line(2))
    assert notes(repository).entries() == {2: line(2)}


def test_of_racing_writers_none_is_lost(repository: Path) -> None:
    """Each moves the ref only from where it has read it, and reads again where it was too slow."""
    together = threading.Barrier(WRITERS)

    def write(writer: int) -> None:
        mine = notes(repository, f"model-{writer}")
        for seq in range(1, ROUNDS + 1):
            together.wait()
            mine.append(seq, line(seq, f"model-{writer}"))

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(write, range(WRITERS)))
    assert run(repository, "rev-list", "--count", REF) == str(WRITERS * ROUNDS)
    for writer in range(WRITERS):
        name = f"model-{writer}"
        assert notes(repository, name).entries() == {ROUNDS: line(ROUNDS, name)}


def test_merged_notes_of_two_clones(repository: Path) -> None:
    """`git notes merge -s cat_sort_uniq` leaves both lines: the farther counts."""
    rewrite(repository, "\n".join(line(seq).decode() for seq in (1, 2)))
    assert notes(repository).entries() == {2: line(2)}


@pytest.mark.parametrize(
    "text",
    [
        "hello",
        '{"model":"churn"}',
        '{"model":"churn","seq":"1","sha256":""}',
        "\n".join(line(1, sha256=digit * 64).decode() for digit in "01"),
    ],
)
def test_what_no_ledger_leaves_is_tampering(repository: Path, text: str) -> None:
    """Exit code 6, reading and writing, with where to look."""
    rewrite(repository, text)
    with pytest.raises(TamperedError) as caught:
        notes(repository).entries()
    assert f"git log {REF}" in caught.value.do
    with pytest.raises(TamperedError):
        notes(repository).append(2, line(2))


def test_a_broken_ref_is_not_an_absent_one(repository: Path) -> None:
    """Exit code 4; else a lost checkpoint would be taken for none."""
    path = repository / ".git" / REF
    path.parent.mkdir(parents=True)
    path.write_text("broken\n")
    with pytest.raises(UnavailableError, match="could not read or write"):
        notes(repository).entries()


def test_a_lock_that_was_left_behind(repository: Path) -> None:
    """Exit code 4 with git's own advice."""
    (repository / ".git" / REF).parent.mkdir(parents=True)
    (repository / ".git" / f"{REF}.lock").touch()
    with pytest.raises(UnavailableError) as caught:
        notes(repository).append(1, line(1))
    assert "File exists" in caught.value.why


@pytest.mark.parametrize(
    "place", ["git:", "git:refs/heads/main", "git:refs/notes/", "git:refs/notes/a..b", "git:notes/x"]
)
def test_what_is_no_notes_ref(repository: Path, place: str) -> None:
    """A branch is not written to."""
    with pytest.raises(InvalidError, match="is no place") as caught:
        GitNotes(repository, place, "churn")
    assert f"git:{REF}" in caught.value.do


def test_no_repository(tmp_path: Path) -> None:
    """Exit code 2."""
    with pytest.raises(InvalidError, match="not in a git repository"):
        notes(tmp_path)


def test_a_clone_refuses_notes_that_were_put_back(repository: Path, tmp_path: Path) -> None:
    """Fetched without a plus, and pushed without force: git says no to both."""
    refspec = f"{REF}:{REF}"
    origin, clone = tmp_path / "origin.git", tmp_path / "clone"
    run(tmp_path, "clone", "--quiet", "--bare", str(repository), str(origin))
    run(repository, "remote", "add", "origin", str(origin))
    for seq in (1, 2):
        notes(repository).append(seq, line(seq))
    run(repository, "push", "--quiet", "origin", refspec)
    run(tmp_path, "clone", "--quiet", "--depth=1", f"file://{origin}", str(clone))
    assert notes(clone).entries() == {}
    run(clone, "fetch", "--quiet", "origin", refspec)
    assert json.loads(notes(clone).entries()[2]) == json.loads(line(2))
    run(origin, "update-ref", REF, f"{REF}~1")
    with pytest.raises(subprocess.CalledProcessError) as caught:
        run(clone, "fetch", "origin", refspec)
    assert "non-fast-forward" in caught.value.stderr
    run(origin, "update-ref", "-d", REF)
    rewrite(origin, line(1).decode())
    with pytest.raises(subprocess.CalledProcessError) as caught:
        run(clone, "push", "--quiet", "origin", refspec)
    assert "rejected" in caught.value.stderr
