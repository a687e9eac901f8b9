"""One issue a subject, against a real HTTP server that plays GitHub."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from gates.adapters import github_issues
from gates.adapters.github_api import PAGE, Api
from gates.adapters.github_issues import Issue
from tests import github_server
from tests.github_server import REPOSITORY, GitHub

BROKEN = Issue("<!-- a -->", "The drill failed: churn", "too slow", "<!-- a -->\ntoo slow\nrun 1")
BOT, PERSON = {"type": "Bot"}, {"type": "User"}


@pytest.fixture
def github(monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHub]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with github_server.serving(GitHub) as server:
        yield server


@pytest.fixture
def api(github: GitHub) -> Api:
    return Api(REPOSITORY, "a-token", github.url)


def bodies(github: GitHub) -> list[str]:
    return [each["body"] for each in github.issues]


def test_the_first_time_one_is_opened(github: GitHub, api: Api) -> None:
    number, done = github_issues.put(api, BROKEN)
    (issue,) = github.issues
    assert (number, done) == (issue["number"], "opened")
    assert (issue["title"], issue["body"]) == (BROKEN.title, BROKEN.body)


def test_the_same_again_brings_it_up_to_date_without_a_word(github: GitHub, api: Api) -> None:
    """A check of every quarter of an hour would else write a hundred comments a day."""
    first, _ = github_issues.put(api, BROKEN)
    again = replace(BROKEN, body="<!-- a -->\ntoo slow\nrun 2")
    assert github_issues.put(api, again) == (first, "updated")
    assert (bodies(github), github.comments) == ([again.body], [])


def test_news_come_as_a_comment(github: GitHub, api: Api) -> None:
    first, _ = github_issues.put(api, BROKEN)
    github_issues.put(api, replace(BROKEN, news="broken", body="<!-- a -->\nbroken\nrun 2"))
    assert [(each["issue"], each["body"]) for each in github.comments] == [(first, "broken")]
    assert bodies(github) == ["<!-- a -->\nbroken\nrun 2"]


def test_another_subject_is_another_issue(github: GitHub, api: Api) -> None:
    github_issues.put(api, BROKEN)
    github_issues.put(api, Issue("<!-- b -->", "x", "too slow", "<!-- b -->\ntoo slow"))
    assert len(github.issues) == 2


def test_after_it_was_closed_another_is_opened(github: GitHub, api: Api) -> None:
    github_issues.put(api, BROKEN)
    github.issues[0]["state"] = "closed"
    assert github_issues.put(api, BROKEN)[1] == "opened"
    assert len(github.issues) == 2


@pytest.mark.parametrize(
    "foreign", [{"user": PERSON}, {"user": None}, {"user": BOT, "pull_request": {"url": "x"}}]
)
def test_a_stranger_cannot_make_their_issue_ours(
    github: GitHub, api: Api, foreign: dict[str, object]
) -> None:
    """Who knows the marker could else take the alarm to where nobody looks."""
    github.issues.append({"number": 1, "state": "open", "body": BROKEN.body, **foreign})
    assert github_issues.put(api, BROKEN)[1] == "opened"


def test_it_is_found_behind_many_others(github: GitHub, api: Api) -> None:
    others = [{"number": number, "state": "open", "body": None, "user": PERSON} for number in range(PAGE)]
    github.issues += [*others, {"number": 500, "state": "open", "body": BROKEN.body, "user": BOT}]
    assert github_issues.put(api, BROKEN) == (500, "updated")
