"""Tests of `gates.envelope`: only exactly what a trusted key signed is opened."""

import base64
import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from hypothesis import given, settings
from hypothesis import strategies as st
from securesystemslib.dsse import Envelope

from gates.digest import canonical_json
from gates.envelope import seal, unseal
from gates.errors import ExitCode, TamperedError
from gates.public_keys import P256_ORDER, p256_signature, p256_text, public_key
from tests.examples import OTHERS, OURS, Keys

TYPE = "application/vnd.test+json"
CONTENT = {"a": [1, 2.5, None], "name": "ü", "nested": {"deep": True}}
SEALED = seal(CONTENT, TYPE, OURS.signer)
ENVELOPE: dict[str, Any] = json.loads(SEALED)

Edit = Callable[[dict[str, Any]], object]


def opened(data: bytes, *keys: str, kind: str = TYPE) -> dict[str, Any]:
    """Open an envelope with our key, unless others are given."""
    return unseal(data, kind, map(public_key, keys or (OURS.public,)), "The envelope")


def b64(data: bytes) -> str:
    """Return bytes in base64, as an envelope holds them."""
    return base64.b64encode(data).decode()


def signature(content: object, by: Keys = OURS, kind: str = TYPE) -> dict[str, Any]:
    """Return the signature of a key on a document."""
    made: dict[str, Any] = json.loads(seal(content, kind, by.signer))["signatures"][0]  # type: ignore[arg-type]  # any JSON
    return made


def raw(payload: bytes, kind: str = TYPE) -> dict[str, Any]:
    """Return an envelope with a good signature of ours over any bytes."""
    envelope = Envelope(payload, kind, {})
    signature = OURS.signer.sign(envelope.pae())
    envelope.signatures[signature.keyid] = signature
    made: dict[str, Any] = envelope.to_dict()
    return made


def flipped(text: str) -> str:
    """Return base64 text with one bit of its bytes turned."""
    data = bytearray(base64.b64decode(text))
    data[0] ^= 1
    return b64(bytes(data))


def respelt(text: str) -> str:
    """Return base64 text that a lenient decoder reads as the same bytes."""
    last = text[-3]
    other = chr(ord(last) + 1)
    assert base64.b64decode(text) == base64.b64decode(f"{text[:-3]}{other}==")
    return f"{text[:-3]}{other}=="


def _first(envelope: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = envelope["signatures"][0]
    return found


EDITS: dict[str, Edit] = {
    "payload byte": lambda e: e.update(payload=flipped(e["payload"])),
    "payload of another document": lambda e: e.update(payload=b64(canonical_json({"a": 2}))),
    "payload truncated": lambda e: e.update(payload=e["payload"][:-4]),
    "payload empty": lambda e: e.update(payload=""),
    "payload with a space": lambda e: e.update(payload=e["payload"] + " "),
    "payload with a line break": lambda e: e.update(payload=e["payload"][:8] + "\n" + e["payload"][8:]),
    "payload without padding": lambda e: e.update(payload=e["payload"].rstrip("=") + "A"),
    "payload in the alphabet for URLs": lambda e: e.update(payload="-_" + e["payload"][2:]),
    "payload a number": lambda e: e.update(payload=1),
    "payload null": lambda e: e.update(payload=None),
    "payload gone": lambda e: e.pop("payload"),
    "payloadType": lambda e: e.update(payloadType="application/vnd.other+json"),
    "payloadType in capitals": lambda e: e.update(payloadType=TYPE.upper()),
    "payloadType null": lambda e: e.update(payloadType=None),
    "payloadType gone": lambda e: e.pop("payloadType"),
    "signature removed": lambda e: e.update(signatures=[]),
    "signatures gone": lambda e: e.pop("signatures"),
    "signatures null": lambda e: e.update(signatures=None),
    "signatures an object": lambda e: e.update(signatures=_first(e)),
    "signatures a text": lambda e: e.update(signatures="x"),
    "signature byte": lambda e: _first(e).update(sig=flipped(_first(e)["sig"])),
    "signature truncated": lambda e: _first(e).update(sig=b64(base64.b64decode(_first(e)["sig"])[:-1])),
    "signature lengthened": lambda e: _first(e).update(sig=b64(base64.b64decode(_first(e)["sig"]) + b"\0")),
    "signature empty": lambda e: _first(e).update(sig=""),
    "signature zeroed": lambda e: _first(e).update(sig=b64(bytes(64))),
    "signature with other spare bits": lambda e: _first(e).update(sig=respelt(_first(e)["sig"])),
    "signature in hex": lambda e: _first(e).update(sig=base64.b64decode(_first(e)["sig"]).hex()),
    "signature null": lambda e: _first(e).update(sig=None),
    "signature swapped with another document's": lambda e: e.update(signatures=[signature({"a": 2})]),
    "signature swapped with another type's": lambda e: e.update(signatures=[signature(CONTENT, kind="x")]),
    "signature duplicated": lambda e: e["signatures"].append(deepcopy(_first(e))),
    "another signature under the same key": lambda e: e["signatures"].append(
        {**_first(e), "sig": b64(bytes(64))}
    ),
    "unknown key": lambda e: e.update(signatures=[signature(CONTENT, OTHERS)]),
    "unknown key beside ours": lambda e: e["signatures"].append(signature(CONTENT, OTHERS)),
    "unknown key under our name": lambda e: e.update(
        signatures=[{**signature(CONTENT, OTHERS), "keyid": OURS.public}]
    ),
    "our signature under an unknown name": lambda e: _first(e).update(keyid=OTHERS.public),
    "key id in capitals": lambda e: _first(e).update(keyid=OURS.public.upper()),
    "key id empty": lambda e: _first(e).update(keyid=""),
    "key id null": lambda e: _first(e).update(keyid=None),
    "key id a list": lambda e: _first(e).update(keyid=[OURS.public]),
    "key id gone": lambda e: _first(e).pop("keyid"),
    "signature a text": lambda e: e.update(signatures=[_first(e)["sig"]]),
    "unknown envelope field": lambda e: e.update(comment="x"),
    "unknown signature field": lambda e: _first(e).update(cert="x"),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_a_tampered_envelope_is_not_opened(edit: Edit) -> None:
    """Exit code 6, the envelope named, why, and what to do."""
    envelope = deepcopy(ENVELOPE)
    edit(envelope)
    with pytest.raises(TamperedError, match=r"^The envelope does not verify\.$") as caught:
        opened(canonical_json(envelope))
    assert caught.value.code == ExitCode.TAMPERED
    assert caught.value.why
    assert caught.value.do


BYTES: dict[str, bytes] = {
    "empty": b"",
    "not JSON": b"hello",
    "a list": b"[]",
    "truncated": SEALED[:-1],
    "trailing bytes": SEALED + b"{}",
    "spaces": SEALED.replace(b",", b", "),
    "line break at the end": SEALED + b"\n",
    "fields in another order": json.dumps(dict(reversed(ENVELOPE.items())), separators=(",", ":")).encode(),
    "BOM": b"\xef\xbb\xbf" + SEALED,
    "not UTF-8": SEALED.replace(b"payload", b"payl\xffad", 1),
    "doubled payload": SEALED.replace(b'{"payload":', b'{"payload":"e30=","payload":', 1),
    "doubled type": SEALED[:-1] + b',"payloadType":"x"}',
    "nested too deep": b'{"payload":' + b"[" * 10_000,
}


@pytest.mark.parametrize("data", BYTES.values(), ids=BYTES)
def test_bytes_that_are_no_envelope_are_tampered(data: bytes) -> None:
    """What cannot be read strictly is not ours, whatever a lenient parser would make of it."""
    with pytest.raises(TamperedError):
        opened(data)


PAYLOADS: dict[str, bytes] = {
    "spaces": b'{"a": 1}',
    "unsorted": b'{"b":1,"a":2}',
    "line break at the end": b'{"a":1}\n',
    "escapes": rb'{"a":"\u00fc"}',
    "another form of a number": b'{"a":1.50}',
    "doubled key": b'{"a":1,"a":1}',
    "NaN": b'{"a":NaN}',
    "list": b"[]",
    "no JSON": b"hello",
    "empty": b"",
}


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
def test_a_payload_that_is_not_canonical_is_refused_though_signed(payload: bytes) -> None:
    """One document has one form; two readers cannot read two things."""
    with pytest.raises(TamperedError):
        opened(canonical_json(raw(payload)))


def test_what_was_sealed_is_opened() -> None:
    """The document comes back, and the envelope is canonical itself."""
    assert opened(SEALED) == CONTENT
    assert canonical_json(ENVELOPE) == SEALED
    assert seal(CONTENT, TYPE, OURS.signer) == SEALED


def test_only_trusted_keys_open() -> None:
    """No key, or only others', opens nothing; ours among others does; a key that is none is no key."""
    for keys in ((), (OTHERS.key,)):
        with pytest.raises(TamperedError, match="does not verify") as caught:
            unseal(SEALED, TYPE, keys, "The envelope")
        assert OURS.public[:16] in caught.value.why
    assert opened(SEALED, OTHERS.public, OURS.public) == CONTENT
    with pytest.raises(TamperedError):
        opened(SEALED, "zz" * 32)


def test_every_signature_must_hold() -> None:
    """Two trusted keys may sign together; with one of them broken, the other does not help."""
    both = {**ENVELOPE, "signatures": [*ENVELOPE["signatures"], signature(CONTENT, OTHERS)]}
    assert opened(canonical_json(both), OURS.public, OTHERS.public) == CONTENT
    both["signatures"][1]["sig"] = flipped(both["signatures"][1]["sig"])
    with pytest.raises(TamperedError):
        opened(canonical_json(both), OURS.public, OTHERS.public)


def test_an_envelope_of_one_kind_is_not_one_of_another() -> None:
    """A statement cannot stand in for an entry of the ledger."""
    with pytest.raises(TamperedError) as caught:
        opened(SEALED, kind="application/vnd.other+json")
    assert TYPE in caught.value.why


def p256() -> tuple[str, bytes]:
    """Return the text of a new P-256 key, and its signature on our document."""
    private = ec.generate_private_key(ec.SECP256R1())
    signed = Envelope(canonical_json(CONTENT), TYPE, {}).pae()
    signature = private.sign(signed, ec.ECDSA(hashes.SHA256()))
    return p256_text(private.public_key()), p256_signature(signature)


def test_p256_signs_beside_ed25519() -> None:
    """Each opens its own envelope and not the other's; and both together one that both have signed."""
    text, der = p256()
    entry = {"keyid": text, "sig": b64(der)}
    theirs = canonical_json({**ENVELOPE, "signatures": [entry]})
    assert opened(theirs, text) == CONTENT
    assert opened(theirs, OURS.public, text) == CONTENT
    both = {**ENVELOPE, "signatures": [*ENVELOPE["signatures"], entry]}
    assert opened(canonical_json(both), OURS.public, text) == CONTENT
    for key in (OURS.public, p256()[0]):
        with pytest.raises(TamperedError):
            opened(theirs, key)


SPELLINGS: dict[str, Callable[[int, int], bytes]] = {
    "its twin": lambda r, s: encode_dss_signature(r, P256_ORDER - s),
    "r and s as they are": lambda r, s: r.to_bytes(32) + s.to_bytes(32),
    "s beyond the order": lambda r, s: encode_dss_signature(r, s + P256_ORDER),
    "zero": lambda r, s: encode_dss_signature(0 * r, 0 * s),
    "bytes after it": lambda r, s: encode_dss_signature(r, s) + b"\0",
    "a length in two bytes": lambda r, s: b"\x30\x81" + encode_dss_signature(r, s)[1:],
}


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS)
def test_a_p256_signature_has_one_spelling(spelling: Callable[[int, int], bytes]) -> None:
    """What a lenient verifier would take for the same signature is refused."""
    text, good = p256()
    other = spelling(*decode_dss_signature(good))
    assert other != good
    envelope = {**ENVELOPE, "signatures": [{"keyid": text, "sig": b64(good)}]}
    assert opened(canonical_json(envelope), text) == CONTENT
    with pytest.raises(TamperedError):
        opened(canonical_json({**envelope, "signatures": [{"keyid": text, "sig": b64(other)}]}), text)


@settings(max_examples=200)
@given(st.integers(0, len(SEALED) - 1), st.integers(1, 255))
def test_no_byte_of_an_envelope_can_be_changed(place: int, mask: int) -> None:
    """Each byte of the stored form counts: nothing is skipped, folded or repaired."""
    data = bytearray(SEALED)
    data[place] ^= mask
    with pytest.raises(TamperedError):
        opened(bytes(data))
