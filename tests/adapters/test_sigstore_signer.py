"""Signing keyless as a workflow, against an instance on loopback: token, certificate, log entry."""

from collections.abc import Iterator

import pytest

from gates.adapters import sigstore_signer
from gates.adapters.sigstore_key import SigstoreKey
from gates.envelope import seal, unseal
from gates.errors import InvalidError, UnavailableError
from gates.trust import Identity
from tests import sigstore_instance
from tests.sigstore_instance import ISSUER, REPOSITORY, WORKFLOW, Instance

TYPE = "application/vnd.test+json"
TOKEN, FULCIO, REKOR = "/token", "/api/v2/signingCert", "/api/v1/log/entries"
WHO = Identity(f"https://github.com/{WORKFLOW}", ISSUER, f"https://github.com/{REPOSITORY}")


@pytest.fixture
def instance(monkeypatch: pytest.MonkeyPatch) -> Iterator[Instance]:
    """An instance, asked by a workflow."""
    with sigstore_instance.running() as running:
        for name, value in running.environment.items():
            monkeypatch.setenv(name, value)
        yield running


def test_it_signs_as_the_workflow_that_runs(instance: Instance) -> None:
    """The key is the identity; a token is asked for each signature, since it lasts for minutes."""
    signer = sigstore_signer.signer(instance.trust_config)
    assert signer.public_key == SigstoreKey(WHO, instance.trust_config)
    assert signer.public_key.keyid == WHO.keyid
    for number in range(2):
        envelope = seal({"a": number}, TYPE, signer)
        assert unseal(envelope, TYPE, [signer.public_key], "It") == {"a": number}
    assert instance.asked == [TOKEN, *[TOKEN, FULCIO, REKOR] * 2]


@pytest.mark.usefixtures("instance")
def test_outside_of_a_workflow(monkeypatch: pytest.MonkeyPatch) -> None:
    """And in one without the permission, which the error gives to paste."""
    monkeypatch.delenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN")
    with pytest.raises(InvalidError, match="GitHub does not say who signs") as caught:
        sigstore_signer.signer(b"")
    assert "id-token: write" in caught.value.do
    monkeypatch.delenv("GITHUB_ACTIONS")
    with pytest.raises(InvalidError, match="Nobody can sign keyless here"):
        sigstore_signer.signer(b"")


@pytest.mark.parametrize("claims", [{"iss": ISSUER}, {"iss": ISSUER, "job_workflow_ref": WORKFLOW}])
def test_a_token_of_somebody_else(instance: Instance, claims: dict[str, str]) -> None:
    """One that names no workflow, or no repository."""
    instance.claims = claims
    with pytest.raises(InvalidError, match="which workflow signs"):
        sigstore_signer.signer(instance.trust_config)


@pytest.mark.parametrize("where", [TOKEN, FULCIO, REKOR])
def test_who_does_not_answer_is_given_up(
    instance: Instance, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """A refusal at once, silence after a limit, all limits together below 30 s."""
    assert sigstore_signer.TOKEN_SECONDS * 2 + sigstore_signer.SIGN_SECONDS <= 30
    signer = sigstore_signer.signer(instance.trust_config)
    instance.refuses.add(where)
    with pytest.raises(UnavailableError, match="Sigstore did not"):
        signer.sign(b"x")
    instance.refuses.clear()
    instance.silent.add(where)
    limit = "TOKEN_SECONDS" if where == TOKEN else "SIGN_SECONDS"
    monkeypatch.setattr(sigstore_signer, limit, 1.0)
    with pytest.raises(UnavailableError, match="Sigstore did not") as silent:
        signer.sign(b"x")
    assert "no answer within 1 s" in silent.value.why


def test_a_certificate_for_another_signs_nothing(instance: Instance) -> None:
    """What nobody would believe is not written."""
    signer = sigstore_signer.signer(instance.trust_config)
    instance.certified = {"repository": "mallory/churn"}
    with pytest.raises(InvalidError, match="would not verify") as caught:
        signer.sign(b"x")
    assert "mallory" in caught.value.why
