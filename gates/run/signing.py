"""The signer of this project: trusted, or refused before it has signed anything."""

from typing import TYPE_CHECKING

from gates.adapters import keys
from gates.errors import InvalidError
from gates.run.project import Project, now

if TYPE_CHECKING:
    from securesystemslib.signer import Signer

MADE = (
    "made a signing key in .gates/key.pem: it proves that this machine decided, not who sat at it, and "
    "whoever can read the file can sign. For more, keep the key in CI."
)


def trusted_signer(project: Project) -> "Signer":
    """Return the signer; an entry is for ever, so one that nobody would believe is refused.

    Raises:
        InvalidError: There is no usable key, or the policy lists others.
    """
    signer = _signer(project)
    public = signer.public_key.keyid
    if public not in project.trusted_keys:
        raise InvalidError(
            "The key that would sign is not one that the policy trusts.",
            why=f"Its public half is {public}.",
            do="List it in params.yaml under gates.trusted_keys in a reviewed commit, or sign with another.",
        )
    why = next((each.why_not(now().date()) for each in project.policy.trusted_keys if each.key == public), "")
    if why:
        raise InvalidError(
            f"The key that would sign {why}.",
            why=f"Its public half is {public}.",
            do="Sign with another that gates.trusted_keys lists for today.",
        )
    return signer


def key(project: Project, *, private: bool) -> dict[str, str]:
    """Return the public half of this machine's key, or the private one in PEM for a CI secret."""
    public = _signer(project).public_key.keyid
    return {"private": keys.private_pem(project.root)} if private else {"public": public}


def _signer(project: Project) -> "Signer":
    if not project.trusted_keys:
        project.history()  # beside a ledger that nobody here can verify, a new key would help nobody
    signer, made = keys.signer(project.root)
    if made:
        project.say(MADE)
    return signer
