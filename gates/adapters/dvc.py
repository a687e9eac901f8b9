"""Data and stages, through the DVC command."""

import configparser
import json
import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gates.adapters import keys, process
from gates.documents import Document, read_yaml
from gates.errors import GatesError, InvalidError, UnavailableError

_ENVIRONMENT = {
    keys.VARIABLE: None,  # stages are the user's code
    "DVC_NO_ANALYTICS": "1",
    "DVC_STUDIO_OFFLINE": "1",
    "NO_COLOR": "1",
    "PYTHONWARNINGS": "ignore",
}


BUSY = "is busy"


def pointer(raw: Path) -> str:
    """Return what DVC calls the content of a tracked file: the MD5 in its pointer.

    Raises:
        InvalidError: There is no pointer, or it does not name one file.
    """
    path = raw.with_name(raw.name + ".dvc")
    try:
        return str(read_yaml(path)["outs"][0]["md5"])
    except (KeyError, IndexError, TypeError) as error:
        raise InvalidError(f"{path} is not a DVC pointer.", do=f"Write it again: dvc add {raw}") from error


@dataclass(frozen=True)
class Remote:
    """The default remote: its name and address, and whether it looks at what it brings."""

    name: str
    url: str
    verifies: bool


def remote(root: Path) -> str:
    """Return the URL of the default remote as the project's configuration has it.

    Raises:
        InvalidError: No default remote is configured, or it does not verify what it brings.
    """
    found = default_remote(root)
    if not found.verifies:
        raise InvalidError(
            f"The DVC remote {found.name!r} does not verify what it brings.",
            why="Without it `dvc pull` reports success for a corrupted object.",
            do=f"dvc remote modify {found.name} verify true",
        )
    return found.url


def default_remote(root: Path) -> Remote:
    """Return the default remote as the project's configuration has it.

    Raises:
        InvalidError: No default remote is configured.
    """
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read([root / ".dvc" / "config", root / ".dvc" / "config.local"], encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError) as error:
        raise InvalidError(
            f"{root / '.dvc' / 'config'} is not a configuration of DVC.",
            why=f"{str(error).splitlines()[0]}.",
            do="Bring it back: git checkout .dvc/config",
        ) from error
    name = parser.get("core", "remote", fallback="")
    section = f"'remote \"{name}\"'"
    url = parser.get(section, "url", fallback="")
    if not url:
        raise InvalidError(
            ".dvc/config names no default remote.", do="dvc remote add --default storage s3://…"
        )
    return Remote(name, url, parser.get(section, "verify", fallback="false").lower() == "true")


def pull(root: Path, target: Path, log: Path, limit_s: float = math.inf) -> None:
    """Bring one tracked file from the remote, within so many seconds.

    Raises:
        UnavailableError: The remote did not give it.
    """
    ended = _dvc(root, ["pull", str(target.relative_to(root))], log, limit_s=limit_s)
    if ended.code:
        raise UnavailableError(
            f"dvc pull did not bring {target.relative_to(root)}.",
            why=_reason(ended),
            do=f"Check the remote and its credentials: dvc remote list; dvc pull. Log: {log}",
        )


def repro(root: Path, log: Path, on_stage: Callable[[str], None]) -> None:
    """Run the stages that changed; the run cache is not trusted.

    Raises:
        InvalidError: There is no stage, or one failed; its last lines are in the error.
        UnavailableError: Another DVC runs in this project.
    """
    pipeline = root / "dvc.yaml"
    if pipeline.exists() and not pipeline.read_bytes().strip():  # DVC takes it, and has nothing to do
        raise InvalidError(f"{pipeline} is empty: nothing trains.", do="Bring it back: git checkout dvc.yaml")

    def announce(line: str) -> None:
        if line.startswith("Running stage '"):
            on_stage(line.split("'")[1])

    ended = _dvc(root, ["repro", "--no-run-cache"], log, announce)
    if ended.code and BUSY in " ".join(ended.tail):
        raise UnavailableError(
            "DVC is at work in this project already.", do="Wait until the other command has ended: gates ship"
        )
    if ended.code:
        raise InvalidError(
            "The pipeline did not run to its end: dvc repro failed.",
            why=_reason(ended),
            do=f"Mend the stage and run again: dvc repro. Log: {log}",
        )


def unchanged(root: Path, log: Path) -> bool:
    """Return whether every stage and tracked file is as dvc.lock and the pointers have it.

    Raises:
        GatesError: dvc status failed.
    """
    return _status(root, log) == {}


def checkout(root: Path, log: Path) -> bool:
    """Put back what dvc.lock names, from the cache or the remote; return whether every output is there.

    Code and parameters may be those of another commit: an output does not need them.
    """
    if _dvc(root, ["pull", "--allow-missing"], log).code:
        return False
    changes = [change for stage in _status(root, log).values() for change in stage]
    return not any("changed outs" in change for change in changes)


def _status(root: Path, log: Path) -> Document:
    ended = _dvc(root, ["status", "--json"], log)
    if ended.code:
        raise GatesError("dvc status failed.", why=_reason(ended), do=f"Run it: dvc status. Log: {log}")
    return dict(json.loads(ended.stdout or "{}"))


def _dvc(
    root: Path,
    arguments: list[str],
    log: Path,
    on_line: Callable[[str], None] = lambda _: None,
    limit_s: float = math.inf,
) -> process.Ended:
    command = [sys.executable, "-P", "-m", "dvc", *arguments]
    # `repro` tells its progress on stdout; in the log it explains a failure.
    merge = arguments[0] == "repro"
    return process.run(
        command, cwd=root, env=_ENVIRONMENT, log=log, on_line=on_line, merge=merge, limit_s=limit_s
    )


def _reason(ended: process.Ended) -> str:
    """Return the last lines that say why, without DVC's own advice."""
    advice = ("Having any troubles", "Hit us up", "dvc.org", "http")
    lines = [line for line in ended.tail if line.strip() and not any(word in line for word in advice)]
    return " | ".join(lines[-4:]) or f"exit code {ended.code}"
