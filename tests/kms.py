"""AWS KMS on loopback, as far as signing goes: it really signs, and answers as the service documents.

moto hashes a message of the type DIGEST once more, so nothing verifies what it signs.
"""

import base64
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeAlias

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa, utils

Private: TypeAlias = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
Answer: TypeAlias = Callable[[str, dict[str, Any]], dict[str, Any]]

ARN = "arn:aws:kms:eu-central-1:111122223333:key/"
SPECS = {
    "secp256r1": ("ECC_NIST_P256", "ECDSA_SHA_256"),
    "secp384r1": ("ECC_NIST_P384", "ECDSA_SHA_384"),
    "secp256k1": ("ECC_SECG_P256K1", "ECDSA_SHA_256"),
}
SHA256_BYTES = 32


class RefusedError(Exception):
    """An error of the service: its code, and what it says."""


@dataclass
class Kms:
    """A running KMS.

    Attributes:
        endpoint: Its address.
        keys: Key id or alias to private key.
        denied: Operations that it denies.
        codes: Operation to the error code that it answers instead.
        silent: Operations that it never answers.
        calls: Operation and request of each call, in order.
    """

    endpoint: str = ""
    keys: dict[str, Private] = field(default_factory=dict)
    denied: set[str] = field(default_factory=set)
    codes: dict[str, str] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    @property
    def environment(self) -> dict[str, str]:
        """Return the variables that boto reads."""
        return {
            "AWS_ENDPOINT_URL_KMS": self.endpoint,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "eu-central-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def make(self, name: str, key: Private | None = None) -> ec.EllipticCurvePrivateKey:
        """Keep a key under a name, a new one of P-256 unless it is given, and return it."""
        made = key or ec.generate_private_key(ec.SECP256R1())
        self.keys[name] = made
        return made  # type: ignore[return-value]  # whoever gives another kind does not use it

    def answer(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """Return what the service answers."""
        self.calls.append((operation, request))
        if operation in self.silent:
            self.stopped.wait()
        if operation in self.denied:
            raise RefusedError("AccessDeniedException", f"User: ci is not authorized to perform: {operation}")
        if code := self.codes.get(operation):
            raise RefusedError(code, "told by the test")
        name = request["KeyId"].removeprefix(ARN)
        if name not in self.keys:
            raise RefusedError("NotFoundException", f"Key '{name}' does not exist")
        operations: dict[str, Answer] = {"kms:GetPublicKey": self._public_key, "kms:Sign": self._sign}
        return operations[operation](name, request)

    def _public_key(self, name: str, _: dict[str, Any]) -> dict[str, Any]:
        key = self.keys[name]
        spec, algorithm = _spec(key)
        der = key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return {
            "KeyId": f"{ARN}{name}",
            "KeySpec": spec,
            "KeyUsage": "SIGN_VERIFY",
            "PublicKey": base64.b64encode(der).decode(),
            "SigningAlgorithms": [algorithm],
        }

    def _sign(self, name: str, request: dict[str, Any]) -> dict[str, Any]:
        key, message = self.keys[name], base64.b64decode(request["Message"])
        if not isinstance(key, ec.EllipticCurvePrivateKey) or request["SigningAlgorithm"] != _spec(key)[1]:
            raise RefusedError("InvalidKeyUsageException", "the algorithm is not one of the key's")
        if request.get("DryRun"):
            raise RefusedError("DryRunOperationException", "it would have succeeded")
        if request.get("MessageType") == "DIGEST":
            if len(message) != SHA256_BYTES:
                raise RefusedError("ValidationException", "Digest is invalid length for algorithm")
            signature = key.sign(message, ec.ECDSA(utils.Prehashed(hashes.SHA256())))
        else:
            signature = key.sign(message, ec.ECDSA(hashes.SHA256()))
        return {"KeyId": f"{ARN}{name}", "Signature": base64.b64encode(signature).decode()}


def _spec(key: Private) -> tuple[str, str]:
    if isinstance(key, rsa.RSAPrivateKey):
        return "RSA_2048", "RSASSA_PSS_SHA_256"
    return SPECS[key.curve.name]


@contextmanager
def running() -> Iterator[Kms]:
    """Run a KMS without keys."""
    kms = Kms()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            target = self.headers["X-Amz-Target"].removeprefix("TrentService.")
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            try:
                status, body = 200, kms.answer(f"kms:{target}", request)
            except RefusedError as error:
                code, told = error.args
                status = 500 if code == "KMSInternalException" else 400
                body = {"__type": code, "message": told}
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            with suppress(BrokenPipeError):  # who asked has given up
                self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        kms.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield kms
        finally:
            kms.stopped.set()
            server.shutdown()
            thread.join()
