"""`gates release`, in a git repository and against a real HTTP server that plays GitHub."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from gates.errors import ExitCode
from tests import github_server
from tests.github_releases import Hub
from tests.github_server import REPOSITORY
from tests.shell import ROOT, Shell, environment

CHANGELOG = "# Changelog\n\n## 1.2.3\n\n- News.\n\n## 1.2.2\n\n- Old.\n"


@pytest.fixture
def hub() -> Iterator[Hub]:
    with github_server.serving(Hub) as server:
        yield server


@pytest.fixture
def shell(hub: Hub, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A repository whose commit is tagged, tested and on GitHub."""
    told = {
        "GITHUB_REPOSITORY": REPOSITORY,
        "GITHUB_TOKEN": "t",
        "GITHUB_API_URL": hub.url,
        "no_proxy": "127.0.0.1",
    }
    shell = Shell(tmp_path, environment(tmp_path_factory.mktemp("dvc")) | told)
    shutil.copy(ROOT / "params.yaml", tmp_path)
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "1.2.3"\n', encoding="utf-8")
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG, encoding="utf-8")
    shell.must("git", "init", "--quiet")
    shell.must("git", "add", "--all")
    shell.must("git", "commit", "--quiet", "--message", "version")
    head = shell.must("git", "rev-parse", "HEAD").strip()
    hub.tags |= {"v1": "0" * 40, "v1.2.3": head, "v1.2.30": "1" * 40}
    hub.releases.append({"tag_name": "v1.2.2", "body": "", "draft": False})
    hub.checks.append({"conclusion": "success", "app": {"slug": "github-actions"}})
    return shell


def test_a_tested_version_becomes_a_release_and_its_major_tag_moves(hub: Hub, shell: Shell) -> None:
    answer = shell.gates("release", "--json", GATES_RELEASE_TAG="v1.2.3", GATES_RELEASE_APPLY="true")
    assert (answer.code, answer.json["outcome"]) == (0, "pass")
    made = hub.releases[-1]
    assert (made["tag_name"], made["make_latest"]) == ("v1.2.3", "true")
    assert made["body"] == f"- News.\n\nCommit: {hub.tags['v1.2.3']}\n"
    assert hub.tags["v1"] == hub.tags["v1.2.3"]


def test_run_again_it_finds_nothing_to_do(hub: Hub, shell: Shell) -> None:
    for outcome in ("pass", "unchanged"):
        assert shell.gates("release", "v1.2.3", "--apply", "--json").json["outcome"] == outcome
    assert [each.method for each in hub.asked if each.method != "GET"] == ["POST", "PATCH"]


def test_without_apply_the_plan_is_told_and_nothing_is_written(hub: Hub, shell: Shell) -> None:
    answer = shell.gates("release", "v1.2.3", "--json").json
    assert answer["plan"] == ["make the release v1.2.3", f"let v1 name {hub.tags['v1.2.3'][:12]}"]
    assert {each.method for each in hub.asked} == {"GET"}


def test_an_annotated_tag_is_followed_to_its_commit(hub: Hub, shell: Shell) -> None:
    hub.annotated |= {"v1", "v1.2.3"}
    assert shell.gates("release", "v1.2.3", "--json").json["outcome"] == "planned"


def test_the_first_tag_of_a_major_version_is_made(hub: Hub, shell: Shell) -> None:
    del hub.tags["v1"]
    shell.must("gates", "release", "v1.2.3", "--apply")
    assert hub.tags["v1"] == hub.tags["v1.2.3"]


def test_a_check_of_another_app_does_not_stand_for_ours(hub: Hub, shell: Shell) -> None:
    """Whoever may write checks could call one `required`."""
    hub.checks[0]["app"] = {"slug": "other"}
    answer = shell.gates("release", "v1.2.3", "--apply", "--json")
    assert answer.code == ExitCode.UNDECIDED
    assert "did not run" in answer.error["what"]


def test_a_branch_is_no_version(hub: Hub, shell: Shell) -> None:
    """The workflow was started by hand, on a branch."""
    answer = shell.gates("release", "--json", GATES_RELEASE_TAG="main")
    assert (answer.code, hub.asked) == (ExitCode.INVALID, [])
    assert "'main' is no version" in answer.error["what"]


@pytest.mark.parametrize("text", ["", "[project]\n", "[project\n", 'project = "x"\n'])
def test_a_project_without_a_version_is_named(hub: Hub, shell: Shell, text: str) -> None:
    (shell.path / "pyproject.toml").write_text(text, encoding="utf-8")
    answer = shell.gates("release", "v1.2.3", "--json")
    assert (answer.code, hub.releases[1:]) == (ExitCode.INVALID, [])
    assert "pyproject.toml names no version" in answer.error["what"]


def test_without_a_token_github_is_not_asked(hub: Hub, shell: Shell) -> None:
    answer = shell.gates("release", "v1.2.3", "--json", GITHUB_TOKEN="")
    assert (answer.code, hub.asked) == (ExitCode.INVALID, [])
