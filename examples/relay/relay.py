"""Tells GitHub at once that an alias moved in MLflow: what stands between MLflow's webhook and a workflow.

MLflow signs what it sends and knows no token of GitHub; GitHub wants a token and takes no such body. This is
a WSGI application of the standard library alone, for any server or cloud function that speaks WSGI. It needs

    MLFLOW_WEBHOOK_SECRET   what the webhook was created with in MLflow
    GITHUB_REPOSITORY       owner/name of the repository with the workflow
    GITHUB_TOKEN            a fine-grained token of it with Contents: write, which GitHub asks for a dispatch

and is tried on this machine, one request at a time, by: python relay.py 8080
"""

import base64
import hashlib
import hmac
import json
import os
import re
import sys
import time
from http.client import HTTPException
from urllib import request
from wsgiref.simple_server import make_server

NEEDED = ("MLFLOW_WEBHOOK_SECRET", "GITHUB_REPOSITORY", "GITHUB_TOKEN")
MOST_BYTES = 1024 * 1024
OLDEST_S = 300  # what is sent again within it starts the same check again, which moves nothing by itself
AHEAD_S = 60  # by which MLflow's clock may be ahead of ours
GITHUB_S = 10
TAKEN = 204  # GitHub's answer to a dispatch

if missing := [name for name in NEEDED if not os.environ.get(name, "").strip()]:
    sys.exit(f"Not set or empty: {', '.join(missing)}. Set them where this runs.")


class NoRedirect(request.HTTPRedirectHandler):
    """A redirect is an error: the token goes to GitHub, and to nobody else."""

    def redirect_request(self, *_):
        """Follow none."""


def application(environ, start_response):
    """Answer: 202 GitHub knows, 200 nothing to tell, 4xx not from MLflow, 502 GitHub did not take it."""
    start_response(answer(environ, time.time()), [("Content-Length", "0")])
    return [b""]


def answer(environ, now):
    """Decide about one request, at a time in seconds since 1970, and return its status."""
    if environ["REQUEST_METHOD"] != "POST":
        return "405 Method Not Allowed"
    size = environ.get("CONTENT_LENGTH") or "0"
    if not re.fullmatch("[0-9]{1,8}", size) or int(size) > MOST_BYTES:
        return "413 Content Too Large"
    body = environ["wsgi.input"].read(int(size))
    if not from_mlflow(environ, body, now):
        return "401 Unauthorized"
    try:
        moved = json.loads(body)["entity"] == "model_version_alias"
    except (ValueError, KeyError, TypeError):
        return "400 Bad Request"
    return dispatch() if moved else "200 OK"


def from_mlflow(environ, body, now):
    """Tell whether MLflow signed this body with our secret in the last minutes."""
    signature, moment, delivery = (
        environ.get(f"HTTP_X_MLFLOW_{name}", "") for name in ("SIGNATURE", "TIMESTAMP", "DELIVERY_ID")
    )
    signed = f"{delivery}.{moment}.".encode() + body
    code = hmac.new(os.environ["MLFLOW_WEBHOOK_SECRET"].strip().encode(), signed, hashlib.sha256).digest()
    right = hmac.compare_digest(signature.encode(), b"v1," + base64.b64encode(code))
    return right and bool(re.fullmatch("[0-9]{1,12}", moment)) and -AHEAD_S <= now - int(moment) <= OLDEST_S


def dispatch():
    """Start what waits for `alias-moved`. What MLflow told is a hint, and nothing of it is handed on."""
    url = os.environ.get("GITHUB_API_URL", "https://api.github.com")
    try:
        call = request.Request(  # noqa: S310 - of the address that who set this up has given
            f"{url}/repos/{os.environ['GITHUB_REPOSITORY'].strip()}/dispatches",
            data=json.dumps({"event_type": "alias-moved"}).encode(),
            headers={
                "Accept": "application/vnd.github+json",
                "Authorization": f"Bearer {os.environ['GITHUB_TOKEN'].strip()}",
                "Content-Type": "application/json",
            },
        )
        with request.build_opener(NoRedirect).open(call, timeout=GITHUB_S) as answered:
            if answered.status == TAKEN:
                return "202 Accepted"
            why = f"HTTP {answered.status}"
    except (OSError, HTTPException, ValueError) as error:
        why = getattr(error, "code", type(error).__name__)  # the text of an error may hold the token
    sys.stderr.write(f"GitHub was not told: {why}\n")
    return "502 Bad Gateway"  # MLflow tries again; the schedule comes anyway


if __name__ == "__main__":
    if not re.fullmatch("[0-9]{4}", " ".join(sys.argv[1:])):
        sys.exit("Name one port of four digits: python relay.py 8080")
    with make_server("127.0.0.1", int(sys.argv[1]), application) as server:
        server.serve_forever()
