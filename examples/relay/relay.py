"""Tells GitHub at once that an alias moved in MLflow: what stands between MLflow's webhook and a workflow.

MLflow signs what it sends and knows no token of GitHub; GitHub wants a token and takes no such body. This is
a WSGI application of the standard library alone, for any server or cloud function that speaks WSGI. It needs

    MLFLOW_WEBHOOK_SECRET   what the webhook was created with in MLflow
    GITHUB_REPOSITORY       owner/name of the repository with the workflow
    GITHUB_TOKEN            a fine-grained token of it with Contents: write, which GitHub asks for a dispatch

and is tried by: python relay.py 8080
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

MOST_BYTES = 1024 * 1024
OLDEST_S = 300
GITHUB_S = 10


def application(environ, start_response):
    """Answer: 202 GitHub knows, 204 nothing to tell, 4xx not from MLflow, 502 GitHub did not take it."""
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
    if json.loads(body)["entity"] != "model_version_alias":
        return "204 No Content"
    return dispatch()


def from_mlflow(environ, body, now):
    """Tell whether MLflow signed this body with our secret in the last minutes."""
    signature, moment, delivery = (
        environ.get(f"HTTP_X_MLFLOW_{name}", "") for name in ("SIGNATURE", "TIMESTAMP", "DELIVERY_ID")
    )
    signed = f"{delivery}.{moment}.".encode() + body
    code = hmac.new(os.environ["MLFLOW_WEBHOOK_SECRET"].encode(), signed, hashlib.sha256).digest()
    right = hmac.compare_digest(signature.encode(), b"v1," + base64.b64encode(code))
    return right and abs(now - int(moment)) <= OLDEST_S


def dispatch():
    """Start what waits for `alias-moved`. What MLflow told is a hint, and nothing of it is handed on."""
    url = os.environ.get("GITHUB_API_URL", "https://api.github.com")
    call = request.Request(  # noqa: S310 - of the address that who set this up has given
        f"{url}/repos/{os.environ['GITHUB_REPOSITORY']}/dispatches",
        data=json.dumps({"event_type": "alias-moved"}).encode(),
        headers={
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {os.environ['GITHUB_TOKEN']}",
            "Content-Type": "application/json",
        },
    )
    try:
        with request.urlopen(call, timeout=GITHUB_S):  # noqa: S310 - as above
            return "202 Accepted"
    except (OSError, HTTPException) as error:
        sys.stderr.write(f"GitHub was not told: {error}\n")
        return "502 Bad Gateway"  # MLflow tries again; the schedule comes anyway


if __name__ == "__main__":
    with make_server("", int(sys.argv[1]), application) as server:
        server.serve_forever()
