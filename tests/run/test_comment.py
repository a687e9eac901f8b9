"""`gates comment`: one comment a project, written anew; what a pull request wrote stays text."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gates.adapters.github_api import MOST_CHARACTERS
from gates.errors import InvalidError
from gates.run import comment
from tests import github_server
from tests.github_server import REPOSITORY, GitHub

NUMBER = 7


@pytest.fixture
def github(monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHub]:
    """GitHub as a step with a token reaches it."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with github_server.serving(GitHub) as server:
        for name, value in (("REPOSITORY", REPOSITORY), ("TOKEN", "t"), ("API_URL", server.url)):
            monkeypatch.setenv(f"GITHUB_{name}", value)
        yield server


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "review.md"
    path.write_text("## review: pass\n")
    return path


def bodies(github: GitHub) -> list[str]:
    return [each["body"] for each in github.comments]


def test_the_second_time_the_same_comment_is_written_anew(github: GitHub, page: Path) -> None:
    comment.run(page, NUMBER, ".", "success")
    page.write_text("## review: fail\n")
    comment.run(page, NUMBER, ".", "failure")
    (body,) = bodies(github)
    assert "**failure**" in body
    assert "## review: fail" in body
    assert "pass" not in body


def test_it_leads_to_the_run(github: GitHub, page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = {"ACTIONS": "true", "SERVER_URL": "https://github.com", "RUN_ID": "12"}
    for name, value in server.items():
        monkeypatch.setenv(f"GITHUB_{name}", value)
    github.heads[NUMBER] = "c0ffee" * 7
    comment.run(page, NUMBER, ".", "failure", "c0ffee" * 7)
    link = f"([run 12](https://github.com/{REPOSITORY}/actions/runs/12))."
    assert f"the review of c0ffeec ended with **failure** {link}" in bodies(github)[0]


def test_of_two_pushes_the_later_one_has_the_last_word(github: GitHub, page: Path) -> None:
    """However late the review of the earlier one ends."""
    github.heads[NUMBER] = "b" * 40
    told = [
        comment.run(page, NUMBER, ".", ended, head * 40)
        for ended, head in (("success", "b"), ("failure", "a"))
    ]
    assert [each.outcome for each in told] == ["pass", "unchanged"]
    assert told[1].sentence == f"#{NUMBER} is at bbbbbbb now, not at aaaaaaa."
    (body,) = bodies(github)
    assert "review of bbbbbbb ended with **success**" in body


def test_it_is_found_behind_a_hundred_others(github: GitHub, page: Path) -> None:
    github.comments += [{"id": 1 + number, "issue": NUMBER, "body": "+1"} for number in range(150)]
    for _ in range(2):
        comment.run(page, NUMBER, ".", "success")
    assert len(github.comments) == 151


def test_every_project_and_pull_request_has_its_own(github: GitHub, page: Path) -> None:
    for number, about in ((NUMBER, "."), (NUMBER, "models/other"), (8, ".")):
        comment.run(page, number, about, "success")
    assert [each["issue"] for each in github.comments] == [NUMBER, NUMBER, 8]
    assert "**ML Gates** of `models/other`" in bodies(github)[1]


def test_the_comment_of_a_person_who_copied_it_is_left_alone(github: GitHub, page: Path) -> None:
    comment.run(page, NUMBER, ".", "success")
    github.comments[0]["user"] = {"type": "User"}
    comment.run(page, NUMBER, ".", "failure")
    assert ["**success**" in body for body in bodies(github)] == [True, False]


def test_a_page_calls_nobody(github: GitHub, page: Path) -> None:
    page.write_text("@org/everybody look")
    comment.run(page, NUMBER, ".", "success")
    assert "@org" not in bodies(github)[0]
    assert "org/everybody look" in bodies(github)[0]


def test_a_page_cannot_take_the_place_of_another_projects_comment(github: GitHub, page: Path) -> None:
    """Only what stands first is our mark."""
    comment.run(page, NUMBER, "one", "success")
    page.write_text(github.comments.pop()["body"])
    comment.run(page, NUMBER, "two", "success")
    comment.run(page, NUMBER, "one", "failure")
    assert ["of `one`: the review ended with **failure**" in body for body in bodies(github)] == [False, True]


@pytest.mark.parametrize("letter", ["x", "é", "❌"])
def test_a_long_page_is_cut_to_what_github_takes(github: GitHub, page: Path, letter: str) -> None:
    page.write_text(letter * 5 * MOST_CHARACTERS)
    comment.run(page, NUMBER, "a" * 500, "success")
    (body,) = bodies(github)
    assert 0.9 * MOST_CHARACTERS < len(body) <= MOST_CHARACTERS
    assert body.endswith("… cut: see the summary of the run.")


@pytest.mark.parametrize("data", [b"\xff\xfe\x00", b""])
def test_a_page_may_be_anything(github: GitHub, page: Path, data: bytes) -> None:
    page.write_bytes(data)
    assert comment.run(page, NUMBER, ".", "success").outcome == "pass"
    assert "\0" not in bodies(github)[0]


def test_a_page_that_leads_elsewhere_is_not_read(github: GitHub, page: Path) -> None:
    """The environment of this very process holds its token."""
    page.unlink()
    page.symlink_to("/proc/self/environ")
    comment.run(page, NUMBER, ".", "success")
    assert bodies(github)[0].endswith(comment.NOTHING)


def test_where_the_review_left_no_page_its_end_is_told(github: GitHub, tmp_path: Path) -> None:
    comment.run(tmp_path / "absent.md", NUMBER, ".", "cancelled")
    (body,) = bodies(github)
    assert "**cancelled**" in body
    assert comment.NOTHING in body


def test_a_token_that_only_reads_is_told_with_the_right_that_is_missing(github: GitHub, page: Path) -> None:
    github.refusals = {"POST": 403}
    with pytest.raises(InvalidError) as refused:
        comment.run(page, NUMBER, ".", "success")
    assert "pull-requests: write" in refused.value.do
