"""Public keys as text: how the policy lists them, and what an envelope calls them.

An ed25519 key is its 64 hex digits, a P-256 key `p256:` and its compressed point in hex: one text a key. Who
signs keyless has an identity in place of a key; an envelope calls it `sigstore:` and the identity's digest.
"""

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from securesystemslib.signer import Signature, SSlibKey

P256 = "p256:"
SIGSTORE = "sigstore:"
# NIST SP 800-186: the order of the group of P-256.
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


class VerifyingKey(Protocol):
    """What verifies a signature; the keys of securesystemslib are such."""

    @property
    def keyid(self) -> str:
        """What an envelope calls the key."""

    def verify_signature(self, signature: "Signature", data: bytes) -> None:
        """Raise UnverifiedSignatureError where the signature is not this key's over these bytes."""


class Signer(Protocol):
    """What signs; the signers of securesystemslib are such."""

    @property
    def public_key(self) -> VerifyingKey:
        """The key that verifies what it signs."""

    def sign(self, payload: bytes) -> "Signature":
        """Return the signature over these bytes."""


def public_key(text: str) -> "SSlibKey":
    """Return the verifying key with this text, which is its key id too.

    Raises:
        ValueError: It has the form of a P-256 key and is none.
    """
    from securesystemslib.signer import SSlibKey

    if not text.startswith(P256):
        return SSlibKey(text, "ed25519", "ed25519", {"public": text})
    from cryptography.hazmat.primitives.asymmetric import ec

    point = bytes.fromhex(text.removeprefix(P256))
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    if p256_text(key) != text:
        raise ValueError("a P-256 key is written as its compressed point")
    return SSlibKey.from_crypto(key, keyid=text)


def p256_text(key: "EllipticCurvePublicKey") -> str:
    """Return the text of a P-256 key."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return P256 + key.public_bytes(Encoding.X962, PublicFormat.CompressedPoint).hex()


def p256_signature(der: bytes) -> bytes:
    """Return the one form of a P-256 signature: its twin, order minus s, verifies too, and nobody signed it.

    Raises:
        ValueError: It is not a signature in DER.
    """
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

    r, s = decode_dss_signature(der)
    if not (0 < r < P256_ORDER and 0 < s < P256_ORDER):
        raise ValueError("a signature is not one of P-256")
    return encode_dss_signature(r, min(s, P256_ORDER - s))
