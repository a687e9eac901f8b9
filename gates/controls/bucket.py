"""What a bucket does for the ledger in it: keeps every version, locks it, and lets one role write."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from gates.controls.roads import LEDGER_HISTORY, LEDGER_WRITERS, Finding

COMPLIANCE = "COMPLIANCE"
WRITES = ("s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion")
# A condition that takes principals out of a denial; with any other, the denial holds less often.
_EXEMPTING = frozenset({"StringNotEquals", "StringNotLike", "ArnNotEquals", "ArnNotLike"})


@dataclass(frozen=True)
class Bucket:
    """What a bucket says about itself.

    Attributes:
        name: Its name.
        prefix: Where the ledger lies in it.
        versioning: Enabled, Suspended, or empty for never.
        lock: Whether Object Lock is on.
        default_mode: Mode in which it locks every new object by itself; empty for none.
        policy: Its policy; empty for none.
        refused: What could not be asked, with the reason: versioning, lock or policy.
    """

    name: str
    prefix: str = ""
    versioning: str = ""
    lock: bool = False
    default_mode: str = ""
    policy: Mapping[str, Any] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)


def findings(bucket: Bucket, lock_years: int) -> Iterator[Finding]:
    """Yield what is found about history and writers of a ledger whose objects the policy locks for years."""
    yield _history(bucket, lock_years)
    yield _writers(bucket)


def locks(bucket: Bucket, lock_years: int) -> bool:
    """Return whether nobody, not even its owner, can remove or replace what was written."""
    return (
        bucket.versioning == "Enabled"
        and bucket.lock
        and (lock_years > 0 or bucket.default_mode == COMPLIANCE)
    )


def _history(bucket: Bucket, lock_years: int) -> Finding:
    for question in ("versioning", "lock"):
        if reason := bucket.refused.get(question):
            return LEDGER_HISTORY.unknown(
                f"{bucket.name} does not tell its {question}: {reason}",
                f"Let this identity read it: {_may_read(bucket.name)}",
            )
    if bucket.versioning != "Enabled":
        return LEDGER_HISTORY.open(
            f"{bucket.name} keeps no versions: what is overwritten or deleted leaves no trace.",
            f"aws s3api put-bucket-versioning --bucket {bucket.name} "
            "--versioning-configuration Status=Enabled",
        )
    if locks(bucket, lock_years):
        return LEDGER_HISTORY.prevented(f"{bucket.name} keeps every version and locks new ones (COMPLIANCE).")
    return LEDGER_HISTORY.detected(
        f"{bucket.name} keeps every version, but its owner can delete one for good: "
        + ("no object is locked (COMPLIANCE)." if bucket.lock else "Object Lock is off."),
        _to_lock(bucket),
    )


def _writers(bucket: Bucket) -> Finding:
    if reason := bucket.refused.get("policy"):
        return LEDGER_WRITERS.unknown(
            f"{bucket.name} does not tell its policy: {reason}",
            f"Let this identity read it: {_may_read(bucket.name)}",
        )
    allowed = _allowed(bucket)
    if allowed is not None:
        told = ", ".join(sorted(allowed)) or "nobody"
        return LEDGER_WRITERS.prevented(f"{bucket.name} denies every write but those of {told}.")
    return LEDGER_WRITERS.detected(
        f"The policy of {bucket.name} does not deny {', '.join(WRITES)} to everybody but one role; "
        "signatures and versions tell what was written.",
        _denial(bucket),
    )


def _allowed(bucket: Bucket) -> set[str] | None:
    """Return who alone may write the ledger; None where nothing denies it to everybody else."""
    alone: set[str] = set()
    for action in WRITES:
        exempted = [_exempted(each) for each in _denials(bucket, action)]
        closed = [principals for principals in exempted if principals is not None]
        if not closed:
            return None
        alone |= set.intersection(*closed)
    return alone


def _denials(bucket: Bucket, action: str) -> Iterator[Mapping[str, Any]]:
    """Yield the statements that deny everybody this action on entries and on what they refer to."""
    keys = [f"{bucket.name}/{bucket.prefix}/{name}".replace("//", "/") for name in ("1.json", "objects/1")]
    for each in _listed(bucket.policy.get("Statement")):
        actions = [str(one).lower() for one in _listed(each.get("Action"))]
        resources = [str(one).rpartition(":::")[2] for one in _listed(each.get("Resource"))]
        if (
            each.get("Effect") == "Deny"
            and each.get("Principal") in ("*", {"AWS": "*"}, {"AWS": ["*"]})
            and any(fnmatchcase(action.lower(), one) for one in actions)
            and all(any(fnmatchcase(key, one) for one in resources) for key in keys)
        ):
            yield each


def _exempted(statement: Mapping[str, Any]) -> set[str] | None:
    """Return whom a denial leaves out; None where it leaves out more than roles and users by their names."""
    match list(statement.get("Condition", {}).items()):
        case []:
            return set()
        case [(operator, {"aws:PrincipalArn": principals, **others})] if (
            operator in _EXEMPTING and not others
        ):
            named = {str(each) for each in _listed(principals)}
            plain = all(re.fullmatch(r"arn:[^*?]+:(role|user)/[^*?]+", each) for each in named)
            return named if plain else None
    return None


def _listed(value: Any) -> list[Any]:  # noqa: ANN401 - AWS takes one or a list of nearly everything
    return value if isinstance(value, list) else [] if value is None else [value]


def _may_read(name: str) -> str:
    actions = ["GetBucketVersioning", "GetBucketObjectLockConfiguration", "GetBucketPolicy"]
    statement = {
        "Effect": "Allow",
        "Action": [f"s3:{each}" for each in actions],
        "Resource": f"arn:aws:s3:::{name}",
    }
    return json.dumps(statement)


def _to_lock(bucket: Bucket) -> str:
    years = "gates.ledger_objects: {lock_years: 7}"
    if bucket.lock:
        return f"In params.yaml: {years}"
    return (
        f"aws s3api put-object-lock-configuration --bucket {bucket.name} "
        f"--object-lock-configuration ObjectLockEnabled=Enabled; then in params.yaml: {years}"
    )


def _denial(bucket: Bucket) -> str:
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": list(WRITES),
        "Resource": f"arn:aws:s3:::{bucket.name}/{bucket.prefix}/*".replace("//*", "/*"),
        "Condition": {"ArnNotEquals": {"aws:PrincipalArn": "arn:aws:iam::ACCOUNT:role/PROMOTING_ROLE"}},
    }
    return f"Add to its policy: {json.dumps(statement)}"
