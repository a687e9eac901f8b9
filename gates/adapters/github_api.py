"""GitHub's REST API, as far as we need it: JSON to and from one repository, with a job's own token."""

import http.client
import json
import os
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib import error, parse, request

from gates.adapters.patience import Patience
from gates.errors import GatesError, InvalidError, UnavailableError

API_URL = "https://api.github.com"
VERSION = "2022-11-28"
REQUEST_S = 5
PAGE = 100  # the most that GitHub puts on one
MOST_PAGES = 10
MOST_BYTES = 16 * 1024 * 1024
MOST_CHARACTERS = 65_536  # of the body of a comment or an issue
SHOWN_CHARACTERS = 300
_REPOSITORY = re.compile(r"[A-Za-z0-9-]+/(?!\.{1,2}$)[A-Za-z0-9._-]+")
HOST = r"https?://(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?"
_ADDRESS = re.compile(rf"{HOST}(?:/[A-Za-z0-9._~/-]*)?")
FORBIDDEN, GONE, TOO_MANY, BROKEN = {401, 403}, {404, 410}, 429, 500


class NoRedirect(request.HTTPRedirectHandler):
    """A redirect is an error: the token goes to the host that was named, and to no other."""

    def redirect_request(self, *_: Any) -> None:  # noqa: ANN401 - urllib's own
        """Follow none."""


class Api:
    """One repository in GitHub's REST API.

    Attributes:
        repository: Its name, as ``owner/name``.
    """

    def __init__(self, repository: str, token: str, url: str = API_URL) -> None:
        """Ask about a repository with a token; ``url`` is another one for GitHub Enterprise."""
        self.repository = repository
        self._token = token
        self._url = url.rstrip("/")
        self._patience = Patience()
        self._opener = request.build_opener(NoRedirect)

    @classmethod
    def from_environment(cls) -> "Api":
        """Return the API for the repository of this workflow run, with the token of its job.

        Raises:
            InvalidError: There is no repository or no token.
        """
        repository, token = (os.environ.get(name, "") for name in ("GITHUB_REPOSITORY", "GITHUB_TOKEN"))
        if not repository or not token:
            missing = "GITHUB_TOKEN" if repository else "GITHUB_REPOSITORY"
            raise InvalidError(
                f"{missing} is not set: GitHub cannot be asked.",
                why="A step is given the token of its job only where the workflow says so.",
                do="Hand it to the step: env: {GITHUB_TOKEN: '${{ github.token }}'}",
            )
        url = os.environ.get("GITHUB_API_URL") or API_URL
        for name, value, form in (
            ("GITHUB_REPOSITORY", repository, _REPOSITORY),
            ("GITHUB_API_URL", url, _ADDRESS),
        ):
            if not form.fullmatch(value):
                raise InvalidError(
                    f"{name} is {value[:SHOWN_CHARACTERS]!r}, which is none.",
                    do="Leave it as the runner sets it, or: GITHUB_REPOSITORY=owner/name, "
                    f"GITHUB_API_URL={API_URL}",
                )
        return cls(repository, token, url)

    def get(self, path: str, params: Mapping[str, str | int] | None = None) -> Any:  # noqa: ANN401 - whatever is there
        """Return what lies at a path below the repository, such as ``issues/7``.

        Raises:
            InvalidError: It is not there, or the token may not read it.
            UnavailableError: GitHub did not answer.
        """
        query = f"?{parse.urlencode(params)}" if params else ""
        return self._ask("GET", f"{path}{query}", None)

    def pages(self, path: str, params: Mapping[str, str | int] | None = None) -> Iterator[dict[str, Any]]:
        """Yield every element of a list, page by page; of the first thousand.

        Raises:
            GatesError: As of `get`.
        """
        for page in range(1, MOST_PAGES + 1):
            found = self.get(path, {**(params or {}), "per_page": PAGE, "page": page})
            yield from found
            if len(found) < PAGE:
                return

    def post(self, path: str, body: Mapping[str, Any]) -> Any:  # noqa: ANN401 - whatever is answered
        """Create what a path lists, and return it.

        Raises:
            InvalidError: GitHub refuses it, or the token may not write it.
            UnavailableError: GitHub did not answer; it may have been created.
        """
        return self._ask("POST", path, body)

    def patch(self, path: str, body: Mapping[str, Any]) -> Any:  # noqa: ANN401 - whatever is answered
        """Change what lies at a path, and return it.

        Raises:
            GatesError: As of `post`.
        """
        return self._ask("PATCH", path, body)

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None) -> Any:  # noqa: ANN401 - whatever is answered
        asked = f"{method} {path.partition('?')[0]} of {self.repository}"
        call = request.Request(  # noqa: S310 - the address is GitHub's own, or what the runner says it is
            f"{self._url}/repos/{self.repository}/{path}",
            data=None if body is None else json.dumps(body).encode(),
            method=method,
            headers={
                "Accept": "application/vnd.github+json",
                "Authorization": f"Bearer {self._token}",
                "Content-Type": "application/json",
                "User-Agent": "ml-gates",
                "X-GitHub-Api-Version": VERSION,
            },
        )
        limit = min(REQUEST_S, self._patience.seconds)
        try:
            with self._patience.waiting(), self._opener.open(call, timeout=limit) as answer:
                return json.loads(answer.read(MOST_BYTES) or b"null")
        except error.HTTPError as refused:
            with refused:
                raise _refusal(refused, asked) from refused
        except (OSError, http.client.HTTPException, ValueError) as failed:
            reason = str(getattr(failed, "reason", failed)).rstrip(".") or type(failed).__name__
            written = "" if method == "GET" else " It may have been written."
            raise UnavailableError(
                f"GitHub did not answer {asked}.", why=f"{reason}.{written}", do="Run the job again."
            ) from failed


def _refusal(refused: error.HTTPError, asked: str) -> GatesError:
    """Return what GitHub's refusal means: not now, not with this token, not there, or not like this."""
    why = f"HTTP {refused.code}: {_message(refused)}"
    limited = refused.code == TOO_MANY or (
        refused.code in FORBIDDEN
        and ("Retry-After" in refused.headers or refused.headers.get("X-RateLimit-Remaining") == "0")
    )
    if limited or refused.code >= BROKEN:
        return UnavailableError(f"GitHub did not answer {asked}.", why=why, do="Run the job again, later.")
    if refused.code in FORBIDDEN:
        return InvalidError(
            f"The token may not do {asked}.",
            why=f"{why} That of a pull request from a fork only reads.",
            do="Give the job the right under `permissions:`, such as issues: write or pull-requests: write",
        )
    if refused.code in GONE:
        do = "Is it the right repository and number, and may the token see it?"
        return InvalidError(f"There is nothing for {asked}.", why=why, do=do)
    return InvalidError(f"GitHub refused {asked}.", why=why, do="Report it: this is how ml-gates asked.")


def _message(refused: error.HTTPError) -> str:
    """Return GitHub's own words, on one line."""
    try:
        text = str(json.loads(refused.read(MOST_BYTES))["message"])
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        text = refused.reason
    return f"{' '.join(text.split())[:SHOWN_CHARACTERS].rstrip('.')}."
