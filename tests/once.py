"""What libraries do often, done once, rarely or fast by a process and those forked from it."""

import functools
import gc

import botocore.loaders
import botocore.session
import yaml


def read_descriptions() -> None:
    """Let all clients of boto share one reader of its megabytes of descriptions."""
    make = functools.cache(botocore.loaders.create_loader)
    for module in (botocore.loaders, botocore.session):
        module.create_loader = make


def read_yaml_in_c() -> None:
    """Let `yaml.safe_load` use the parser in C, where there is one: it is seven times as fast."""
    if yaml.__with_libyaml__:
        yaml.safe_load = functools.partial(yaml.load, Loader=yaml.CSafeLoader)


def read_migrations() -> None:
    """Let MLflow ask its migrations once which of them is the newest: it runs all sixty of them for that."""
    from mlflow.store.db import utils

    utils._get_latest_schema_revision = functools.cache(utils._get_latest_schema_revision)
    utils._get_latest_schema_revision()  # for those forked from here


def collect_rarely() -> None:
    """Pass over all objects that there are for ever, and walk through new ones every 20,000, not every 700.

    The collector of cycles takes a tenth of a test's time, and a fifth of an import's: end with this what was
    begun by `gc.disable()`.
    """
    gc.collect()
    gc.freeze()  # or every child would copy what the collector touches
    gc.set_threshold(20_000, 20, 100)
    gc.enable()
