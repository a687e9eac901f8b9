"""A webhook that takes `{"text": …}`, as Slack's and those made like it do.

Its address is a secret: whoever knows it can write there. So no error of ours holds any part of it.
"""

import http.client
import json
import os
import re
from urllib import error, request

from gates.adapters.github_api import HOST, NoRedirect
from gates.adapters.patience import Patience
from gates.errors import InvalidError, UnavailableError

VARIABLE = "GATES_WEBHOOK"
REQUEST_S = 5
MOST_CHARACTERS = 3_000  # what Slack shows of one text without cutting it itself
_ADDRESS = re.compile(rf"{HOST}(?:[/?][!-~]*)?")
_DO = f"Look at the secret {VARIABLE}."


def address() -> str:
    """Return where to write to; empty where nobody wants to be told."""
    return os.environ.get(VARIABLE, "").strip()


def post(url: str, text: str) -> None:
    """Write a text there.

    Raises:
        InvalidError: This is no address of the web, or it is refused there.
        UnavailableError: It did not answer.
    """
    if not _ADDRESS.fullmatch(url):
        raise InvalidError("The webhook's address is none: https://HOST/PATH.", do=_DO)
    body = json.dumps({"text": _plain(text)}).encode()
    headers = {"Content-Type": "application/json", "User-Agent": "ml-gates"}
    patience, opener = Patience(), request.build_opener(NoRedirect)
    try:
        call = request.Request(url, data=body, headers=headers)  # noqa: S310 - of http or https, held above
        with patience.waiting(), opener.open(call, timeout=min(REQUEST_S, patience.seconds)):
            return
    except error.HTTPError as refused:
        refused.close()
        raise InvalidError(f"The webhook answered HTTP {refused.code}.", do=_DO) from None
    except (OSError, http.client.HTTPException, ValueError) as failed:
        reason = getattr(failed, "reason", failed)
        kind = getattr(reason, "strerror", None) or type(reason).__name__
        raise UnavailableError(f"The webhook did not answer: {kind}.", do=_DO) from None


def _plain(text: str) -> str:
    """Keep text from becoming Slack's markup, such as a call to everybody in the channel."""
    escaped = text[:MOST_CHARACTERS].replace("&", "&amp;").replace("<", "&lt;")
    return escaped.replace(">", "&gt;")
