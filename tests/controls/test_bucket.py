"""What versions, lock and policy of a bucket do for the ledger in it."""

import json
from typing import Any

import pytest

from gates.controls.bucket import Bucket, findings, locks
from gates.controls.roads import Finding, Word

ROLE = "arn:aws:iam::123456789012:role/promote"
OTHER = "arn:aws:iam::123456789012:role/audit"
CLOSED: dict[str, Any] = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": ["s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion"],
    "Resource": "arn:aws:s3:::ledger/production/*",
    "Condition": {"ArnNotEquals": {"aws:PrincipalArn": ROLE}},
}


def bucket(*statements: dict[str, Any], **more: Any) -> Bucket:  # noqa: ANN401 - the bucket's own fields
    """Return a bucket with a policy of these statements."""
    policy = {"Version": "2012-10-17", "Statement": list(statements)} if statements else {}
    return Bucket("ledger", "production", **{"versioning": "Enabled", "policy": policy, **more})


def history(found: Bucket, years: int = 0) -> Finding:
    """Return what is found about the entries that are there."""
    first, _ = findings(found, years)
    return first


def writers(*statements: dict[str, Any]) -> Finding:
    """Return what is found about who may write."""
    _, second = findings(bucket(*statements), 0)
    return second


@pytest.mark.parametrize("versioning", ["", "Suspended"])
def test_without_versions_nothing_tells(versioning: str) -> None:
    """Open, with the command to paste, though it be locked."""
    found = history(bucket(versioning=versioning, lock=True), 7)
    assert found.word is Word.OPEN
    assert found.do.startswith("aws s3api put-bucket-versioning --bucket ledger ")


def test_versions_without_a_lock_detect() -> None:
    """The owner can delete a version for good; how to lock is told, as far as it is missing."""
    off = history(bucket(), 7)
    assert (off.word, "put-object-lock-configuration" in off.do) == (Word.DETECTS, True)
    for mode in ("", "GOVERNANCE"):
        unused = history(bucket(lock=True, default_mode=mode))
        assert (unused.word, "aws" in unused.do) == (Word.DETECTS, False)
        assert "lock_years: 7" in unused.do


@pytest.mark.parametrize(("years", "mode"), [(7, ""), (0, "COMPLIANCE"), (7, "GOVERNANCE")])
def test_a_lock_prevents(years: int, mode: str) -> None:
    """By the policy of the project or by the bucket's own default."""
    found = bucket(lock=True, default_mode=mode)
    assert locks(found, years)
    assert history(found, years).word is Word.PREVENTS


@pytest.mark.parametrize("question", ["versioning", "lock"])
def test_what_is_not_told_is_unknown(question: str) -> None:
    """Neither open nor closed; the permission to ask is what to paste."""
    found = history(bucket(refused={question: "AccessDenied: no."}))
    assert (found.word, "AccessDenied" in found.what) == (Word.UNKNOWN, True)
    assert "s3:GetBucketVersioning" in json.loads(found.do.partition(": ")[2])["Action"]
    _, told = findings(bucket(refused={"policy": "AccessDenied: no."}), 0)
    assert told.word is Word.UNKNOWN


CLOSING: dict[str, list[dict[str, Any]]] = {
    "one statement": [CLOSED],
    "every action": [CLOSED | {"Action": "s3:*"}],
    "other letters": [CLOSED | {"Action": ["S3:putobject", "s3:Delete*"]}],
    "the whole bucket": [CLOSED | {"Resource": "arn:aws:s3:::ledger/*"}],
    "another partition": [CLOSED | {"Resource": ["arn:aws-cn:s3:::ledger/production/*"]}],
    "everything": [CLOSED | {"Resource": "*"}],
    "by AWS": [CLOSED | {"Principal": {"AWS": "*"}}],
    "two statements": [
        CLOSED | {"Action": "s3:Put*"},
        CLOSED | {"Action": ["s3:DeleteObject", "s3:DeleteObjectVersion"]},
    ],
    "beside an allowance": [{"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"}, CLOSED],
    "string": [CLOSED | {"Condition": {"StringNotEquals": {"aws:PrincipalArn": [ROLE]}}}],
}

LEAKING: dict[str, list[dict[str, Any]]] = {
    "no policy": [],
    "an allowance": [CLOSED | {"Effect": "Allow"}],
    "one principal": [CLOSED | {"Principal": {"AWS": OTHER}}],
    "no deletion": [CLOSED | {"Action": ["s3:PutObject"]}],
    "no deletion of versions": [CLOSED | {"Action": ["s3:PutObject", "s3:DeleteObject"]}],
    "entries alone": [CLOSED | {"Resource": "arn:aws:s3:::ledger/production/*.json"}],
    "another prefix": [CLOSED | {"Resource": "arn:aws:s3:::ledger/staging/*"}],
    "another bucket": [CLOSED | {"Resource": "arn:aws:s3:::ledgers/production/*"}],
    "every role": [CLOSED | {"Condition": {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/*"}}}],
    "the account": [
        CLOSED | {"Condition": {"ArnNotEquals": {"aws:PrincipalArn": "arn:aws:iam::123456789012:root"}}}
    ],
    "ForAllValues": [CLOSED | {"Condition": {"ForAllValues:StringNotEquals": {"aws:PrincipalArn": ROLE}}}],
    "another key": [
        CLOSED | {"Condition": {"ArnNotEquals": {"aws:PrincipalArn": ROLE, "aws:SourceArn": "x"}}}
    ],
    "another operator": [
        CLOSED | {"Condition": {**CLOSED["Condition"], "Bool": {"aws:SecureTransport": "false"}}}
    ],
    "all but these": [{key: value for key, value in CLOSED.items() if key != "Action"} | {"NotAction": "x"}],
}


@pytest.mark.parametrize("statements", CLOSING.values(), ids=list(CLOSING))
def test_a_denial_to_everybody_but_a_role(statements: list[dict[str, Any]]) -> None:
    """Prevents, and says who may."""
    found = writers(*statements)
    assert found.word is Word.PREVENTS
    assert found.what.endswith(f"but those of {ROLE}.")


@pytest.mark.parametrize("statements", LEAKING.values(), ids=list(LEAKING))
def test_a_denial_that_leaks(statements: list[dict[str, Any]]) -> None:
    """Detects; what to paste closes it."""
    found = writers(*statements)
    assert found.word is Word.DETECTS
    pasted = json.loads(found.do.partition(": ")[2].replace("ACCOUNT:role/PROMOTING_ROLE", "1:role/promote"))
    assert writers(*statements, pasted).word is Word.PREVENTS


def test_two_denials_leave_out_whom_both_leave_out() -> None:
    """Each denies those that only the other one lets."""
    both = CLOSED | {"Condition": {"ArnNotEquals": {"aws:PrincipalArn": [ROLE, OTHER]}}}
    assert writers(both).what.endswith(f"but those of {OTHER}, {ROLE}.")
    assert writers(both, CLOSED).what.endswith(f"but those of {ROLE}.")
    assert writers({key: value for key, value in CLOSED.items() if key != "Condition"}).what.endswith(
        "nobody."
    )


def test_a_ledger_at_the_root_of_a_bucket() -> None:
    """Its keys begin with no slash."""
    found = Bucket(
        "ledger", versioning="Enabled", policy={"Statement": CLOSED | {"Resource": "arn:aws:s3:::ledger/*"}}
    )
    assert [each.word for each in findings(found, 0)] == [Word.DETECTS, Word.PREVENTS]
    _, leaking = findings(Bucket("ledger", versioning="Enabled"), 0)
    assert '"arn:aws:s3:::ledger/*"' in leaking.do
