"""Whether the policy that judges is pinned where the change that weakens it does not reach."""

from dataclasses import dataclass

from gates.controls.roads import POLICY, Finding

SHOWN = "every decision lists what it says otherwise than the champion's"


@dataclass(frozen=True)
class Pin:
    """Where the policy is pinned.

    Attributes:
        in_environment: Whether a variable of the CI environment names its digest.
        in_file: Whether `gates.lock` does.
        has_owners: Whether CODEOWNERS gives `gates.lock` reviewers of its own, and has some itself.
        path: The line of CODEOWNERS that means `gates.lock`.
    """

    in_environment: bool = False
    in_file: bool = False
    has_owners: bool = False
    path: str = "/gates.lock"


def policy(pin: Pin) -> Finding:
    """Return what is found about the pin."""
    if pin.in_environment:
        return POLICY.prevented("The CI environment names the only policy that may judge.")
    if pin.in_file and pin.has_owners:
        return POLICY.prevented(
            "gates.lock names the only policy that may judge, and CODEOWNERS gives it reviewers; they count "
            "where the branch asks for the review of code owners."
        )
    to_own = (
        "In .github/CODEOWNERS, as its last lines, since the last one that matches decides: "
        f"{pin.path} @org/who-may-change-thresholds and /.github/CODEOWNERS @org/who-may-change-thresholds"
    )
    if pin.in_file:
        return POLICY.detected(
            "gates.lock pins the policy, but has no reviewers of its own in CODEOWNERS, or that has none; "
            f"{SHOWN}.",
            to_own,
        )
    return POLICY.detected(f"The policy is not pinned; {SHOWN}.", f"gates policy --pin. {to_own}")
