"""The objects behind a ledger, in S3; creating one that is absent (`If-None-Match: *`) is the commit.

Who may write to a bucket may also overwrite and delete, and a versioned bucket keeps what was there before.
So every version is listed before anything is read: an entry with two versions or with a delete marker was
tampered with, whatever it reads like now.
"""

import os
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from gates import digest
from gates.adapters.patience import Patience
from gates.adapters.store import ENTRY, taken
from gates.errors import GatesError, InvalidError, TamperedError, UnavailableError
from gates.policy_blocks import LedgerObjects

PRECONDITION = "PreconditionFailed"
BUSY = "ConditionalRequestConflict"
BUSY_PAUSES_S = (0.05, 0.1, 0.2, 0.4)  # the other write that is under way ends within one of them
CONNECT_S = 3
READ_S = 5
YEAR = timedelta(days=365.25)


def client() -> Any:  # noqa: ANN401 - boto's clients are made at run time
    """Return a client that answers within seconds; what it needs to know comes from the environment."""
    import boto3
    from botocore.config import Config

    most = Patience().seconds
    retries: dict[str, Any] = {"mode": "standard"}
    if "AWS_MAX_ATTEMPTS" not in os.environ:
        retries["total_max_attempts"] = 2
    config = Config(connect_timeout=min(CONNECT_S, most), read_timeout=min(READ_S, most), retries=retries)
    return boto3.Session().client("s3", config=config)


class S3Store:
    """Objects in a bucket: `<seq>.json` for entries and `objects/<sha256>` for what they refer to."""

    def __init__(self, uri: str, kept: LedgerObjects | None = None) -> None:
        """Use ``s3://bucket/prefix``; endpoint, region and credentials come from the environment."""
        self.uri = uri.rstrip("/")
        parts = urlsplit(self.uri)
        self._bucket, self._prefix = parts.netloc, parts.path.strip("/")
        self.kept = kept or LedgerObjects()
        self._patience = Patience()
        self._client = client()
        self._known: dict[tuple[str, str], bytes] = {}

    @property
    def place(self) -> str:
        """The address of the bucket."""
        return self.uri

    def entries(self) -> dict[int, bytes]:
        """Return sequence number to bytes of every entry.

        Raises:
            UnavailableError: The bucket cannot be read.
            TamperedError: An entry was overwritten or deleted, or an object lies there that no ledger writes.
        """
        with self._answering("read"):
            versions = self._versions()
            found: dict[int, bytes] = {}
            for name, listed in sorted(versions.items()):
                if not ENTRY.fullmatch(name):
                    raise TamperedError(
                        f"{self.uri} holds {name}, which no ledger writes.", do="Find who put it there."
                    )
                self._require_untouched(name, listed)
                found[int(name.removesuffix(".json"))] = self._version(name, listed[0]["VersionId"])
            return found

    def _version(self, name: str, version: str) -> bytes:
        """Return a version, which never changes: what was read once is not asked for again."""
        if (name, version) not in self._known:
            self._known[name, version] = self._read(name, version)
        return self._known[name, version]

    def append(self, seq: int, data: bytes) -> None:
        """Commit an entry.

        Raises:
            ConflictError: Somebody else has committed this sequence number.
            UnavailableError: The bucket cannot be written.
        """
        with self._answering("written"):
            # A write whose answer was lost has happened: then what stands there is ours.
            if not self._create(f"{seq:08d}.json", data) and self._read(f"{seq:08d}.json") != data:
                raise taken(seq)

    def put(self, data: bytes) -> str:
        """Keep bytes under their SHA-256 and return it.

        Raises:
            TamperedError: What is kept under it already has another digest.
            UnavailableError: The bucket cannot be written.
        """
        sha256 = digest.of_bytes(data)
        with self._answering("written"):
            created = self._create(f"objects/{sha256}", data)
        if not created:
            self.get(sha256)
        return sha256

    def get(self, sha256: str) -> bytes:
        """Return kept bytes.

        Raises:
            TamperedError: Nothing is kept under this digest, or what has another digest.
            UnavailableError: The bucket cannot be read.
        """
        name = f"objects/{sha256}"
        with self._answering("read", absent=f"The ledger keeps nothing under {sha256[:16]}…."):
            data = self._read(name)
        if digest.of_bytes(data) != sha256:
            raise TamperedError(
                f"{self.uri}/{name} was changed.",
                do="Find who wrote there; bring back the older version of the object.",
            )
        return data

    def _versions(self) -> dict[str, list[Any]]:
        """Return the name of each entry with all its versions and delete markers."""
        pages = self._client.get_paginator("list_object_versions").paginate(
            Bucket=self._bucket, Prefix=self._key(""), Delimiter="/"
        )
        found: dict[str, list[Any]] = defaultdict(list)
        remaining = iter(pages)
        while page := self._next(remaining):
            for each in [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]:
                found[each["Key"].removeprefix(self._key(""))].append(each)
        return {name: listed for name, listed in found.items() if name.endswith(".json")}

    def _next(self, pages: Iterator[Any]) -> Any:  # noqa: ANN401 - boto's own
        with self._patience.waiting():
            return next(pages, None)

    def _require_untouched(self, name: str, listed: list[Any]) -> None:
        markers = [each for each in listed if "Size" not in each]
        if not markers and len(listed) == 1:
            return
        newest = max(listed, key=lambda each: each["LastModified"])
        done = "deleted" if markers else "overwritten"
        raise TamperedError(
            f"{self.uri}/{name} was {done}.",
            why=f"It has {len(listed)} versions, the newest of {newest['LastModified']:%Y-%m-%dT%H:%M:%SZ}.",
            do="Find who did it in the bucket's access log; remove the newer versions.",
        )

    def _create(self, name: str, data: bytes) -> bool:
        from botocore.exceptions import ClientError

        pauses = iter(BUSY_PAUSES_S)
        while True:
            try:
                with self._patience.waiting():
                    self._client.put_object(
                        Bucket=self._bucket,
                        Key=self._key(name),
                        Body=data,
                        IfNoneMatch="*",
                        **self._protecting(),
                    )
            except ClientError as error:
                code = error.response["Error"]["Code"]
                if code == PRECONDITION:
                    return False
                pause = next(pauses, None)
                if code != BUSY or pause is None:
                    raise
                time.sleep(pause)
            else:
                return True

    def _protecting(self) -> dict[str, Any]:
        options: dict[str, Any] = {"ChecksumAlgorithm": "SHA256"}
        if self.kept.lock_years:
            until = datetime.now(UTC) + YEAR * self.kept.lock_years
            options |= {"ObjectLockMode": "COMPLIANCE", "ObjectLockRetainUntilDate": until}
        if self.kept.kms_key:
            options |= {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": self.kept.kms_key}
        return options

    def _read(self, name: str, version: str = "") -> bytes:
        which = {"VersionId": version} if version else {}
        with self._patience.waiting():
            answer = self._client.get_object(Bucket=self._bucket, Key=self._key(name), **which)
            return bytes(answer["Body"].read())

    def _key(self, name: str) -> str:
        return f"{self._prefix}/{name}" if self._prefix else name

    @contextmanager
    def _answering(self, done: str, absent: str = "") -> Iterator[None]:
        """Turn boto's errors into ours."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except GatesError:
            raise
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code == "NoSuchKey" and absent:
                raise TamperedError(
                    absent,
                    why="No command removes one.",
                    do="Find who removed it in the bucket's access log; remove the delete marker.",
                ) from error
            if code == "NoSuchBucket":
                raise InvalidError(
                    f"There is no bucket {self._bucket}.", do="Make it, or name another in gates.ledger."
                ) from error
            raise self._unavailable(done, f"{code}: {error.response['Error'].get('Message', '')}") from error
        except (BotoCoreError, OSError) as error:
            raise self._unavailable(done, str(error)) from error

    def _unavailable(self, done: str, why: str) -> UnavailableError:
        return UnavailableError(
            f"The ledger in {self.uri} cannot be {done}.",
            why=f"{why.rstrip('.')}. A write may have been applied.",
            do=f"Check it: aws s3 ls {self.uri}/; then run the same command again.",
        )
