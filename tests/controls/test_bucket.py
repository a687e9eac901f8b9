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


@pytest.mark.parametrize(
    ("years", "mode", "days", "told"),
    [
        (7, "", 0, "7 years"),
        (0, "COMPLIANCE", 365, "1 year"),
        (0, "COMPLIANCE", 400, "400 days"),
        (7, "GOVERNANCE", 1, "7 years"),
        (1, "COMPLIANCE", 1, "1 year"),
    ],
)
def test_a_lock_prevents(years: int, mode: str, days: int, told: str) -> None:
    """By the policy of the project or by the bucket's own default; for how long is told."""
    found = bucket(lock=True, default_mode=mode, default_days=days)
    assert locks(found, years)
    said = history(found, years)
    assert (said.word, f"(COMPLIANCE) for {told};" in said.what) == (Word.PREVENTS, True)


@pytest.mark.parametrize(("days", "told"), [(0, "0 days"), (1, "1 day"), (364, "364 days")])
def test_a_default_that_ends_within_a_year(days: int, told: str) -> None:
    """After it, the owner can delete what was locked."""
    found = bucket(lock=True, default_mode="COMPLIANCE", default_days=days)
    assert not locks(found, 0)
    said = history(found)
    assert (said.word, f"locks for {told}, and 1 year is the least" in said.what) == (Word.DETECTS, True)
    assert "lock_years: 7" in said.do


@pytest.mark.parametrize(
    ("years", "days", "word"),
    [
        (7, 7 * 365 + 1, Word.PREVENTS),
        (7, 7 * 365 - 1, Word.DETECTS),
        (7, 0, Word.DETECTS),
        (0, 365, Word.PREVENTS),
        (0, 1, Word.DETECTS),
    ],
)
def test_what_is_stored_already(years: int, days: int, word: Word) -> None:
    """An entry of the time before the lock has none, whatever new ones get."""
    kept = {"00000001.json": days, "00000002.json": 9999}
    found = bucket(lock=True, default_mode="COMPLIANCE", default_days=9999, stored=50, kept=kept)
    assert locks(found, years) is (word is Word.PREVENTS)
    said = history(found, years)
    assert said.word is word
    assert "of 50 stored objects 2 were looked at" in said.what
    if word is Word.DETECTS:
        assert "00000001.json" in said.what
        assert "put-object-retention --bucket ledger --key production/00000001.json " in said.do


@pytest.mark.parametrize("question", ["versioning", "lock", "retention"])
def test_what_is_not_told_is_unknown(question: str) -> None:
    """Neither open nor closed; the permission to ask is what to paste."""
    refusing = bucket(lock=True, refused={question: "AccessDenied: no."})
    assert not locks(refusing, 7)
    found = history(refusing, 7)
    assert (found.word, "AccessDenied" in found.what) == (Word.UNKNOWN, True)
    pasted = json.loads(found.do.partition(": ")[2])
    assert {"s3:GetBucketVersioning", "s3:GetObjectRetention"} <= set(pasted["Action"])
    assert pasted["Resource"] == ["arn:aws:s3:::ledger", "arn:aws:s3:::ledger/production/*"]
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
