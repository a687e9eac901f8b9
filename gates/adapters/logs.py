"""Keeping other libraries quiet: what they say goes to a log file that our errors point to."""

import logging
import os
import warnings
from pathlib import Path

FOLDER = Path(".gates") / "logs"


def quiet(root: Path, command: str) -> Path:
    """Send every library's log records and warnings to a file, and return it.

    A read-only project has no log; its records are dropped then.
    """
    path = root / FOLDER / f"{command}.log"
    os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")
    warnings.simplefilter("default")
    logging.captureWarnings(capture=True)
    logging.raiseExceptions = False  # a log that cannot be written (a full disk) is told to nobody
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # The signing key will lie beside the logs: no project may commit it by accident.
        ignore = root / FOLDER.parent / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")
        path.write_bytes(b"")
        # Appending, because the programs that we start write to the same file.
        handler: logging.Handler = logging.FileHandler(path, mode="a")
    except OSError:
        handler = logging.NullHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    return path


def hush_mlflow() -> None:
    """Take away the handlers that MLflow and Alembic put on stderr when they are imported."""
    for name in ("mlflow", "alembic", "sqlalchemy"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
