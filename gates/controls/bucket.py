"""What a bucket does for the ledger in it: keeps every version, locks it, and lets one role write."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from gates.controls.roads import LEDGER_HISTORY, LEDGER_WRITERS, Finding

COMPLIANCE = "COMPLIANCE"
YEAR_DAYS = 365
LEAST_YEARS = 1  # where the policy of the project names none
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
        default_days: For how many days it does.
        stored: How many objects the ledger has there, entries and what they refer to.
        kept: For how many days those that were looked at are locked (COMPLIANCE), from the day of writing, by
            name; 0 for one without a lock or whose lock is over.
        policy: Its policy; empty for none.
        refused: What could not be asked, with the reason: versioning, lock, retention or policy.
    """

    name: str
    prefix: str = ""
    versioning: str = ""
    lock: bool = False
    default_mode: str = ""
    default_days: int = 0
    stored: int = 0
    kept: Mapping[str, int] = field(default_factory=dict)
    policy: Mapping[str, Any] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)


def findings(bucket: Bucket, lock_years: int) -> Iterator[Finding]:
    """Yield what is found about history and writers of a ledger whose objects the policy locks for years."""
    yield _history(bucket, lock_years)
    yield _writers(bucket)


def locks(bucket: Bucket, lock_years: int) -> bool:
    """Return whether nobody, not even its owner, can remove or replace what was or will be written.

    As long as the policy of the project says, or a year where it leaves that to the bucket's default.
    """
    return (
        bucket.versioning == "Enabled"
        and bucket.lock
        and not {"versioning", "lock", "retention"} & bucket.refused.keys()
        and _locks_new(bucket, lock_years)
        and not _loose(bucket, lock_years)
    )


def _history(bucket: Bucket, lock_years: int) -> Finding:
    for question in ("versioning", "lock", "retention"):
        if reason := bucket.refused.get(question):
            return LEDGER_HISTORY.unknown(
                f"{bucket.name} does not tell its {question}: {reason}",
                f"Let this identity read it: {_may_read(bucket)}",
            )
    if bucket.versioning != "Enabled":
        return LEDGER_HISTORY.open(
            f"{bucket.name} keeps no versions: what is overwritten or deleted leaves no trace.",
            f"aws s3api put-bucket-versioning --bucket {bucket.name} "
            "--versioning-configuration Status=Enabled",
        )
    if locks(bucket, lock_years):
        return LEDGER_HISTORY.prevented(
            f"{bucket.name} keeps every version and locks new ones (COMPLIANCE) for "
            f"{_told(lock_years * YEAR_DAYS or bucket.default_days)}; {_looked_at(bucket)}."
        )
    what, do = _unlocked(bucket, lock_years)
    return LEDGER_HISTORY.detected(
        f"{bucket.name} keeps every version, but its owner can delete one for good: {what}.", do
    )


def _locks_new(bucket: Bucket, lock_years: int) -> bool:
    by_default = bucket.default_days if bucket.default_mode == COMPLIANCE else 0
    return lock_years > 0 or by_default >= LEAST_YEARS * YEAR_DAYS


def _loose(bucket: Bucket, lock_years: int) -> list[str]:
    """Return what is stored and locked for less than is asked, of what was looked at."""
    least = (lock_years or LEAST_YEARS) * YEAR_DAYS
    return sorted(name for name, days in bucket.kept.items() if days < least)


def _unlocked(bucket: Bucket, lock_years: int) -> tuple[str, str]:
    """Return what is missing for a lock, and how to lock."""
    if not bucket.lock:
        return "Object Lock is off", _to_lock(bucket)
    if not _locks_new(bucket, lock_years):
        short = "no object is locked (COMPLIANCE)"
        if bucket.default_mode == COMPLIANCE:
            least = _told(LEAST_YEARS * YEAR_DAYS)
            short = f"its default locks for {_told(bucket.default_days)}, and {least} is the least"
        return short, _to_lock(bucket)
    loose = _loose(bucket, lock_years)
    return (
        f"of {bucket.stored} stored objects {len(bucket.kept)} were looked at, and {len(loose)} are not "
        f"locked (COMPLIANCE) for {_told((lock_years or LEAST_YEARS) * YEAR_DAYS)}, such as {loose[0]}"
    ), (
        f"For each: aws s3api put-object-retention --bucket {bucket.name} --key {_key(bucket, loose[0])} "
        "--retention Mode=COMPLIANCE,RetainUntilDate=YYYY-MM-DD"
    )


def _told(days: int) -> str:
    years, rest = divmod(days, YEAR_DAYS)
    count, unit = (days, "day") if rest or not years else (years, "year")
    return f"{count} {unit}{'' if count == 1 else 's'}"


def _looked_at(bucket: Bucket) -> str:
    if not bucket.stored:
        return "nothing is stored yet"
    return f"of {bucket.stored} stored objects {len(bucket.kept)} were looked at, and all are locked"


def _writers(bucket: Bucket) -> Finding:
    if reason := bucket.refused.get("policy"):
        return LEDGER_WRITERS.unknown(
            f"{bucket.name} does not tell its policy: {reason}",
            f"Let this identity read it: {_may_read(bucket)}",
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
    keys = [f"{bucket.name}/{_key(bucket, name)}" for name in ("1.json", "objects/1")]
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


def _key(bucket: Bucket, name: str) -> str:
    return f"{bucket.prefix}/{name}" if bucket.prefix else name


def _may_read(bucket: Bucket) -> str:
    asked = ("GetBucketVersioning", "GetBucketObjectLockConfiguration", "GetBucketPolicy")
    listed = ("ListBucketVersions", "GetObjectRetention")
    statement = {
        "Effect": "Allow",
        "Action": [f"s3:{each}" for each in (*asked, *listed)],
        "Resource": [f"arn:aws:s3:::{bucket.name}", f"arn:aws:s3:::{bucket.name}/{_key(bucket, '*')}"],
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
        "Resource": f"arn:aws:s3:::{bucket.name}/{_key(bucket, '*')}",
        "Condition": {"ArnNotEquals": {"aws:PrincipalArn": "arn:aws:iam::ACCOUNT:role/PROMOTING_ROLE"}},
    }
    return f"Add to its policy: {json.dumps(statement)}"
