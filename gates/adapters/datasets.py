"""A table in a bucket, brought to this machine: what is hashed is what is measured."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from gates.adapters.files import STAGING
from gates.adapters.s3_store import client
from gates.errors import InvalidError, UnavailableError
from gates.paths import require_plain

SCHEME = "s3://"
SUFFIX = ".parquet"


@contextmanager
def brought(uri: str, root: Path) -> Iterator[Path]:
    """Give a folder with the Parquet files below ``s3://bucket/prefix``, which is removed afterwards.

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
            _bring(uri, folder)
        except OSError as error:
            raise UnavailableError(
                f"{uri} cannot be brought here.", why=f"{error}.", do="See whether the disk has room."
            ) from error
        yield folder


def _bring(uri: str, folder: Path) -> None:
    from boto3.exceptions import Boto3Error
    from botocore.exceptions import BotoCoreError, ClientError

    parts = urlsplit(uri)
    bucket, prefix, s3 = parts.netloc, parts.path.strip("/"), client()
    try:
        for key in _keys(s3, bucket, prefix, uri):
            path = folder / require_plain(key.removeprefix(prefix).strip("/") or key.rpartition("/")[2])
            path.parent.mkdir(parents=True, exist_ok=True)
            s3.download_file(bucket, key, str(path))
    except (BotoCoreError, Boto3Error, ClientError) as error:
        raise UnavailableError(
            f"{uri} cannot be read.", why=f"{error}.", do=f"Check it: aws s3 ls {uri.rstrip('/')}/"
        ) from error


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
