"""`gates tell` and `gates issue`, against a real HTTP server that plays webhook and GitHub."""

import re
from collections.abc import Iterator

import pytest

from gates.adapters import webhook
from gates.errors import ExitCode, InvalidError
from gates.render.issue import NO_WORD
from gates.run import issue, tell
from gates.run.project import Project
from tests import github_server
from tests.github_server import REPOSITORY, GitHub

RUN = f"https://github.com/{REPOSITORY}/actions/runs/7"


@pytest.fixture
def server(project: Project, monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHub]:
    """A server, and the environment of a step of a workflow that was given webhook and token."""
    assert not project.scratch  # made first, since it takes these variables away
    with github_server.serving(GitHub) as serving:
        values = {
            "no_proxy": "127.0.0.1",
            "GITHUB_ACTIONS": "true",
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_RUN_ID": "7",
            "GITHUB_API_URL": serving.url,
            "GITHUB_TOKEN": "a-token",
            webhook.VARIABLE: f"{serving.url}/hook",
        }
        for name, value in values.items():
            monkeypatch.setenv(name, value)
        yield serving


def test_the_channel_is_told_which_model_what_and_where(server: GitHub, project: Project) -> None:
    assert tell.run(project, "v1 serves again.\n").outcome == "pass"
    assert server.posted == [{"text": f"churn: v1 serves again. {RUN}"}]


def test_without_a_word_it_points_to_the_run(server: GitHub, project: Project) -> None:
    tell.run(project, "")
    assert server.posted == [{"text": f"churn: {NO_WORD} {RUN}"}]


@pytest.mark.usefixtures("server")
def test_without_a_webhook_nobody_is_told(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(webhook.VARIABLE, "")
    result = tell.run(project, "x")
    assert (result.outcome, result.exit_code) == ("unchanged", ExitCode.PASS)
    assert webhook.VARIABLE in result.sentence


def test_a_webhook_that_fails_is_a_warning_and_no_error(
    server: GitHub, project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    server.refusals = {"POST": 500}
    result = tell.run(project, "x")
    assert (result.outcome, result.exit_code) == ("unchanged", ExitCode.PASS)
    assert "::warning title=tell::The webhook answered HTTP 500." in capsys.readouterr().err


def test_a_policy_with_a_mistake_keeps_nobody_from_being_told(server: GitHub, project: Project) -> None:
    """It may be the very reason."""
    project.params.write_text("gates: {}\n")
    tell.run(project, "x")
    assert server.posted == [{"text": f"project: x {RUN}"}]


def test_an_issue_is_opened_once_and_says_what_where_and_which_model(
    server: GitHub, project: Project
) -> None:
    assert issue.run(project, "The rollback failed", "no answer").sentence.endswith("churn.")
    issue.run(project, "The rollback failed", "no answer")
    (opened,) = server.issues
    assert opened["title"] == "The rollback failed: churn"
    assert "```text\nno answer\n```" in opened["body"]
    assert RUN in opened["body"]
    assert server.comments == []


def test_another_title_is_another_issue(server: GitHub, project: Project) -> None:
    for title in ("The rollback failed", "The drill failed"):
        issue.run(project, title, "no answer")
    assert len(server.issues) == 2


def test_what_others_wrote_becomes_no_markup_and_calls_nobody(server: GitHub, project: Project) -> None:
    """It stays inside its block of code, whatever it holds."""
    issue.run(project, "x", "```\n@everyone <!-- ml-gates -->")
    (opened,) = server.issues
    inside = re.search(r"^```text\n(.*?)^```$", opened["body"], re.DOTALL | re.MULTILINE)
    assert inside
    assert inside[1] == "'''\n@everyone <!-- ml-gates -->\n"


@pytest.mark.usefixtures("server")
def test_without_a_token_it_says_what_to_hand_over(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_TOKEN")
    with pytest.raises(InvalidError, match="GITHUB_TOKEN"):
        issue.run(project, "x", "y")
