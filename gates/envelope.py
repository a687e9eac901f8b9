"""A signed document: DSSE over canonical JSON, read strictly before any library sees it."""

import base64
import binascii
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from gates.digest import canonical_json
from gates.documents import Document, parse_json
from gates.errors import InvalidError, TamperedError

if TYPE_CHECKING:
    from securesystemslib.signer import Key, Signer, SSlibKey


def public_key(hexadecimal: str) -> "SSlibKey":
    """Return the ed25519 verifying key with these 64 hex digits; its key id is the same text."""
    from securesystemslib.signer import SSlibKey

    return SSlibKey(hexadecimal, "ed25519", "ed25519", {"public": hexadecimal})


def seal(payload: Document, payload_type: str, signer: "Signer") -> bytes:
    """Return the envelope of a document, signed, as canonical JSON."""
    from securesystemslib.dsse import Envelope

    envelope = Envelope(canonical_json(payload), payload_type, {})
    envelope.sign(signer)
    return canonical_json(envelope.to_dict())


def unseal(data: bytes, payload_type: str, trusted: Iterable[str], name: str) -> Document:
    """Return the document in an envelope after verifying it.

    Args:
        data: The envelope's bytes.
        payload_type: What the document must say that it is.
        trusted: Public keys, 64 hex digits each.
        name: What an error calls the envelope.

    Raises:
        TamperedError: The envelope is not exactly one of ours: another type, an unknown field, a signature
            missing, doubled, by an unknown key or wrong, or it or its payload is not canonical.
    """
    from securesystemslib.dsse import Envelope
    from securesystemslib.exceptions import FormatError, VerificationError
    from securesystemslib.signer import Signature

    try:
        document = parse_json(data, name)
        payload = _base64(_fields(document, {"payload", "payloadType", "signatures"})["payload"])
        signatures = [_signature(each) for each in document["signatures"]]
        if canonical_json(document) != data:
            raise ValueError("it is not written canonically")
        if document["payloadType"] != payload_type:
            raise ValueError(f"its type is {document['payloadType']!r}, not {payload_type!r}")
        if not signatures or len({keyid for keyid, _ in signatures}) != len(signatures):
            raise ValueError("it needs one signature a key")
        envelope = Envelope(
            payload, payload_type, {keyid: Signature(keyid, sig) for keyid, sig in signatures}
        )
        keys: list[Key] = [public_key(key) for key in trusted]
        unknown = {keyid for keyid, _ in signatures} - {key.keyid for key in keys}
        if unknown:
            raise ValueError(f"it is signed by the unknown key {min(unknown)[:16]}…")
        envelope.verify(keys, threshold=len(signatures))
        content = parse_json(payload, name)
        if canonical_json(content) != payload:
            raise ValueError("its payload is not canonical")
    except (InvalidError, ValueError, TypeError, KeyError, FormatError, VerificationError) as error:
        why = error.what if isinstance(error, InvalidError) else str(error)
        raise TamperedError(
            f"{name} does not verify.",
            why=f"{why[:1].upper()}{why[1:].rstrip('.')}.",
            do="Do not use it. Find who could write there, and bring back what it was from a backup.",
        ) from error
    return content


def keyid_of(data: bytes) -> str:
    """Return the key that an envelope says to be signed with, unverified; empty where it says none."""
    try:
        return str(parse_json(data, "envelope")["signatures"][0]["keyid"])
    except (InvalidError, KeyError, IndexError, TypeError):
        return ""


def signers(data: bytes) -> list[str]:
    """Return the keys that signed an envelope which `unseal` has verified."""
    return [str(each["keyid"]) for each in parse_json(data, "envelope")["signatures"]]


def _signature(document: Any) -> tuple[str, str]:  # noqa: ANN401 - parsed JSON, checked here
    fields = _fields(document, {"keyid", "sig"})
    if not isinstance(fields["keyid"], str):
        raise TypeError("a key id is not text")
    return fields["keyid"], _base64(fields["sig"]).hex()


def _fields(document: Any, expected: set[str]) -> Document:  # noqa: ANN401 - parsed JSON, checked here
    if not isinstance(document, dict) or set(document) != expected:
        raise ValueError(f"it does not have exactly the fields {', '.join(sorted(expected))}")
    return document


def _base64(text: Any) -> bytes:  # noqa: ANN401 - parsed JSON, checked here
    if not isinstance(text, str):
        raise TypeError("a base64 field is not text")
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("a field is not base64") from error
    if base64.b64encode(data).decode() != text:
        raise ValueError("a field is not canonical base64")
    return data
