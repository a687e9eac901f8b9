"""A real HTTP server that plays the part of GitHub's REST API that is used here: issues and comments.

It keeps what is written, answers in pages, and records every request.
"""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlsplit

REPOSITORY = "org/ml-gates"
COMMENTS = re.compile(r"issues/(\d+)/comments")
COMMENT = re.compile(r"issues/comments/(\d+)")
ISSUE = re.compile(r"issues/(\d+)")
PULL = re.compile(r"pulls/(\d+)")


@dataclass(frozen=True)
class Asked:
    """One request: method, path below the repository, parameters, headers, body."""

    method: str
    path: str
    params: dict[str, str]
    headers: dict[str, str]
    body: Any


@dataclass
class GitHub:
    """What the server keeps.

    Attributes:
        url: Its address, for ``GITHUB_API_URL``.
        asked: Every request, in order.
        comments: Comments of issues and pull requests; each has ``id``, ``issue`` (number) and ``body``.
        heads: Number of a pull request to its newest commit.
        issues: Issues; each has ``number``, ``state``, and what was written.
        refusals: Method to a status with which every such request is answered.
        headers: Sent with each refusal.
        posted: Bodies of requests outside the API: what a webhook was told.
    """

    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    comments: list[dict[str, Any]] = field(default_factory=list)
    heads: dict[int, str] = field(default_factory=dict)
    issues: list[dict[str, Any]] = field(default_factory=list)
    refusals: dict[str, int] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    posted: list[Any] = field(default_factory=list)

    def answer(self, asked: Asked) -> tuple[int, Any]:
        """Return status and body for a request."""
        if asked.method in self.refusals:
            return self.refusals[asked.method], {"message": "Resource not accessible by integration"}
        if pull := PULL.fullmatch(asked.path):
            return 200, {"number": int(pull[1]), "head": {"sha": self.heads[int(pull[1])]}}
        if asked.method == "GET":
            return self._list(asked)
        if asked.method == "PATCH":
            return self._change(asked)
        return self._create(asked)

    def _list(self, asked: Asked) -> tuple[int, Any]:
        if of_issue := COMMENTS.fullmatch(asked.path):
            found = [each for each in self.comments if each["issue"] == int(of_issue[1])]
        elif asked.path == "issues":
            state = asked.params.get("state", "open")
            found = [each for each in self.issues if state in {"all", each["state"]}]
        else:
            return 404, {"message": "Not Found"}
        size, page = int(asked.params.get("per_page", 30)), int(asked.params.get("page", 1))
        return 200, found[(page - 1) * size : page * size]

    def _create(self, asked: Asked) -> tuple[int, Any]:
        number = 1000 + len(self.comments) + len(self.issues)
        if of_issue := COMMENTS.fullmatch(asked.path):
            written = {"id": number, "issue": int(of_issue[1]), "user": {"type": "Bot"}, **asked.body}
            self.comments.append(written)
            return 201, self.comments[-1]
        if asked.path == "issues":
            writer = {"type": "Bot"}  # as whom the token of a job writes
            self.issues.append({"number": number, "state": "open", "user": writer, **asked.body})
            return 201, self.issues[-1]
        self.posted.append(asked.body)
        return (204, None) if asked.path == "dispatches" else (200, None)

    def _change(self, asked: Asked) -> tuple[int, Any]:
        kept: list[tuple[re.Pattern[str], str, list[dict[str, Any]]]] = [
            (COMMENT, "id", self.comments),
            (ISSUE, "number", self.issues),
        ]
        for pattern, key, things in kept:
            if (named := pattern.fullmatch(asked.path)) and (
                found := [each for each in things if each[key] == int(named[1])]
            ):
                found[0].update(asked.body)
                return 200, found[0]
        return 404, {"message": "Not Found"}


Kind = TypeVar("Kind", bound=GitHub)


@contextmanager
def serving(kind: type[Kind]) -> Iterator[Kind]:
    """Serve on a free port of the loopback until the block ends; ``kind`` may be one that can do more."""
    github = kind()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            parts = urlsplit(self.path)
            size = int(self.headers.get("Content-Length") or 0)
            asked = Asked(
                self.command,
                parts.path.removeprefix(f"/repos/{REPOSITORY}/"),
                dict(parse_qsl(parts.query)),
                dict(self.headers),
                json.loads(self.rfile.read(size)) if size else None,
            )
            github.asked.append(asked)
            status, body = github.answer(asked)
            data = json.dumps(body).encode()
            self.send_response(status)
            for name, value in {**github.headers, "Content-Length": str(len(data))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PATCH = _answer  # noqa: N815 - the library's own names

        def log_message(self, *_: object) -> None:
            """Say nothing: the requests are recorded."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    github.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield github
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
