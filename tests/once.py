"""What libraries read again for every client or database, read once by a process and those forked from it."""

import functools

import botocore.loaders
import botocore.session


def read_descriptions() -> None:
    """Let all clients of boto share one reader of its megabytes of descriptions."""
    make = functools.cache(botocore.loaders.create_loader)
    for module in (botocore.loaders, botocore.session):
        module.create_loader = make


def read_migrations() -> None:
    """Let MLflow ask its migrations once which of them is the newest: it runs all sixty of them for that."""
    from mlflow.store.db import utils

    utils._get_latest_schema_revision = functools.cache(utils._get_latest_schema_revision)
