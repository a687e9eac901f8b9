"""Verifying what was signed keyless: a Sigstore bundle, without a network.

The bundle beside the signature holds certificate, log entry and time. All are held against the root of trust:
the one that the package brings for the public instance, or that of an instance which the policy names.
"""

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from gates.digest import canonical_json
from gates.errors import GatesError, InvalidError, UnavailableError
from gates.trust import Identity

if TYPE_CHECKING:
    from securesystemslib.signer import Signature
    from sigstore.models import ClientTrustConfig, TrustedRoot
    from sigstore.verify import Verifier
    from sigstore.verify.policy import VerificationPolicy

BUNDLE = "bundle"
PUBLIC_ROOT = ("_store", "https%3A%2F%2Ftuf-repo-cdn.sigstore.dev", "trusted_root.json")


@dataclass(frozen=True)
class SigstoreKey:
    """Verifies what an identity has signed.

    Attributes:
        identity: Who.
        instance: Trust config of another instance than the public one, as JSON; empty for that.
    """

    identity: Identity
    instance: bytes = b""

    @property
    def keyid(self) -> str:
        """What an envelope calls it."""
        return self.identity.keyid

    def verify_signature(self, signature: "Signature", data: bytes) -> None:
        """Hold that the identity has signed these bytes while its certificate was valid.

        Raises:
            UnverifiedSignatureError: It has not.
            InvalidError: The trust config is none.
            UnavailableError: Sigstore is not installed here.
        """
        verifier = _verifier(self.instance)
        from securesystemslib.exceptions import UnverifiedSignatureError
        from sigstore.models import Bundle

        try:
            stored = signature.unrecognized_fields[BUNDLE]
            bundle = Bundle.from_json(canonical_json(stored))
            if json.loads(bundle.to_json()) != stored or bundle.signature.hex() != signature.signature:
                raise ValueError("the bundle is not written canonically, or of another signature")
            verifier.verify_artifact(data, bundle, _policy(self.identity))
        except Exception as error:  # whatever a crafted bundle makes a library raise, it is not verified
            raise UnverifiedSignatureError(f"Sigstore does not verify it: {error}") from error


def trust_config(instance: bytes) -> "ClientTrustConfig":
    """Return the trust config of an instance that the policy names.

    Raises:
        InvalidError: It is none.
        UnavailableError: Sigstore is not installed here.
    """
    require_installed()
    from sigstore.errors import Error
    from sigstore.models import ClientTrustConfig

    try:
        return ClientTrustConfig.from_json(instance.decode())
    except (ValueError, Error) as error:
        raise InvalidError(
            "The file that gates.sigstore names is no trust config of a Sigstore instance.",
            why=str(error).splitlines()[0],
            do="Write the one that your instance gives out for `sigstore --trust-config`.",
        ) from error


def require_installed() -> None:
    """Hold that the extra is there.

    Raises:
        UnavailableError: It is not.
    """
    try:
        import sigstore  # noqa: F401 - whether it can be
    except ImportError as error:
        raise UnavailableError(
            "What was signed keyless cannot be verified or signed here: the package sigstore is absent.",
            do="pip install 'ml-gates[sigstore]'",
        ) from error


@lru_cache(maxsize=4)
def _verifier(instance: bytes) -> "Verifier":
    require_installed()
    from sigstore.errors import Error
    from sigstore.verify import Verifier

    try:
        return Verifier(trusted_root=_root(instance))
    except GatesError:
        raise
    except Error as error:
        raise InvalidError("The trust config in gates.sigstore trusts no log.", why=str(error)) from error


def _root(instance: bytes) -> "TrustedRoot":
    if instance:
        return trust_config(instance).trusted_root
    from importlib.resources import as_file, files

    from sigstore.models import TrustedRoot

    # Not by way of the cache in the home folder, where somebody else's root may lie.
    with as_file(files("sigstore").joinpath(*PUBLIC_ROOT)) as path:
        return TrustedRoot.from_file(str(path))


def _policy(identity: Identity) -> "VerificationPolicy":
    from sigstore.verify import policy

    held: list[Any] = [policy.Identity(identity=identity.identity, issuer=identity.issuer)]
    if identity.repository:
        held.append(policy.OIDCSourceRepositoryURI(identity.repository))
    return policy.AllOf(held)
