"""Facts about commit and working tree, from real repositories."""

import os
import subprocess
from pathlib import Path

import pytest

from gates.adapters import git
from gates.errors import InvalidError


def run(root: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgsign=false"]
    command = ["git", *identity, *arguments]
    return subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout.strip()


def commit(root: Path, **files: str) -> str:
    for name, text in files.items():
        (root / name).write_text(text)
    run(root, "add", "--all")
    run(root, "commit", "--quiet", "--message", "a change")
    return run(root, "rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one commit."""
    root = tmp_path / "repository"
    root.mkdir()
    run(root, "init", "--quiet")
    commit(root, a="1")
    return root


def test_clean_tree(repository: Path) -> None:
    """Nothing is dirty right after a commit."""
    head = run(repository, "rev-parse", "HEAD")
    assert git.facts(repository) == {"commit": head, "known": True, "dirty": [], "contains": []}
    assert git.head(repository) == head


def test_every_kind_of_change_is_dirty(repository: Path) -> None:
    """Modified, staged, deleted, renamed, untracked in a folder, with a space, and not UTF-8."""
    commit(repository, b="2", c="3", d="4")
    (repository / "a").write_text("other")
    (repository / "b").unlink()
    run(repository, "mv", "c", "moved")
    (repository / "d").write_text("staged")
    run(repository, "add", "d")
    (repository / "new").mkdir()
    (repository / "new" / "with space").write_text("")
    Path(os.fsdecode(os.fsencode(repository) + b"/odd-\xff")).write_text("")
    assert git.facts(repository)["dirty"] == [*("a", "b", "c", "d", "moved", "new/with space", "odd-\\xff")]


def test_what_the_commands_leave_is_not_dirty(repository: Path) -> None:
    """Also in a project that does not ignore it; a file of the same name elsewhere is the user's."""
    for name in (
        ".gates/logs/x",
        "candidate/data.json",
        "evidence/x",
        "mlflow.db",
        "mlflow.db-wal",
        "mlruns/x",
    ):
        (repository / name).parent.mkdir(parents=True, exist_ok=True)
        (repository / name).write_text("")
    (repository / "src/candidate").mkdir(parents=True)
    (repository / "src/candidate/model.py").write_text("")
    assert git.facts(repository)["dirty"] == ["src/candidate/model.py"]


def test_ignored_files_are_not_dirty(repository: Path) -> None:
    """What a ship makes on this machine is ignored by git."""
    commit(repository, **{".gitignore": "made/\n"})
    (repository / "made").mkdir()
    (repository / "made" / "file").write_text("")
    assert git.facts(repository)["dirty"] == []


def test_a_project_below_the_root_sees_itself_only(repository: Path) -> None:
    """Paths are relative to the project, and its neighbours' changes are not its own."""
    project = repository / "project"
    project.mkdir()
    commit(project, **{"dvc.lock": "1"})
    (project / "dvc.lock").write_text("2")
    (repository / "a").write_text("other")
    assert git.facts(project)["dirty"] == ["dvc.lock"]


def test_which_commits_it_contains(repository: Path) -> None:
    """An ancestor and itself; not a side branch, an unknown, a shortened or a forged name."""
    first = run(repository, "rev-parse", "HEAD")
    run(repository, "checkout", "--quiet", "-b", "side")
    side = commit(repository, side="1")
    run(repository, "checkout", "--quiet", "-")
    head = commit(repository, a="2")
    asked = [first, head, side, "0" * 40, first[:12], first.upper(), "HEAD", "--help", ""]
    assert git.facts(repository, asked)["contains"] == [first, head]


def test_a_commit_is_known_though_it_is_not_contained(repository: Path) -> None:
    """A side branch is here; every commit that is asked about has to be, under its full name."""
    first = run(repository, "rev-parse", "HEAD")
    run(repository, "checkout", "--quiet", "-b", "side")
    side = commit(repository, side="1")
    run(repository, "checkout", "--quiet", "-")
    assert git.facts(repository, [side, first])["known"]
    tree = run(repository, "rev-parse", "HEAD^{tree}")
    for odd in ("0" * 40, "0" * 64, first[:12], first.upper(), "HEAD", "--help", "", tree):
        found = git.facts(repository, [first, odd])
        assert (found["known"], found["contains"]) == (False, [first])


def test_a_repository_with_longer_names(tmp_path: Path) -> None:
    """Git can name commits by SHA-256 too."""
    run(tmp_path, "init", "--quiet", "--object-format=sha256")
    first = commit(tmp_path, a="1")
    assert len(first) == 64
    found = git.facts(tmp_path, [first])
    assert (found["commit"], found["known"], found["contains"]) == (first, True, [first])
    assert not git.facts(tmp_path, ["0" * 64])["known"]


def test_no_repository_and_no_commit(tmp_path: Path) -> None:
    """Both say what to do, and neither is an empty answer."""
    empty = tmp_path / "empty"
    empty.mkdir()
    run(empty, "init", "--quiet")
    for root in (tmp_path, empty):
        with pytest.raises(InvalidError, match="which commit") as caught:
            git.facts(root)
        assert caught.value.why
        assert "git commit" in caught.value.do


def test_without_git(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without git is told so."""
    monkeypatch.setenv("PATH", str(repository))
    with pytest.raises(InvalidError, match="git is not installed"):
        git.head(repository)


def test_a_commit_is_found_by_any_name_and_an_option_is_no_name(repository: Path) -> None:
    """What is not here has none."""
    first = run(repository, "rev-parse", "HEAD")
    second = commit(repository, a="2")
    assert [git.commit_of(repository, name) for name in ("HEAD^1", first, "HEAD")] == [first, first, second]
    assert [git.commit_of(repository, name) for name in ("HEAD^9", "none", "--all", "", "HEAD:a")] == [""] * 5


def test_a_file_as_a_commit_has_it_is_named_from_the_projects_folder(repository: Path) -> None:
    """Also where that is below the top of the repository."""
    project = repository / "models"
    project.mkdir()
    first = commit(repository, **{"models/params.yaml": "seed: 1\n"})
    (project / "params.yaml").write_text("seed: 2\n")
    (repository / "a").write_text("9")
    assert git.at(project, first, "params.yaml") == b"seed: 1\n"
    assert git.at(project, first, "absent.yaml") is None
    assert git.changed(project, first) == ["params.yaml"]
    assert git.changed(repository, first) == ["a", "models/params.yaml"]
