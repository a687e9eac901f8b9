"""What was signed keyless verifies offline: certificate, log entry, time, identity, and every byte of it."""

import base64
import json
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from gates import ledger, statement
from gates.adapters import sigstore_key, sigstore_signer
from gates.adapters.sigstore_key import SigstoreKey
from gates.digest import canonical_json
from gates.envelope import seal, unseal
from gates.errors import InvalidError, TamperedError, UnavailableError
from tests import examples, sigstore_instance
from tests.examples import OURS
from tests.sigstore_instance import Instance

TYPE = "application/vnd.test+json"
CONTENT = {"a": 1}


@dataclass(frozen=True)
class Signed:
    """An envelope signed keyless, and the key that verifies it."""

    instance: Instance
    key: SigstoreKey
    envelope: bytes


@pytest.fixture(scope="module")
def signed() -> Iterator[Signed]:
    """One signature, for reading only."""
    with sigstore_instance.running() as running, pytest.MonkeyPatch.context() as patch:
        for name, value in running.environment.items():
            patch.setenv(name, value)
        signer = sigstore_signer.signer(running.trust_config)
        assert isinstance(signer.public_key, SigstoreKey)
        yield Signed(running, signer.public_key, seal(CONTENT, TYPE, signer))


@pytest.fixture
def instance(monkeypatch: pytest.MonkeyPatch) -> Iterator[Instance]:
    """An instance of this test's own, asked by a workflow."""
    with sigstore_instance.running() as running:
        for name, value in running.environment.items():
            monkeypatch.setenv(name, value)
        yield running


def badly(instance: Instance, key: SigstoreKey, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """Return what a signer seals that does not look at what it gets."""
    monkeypatch.setattr(SigstoreKey, "verify_signature", lambda *_: None)
    envelope = seal(CONTENT, TYPE, sigstore_signer.signer(instance.trust_config))
    monkeypatch.undo()
    document = json.loads(envelope)
    document["signatures"][0]["keyid"] = key.keyid
    return canonical_json(document)


def opened(data: bytes, *keys: Any) -> dict[str, Any]:  # noqa: ANN401 - any verifying key
    """Open an envelope."""
    return unseal(data, TYPE, keys, "The envelope")


def test_it_verifies_without_a_network(signed: Signed, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the instance nor anybody else is asked."""
    asked = len(signed.instance.asked)

    def refused(*_: object) -> None:
        raise AssertionError("the network was reached for")

    monkeypatch.setattr(socket.socket, "connect", refused)
    assert opened(signed.envelope, OURS.key, signed.key) == CONTENT
    assert len(signed.instance.asked) == asked


def test_a_decision_and_an_entry_verify(instance: Instance) -> None:
    """Both documents that a promotion signs, beside keys of other kinds; nobody else's key opens them."""
    signer = sigstore_signer.signer(instance.trust_config)
    decision = seal(statement.to_document(examples.decision()), statement.PAYLOAD_TYPE, signer)
    assert unseal(decision, statement.PAYLOAD_TYPE, [OURS.key, signer.public_key], "It")
    (link,) = examples.history(1).links
    entry = {1: seal(ledger.to_document(link.entry), ledger.PAYLOAD_TYPE, signer)}
    assert ledger.read(examples.MODEL, entry, [signer.public_key]).champion == link.entry.target
    with pytest.raises(TamperedError):
        ledger.read(examples.MODEL, entry, [OURS.key])


@pytest.mark.parametrize(
    ("field", "claim"),
    [
        ("identity", {"job_workflow_ref": "acme/ml-gates/.github/workflows/ship.yml@refs/heads/mine"}),
        ("issuer", {"iss": "https://token.example.org"}),
        ("repository", {"repository": "mallory/churn"}),
    ],
)
def test_another_signer_of_the_same_instance(
    instance: Instance, monkeypatch: pytest.MonkeyPatch, field: str, claim: dict[str, str]
) -> None:
    """Another ref of the workflow, another issuer, or a stranger's repository that calls the workflow."""
    trusted = sigstore_signer.signer(instance.trust_config).public_key
    assert isinstance(trusted, SigstoreKey)
    instance.certified = claim
    envelope = badly(instance, trusted, monkeypatch)
    with pytest.raises(TamperedError) as caught:
        opened(envelope, trusted)
    assert next(iter(claim.values())) in caught.value.why
    told = f"https://github.com/{claim[name]}" if (name := next(iter(claim))) != "iss" else claim[name]
    theirs = replace(trusted, identity=replace(trusted.identity, **{field: told}))
    document = json.loads(envelope)
    document["signatures"][0]["keyid"] = theirs.keyid
    assert opened(canonical_json(document), theirs) == CONTENT


@pytest.mark.parametrize("ahead", [timedelta(hours=1), timedelta(hours=-1)], ids=["expired", "not yet valid"])
def test_a_certificate_outside_its_minutes(
    instance: Instance, monkeypatch: pytest.MonkeyPatch, ahead: timedelta
) -> None:
    """By the clock of the log, when it was signed."""
    trusted = sigstore_signer.signer(instance.trust_config).public_key
    assert isinstance(trusted, SigstoreKey)
    instance.log_ahead = ahead
    with pytest.raises(TamperedError, match="does not verify"):
        opened(badly(instance, trusted, monkeypatch), trusted)


@pytest.mark.parametrize("whose", ["authority", "certificate_log", "log"])
def test_another_authority_or_log(instance: Instance, monkeypatch: pytest.MonkeyPatch, whose: str) -> None:
    """Certified by another CA, in no certificate log, or in no log of ours: each alone is enough."""
    signer = sigstore_signer.signer(instance.trust_config)
    trusted = signer.public_key
    assert isinstance(trusted, SigstoreKey)
    assert opened(seal(CONTENT, TYPE, signer), trusted) == CONTENT
    setattr(instance, whose, sigstore_instance.key())
    instance.__post_init__()
    if whose != "authority":  # the root of before: only the log is another
        trusted = SigstoreKey(trusted.identity, _with(instance, trusted.instance, whose))
    with pytest.raises(TamperedError, match="does not verify"):
        opened(badly(instance, trusted, monkeypatch), trusted)


def _with(instance: Instance, before: bytes, whose: str) -> bytes:
    """Return the trust config of now with the key of one log as it was before."""
    field = {"certificate_log": "ctlogs", "log": "tlogs"}[whose]
    now = json.loads(instance.trust_config)
    now["trustedRoot"][field] = json.loads(before)["trustedRoot"][field]
    return json.dumps(now).encode()


def test_the_public_instance_is_another(signed: Signed) -> None:
    """Its root, which the package brings, is read without a network, and knows nothing of ours."""
    public = SigstoreKey(signed.key.identity)
    with pytest.raises(TamperedError, match="does not verify"):
        opened(signed.envelope, public)


def _flip(text: str) -> str:
    data = bytearray(base64.b64decode(text))
    data[len(data) // 2] ^= 1
    return base64.b64encode(bytes(data)).decode()


def _at(document: dict[str, Any], path: str) -> tuple[Any, Any]:
    *steps, last = [int(step) if step.isdigit() else step for step in path.split("/")]
    for step in steps:
        document = document[step]  # type: ignore[index]  # by name or by number
    return document, last


def _flipped(path: str) -> Callable[[dict[str, Any]], None]:
    def edit(envelope: dict[str, Any]) -> None:
        where, last = _at(envelope, path)
        where[last] = _flip(where[last])

    return edit


BUNDLE = "signatures/0/bundle"
MATERIAL = f"{BUNDLE}/verificationMaterial"
ENTRY = f"{MATERIAL}/tlogEntries/0"


def _set(path: str, value: object) -> Callable[[dict[str, Any]], None]:
    def edit(envelope: dict[str, Any]) -> None:
        where, last = _at(envelope, path)
        assert last not in where or where[last] != value
        where[last] = value

    return edit


def _drop(path: str) -> Callable[[dict[str, Any]], None]:
    def edit(envelope: dict[str, Any]) -> None:
        where, last = _at(envelope, path)
        del where[last]

    return edit


def _respell(envelope: dict[str, Any]) -> None:
    certificate = envelope["signatures"][0]["bundle"]["verificationMaterial"]["certificate"]
    certificate["rawBytes"] = certificate["rawBytes"][:8] + "\n" + certificate["rawBytes"][8:]


EDITS: dict[str, Callable[[dict[str, Any]], None]] = {
    "payload": _set("payload", base64.b64encode(b'{"a":2}').decode()),
    "signature": _flipped("signatures/0/sig"),
    "signature in the bundle": _flipped(f"{BUNDLE}/messageSignature/signature"),
    "digest in the bundle": _flipped(f"{BUNDLE}/messageSignature/messageDigest/digest"),
    "certificate": _flipped(f"{MATERIAL}/certificate/rawBytes"),
    "body of the entry": _flipped(f"{ENTRY}/canonicalizedBody"),
    "promise": _flipped(f"{ENTRY}/inclusionPromise/signedEntryTimestamp"),
    "root hash": _flipped(f"{ENTRY}/inclusionProof/rootHash"),
    "checkpoint": _set(f"{ENTRY}/inclusionProof/checkpoint/envelope", "x\n1\nx\n\n— x x\n"),
    "tree size": _set(f"{ENTRY}/inclusionProof/treeSize", "2"),
    "time": _set(f"{ENTRY}/integratedTime", "1700000000"),
    "no time": _drop(f"{ENTRY}/integratedTime"),
    "no promise": _drop(f"{ENTRY}/inclusionPromise"),
    "no proof": _drop(f"{ENTRY}/inclusionProof"),
    "no entry": _set(f"{MATERIAL}/tlogEntries", []),
    "no certificate": _drop(f"{MATERIAL}/certificate"),
    "no bundle": _drop(BUNDLE),
    "bundle null": _set(BUNDLE, None),
    "bundle a text": _set(BUNDLE, "{}"),
    "bundle empty": _set(BUNDLE, {}),
    "unknown field of the bundle": _set(f"{BUNDLE}/comment", "x"),
    "null in the bundle": _set(f"{BUNDLE}/dsseEnvelope", None),
    "unknown field of the signature": _set("signatures/0/cert", "x"),
    "another spelling in the bundle": _respell,
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_a_tampered_envelope_is_not_opened(signed: Signed, edit: Callable[[dict[str, Any]], None]) -> None:
    """Payload, signature, or anything of what proves it; exit code 6."""
    envelope = deepcopy(json.loads(signed.envelope))
    edit(envelope)
    with pytest.raises(TamperedError, match="does not verify"):
        opened(canonical_json(envelope), signed.key)


def test_a_bundle_beside_a_plain_signature_is_refused(signed: Signed) -> None:
    """Only who signs keyless needs one."""
    envelope = json.loads(seal(CONTENT, TYPE, OURS.signer))
    envelope["signatures"][0]["bundle"] = json.loads(signed.envelope)["signatures"][0]["bundle"]
    with pytest.raises(TamperedError, match="does not verify"):
        opened(canonical_json(envelope), OURS.key)


@pytest.mark.parametrize("config", [b"{}", b"hello", b"\xff"])
def test_a_trust_config_that_is_none(signed: Signed, config: bytes) -> None:
    """The policy is wrong and not the envelope: exit code 2."""
    with pytest.raises(InvalidError, match=r"gates\.sigstore"):
        opened(signed.envelope, replace(signed.key, instance=config))


def test_without_the_extra(signed: Signed, monkeypatch: pytest.MonkeyPatch) -> None:
    """What others signed verifies where it is not installed; what was signed keyless says what to install."""
    monkeypatch.setitem(sys.modules, "sigstore", None)
    sigstore_key._verifier.cache_clear()
    assert opened(seal(CONTENT, TYPE, OURS.signer), OURS.key, signed.key) == CONTENT
    with pytest.raises(UnavailableError, match="sigstore is absent") as caught:
        opened(signed.envelope, OURS.key, signed.key)
    assert caught.value.do == "pip install 'ml-gates[sigstore]'"
    with pytest.raises(UnavailableError, match="sigstore is absent"):
        sigstore_signer.signer(b"")


def test_it_is_imported_by_who_needs_it() -> None:
    """The loader of a project without keyless keys works where it is not installed."""
    program = "import sys; sys.modules['sigstore'] = None; import gates.run.loader, gates.run.signing"
    subprocess.run([sys.executable, "-c", program], check=True)
