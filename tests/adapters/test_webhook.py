"""A webhook that is told, refuses, hangs, or is none: and its address in no error."""

import socket
from collections.abc import Iterator

import pytest

from gates.adapters import webhook
from gates.adapters.patience import VARIABLE
from gates.errors import GatesError, InvalidError, UnavailableError
from tests import github_server
from tests.github_server import GitHub

SECRET = "T0KEN"  # noqa: S105 - stands for the part of the address that must not be told


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHub]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with github_server.serving(GitHub) as serving:
        yield serving


def test_a_text_arrives_as_slack_takes_it(server: GitHub) -> None:
    webhook.post(f"{server.url}/services/{SECRET}", "é: done.\nNext.")
    assert server.posted == [{"text": "é: done.\nNext."}]
    assert server.asked[0].headers["Content-Type"] == "application/json"


def test_text_of_others_calls_nobody_and_becomes_no_link(server: GitHub) -> None:
    webhook.post(f"{server.url}/{SECRET}", "<!channel> <https://x|y> & more")
    assert server.posted == [{"text": "&lt;!channel&gt; &lt;https://x|y&gt; &amp; more"}]


def test_a_long_text_is_cut(server: GitHub) -> None:
    webhook.post(f"{server.url}/{SECRET}", "x" * 10_000)
    assert server.posted == [{"text": "x" * webhook.MOST_CHARACTERS}]


@pytest.mark.parametrize(("status", "headers"), [(403, {}), (500, {}), (301, {"Location": "/elsewhere"})])
def test_a_refusal_is_told_without_the_address(server: GitHub, status: int, headers: dict[str, str]) -> None:
    server.refusals, server.headers = {"POST": status}, headers
    with pytest.raises(InvalidError, match=f"HTTP {status}") as refused:
        webhook.post(f"{server.url}/{SECRET}", "x")
    assert len(server.asked) == 1
    assert_no_address(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        f"ftp://127.0.0.1/{SECRET}",
        SECRET,
        f"http://127.0.0.1:{SECRET}/",
        f"http://[{SECRET}/",
        f"http:{SECRET}",
    ],
)
def test_what_is_no_address_is_told_without_it(url: str) -> None:
    with pytest.raises(GatesError) as refused:
        webhook.post(url, "x")
    assert_no_address(refused.value)


def test_nobody_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(UnavailableError, match="Connection refused") as refused:
        webhook.post(f"http://127.0.0.1:{port}/{SECRET}", "x")
    assert_no_address(refused.value)


def test_a_silent_one_is_waited_for_within_our_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setenv(VARIABLE, "0.1")
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(UnavailableError):
        webhook.post(f"http://127.0.0.1:{silent.getsockname()[1]}/{SECRET}", "x")


def assert_no_address(error: GatesError) -> None:
    """What is printed into a public log tells nobody where to write."""
    assert SECRET.lower() not in f"{error.what} {error.why} {error.do}".lower()
    assert error.__suppress_context__ or error.__context__ is None
