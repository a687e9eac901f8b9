"""A Sigstore instance on loopback: GitHub's tokens, Fulcio, Rekor, and the keys that all of them sign with.

What it answers is what the public instance answers, as far as verifying looks at it: a certificate with the
extensions of Fulcio and an SCT of its own log, a log entry with inclusion proof, checkpoint and promise.
"""

import base64
import hashlib
import json
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import rfc8785
from cryptography import x509
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

ISSUER = "https://token.actions.githubusercontent.com"
WORKFLOW = "acme/ml-gates/.github/workflows/ship.yml@refs/tags/v1"
REPOSITORY = "acme/churn"
ORIGIN = "log.example.org"
FULCIO = "1.3.6.1.4.1.57264.1."
SCT_LIST = x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")
EPOCH = {"start": "2021-01-01T00:00:00Z"}
MINUTES = timedelta(minutes=10)


def key() -> ec.EllipticCurvePrivateKey:
    """Return a new key of P-256."""
    return ec.generate_private_key(ec.SECP256R1())


@dataclass
class Instance:
    """A running instance, and what it does otherwise than a good one.

    Attributes:
        url: Its address.
        claims: What GitHub's token says of the workflow.
        certified: What Fulcio puts into certificates in place of what the token says.
        log_ahead: How far the clock of the log is ahead.
        silent: Paths that it never answers.
        refuses: Paths that it answers with an error.
        asked: The paths that were asked for.
    """

    url: str = ""
    claims: dict[str, Any] = field(
        default_factory=lambda: {"iss": ISSUER, "job_workflow_ref": WORKFLOW, "repository": REPOSITORY}
    )
    certified: dict[str, str] = field(default_factory=dict)
    log_ahead: timedelta = timedelta(0)
    silent: set[str] = field(default_factory=set)
    refuses: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)
    authority: ec.EllipticCurvePrivateKey = field(default_factory=key)
    certificate_log: ec.EllipticCurvePrivateKey = field(default_factory=key)
    log: ec.EllipticCurvePrivateKey = field(default_factory=key)

    def __post_init__(self) -> None:
        """Make the authority's own certificate."""
        self.root = _root(self.authority)

    @property
    def environment(self) -> dict[str, str]:
        """Return the variables by which a workflow asks GitHub who it is."""
        return {
            "GITHUB_ACTIONS": "true",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "secret",
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"{self.url}/token?run=1",
        }

    @property
    def trust_config(self) -> bytes:
        """Return what clients need to know of it."""
        service = {"url": self.url, "majorApiVersion": 1, "validFor": EPOCH, "operator": "example.org"}
        return json.dumps(
            {
                "mediaType": "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json",
                "trustedRoot": {
                    "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
                    "tlogs": [_log(self.url, self.log)],
                    "ctlogs": [_log(self.url, self.certificate_log)],
                    "certificateAuthorities": [
                        {
                            "subject": {"organization": "example.org", "commonName": "root"},
                            "uri": self.url,
                            "certChain": {"certificates": [{"rawBytes": _b64(_der(self.root))}]},
                            "validFor": EPOCH,
                        }
                    ],
                    "timestampAuthorities": [],
                },
                "signingConfig": {
                    "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
                    "caUrls": [service],
                    "oidcUrls": [],
                    "rekorTlogUrls": [service],
                    "rekorTlogConfig": {"selector": "ANY"},
                    "tsaUrls": [],
                    "tsaConfig": {"selector": "ANY"},
                },
            }
        ).encode()

    def token(self) -> dict[str, Any]:
        """Answer as GitHub: who the workflow is."""
        now = int(datetime.now(UTC).timestamp())
        claims = {"aud": "sigstore", "sub": "repo", "iat": now, "exp": now + 300, **self.claims}
        encoded = [_b64url(json.dumps(part).encode()) for part in ({"alg": "HS256"}, claims, {})]
        return {"value": ".".join(encoded)}

    def certify(self, request: dict[str, Any], token: str) -> dict[str, Any]:
        """Answer as Fulcio: a certificate for the key in the request."""
        csr = x509.load_pem_x509_csr(base64.b64decode(request["certificateSigningRequest"]))
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))) | self.certified
        builder = self._builder(csr, claims)
        precertificate = builder.sign(self.authority, hashes.SHA256())
        stamped = builder.add_extension(
            x509.UnrecognizedExtension(SCT_LIST, self._timestamps(precertificate.tbs_certificate_bytes)),
            critical=False,
        ).sign(self.authority, hashes.SHA256())
        pems = [each.public_bytes(serialization.Encoding.PEM).decode() for each in (stamped, self.root)]
        return {"signedCertificateEmbeddedSct": {"chain": {"certificates": pems}}}

    def _builder(
        self, csr: x509.CertificateSigningRequest, claims: dict[str, Any]
    ) -> x509.CertificateBuilder:
        now = datetime.now(UTC).replace(microsecond=0)
        subject = x509.UniformResourceIdentifier(f"https://github.com/{claims['job_workflow_ref']}")
        repository = asn1.encode_der(f"https://github.com/{claims['repository']}")
        identifier = x509.SubjectKeyIdentifier.from_public_key(self.authority.public_key())
        extensions: list[tuple[x509.ExtensionType, bool]] = [
            (_usage(digital_signature=True), True),
            (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), False),
            (x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), False),
            (x509.SubjectAlternativeName([subject]), True),
            (x509.UnrecognizedExtension(_oid(1), claims["iss"].encode()), False),
            (x509.UnrecognizedExtension(_oid(8), asn1.encode_der(claims["iss"])), False),
            (x509.UnrecognizedExtension(_oid(12), repository), False),
        ]
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([]))
            .issuer_name(self.root.subject)
            .public_key(csr.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(seconds=5))
            .not_valid_after(now + MINUTES)
        )
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return builder

    def _timestamps(self, tbs: bytes) -> bytes:
        """Return the list with one SCT for a precertificate (RFC 6962, 3.2 and 3.3)."""
        milliseconds = int(datetime.now(UTC).timestamp() * 1000)
        entry = _key_id(self.authority) + len(tbs).to_bytes(3) + tbs
        signed = struct.pack("!BBQH", 0, 0, milliseconds, 1) + entry + struct.pack("!H", 0)
        signature = self.certificate_log.sign(signed, ec.ECDSA(hashes.SHA256()))
        sct = struct.pack("!B32sQH", 0, _key_id(self.certificate_log), milliseconds, 0)
        sct += struct.pack("!BBH", 4, 3, len(signature)) + signature  # sha256, ecdsa
        listed = struct.pack("!H", len(sct)) + sct
        return asn1.encode_der(struct.pack("!H", len(listed)) + listed)

    def enter(self, proposed: dict[str, Any]) -> dict[str, Any]:
        """Answer as Rekor: the entry as the only one of the log, with its proof."""
        body = rfc8785.dumps(proposed)
        root = hashlib.sha256(b"\0" + body).digest()
        note = f"{ORIGIN}\n1\n{_b64(root)}\n"
        signed = _key_id(self.log)[:4] + self.log.sign(note.encode(), ec.ECDSA(hashes.SHA256()))
        entry: dict[str, Any] = {
            "body": _b64(body),
            "integratedTime": int((datetime.now(UTC) + self.log_ahead).timestamp()),
            "logID": _key_id(self.log).hex(),
            "logIndex": 0,
        }
        promise = self.log.sign(rfc8785.dumps(entry), ec.ECDSA(hashes.SHA256()))
        proof = {
            "logIndex": 0,
            "rootHash": root.hex(),
            "treeSize": 1,
            "hashes": [],
            "checkpoint": f"{note}\n— {ORIGIN} {_b64(signed)}\n",
        }
        return {
            "0": {**entry, "verification": {"inclusionProof": proof, "signedEntryTimestamp": _b64(promise)}}
        }


def _oid(number: int) -> x509.ObjectIdentifier:
    return x509.ObjectIdentifier(f"{FULCIO}{number}")


def _usage(*, digital_signature: bool = False, certificates: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=certificates,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )


def _root(authority: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "root")])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(authority.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2021, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime.now(UTC) + timedelta(days=3650))
        .add_extension(x509.BasicConstraints(ca=True, path_length=1), critical=True)
        .add_extension(_usage(certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(authority.public_key()), critical=False)
        .sign(authority, hashes.SHA256())
    )


def _log(url: str, private: ec.EllipticCurvePrivateKey) -> dict[str, Any]:
    return {
        "baseUrl": url,
        "hashAlgorithm": "SHA2_256",
        "publicKey": {
            "rawBytes": _b64(_spki(private)),
            "keyDetails": "PKIX_ECDSA_P256_SHA_256",
            "validFor": EPOCH,
        },
        "logId": {"keyId": _b64(_key_id(private))},
    }


def _spki(private: ec.EllipticCurvePrivateKey) -> bytes:
    return private.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def _key_id(private: ec.EllipticCurvePrivateKey) -> bytes:
    return hashlib.sha256(_spki(private)).digest()


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.DER)


def _b64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


@contextmanager
def running() -> Iterator[Instance]:
    """Run an instance."""
    instance = Instance()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(lambda _: instance.token())

        def do_POST(self) -> None:
            if self.path == "/api/v2/signingCert":
                token = self.headers["Authorization"].removeprefix("Bearer ")
                self._answer(lambda request: instance.certify(request, token))
            else:
                self._answer(instance.enter)

        def _answer(self, answer: Any) -> None:  # noqa: ANN401 - a function of the request
            path = self.path.partition("?")[0]
            instance.asked.append(path)
            request = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")
            if path in instance.silent:
                instance.stopped.wait()
            refused = path in instance.refuses
            data = json.dumps({"code": 3, "message": "no"} if refused else answer(request)).encode()
            self.send_response(500 if refused else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            with suppress(BrokenPipeError):  # who asked has given up
                self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        instance.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield instance
        finally:
            instance.stopped.set()
            server.shutdown()
            thread.join()
