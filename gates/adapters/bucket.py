"""What a bucket says about itself: versions, Object Lock, policy; asked without changing anything."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from gates.adapters.s3_store import client
from gates.documents import parse_json
from gates.errors import InvalidError

# The bucket has none of it: an answer, not a refusal.
_ABSENT = frozenset(
    {"NoSuchBucketPolicy", "ObjectLockConfigurationNotFoundError", "NoSuchObjectLockConfiguration"}
)
# Each object is asked by itself: of many, these, from the oldest to the newest.
SAMPLE = 20


def facts(uri: str) -> dict[str, Any]:
    """Return what the bucket of ``s3://bucket/prefix`` tells, and under ``refused`` what it does not."""
    parts = urlsplit(uri)
    prefix, asking = parts.path.strip("/"), _Asking(parts.netloc)
    locking = asking.get("lock", asking.s3.get_object_lock_configuration).get("ObjectLockConfiguration", {})
    default = locking.get("Rule", {}).get("DefaultRetention", {})
    policy = asking.get("policy", asking.s3.get_bucket_policy).get("Policy", "")
    lock = locking.get("ObjectLockEnabled") == "Enabled"
    return {
        "name": parts.netloc,
        "prefix": prefix,
        "versioning": asking.get("versioning", asking.s3.get_bucket_versioning).get("Status", ""),
        "lock": lock,
        "default_mode": default.get("Mode", ""),
        "default_days": default.get("Days", 0) or default.get("Years", 0) * 365,
        # Without a lock S3 refuses to tell of an object.
        **(_stored(asking, f"{prefix}/" if prefix else "") if lock else {"stored": 0, "kept": {}}),
        "policy": _parsed(policy, asking.refused),
        "refused": asking.refused,
    }


class _Asking:
    """Questions to a bucket, and the reason of each that it refused."""

    def __init__(self, name: str) -> None:
        self.s3 = client()
        self.refused: dict[str, str] = {}
        self._name = name

    def get(self, question: str, call: Callable[..., Any], **about: str) -> dict[str, Any]:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return dict(call(Bucket=self._name, **about))
        except ClientError as error:
            told = error.response["Error"]
            if told["Code"] not in _ABSENT:
                self.refused[question] = f"{told['Code']}: {told.get('Message', '')}".rstrip(". ") + "."
        except BotoCoreError as error:
            self.refused[question] = f"{error}".rstrip(".") + "."
        return {}


def _stored(asking: _Asking, prefix: str) -> dict[str, Any]:
    """Return how many objects lie there, and for how many days those that are looked at are locked."""
    versions = asking.get("retention", partial(_versions, asking.s3), Prefix=prefix).get("Versions", [])
    kept = {}
    for each in _sample(versions):
        which = {"Key": each["Key"], "VersionId": each["VersionId"]}
        told = asking.get("retention", asking.s3.get_object_retention, **which).get("Retention", {})
        kept[each["Key"].removeprefix(prefix)] = _days(told, each["LastModified"])
    return {"stored": len(versions), "kept": kept}


def _versions(s3: Any, **where: str) -> dict[str, Any]:  # noqa: ANN401 - boto's clients are made at run time
    pages = s3.get_paginator("list_object_versions").paginate(**where)
    versions = [each for page in pages for each in page.get("Versions", ())]
    return {"Versions": sorted(versions, key=lambda each: (each["LastModified"], each["Key"]))}


def _sample(versions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return some of many, evenly: a lock that was off for a while leaves a gap, often the oldest."""
    last = len(versions) - 1
    if last < SAMPLE:
        return versions
    return [versions[last * each // (SAMPLE - 1)] for each in range(SAMPLE)]


def _days(retention: dict[str, Any], written: datetime) -> int:
    """Return for how many days from its writing an object is locked for everybody; 0 where that is over."""
    if retention.get("Mode") != "COMPLIANCE" or retention["RetainUntilDate"] <= datetime.now(UTC):
        return 0
    return int((retention["RetainUntilDate"] - written).days)


def _parsed(policy: str, refused: dict[str, str]) -> dict[str, Any]:
    try:
        return parse_json(policy.encode(), "The policy of the bucket") if policy else {}
    except InvalidError as error:
        refused["policy"] = error.what
        return {}
