"""The signer `sigstore:`: keyless, as the workflow that runs in GitHub Actions.

GitHub says in a token which workflow runs; Sigstore certifies a key of this minute for it, and logs the
signature in public. There is no private key to keep, and none to lose.
"""

import base64
import json
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from gates.adapters.sigstore_key import BUNDLE, SigstoreKey, require_installed, trust_config
from gates.errors import GatesError, InvalidError, UnavailableError
from gates.public_keys import Signer
from gates.trust import Identity

if TYPE_CHECKING:
    from securesystemslib.signer import Signature
    from sigstore.models import Bundle
    from sigstore.oidc import IdentityToken

TOKEN_SECONDS, SIGN_SECONDS = 5.0, 20.0
PERMISSION = "Give the job `permissions: {id-token: write}`, and the workflow that calls it the same."

Answer = TypeVar("Answer")


def signer(instance: bytes) -> Signer:
    """Return the signer of the workflow that runs here.

    Args:
        instance: Trust config of another instance than the public one, as JSON; empty for that.

    Raises:
        InvalidError: No workflow runs here, or it may not say who it is.
        UnavailableError: GitHub did not answer, or Sigstore is not installed.
    """
    require_installed()
    return SigstoreSigner(SigstoreKey(_identity(str(_token())), instance))


@dataclass(frozen=True)
class SigstoreSigner:
    """Signs as the workflow that runs here.

    Attributes:
        public_key: Its identity, which verifies.
    """

    public_key: SigstoreKey

    def sign(self, payload: bytes) -> "Signature":
        """Return the signature over these bytes, with its bundle.

        Raises:
            InvalidError: No workflow runs here any more, or Sigstore certified it as somebody else.
            UnavailableError: GitHub or Sigstore did not answer.
        """
        from securesystemslib.exceptions import UnverifiedSignatureError
        from securesystemslib.signer import Signature

        token = _token()
        bundle = _answer(lambda: self._bundle(token, payload), SIGN_SECONDS, "sign")
        fields = {BUNDLE: json.loads(bundle.to_json())}
        signature = Signature(self.public_key.keyid, bundle.signature.hex(), fields)
        try:
            self.public_key.verify_signature(signature, payload)
        except UnverifiedSignatureError as error:
            raise InvalidError(
                "What Sigstore has signed would not verify.",
                why=str(error),
                do="Where its keys were renewed, a newer release of the package sigstore knows them.",
            ) from error
        return signature

    def _bundle(self, token: "IdentityToken", payload: bytes) -> "Bundle":
        from sigstore.models import ClientTrustConfig
        from sigstore.sign import SigningContext

        instance = self.public_key.instance
        config = trust_config(instance) if instance else ClientTrustConfig.production()
        with SigningContext.from_trust_config(config).signer(token) as signing:
            return signing.sign_artifact(payload)


def _token() -> "IdentityToken":
    from id import GitHubOidcPermissionCredentialError
    from sigstore.oidc import IdentityError, IdentityToken, detect_credential

    def detect() -> "IdentityToken | None":
        try:
            text = detect_credential()
        except IdentityError as error:
            if not isinstance(error.__cause__, GitHubOidcPermissionCredentialError):
                raise
            raise InvalidError("GitHub does not say who signs.", why=f"{error}.", do=PERMISSION) from error
        return IdentityToken(text) if text else None

    token = _answer(detect, TOKEN_SECONDS, "say who signs")
    if token is None:
        raise InvalidError(
            "Nobody can sign keyless here.",
            why="sigstore: signs as a workflow in GitHub Actions.",
            do="Run it there, or sign with another: GATES_SIGNER=file:.gates/key.pem",
        )
    return token


def _identity(token: str) -> Identity:
    """Return what Sigstore will certify; nothing is believed by it, so nothing has to be verified here."""
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        workflow, repository = claims["job_workflow_ref"], claims["repository"]
        return Identity(f"https://github.com/{workflow}", claims["iss"], f"https://github.com/{repository}")
    except (IndexError, KeyError, TypeError, ValueError) as error:
        raise InvalidError(
            "The token does not say which workflow signs.",
            why="Only those of GitHub Actions do.",
            do="Sign with another: GATES_SIGNER=awskms:alias/ml-gates",
        ) from error


def _answer(ask: Callable[[], Answer], seconds: float, doing: str) -> Answer:
    """Return what a system answers; Sigstore's own client would wait for ever."""
    answers: queue.SimpleQueue[Answer | Exception] = queue.SimpleQueue()

    def work() -> None:
        try:
            answers.put(ask())
        except Exception as error:  # noqa: BLE001 - told below, by the thread that asked
            answers.put(error)

    threading.Thread(target=work, daemon=True).start()
    try:
        answer = answers.get(timeout=seconds)
    except queue.Empty:
        answer = TimeoutError(f"no answer within {seconds:g} s")
    if isinstance(answer, GatesError):
        raise answer
    if isinstance(answer, Exception):
        told = (str(answer) or type(answer).__name__).splitlines()[0].rstrip(".")
        raise UnavailableError(
            f"Sigstore did not {doing}.",
            why=f"{told[:300]}.",
            do="Is it up? https://status.sigstore.dev; then run the same command again.",
        ) from answer
    return answer
