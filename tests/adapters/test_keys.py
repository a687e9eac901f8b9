"""The signing key: ed25519, readable by its owner only, never made in CI."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeAlias

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gates.adapters import keys
from gates.envelope import seal, unseal
from gates.errors import InvalidError, UnavailableError
from gates.public_keys import public_key

RACERS = 8
TYPE = "application/vnd.test+json"


Private: TypeAlias = Ed25519PrivateKey | rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def pem(key: Private, password: bytes = b"") -> str:
    protection = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, protection)
    return key.private_bytes(*form).decode()


def public(key: Ed25519PrivateKey) -> str:
    return key.public_key().public_bytes_raw().hex()


@pytest.fixture(autouse=True)
def _laptop(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CI", keys.VARIABLE):
        monkeypatch.delenv(name, raising=False)


def test_first_use_makes_a_key_for_its_owner_only(tmp_path: Path) -> None:
    """Mode 0600 from the start; said once; the same key afterwards."""
    first, made = keys.signer(tmp_path)
    assert made
    assert (tmp_path / ".gates/key.pem").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in (tmp_path / ".gates").iterdir()] == ["key.pem"]
    again, made = keys.signer(tmp_path)
    assert not made
    assert again.public_key.keyid == first.public_key.keyid
    assert keys.own(tmp_path) == (first.public_key.keyid,)


def test_what_it_signs_verifies_with_its_public_half(tmp_path: Path) -> None:
    """And with no other key."""
    signer, _ = keys.signer(tmp_path)
    envelope = seal({"a": 1}, TYPE, signer)
    assert unseal(envelope, TYPE, map(public_key, keys.own(tmp_path)), "It") == {"a": 1}


def test_whoever_races_for_the_first_key_gets_the_same(tmp_path: Path) -> None:
    """Nobody reads half of a key, nobody fails, and nobody keeps a key that is not in the file."""
    together = threading.Barrier(RACERS)

    def public_half(root: Path) -> str:
        together.wait()
        return keys.signer(root)[0].public_key.keyid

    for number in range(10):
        root = tmp_path / str(number)
        with ThreadPoolExecutor(RACERS) as pool:
            assert set(pool.map(public_half, [root] * RACERS)) == set(keys.own(root))


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o777])
def test_a_key_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    """Whoever can read it can sign; the error gives the command."""
    keys.signer(tmp_path)
    path = tmp_path / ".gates/key.pem"
    path.chmod(mode)
    with pytest.raises(InvalidError, match="can be read by others") as caught:
        keys.signer(tmp_path)
    assert caught.value.do == f"chmod 600 {path}"


def test_ci_never_makes_a_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that nobody trusts would sign, and be gone with the job."""
    monkeypatch.setenv("CI", "true")
    for use in (keys.signer, keys.private_pem):
        with pytest.raises(InvalidError, match=keys.VARIABLE):
            use(tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert keys.own(tmp_path) == ()


def test_the_environment_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over the file, in CI too, and without making one."""
    local, _ = keys.signer(tmp_path)
    key = Ed25519PrivateKey.generate()
    monkeypatch.setenv(keys.VARIABLE, pem(key))
    monkeypatch.setenv("CI", "true")
    signer, made = keys.signer(tmp_path)
    assert (signer.public_key.keyid, made) == (public(key), False)
    assert signer.public_key.keyid != local.public_key.keyid
    assert keys.own(tmp_path) == (public(key),)
    assert keys.private_pem(tmp_path) == pem(key)


@pytest.mark.parametrize(
    "text",
    [
        lambda: "not a key",
        lambda: pem(Ed25519PrivateKey.generate())[:-40],
        lambda: pem(rsa.generate_private_key(65537, 2048)),
        lambda: pem(ec.generate_private_key(ec.SECP256R1())),
        lambda: pem(Ed25519PrivateKey.generate(), b"password"),
        lambda: (
            Ed25519PrivateKey.generate()
            .public_key()
            .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
            .decode()
        ),
    ],
    ids=["text", "truncated", "rsa", "ecdsa", "encrypted", "public"],
)
def test_another_kind_of_key_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: Callable[[], str]
) -> None:
    """From the variable, which the error names, and from the file."""
    monkeypatch.setenv(keys.VARIABLE, text())
    with pytest.raises(InvalidError, match=keys.VARIABLE) as caught:
        keys.signer(tmp_path)
    assert text() not in caught.value.what + caught.value.why
    monkeypatch.delenv(keys.VARIABLE)
    keys.signer(tmp_path)
    (tmp_path / ".gates/key.pem").write_text(text())
    with pytest.raises(InvalidError, match=r"key\.pem"):
        keys.signer(tmp_path)


def test_the_file_may_lie_elsewhere(tmp_path: Path) -> None:
    """Relative to the project, or absolute; without one, this machine has no key."""
    assert keys.own(tmp_path) == ()
    for file in ("kept/elsewhere.pem", str(tmp_path / "outside/key.pem")):
        made, new = keys.signer(tmp_path, file)
        assert new
        assert (tmp_path / file).stat().st_mode & 0o777 == 0o600
        assert keys.own(tmp_path, file) == (made.public_key.keyid,)
        assert keys.private_pem(tmp_path, file) == (tmp_path / file).read_text()
    assert keys.own(tmp_path) == ()


def test_a_folder_that_cannot_be_written_is_unavailable(tmp_path: Path) -> None:
    """The key's path is in the error."""
    (tmp_path / ".gates").write_text("")
    with pytest.raises(UnavailableError, match=r"key\.pem"):
        keys.signer(tmp_path)
