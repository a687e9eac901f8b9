"""A URI names the signer: its scheme says which, the rest says which key."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gates.adapters import keys, signers_by_uri
from gates.errors import ExitCode, InvalidError
from gates.policy_blocks import SIGNERS
from tests import kms

FILE = "file:.gates/key.pem"


@pytest.fixture(autouse=True)
def _laptop(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CI", keys.VARIABLE):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[kms.Kms]:
    """A KMS with a key, which boto finds."""
    with kms.running() as running:
        running.make("alias/ml-gates")
        for name, value in running.environment.items():
            monkeypatch.setenv(name, value)
        yield running


def test_a_file_is_made_where_the_uri_says(tmp_path: Path) -> None:
    """And is this machine's own key from then on."""
    assert signers_by_uri.own(tmp_path, "file:mine.pem") == ()
    made, new = signers_by_uri.signer(tmp_path, "file:mine.pem")
    assert (new, (tmp_path / "mine.pem").exists()) == (True, True)
    assert signers_by_uri.own(tmp_path, "file:mine.pem") == (made.public_key.keyid,)
    assert signers_by_uri.private_pem(tmp_path, "file:mine.pem") == (tmp_path / "mine.pem").read_text()


def test_kms_keeps_its_key(tmp_path: Path, cloud: kms.Kms) -> None:
    """It signs, but is no key of this machine: nobody trusts it unasked, and nobody gets its private half."""
    keys.signer(tmp_path)
    signer, made = signers_by_uri.signer(tmp_path, "awskms:alias/ml-gates")
    assert (signer.public_key.keyid[:5], made) == ("p256:", False)
    asked = len(cloud.calls)
    assert signers_by_uri.own(tmp_path, "awskms:alias/ml-gates") == ()
    with pytest.raises(InvalidError, match="is not to be had"):
        signers_by_uri.private_pem(tmp_path, "awskms:alias/ml-gates")
    assert len(cloud.calls) == asked


@pytest.mark.parametrize(
    "uri", ["", "key.pem", "gcpkms:x", "FILE:x", ":x", "awskms", "file:", "awskms:", "sigstore:x"]
)
def test_an_unknown_signer_names_the_known(tmp_path: Path, uri: str) -> None:
    """Exit code 2, and nothing is made."""
    for use in (signers_by_uri.signer, signers_by_uri.own, signers_by_uri.private_pem):
        with pytest.raises(InvalidError) as caught:
            use(tmp_path, uri)
        assert caught.value.code is ExitCode.INVALID
        assert "gates.signer" in caught.value.do or uri == "sigstore:x"
        if uri.partition(":")[0] not in SIGNERS or ":" not in uri:
            assert all(f"{scheme}:" in caught.value.why for scheme in SIGNERS)
    assert list(tmp_path.iterdir()) == []
