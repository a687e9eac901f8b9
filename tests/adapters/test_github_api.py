"""GitHub's REST API, against a real HTTP server that plays it."""

import socket
from collections.abc import Iterator

import pytest

from gates.adapters.github_api import PAGE, Api
from gates.adapters.patience import VARIABLE
from gates.errors import GatesError, InvalidError, UnavailableError
from tests import github_server
from tests.github_server import REPOSITORY, GitHub

NAMES = ("GITHUB_REPOSITORY", "GITHUB_TOKEN", "GITHUB_API_URL")


@pytest.fixture
def github(monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHub]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with github_server.serving(GitHub) as server:
        yield server


@pytest.fixture
def api(github: GitHub, monkeypatch: pytest.MonkeyPatch) -> Api:
    """The API as a step of a workflow has it."""
    for name, value in zip(NAMES, (REPOSITORY, "a-token", github.url), strict=True):
        monkeypatch.setenv(name, value)
    return Api.from_environment()


def test_what_is_created_can_be_listed_and_changed(github: GitHub, api: Api) -> None:
    made = api.post("issues/7/comments", {"body": "erst"})
    api.patch(f"issues/comments/{made['id']}", {"body": "später — geändert"})
    assert [each["body"] for each in api.get("issues/7/comments")] == ["später — geändert"]
    assert [each.method for each in github.asked] == ["POST", "PATCH", "GET"]


def test_every_request_carries_token_and_version(github: GitHub, api: Api) -> None:
    api.get("issues", {"state": "all"})
    (asked,) = github.asked
    assert asked.params == {"state": "all"}
    assert asked.headers["Authorization"] == "Bearer a-token"
    assert asked.headers["X-Github-Api-Version"] == "2022-11-28"


@pytest.mark.parametrize(("count", "asked"), [(0, 1), (PAGE - 1, 1), (PAGE, 2), (PAGE + 1, 2)])
def test_a_list_is_read_to_its_last_page(github: GitHub, api: Api, count: int, asked: int) -> None:
    github.issues += [{"number": number, "state": "open"} for number in range(count)]
    assert [each["number"] for each in api.pages("issues", {"state": "open"})] == list(range(count))
    assert len(github.asked) == asked


@pytest.mark.parametrize(
    ("status", "headers", "kind", "says"),
    [
        (401, {}, InvalidError, "may not"),
        (403, {}, InvalidError, "permissions"),
        (404, {}, InvalidError, "nothing"),
        (422, {}, InvalidError, "refused"),
        (301, {"Location": "http://127.0.0.1:9/"}, InvalidError, "refused"),
        (403, {"X-RateLimit-Remaining": "0"}, UnavailableError, "later"),
        (403, {"Retry-After": "60"}, UnavailableError, "later"),
        (429, {}, UnavailableError, "later"),
        (500, {}, UnavailableError, "later"),
        (503, {}, UnavailableError, "later"),
    ],
)
def test_a_refusal_says_what_it_means(
    github: GitHub, api: Api, status: int, headers: dict[str, str], kind: type[GatesError], says: str
) -> None:
    github.refusals, github.headers = {"POST": status}, headers
    with pytest.raises(kind) as refused:
        api.post("issues", {"title": "x"})
    error = refused.value
    assert f"HTTP {status}: Resource not accessible by integration." in error.why
    assert says in f"{error.what} {error.do}"
    assert "a-token" not in f"{error.what} {error.why} {error.do}"
    assert len(github.asked) == 1


def test_nobody_there_is_unavailable_and_a_write_may_have_happened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    api = Api(REPOSITORY, "a-token", url)
    with pytest.raises(UnavailableError) as refused:
        api.get("issues")
    assert "written" not in refused.value.why
    with pytest.raises(UnavailableError, match="POST issues of org/ml-gates") as refused:
        api.post("issues", {})
    assert "It may have been written." in refused.value.why


def test_a_silent_server_is_waited_for_within_our_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setenv(VARIABLE, "0.1")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        api = Api(REPOSITORY, "a-token", f"http://127.0.0.1:{silent.getsockname()[1]}")
        with pytest.raises(UnavailableError):
            api.get("issues")


@pytest.mark.parametrize("name", ["GITHUB_REPOSITORY", "GITHUB_TOKEN"])
def test_without_repository_or_token_it_says_what_to_hand_over(
    api: Api, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert api.repository == REPOSITORY
    monkeypatch.delenv(name)
    with pytest.raises(InvalidError, match=name) as refused:
        Api.from_environment()
    assert "github.token" in refused.value.do


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(
            ("GITHUB_REPOSITORY", value)
            for value in ("nonsense", "a/b/c", "../..", "a/..", "\u00fc/x", "a/b\n")
        ),
        *(("GITHUB_API_URL", value) for value in ("nonsense", "https://[::1", "file:///etc", "https://a b")),
    ],
)
def test_nonsense_in_the_settings_is_no_fault_of_github(
    api: Api, name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Running the job again would never help."""
    assert api.repository == REPOSITORY
    monkeypatch.setenv(name, value)
    with pytest.raises(InvalidError, match=name) as refused:
        Api.from_environment()
    assert "\n" not in str(refused.value.what)
