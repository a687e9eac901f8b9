"""Which signer a URI names: `file:PATH`, `awskms:KEY` or `sigstore:`."""

from pathlib import Path
from typing import Any

from gates.adapters import awskms, keys, sigstore_signer
from gates.errors import InvalidError
from gates.policy_blocks import SIGNERS
from gates.public_keys import Signer


def signer(root: Path, uri: str, instance: bytes = b"") -> tuple[Signer, bool]:
    """Return the signer, and whether its key was made just now.

    Args:
        root: The project's folder.
        uri: The signer.
        instance: Trust config of the Sigstore instance, where it is not the public one.

    Raises:
        InvalidError: The URI names none, or no key that can sign.
        UnavailableError: Who keeps the key did not answer.
    """
    match _parts(uri):
        case "file", path:
            return keys.signer(root, path)
        case "awskms", key:
            return awskms.signer(key), False
        case "sigstore", _:
            return sigstore_signer.signer(instance), False
    raise AssertionError(uri)


def existing(root: Path, uri: str, instance: bytes = b"") -> Signer:
    """Return the signer that a person names: never the job's own from the environment, never a new one.

    Raises:
        InvalidError: The URI names none, or no key that can sign.
        UnavailableError: Who keeps the key did not answer.
    """
    match _parts(uri):
        case "file", path:
            return keys.existing(root / path)
        case _:
            return signer(root, uri, instance)[0]


def own(root: Path, uri: str) -> tuple[str, ...]:
    """Return the key that is trusted where the policy lists none: this machine's, where it has one.

    Raises:
        InvalidError: The URI names none, or the local key is not one.
    """
    scheme, path = _parts(uri)
    return keys.own(root, path) if scheme == "file" else ()


def facts(root: Path, uri: str) -> dict[str, Any]:
    """Return which key would sign, as a question about it: nothing is made and nothing signed.

    Raises:
        InvalidError: The URI names none, or the local key is not one.
        UnavailableError: Who keeps the key did not answer.
    """
    match _parts(uri):
        case "file", path:
            return keys.facts(root, path)
        case "awskms", key:
            return {"kind": "service", "place": uri, "may_sign": awskms.may_sign(key)}
        case "sigstore", _:
            return {"kind": "keyless", "place": uri}
    raise AssertionError(uri)


def private_pem(root: Path, uri: str) -> str:
    """Return the private key in PEM.

    Raises:
        InvalidError: This signer does not give it away.
    """
    scheme, path = _parts(uri)
    if scheme != "file":
        raise InvalidError(
            f"The private key of {uri} is not to be had.",
            why="It never leaves the place that signs with it, or there is none.",
            do="CI needs no copy: let its identity sign there.",
        )
    return keys.private_pem(root, path)


def _parts(uri: str) -> tuple[str, str]:
    scheme, colon, rest = uri.partition(":")
    if scheme not in SIGNERS or not colon:
        raise InvalidError(
            f"There is no signer {uri!r}.",
            why=f"Known are {', '.join(f'{each}:' for each in SIGNERS)}.",
            do="Name one in gates.signer, or in GATES_SIGNER: file:.gates/key.pem, awskms:alias/ml-gates",
        )
    if scheme == "sigstore" and rest:
        raise InvalidError(f"The signer {uri!r} names a key.", do="Who signs keyless has none: sigstore:")
    if scheme != "sigstore" and not rest:
        raise InvalidError(f"The signer {uri!r} names no key.", do=f"Write {uri}KEY in gates.signer.")
    return scheme, rest
