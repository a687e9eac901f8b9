"""Whether an identity of MLflow can go past the gates: set the alias, or write runs and their files."""

from collections.abc import Iterator
from dataclasses import dataclass

from gates.controls.roads import ALIAS, ARTIFACTS, Finding

READS_ONLY = frozenset({"READ", "USE", "NO_PERMISSIONS", "DENY"})
WITH_ACCOUNTS = (
    "Run a server with accounts, whose default is to read: mlflow server --app-name basic-auth, with "
    "`default_permission = READ` in its basic_auth.ini. Until then, on a schedule: gates reconcile"
)


@dataclass(frozen=True)
class Access:
    """What an identity may do.

    Attributes:
        place: The server or database, without a password.
        user: Who is asking; empty where the place has no accounts.
        admin: Whether that is an administrator.
        on_model: Permission on the registered model; empty where there is no such model yet.
        on_experiment: Permission on the experiment that keeps runs and files; empty where there is none yet.
    """

    place: str
    user: str = ""
    admin: bool = False
    on_model: str = ""
    on_experiment: str = ""


def findings(access: Access, model: str) -> Iterator[Finding]:
    """Yield what is found about alias and artifacts."""
    if not access.user:
        what = f"{access.place} has no accounts: who can write to it can "
        yield ALIAS.detected(f"{what}set the alias, and `gates reconcile` tells.", WITH_ACCOUNTS)
        yield ARTIFACTS.detected(f"{what}edit runs and files; digests tell.", WITH_ACCOUNTS)
        return
    asked = (
        (ALIAS, access.on_model, "registered_model", f"the registered model {model}", "set its alias"),
        (ARTIFACTS, access.on_experiment, "experiment", f"the experiment {model}", "edit its runs and files"),
    )
    for road, permission, kind, thing, deed in asked:
        if access.admin:
            yield road.detected(f"{access.user!r} is an administrator of {access.place}.", _as_developer(""))
        elif not permission:
            do = "Let CI promote once, then ask again: gates doctor"
            yield road.unknown(f"{thing} is not there yet; who makes it manages it.".capitalize(), do)
        elif permission in READS_ONLY:
            yield road.prevented(f"{access.user!r} has {permission} on {thing}.")
        else:
            what = f"{access.user!r} has {permission} on {thing} and can {deed}."
            yield road.detected(what, _as_developer(kind))


def _as_developer(kind: str) -> str:
    if not kind:
        return "Ask as a developer: MLFLOW_TRACKING_USERNAME=… gates doctor"
    return (
        "Is that CI's own identity, ask as a developer. If not, an administrator takes it away: "
        f"POST /api/3.0/mlflow/users/permissions/revoke with username, resource_type={kind} and resource_id"
    )
