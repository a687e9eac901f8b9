"""The signer in AWS KMS, against a KMS that really signs: what it signs verifies, and no other key signs."""

import base64
import hashlib
from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa, utils

from gates import ledger, statement
from gates.adapters import awskms
from gates.envelope import seal, unseal
from gates.errors import ExitCode, InvalidError, TamperedError, UnavailableError
from gates.public_keys import P256_ORDER, p256_text, public_key
from tests import examples, kms
from tests.examples import OURS
from tests.kms import ARN, Kms

TYPE = "application/vnd.test+json"
NAME = "alias/ml-gates"


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[Kms]:
    """A KMS with one key of P-256, which boto finds."""
    with kms.running() as running:
        running.make(NAME)
        for name in ("AWS_PROFILE", "AWS_REGION", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"):
            monkeypatch.delenv(name, raising=False)
        for name, value in running.environment.items():
            monkeypatch.setenv(name, value)
        yield running


def test_whether_it_would_sign(cloud: Kms) -> None:
    """Asked by a dry run, which signs nothing; a key that is not there is an error and no answer."""
    assert awskms.may_sign(NAME)
    cloud.denied.add("kms:Sign")
    assert not awskms.may_sign(NAME)
    assert all(request["DryRun"] for _, request in cloud.calls)
    cloud.denied.clear()
    with pytest.raises(InvalidError, match="no KMS key"):
        awskms.may_sign("alias/other")
    cloud.codes["kms:Sign"] = "KMSInternalException"
    with pytest.raises(UnavailableError):
        awskms.may_sign(NAME)


@pytest.mark.parametrize("name", [NAME, "1234abcd-12ab-34cd-56ef-1234567890ab", f"{ARN}1234abcd"])
def test_what_it_signs_verifies(cloud: Kms, name: str) -> None:
    """By id, alias and ARN; only the digest is sent; with the public half as `gates key` prints it."""
    key = cloud.make(name.removeprefix(ARN))
    signer = awskms.signer(name)
    assert signer.public_key.keyid == p256_text(key.public_key())
    long = {"a": "x" * 10_000}  # KMS takes messages of 4096 bytes
    envelope = seal(long, TYPE, signer)
    assert unseal(envelope, TYPE, [public_key(signer.public_key.keyid)], "It") == long
    sent = cloud.calls[-1][1]
    assert (sent["KeyId"], sent["MessageType"]) == (name, "DIGEST")
    assert len(base64.b64decode(sent["Message"])) == hashlib.sha256().digest_size


def test_a_decision_and_an_entry_verify(cloud: Kms) -> None:
    """Both documents that the promotion signs; another key of KMS opens neither."""
    signer = awskms.signer(NAME)
    cloud.make("alias/other")
    other = awskms.signer("alias/other").public_key
    decision = seal(statement.to_document(examples.decision()), statement.PAYLOAD_TYPE, signer)
    assert unseal(decision, statement.PAYLOAD_TYPE, [signer.public_key, OURS.key], "It")
    (link,) = examples.history(1).links
    entry = {1: seal(ledger.to_document(link.entry), ledger.PAYLOAD_TYPE, signer)}
    read = ledger.read(examples.MODEL, entry, [signer.public_key])
    assert read.champion == link.entry.target
    for keys in ([other], [OURS.key], []):
        with pytest.raises(TamperedError):
            unseal(decision, statement.PAYLOAD_TYPE, keys, "It")
        with pytest.raises(TamperedError):
            ledger.read(examples.MODEL, entry, keys)


def test_a_signature_has_one_form(cloud: Kms) -> None:
    """KMS answers with either of two twins; ours is always the same of them."""
    signer = awskms.signer(NAME)
    for number in range(16):
        _, s = utils.decode_dss_signature(bytes.fromhex(signer.sign(bytes([number])).signature))
        assert s <= P256_ORDER // 2
    assert len(cloud.calls) == 17


@pytest.mark.parametrize(
    ("key", "says"),
    [
        (rsa.generate_private_key(65537, 2048), "RSA_2048"),
        (ec.generate_private_key(ec.SECP384R1()), "ECC_NIST_P384"),
        (ec.generate_private_key(ec.SECP256K1()), "ECC_SECG_P256K1"),
    ],
    ids=["RSA", "P-384", "secp256k1"],
)
def test_another_kind_of_key_is_refused(cloud: Kms, key: kms.Private, says: str) -> None:
    """Before it has signed; the error says what it is, what it has to be, and how to make one."""
    cloud.make(NAME, key)
    with pytest.raises(InvalidError, match=NAME) as caught:
        awskms.signer(NAME)
    assert says in caught.value.why
    assert "aws kms create-key --key-usage SIGN_VERIFY --key-spec ECC_NIST_P256" in caught.value.do


@pytest.mark.parametrize("code", ["InvalidKeyUsageException", "UnsupportedOperationException"])
def test_a_key_that_does_not_sign_is_refused(cloud: Kms, code: str) -> None:
    """One for encryption, as KMS tells it."""
    cloud.codes["kms:GetPublicKey"] = code
    with pytest.raises(InvalidError, match="cannot sign for us"):
        awskms.signer(NAME)


@pytest.mark.usefixtures("cloud")
def test_a_key_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """The name is wrong, or the region."""
    with pytest.raises(InvalidError, match="There is no KMS key alias/gone") as caught:
        awskms.signer("alias/gone")
    assert "AWS_REGION" in caught.value.do
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    with pytest.raises(UnavailableError, match=NAME) as unasked:
        awskms.signer(NAME)
    assert "AWS_REGION" in unasked.value.do


@pytest.mark.usefixtures("cloud")
def test_an_arn_brings_its_region(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which no variable has to say again."""
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    assert awskms.signer(f"{ARN}{NAME}").public_key.keyid.startswith("p256:")


@pytest.mark.parametrize("permission", ["kms:GetPublicKey", "kms:Sign"])
def test_denied_access_names_the_permission(cloud: Kms, permission: str) -> None:
    """And what to do; exit code 4."""
    cloud.denied.add(permission)
    with pytest.raises(UnavailableError, match="did not sign") as caught:
        awskms.signer(NAME).sign(b"x")
    assert caught.value.code is ExitCode.UNAVAILABLE
    assert caught.value.do.startswith(f"Allow {permission} on the key")


@pytest.mark.parametrize("operation", ["kms:GetPublicKey", "kms:Sign"])
@pytest.mark.parametrize("code", ["DisabledException", "KMSInvalidStateException", "KMSInternalException"])
def test_an_error_of_kms_is_unavailable(cloud: Kms, operation: str, code: str) -> None:
    """With what it said, and the command that shows the key."""
    cloud.codes[operation] = code
    with pytest.raises(UnavailableError, match=NAME) as caught:
        awskms.signer(NAME).sign(b"x")
    assert code in caught.value.why
    assert f"aws kms describe-key --key-id {NAME}" in caught.value.do


@pytest.mark.parametrize("operation", ["kms:GetPublicKey", "kms:Sign"])
def test_a_silent_kms_is_given_up(cloud: Kms, operation: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """After its attempts, whose limits together stay below 30 s."""
    assert 2 * awskms.ATTEMPTS * (awskms.CONNECT_SECONDS + awskms.READ_SECONDS + 1) <= 30
    monkeypatch.setattr(awskms, "READ_SECONDS", 0.2)
    cloud.silent.add(operation)
    with pytest.raises(UnavailableError, match=NAME):
        awskms.signer(NAME).sign(b"x")
    assert [name for name, _ in cloud.calls].count(operation) == awskms.ATTEMPTS


def test_a_kms_that_is_down(cloud: Kms, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody listens there; and without credentials, nobody is asked."""
    calls = len(cloud.calls)
    monkeypatch.setenv("AWS_ENDPOINT_URL_KMS", "http://127.0.0.1:9")
    with pytest.raises(UnavailableError, match=NAME):
        awskms.signer(NAME)
    monkeypatch.setenv("AWS_ENDPOINT_URL_KMS", cloud.endpoint)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    with pytest.raises(UnavailableError, match=NAME) as caught:
        awskms.signer(NAME)
    assert "redentials" in caught.value.why
    assert len(cloud.calls) == calls


def test_an_alias_that_moves_meanwhile_signs_nothing(cloud: Kms) -> None:
    """The signature is another key's than the one that was found trusted."""
    signer = awskms.signer(NAME)
    cloud.make(NAME)
    with pytest.raises(UnavailableError, match="another key"):
        signer.sign(b"x")


def test_the_server_of_this_test_signs_as_kms_does(cloud: Kms) -> None:
    """A digest is signed as it is, and any other message by its own."""
    key = cloud.keys[NAME]
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    for kind, message in (("DIGEST", hashlib.sha256(b"x").digest()), ("RAW", b"x")):
        request = {
            "KeyId": NAME,
            "Message": base64.b64encode(message).decode(),
            "MessageType": kind,
            "SigningAlgorithm": awskms.ALGORITHM,
        }
        signature = base64.b64decode(cloud.answer("kms:Sign", request)["Signature"])
        key.public_key().verify(signature, b"x", ec.ECDSA(hashes.SHA256()))
