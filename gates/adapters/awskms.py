"""The signer `awskms:KEY`: a P-256 key that AWS KMS keeps and signs with.

Region and credentials are those that every AWS program finds; a key's ARN brings its region. Only the digest
is sent: KMS takes messages of up to 4096 bytes, and a decision is longer.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from gates.errors import GatesError, InvalidError, UnavailableError
from gates.public_keys import Signer, p256_signature, p256_text, public_key

if TYPE_CHECKING:
    from securesystemslib.signer import Signature, SSlibKey

ALGORITHM = "ECDSA_SHA_256"
KEY_SPEC = "ECC_NIST_P256"
NEEDED = "an asymmetric KMS key for SIGN_VERIFY of the spec ECC_NIST_P256"
# Two calls of two attempts each, with up to a second between them, stay below 30 s, however KMS hangs.
CONNECT_SECONDS, READ_SECONDS, ATTEMPTS = 2, 4, 2
NO_SUCH_KEY = frozenset({"NotFoundException", "InvalidArnException", "ValidationException"})
WOULD_SIGN = "DryRunOperationException"
UNFIT_KEY = frozenset({"InvalidKeyUsageException", "UnsupportedOperationException"})


def signer(key: str) -> Signer:
    """Return the signer of a key, by id, ARN or alias.

    Raises:
        InvalidError: There is no such key, or it is of another kind.
        UnavailableError: KMS did not answer, or not to us.
    """
    client = _client(key)
    with _answering(key, "kms:GetPublicKey"):
        answer = client.get_public_key(KeyId=key)
    if answer.get("KeySpec") != KEY_SPEC or ALGORITHM not in answer.get("SigningAlgorithms", ()):
        raise _unfit(key, f"It is of the spec {answer.get('KeySpec')} for {answer.get('KeyUsage')}.")
    return KmsSigner(key, client, _public_key(key, answer["PublicKey"]))


def may_sign(key: str) -> bool:
    """Return whether KMS would sign for this identity; it only says so and signs nothing.

    Raises:
        InvalidError: There is no such key, or it is of another kind.
        UnavailableError: KMS did not answer.
    """
    from botocore.exceptions import ClientError

    client = _client(key)
    with _answering(key, "kms:Sign"):
        try:
            client.sign(
                KeyId=key,
                Message=bytes(hashlib.sha256().digest_size),
                MessageType="DIGEST",
                SigningAlgorithm=ALGORITHM,
                DryRun=True,
            )
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if not code.startswith(("AccessDenied", WOULD_SIGN)):
                raise
            return bool(code == WOULD_SIGN)
    return True


class KmsSigner:
    """Signs with one key of AWS KMS.

    Attributes:
        public_key: Its public half.
    """

    def __init__(self, key: str, client: Any, public: "SSlibKey") -> None:  # noqa: ANN401 - boto's clients are made at run time
        """Sign through this client."""
        self.public_key = public
        self._key, self._client = key, client

    def sign(self, payload: bytes) -> "Signature":
        """Return the signature over these bytes.

        Raises:
            UnavailableError: KMS did not answer, not to us, or with another key's signature.
        """
        from securesystemslib.exceptions import UnverifiedSignatureError
        from securesystemslib.signer import Signature

        with _answering(self._key, "kms:Sign"):
            answer = self._client.sign(
                KeyId=self._key,
                Message=hashlib.sha256(payload).digest(),
                MessageType="DIGEST",
                SigningAlgorithm=ALGORITHM,
            )
        try:
            signature = Signature(self.public_key.keyid, p256_signature(answer["Signature"]).hex())
            self.public_key.verify_signature(signature, payload)
        except (ValueError, UnverifiedSignatureError) as error:
            raise UnavailableError(
                f"KMS signed with another key than {self._key} had a moment ago.",
                why="Its public half does not verify the signature.",
                do="If its alias was moved meanwhile: run the same command again.",
            ) from error
        return signature


def _client(key: str) -> Any:  # noqa: ANN401 - boto's clients are made at run time
    import boto3
    from botocore.config import Config

    region = key.split(":")[3] if key.startswith("arn:") and key.count(":") > 3 else None  # noqa: PLR2004 - arn:partition:kms:region:…
    retries = {"total_max_attempts": ATTEMPTS, "mode": "standard"}
    config = Config(connect_timeout=CONNECT_SECONDS, read_timeout=READ_SECONDS, retries=retries)
    with _answering(key, "kms:GetPublicKey"):
        return boto3.Session().client("kms", region_name=region, config=config)


def _public_key(key: str, der: bytes) -> "SSlibKey":
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    public = load_der_public_key(der)
    if not isinstance(public, ec.EllipticCurvePublicKey) or not isinstance(public.curve, ec.SECP256R1):
        raise _unfit(key, "Its public half is not on P-256.")
    return public_key(p256_text(public))


def _unfit(key: str, why: str) -> InvalidError:
    return InvalidError(
        f"The KMS key {key} cannot sign for us.",
        why=f"{why} What signs is {NEEDED}.",
        do="Make one: aws kms create-key --key-usage SIGN_VERIFY --key-spec ECC_NIST_P256",
    )


@contextmanager
def _answering(key: str, permission: str) -> Iterator[None]:
    """Turn boto's errors into ours; ``permission`` is what the call needs."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except GatesError:
        raise
    except ClientError as error:
        code, told = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
        if code in NO_SUCH_KEY:
            raise InvalidError(
                f"There is no KMS key {key}.",
                why=f"{code}: {told}",
                do="Name its id, ARN or alias/NAME in gates.signer, and its region in AWS_REGION.",
            ) from error
        if code in UNFIT_KEY:
            raise _unfit(key, f"{code}: {told}.") from error
        do = "Check it: aws kms describe-key --key-id " + key + "; then run the same command again."
        if code.startswith("AccessDenied"):
            do = f"Allow {permission} on the key, in its key policy or to the role that CI assumes."
        raise _unavailable(key, f"{code}: {told}", do) from error
    except (BotoCoreError, ValueError) as error:  # ValueError: a region or an endpoint that is none
        do = "Check network, credentials and AWS_REGION, then run the same command again."
        raise _unavailable(key, str(error), do) from error


def _unavailable(key: str, why: str, do: str) -> UnavailableError:
    return UnavailableError(f"The KMS key {key} did not sign.", why=f"{why.strip().rstrip('.')}.", do=do)
