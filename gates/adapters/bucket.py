"""What a bucket says about itself: versions, Object Lock, policy; asked without changing anything."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from gates.adapters.s3_store import client
from gates.documents import parse_json
from gates.errors import InvalidError

# The bucket has none of it: an answer, not a refusal.
_ABSENT = frozenset({"NoSuchBucketPolicy", "ObjectLockConfigurationNotFoundError"})


def facts(uri: str) -> dict[str, Any]:
    """Return what the bucket of ``s3://bucket/prefix`` tells, and under ``refused`` what it does not."""
    parts = urlsplit(uri)
    name, refused, s3 = parts.netloc, dict[str, str](), client()

    def ask(question: str, call: Callable[..., Any]) -> dict[str, Any]:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return dict(call(Bucket=name))
        except ClientError as error:
            told = error.response["Error"]
            if told["Code"] not in _ABSENT:
                refused[question] = f"{told['Code']}: {told.get('Message', '')}".rstrip(". ") + "."
        except BotoCoreError as error:
            refused[question] = f"{error}".rstrip(".") + "."
        return {}

    locking = ask("lock", s3.get_object_lock_configuration).get("ObjectLockConfiguration", {})
    policy = ask("policy", s3.get_bucket_policy).get("Policy", "")
    return {
        "name": name,
        "prefix": parts.path.strip("/"),
        "versioning": ask("versioning", s3.get_bucket_versioning).get("Status", ""),
        "lock": locking.get("ObjectLockEnabled") == "Enabled",
        "default_mode": locking.get("Rule", {}).get("DefaultRetention", {}).get("Mode", ""),
        "policy": _parsed(policy, refused),
        "refused": refused,
    }


def _parsed(policy: str, refused: dict[str, str]) -> dict[str, Any]:
    try:
        return parse_json(policy.encode(), "The policy of the bucket") if policy else {}
    except InvalidError as error:
        refused["policy"] = error.what
        return {}
