"""Who can sign, and whose signature is believed."""

from collections.abc import Collection
from dataclasses import dataclass

from gates.controls.roads import SIGNING_KEY, TRUSTED_KEYS, Finding


@dataclass(frozen=True)
class Key:
    """The key that this machine would sign with.

    Attributes:
        kind: file, environment, service, keyless, or empty where there is none.
        place: The file, the variable, or the address of the service that keeps it.
        readable: Whether others than its owner can read the file.
        public: Its public half; empty where it is not to be had.
        may_sign: Whether the service would sign for this identity.
        in_ci: Whether this is a job of a CI.
    """

    kind: str = ""
    place: str = ""
    readable: bool = False
    public: str = ""
    may_sign: bool = False
    in_ci: bool = False


def signing(key: Key) -> Finding:
    """Return what is found about the key."""
    if not key.kind:
        return SIGNING_KEY.prevented("There is no key here: this machine can sign nothing.")
    if key.readable:
        return SIGNING_KEY.open(f"{key.place} can be read by others.", f"chmod 600 {key.place}")
    if key.kind == "keyless":
        return SIGNING_KEY.prevented(f"There is no key: {key.place} certifies the workflow that signs.")
    if key.kind == "service":
        return _kept_elsewhere(key)
    if key.kind == "environment" and key.in_ci:
        return SIGNING_KEY.prevented(f"The key is the secret {key.place} of this job.")
    return SIGNING_KEY.detected(
        f"{key.place} is on this machine: who is logged in here can sign; the ledger tells whose key it was.",
        "Keep it in CI only. First list what gates key prints under gates.trusted_keys in params.yaml, or "
        "nobody can verify the ledger; then gates key --private into the secret GATES_SIGNING_KEY of the "
        f"environments production and unattended; then remove {key.place}.",
    )


def _kept_elsewhere(key: Key) -> Finding:
    if not key.may_sign:
        return SIGNING_KEY.prevented(f"{key.place} never leaves its place, and does not sign for who asks.")
    if key.in_ci:
        return SIGNING_KEY.prevented(f"{key.place} never leaves its place, and signs for this job.")
    return SIGNING_KEY.detected(
        f"{key.place} signs for who asks, outside of CI; the ledger tells whose key it was.",
        "Allow kms:Sign in its key policy to the promoting role alone, and deny it to everybody else.",
    )


def trusted(listed: Collection[str], key: Key) -> Finding:
    """Return what is found about the keys that the policy lists."""
    if not listed:
        return TRUSTED_KEYS.open(
            "The policy lists no key: each machine believes its own.",
            f"In params.yaml: gates.trusted_keys: [{key.public or 'what `gates key` prints in CI'}]",
        )
    if key.kind == "file" and key.public in listed:
        only = " alone" if len(listed) == 1 else ""
        return TRUSTED_KEYS.detected(
            f"The policy believes the key of this machine{only}: who is logged in here may promote.",
            "List the key of CI in gates.trusted_keys, and give this one a day: until: YYYY-MM-DD",
        )
    return TRUSTED_KEYS.prevented(f"The policy believes {len(listed)} keys, and none lies on this machine.")
