"""The signer `file:PATH`: an ed25519 key from the environment or a local file."""

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gates.errors import InvalidError, UnavailableError
from gates.paths import require_regular_file
from gates.public_keys import Signer, public_key

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

VARIABLE = "GATES_SIGNING_KEY"
KEY_FILE = ".gates/key.pem"


def signer(root: Path, file: str = KEY_FILE) -> tuple[Signer, bool]:
    """Return the signer, and whether its key was made just now.

    Args:
        root: The project's folder.
        file: The key's file, relative to it or absolute; what the environment holds stands in for it.

    Raises:
        InvalidError: The key is not an ed25519 private key in PEM, its file can be read by others, or there
            is none in CI, where a key that nobody trusts would sign.
    """
    key, made = _private_key(root / file)
    return _signer(key), made


def existing(path: Path) -> Signer:
    """Return the signer of a file.

    Raises:
        InvalidError: It is not there, not an ed25519 private key in PEM, or can be read by others.
    """
    return _signer(_read(path))


def _signer(key: "Ed25519PrivateKey") -> Signer:
    from securesystemslib.signer import CryptoSigner

    return CryptoSigner(key, public_key(_public_hex(key)))


def own(root: Path, file: str = KEY_FILE) -> tuple[str, ...]:
    """Return the public half of this machine's key; nothing where it has none.

    Raises:
        InvalidError: The local key is not one, or its file can be read by others.
    """
    if not os.environ.get(VARIABLE) and not (root / file).exists():
        return ()
    return (_public_hex(_private_key(root / file)[0]),)


def facts(root: Path, file: str = KEY_FILE) -> dict[str, Any]:
    """Return which key would sign: its kind, place and public half, and whether others can read its file.

    Raises:
        InvalidError: It is not an ed25519 private key.
    """
    if text := os.environ.get(VARIABLE, ""):
        key = _parse(text.encode(), f"${VARIABLE}")
        return {"kind": "environment", "place": f"${VARIABLE}", "public": _public_hex(key)}
    path = root / file
    if not path.exists():
        return {}
    require_regular_file(path)
    readable = bool(path.stat().st_mode & 0o077)
    public = _public_hex(_parse(path.read_bytes(), str(path)))
    return {"kind": "file", "place": str(path), "readable": readable, "public": public}


def _private_key(path: Path) -> tuple["Ed25519PrivateKey", bool]:
    if text := os.environ.get(VARIABLE, ""):
        return _parse(text.encode(), f"${VARIABLE}"), False
    if not path.exists():
        return _make(path), True
    return _read(path), False


def _read(path: Path) -> "Ed25519PrivateKey":
    require_regular_file(path)
    if path.stat().st_mode & 0o077:
        raise InvalidError(f"{path} can be read by others.", do=f"chmod 600 {path}")
    return _parse(path.read_bytes(), str(path))


def _make(path: Path) -> "Ed25519PrivateKey":
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    if os.environ.get("CI") == "true":
        raise InvalidError(
            f"There is no key to sign with: ${VARIABLE} is empty.",
            why="A key made in a CI job would be gone with it, and nobody would trust it.",
            do=f"On your machine: gates key --private; put it into the environment's secret {VARIABLE}, "
            "and what `gates key` prints into params.yaml under gates.trusted_keys.",
        )
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return key if _keep(path, pem) else _parse(path.read_bytes(), str(path))


def _keep(path: Path, pem: bytes) -> bool:
    """Put the whole file in its place at once; return False where somebody else was first."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")  # readable by its owner only
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(pem)
            os.link(name, path)
        finally:
            Path(name).unlink()
    except FileExistsError:
        if path.is_file():
            return False
        raise _unwritable(path) from None
    except OSError as error:
        raise _unwritable(path) from error
    return True


def _unwritable(path: Path) -> UnavailableError:
    return UnavailableError(
        f"The key {path} cannot be written.", do="Check space and rights, then run the same command again."
    )


def private_pem(root: Path, file: str = KEY_FILE) -> str:
    """Return the private key in PEM, making it if there is none: for the secret of a CI environment."""
    _private_key(root / file)
    return os.environ.get(VARIABLE) or (root / file).read_text()


def _parse(pem: bytes, name: str) -> "Ed25519PrivateKey":
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise InvalidError(f"{name} is not a private key in PEM.", do=_bring_back(name)) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise InvalidError(f"{name} is not an ed25519 key.", do=_bring_back(name))
    return key


def _bring_back(name: str) -> str:
    if name.startswith("$"):
        return "Put the whole of what `gates key --private` prints on the machine that has the key into it."
    return (
        f"Bring it back from a backup. Without one: rm {name}, then `gates key` makes a new one; what the "
        "old one signed is believed as long as gates.trusted_keys lists it beside the new one."
    )


def _public_hex(key: "Ed25519PrivateKey") -> str:
    return key.public_key().public_bytes_raw().hex()
