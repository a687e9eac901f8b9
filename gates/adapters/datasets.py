"""A table in a bucket, brought to this machine or to a cluster's: what is hashed is what is measured."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from gates import digest
from gates.adapters.files import STAGING
from gates.adapters.s3_store import client
from gates.errors import InvalidError, UnavailableError
from gates.paths import require_plain

SCHEME = "s3://"
SUFFIX = ".parquet"


@dataclass(frozen=True)
class Brought:
    """A table that was brought here.

    Attributes:
        folder: With its files.
        keys: The key of each file's object.
        bucket: Where those lie.
    """

    folder: Path
    keys: Mapping[Path, str]
    bucket: str


@dataclass(frozen=True)
class Origin:
    """Where a file was brought from, and what it was then."""

    bucket: str
    key: str
    sha256: str


@contextmanager
def brought(uri: str, root: Path) -> Iterator[Brought]:
    """Give the Parquet files below ``s3://bucket/prefix`` in a folder, which is removed afterwards.

    Args:
        uri: The address; endpoint, region and credentials come from the environment.
        root: The project's folder, on whose disk they lie.

    Raises:
        InvalidError: Nothing lies there, or anything else than Parquet.
        UnavailableError: The bucket cannot be read, or the disk cannot be written.
    """
    staging = root / STAGING
    with ExitStack() as stack:
        try:
            staging.mkdir(parents=True, exist_ok=True)
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=staging)))
            keys = _bring(uri, folder)
        except OSError as error:
            raise UnavailableError(
                f"{uri} cannot be brought here.", why=f"{error}.", do="See whether the disk has room."
            ) from error
        yield Brought(folder, keys, urlsplit(uri).netloc)


def origins(table: Brought) -> dict[Path, Origin]:
    """Return where each file came from, for who is to fetch the same."""
    return {path: Origin(table.bucket, key, digest.of_file(path)) for path, key in table.keys.items()}


@contextmanager
def fetched(origin: Origin) -> Iterator[Path]:
    """Give a file that was brought to another machine, fetched to this one, and removed afterwards.

    Raises:
        InvalidError: The object is another one by now.
        UnavailableError: It cannot be read, or the disk cannot be written.
    """
    from boto3.exceptions import Boto3Error
    from botocore.exceptions import BotoCoreError, ClientError

    uri = f"{SCHEME}{origin.bucket}/{origin.key}"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / origin.key.rpartition("/")[2]
        try:
            client().download_file(origin.bucket, origin.key, str(path))
        except (BotoCoreError, Boto3Error, ClientError, OSError) as error:
            raise UnavailableError(
                f"A machine of the cluster cannot fetch {uri}.",
                why=f"{error}.",
                do="Give the cluster's machines the right to read it, and room on their disks.",
            ) from error
        if digest.of_file(path) != origin.sha256:
            raise InvalidError(f"{uri} changed while it was read.", do="Run the command again.")
        yield path


def _bring(uri: str, folder: Path) -> dict[Path, str]:
    """Download the objects, and return the key of each file."""
    from boto3.exceptions import Boto3Error
    from botocore.exceptions import BotoCoreError, ClientError

    parts = urlsplit(uri)
    bucket, prefix, s3 = parts.netloc, parts.path.strip("/"), client()
    keys: dict[Path, str] = {}
    try:
        for key in _keys(s3, bucket, prefix, uri):
            path = folder / require_plain(key.removeprefix(prefix).strip("/") or key.rpartition("/")[2])
            path.parent.mkdir(parents=True, exist_ok=True)
            s3.download_file(bucket, key, str(path))
            keys[path] = key
    except (BotoCoreError, Boto3Error, ClientError) as error:
        raise UnavailableError(
            f"{uri} cannot be read.", why=f"{error}.", do=f"Check it: aws s3 ls {uri.rstrip('/')}/"
        ) from error
    return keys


def _keys(s3: Any, bucket: str, prefix: str, uri: str) -> list[str]:  # noqa: ANN401 - boto's clients are made at run time
    """Return the keys of the object of that name, or of all below it as below a folder."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    listed = [each["Key"] for page in pages for each in page.get("Contents", ())]
    below = f"{prefix}/" if prefix else ""
    keys = [key for key in listed if key == prefix or (key.startswith(below) and not key.endswith("/"))]
    for key in keys:
        if not key.endswith(SUFFIX):
            raise InvalidError(
                f"{uri} holds {key}, which is no Parquet file.", do="Keep only the table's files there."
            )
    if not keys:
        raise InvalidError(f"{uri} holds no files.", do=f"Check it: aws s3 ls {uri.rstrip('/')}/")
    return keys
