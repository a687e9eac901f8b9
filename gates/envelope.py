"""A signed document: DSSE over canonical JSON, read strictly before any library sees it."""

import binascii
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from gates.digest import canonical_json
from gates.documents import Document, parse_canonical_json, parse_json
from gates.errors import InvalidError, TamperedError
from gates.public_keys import P256, SIGSTORE, Signer, VerifyingKey, p256_signature

if TYPE_CHECKING:
    from securesystemslib.signer import Signature


def seal(payload: Document, payload_type: str, *by: Signer) -> bytes:
    """Return the envelope of a document, signed by each, as canonical JSON."""
    from securesystemslib.dsse import Envelope

    envelope = Envelope(canonical_json(payload), payload_type, {})
    for signer in by:
        signature = signer.sign(envelope.pae())
        envelope.signatures[signature.keyid] = signature
    return canonical_json(envelope.to_dict())


def unseal(data: bytes, payload_type: str, trusted: Iterable[VerifyingKey], name: str) -> Document:
    """Return the document in an envelope after verifying it.

    Args:
        data: The envelope's bytes.
        payload_type: What the document must say that it is.
        trusted: The keys that may have signed it.
        name: What an error calls the envelope.

    Raises:
        TamperedError: The envelope is not exactly one of ours: another type, an unknown field, a signature
            missing, doubled, by an unknown key or wrong, or it or its payload is not canonical.
        InvalidError: The policy names something to verify with that is not usable.
        UnavailableError: What verifies a signature of this kind is not installed here.
    """
    from securesystemslib.dsse import Envelope
    from securesystemslib.exceptions import FormatError, UnverifiedSignatureError

    with _as_tampering(name, InvalidError, ValueError, TypeError, KeyError):
        document = parse_canonical_json(data, name)
        payload = _base64(_fields(document, {"payload", "payloadType", "signatures"})["payload"])
        signatures = {each.keyid: each for each in map(_signature, document["signatures"])}
        if document["payloadType"] != payload_type:
            raise ValueError(f"its type is {document['payloadType']!r}, not {payload_type!r}")
        if not signatures or len(signatures) != len(document["signatures"]):
            raise ValueError("it needs one signature a key")
        keys = {key.keyid: key for key in trusted}
        if unknown := signatures.keys() - keys.keys():
            raise ValueError(f"it is signed by the unknown key {min(unknown)[:16]}…")
    # What is wrong with the policy's own means of verifying is not the envelope's fault: InvalidError passes.
    with _as_tampering(name, UnverifiedSignatureError, FormatError, ValueError):
        signed = Envelope(payload, payload_type, signatures).pae()
        for keyid, signature in signatures.items():
            keys[keyid].verify_signature(signature, signed)
    with _as_tampering(name, InvalidError, ValueError):
        return parse_canonical_json(payload, f"The payload of {name}")


@contextmanager
def _as_tampering(name: str, *kinds: type[Exception]) -> Iterator[None]:
    """Turn what is wrong with an envelope into the one error that says not to use it."""
    try:
        yield
    except kinds as error:
        why = error.what if isinstance(error, InvalidError) else str(error)
        raise TamperedError(
            f"{name} does not verify.",
            why=f"{why[:1].upper()}{why[1:].rstrip('.')}.",
            do="Do not use it. Find who could write there, and bring back what it was from a backup.",
        ) from error


def keyid_of(data: bytes) -> str:
    """Return the key that an envelope says to be signed with, unverified; empty where it says none."""
    try:
        return str(parse_json(data, "envelope")["signatures"][0]["keyid"])
    except (InvalidError, KeyError, IndexError, TypeError):
        return ""


def signers(data: bytes) -> list[str]:
    """Return the keys that signed an envelope which `unseal` has verified."""
    return [str(each["keyid"]) for each in parse_json(data, "envelope")["signatures"]]


def _signature(document: Any) -> "Signature":  # noqa: ANN401 - parsed JSON, checked here
    from securesystemslib.signer import Signature

    keyid = document.get("keyid") if isinstance(document, dict) else None
    if not isinstance(keyid, str):
        raise TypeError("a key id is not text")
    more = {"bundle"} if keyid.startswith(SIGSTORE) else set()
    fields = _fields(document, {"keyid", "sig"} | more)
    signature = _base64(fields["sig"])
    if keyid.startswith(P256) and p256_signature(signature) != signature:
        raise ValueError("a signature is not written canonically")
    return Signature(keyid, signature.hex(), {name: fields[name] for name in more})


def _fields(document: Any, expected: set[str]) -> Document:  # noqa: ANN401 - parsed JSON, checked here
    if not isinstance(document, dict) or set(document) != expected:
        raise ValueError(f"it does not have exactly the fields {', '.join(sorted(expected))}")
    return document


def _base64(text: Any) -> bytes:  # noqa: ANN401 - parsed JSON, checked here
    if not isinstance(text, str):
        raise TypeError("a base64 field is not text")
    try:
        data = binascii.a2b_base64(text)
    except ValueError as error:
        raise ValueError("a field is not base64") from error
    if binascii.b2a_base64(data, newline=False).decode() != text:
        raise ValueError("a field is not canonical base64")
    return data
