"""The signer of this project: trusted, or refused before it has signed anything."""

from collections.abc import Container, Sequence

from gates.adapters import signers_by_uri
from gates.adapters.sigstore_key import SigstoreKey
from gates.break_glass import APPROVERS, owners
from gates.errors import InvalidError
from gates.public_keys import Signer
from gates.run.project import Project, now
from gates.trust import TrustedKey

MADE = (
    "made a signing key in {}: it proves that this machine decided, not who sat at it, and "
    "whoever can read the file can sign. For more, keep the key in CI."
)


def trusted_signer(project: Project) -> Signer:
    """Return the signer; an entry is for ever, so one that nobody would believe is refused.

    Raises:
        InvalidError: There is no usable key, or the policy lists others.
        UnavailableError: Who keeps the key did not answer.
    """
    signer = _signer(project)
    listed = project.policy.trusted_keys
    _require_listed(signer, {each.keyid for each in project.trusted_keys}, listed, "gates.trusted_keys")
    return signer


def _require_listed(signer: Signer, known: Container[str], listed: Sequence[TrustedKey], where: str) -> None:
    public, shown = signer.public_key.keyid, _listed(signer)
    if public not in known:
        raise InvalidError(
            "The key that would sign is not one that the policy trusts.",
            why=f"Its public half is {shown}.",
            do=f"List it in params.yaml under {where} in a reviewed commit, or sign with another.",
        )
    why = next((each.why_not(now().date()) for each in listed if each.key == public), "")
    if why:
        raise InvalidError(
            f"The key that would sign {why}.",
            why=f"Its public half is {shown}.",
            do=f"Sign with another that {where} lists for today.",
        )


def approvers(project: Project, uris: Sequence[str]) -> list[Signer]:
    """Return the signers of a break-glass, who have to be two people.

    Raises:
        InvalidError: A key is not there or not trusted for today, or they are not two keys of two owners.
        UnavailableError: Who keeps a key did not answer.
    """
    found = [signers_by_uri.existing(project.root, uri, project.sigstore_instance) for uri in uris]
    listed = project.policy.approvers
    for signer in found:
        _require_listed(signer, {each.key for each in listed}, listed, "gates.approvers")
    people = owners((each.public_key.keyid for each in found), listed)
    if len(people) < APPROVERS:
        raise InvalidError(
            f"A break-glass needs {APPROVERS} approvers; these keys are {', '.join(people) or 'nobody'}'s.",
            why="A key belongs to the owner that gates.approvers names beside it.",
            do="Name the signers of two people: --approver file:ada.pem --approver awskms:alias/grace",
        )
    return found


def key(project: Project, *, private: bool) -> dict[str, str]:
    """Return the public half of the signer's key, or the private one in PEM for a CI secret.

    Raises:
        InvalidError: There is no usable key, or its private half is not to be had.
        UnavailableError: Who keeps the key did not answer.
    """
    public = _listed(_signer(project))
    if private:
        return {"private": signers_by_uri.private_pem(project.root, project.signer)}
    return {"public": public}


def _listed(signer: Signer) -> str:
    """Return the public half as it stands in gates.trusted_keys."""
    public = signer.public_key
    return str(public.identity) if isinstance(public, SigstoreKey) else public.keyid


def _signer(project: Project) -> Signer:
    # Who names another signer in the environment wants its key; the policy's own is not made twice.
    if not project.trusted_keys and project.signer == project.policy.project.signer:
        project.history()  # beside a ledger that nobody here can verify, a new key would help nobody
    signer, made = signers_by_uri.signer(project.root, project.signer, project.sigstore_instance)
    if made:
        project.say(MADE.format(project.signer.removeprefix("file:")))
    return signer
