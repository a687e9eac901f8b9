"""Print what loading a verified champion costs, as JSON in seconds: in the folder of a project that serves.

Verifying is chain, signatures, statement and freshness; what the library does once a process comes before.
"""

import json
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from subprocess import DEVNULL

from gates import digest, load_champion
from gates.adapters import model
from gates.adapters.console import Screen
from gates.run import loader, serving
from gates.run.project import Project

MIB = 1024 * 1024
FILES = 64
RUNS = 9


def main() -> None:
    """Time verifying beside hashing, and hashing beside the bare algorithm."""
    load_champion()
    project = opened()
    history = project.history()
    champion = history.champion
    if champion is None:
        raise SystemExit("nobody serves here")
    folder = loader.bring(project, history, champion)
    fresh = iter([opened() for _ in range(RUNS)])
    took: dict[str, float] = {
        "entries": len(project.history().links),
        "verify": median(lambda: verify(next(fresh))),
        "hash": median(lambda: model.served_digest(folder)),
    }
    with tempfile.TemporaryDirectory() as temporary:
        took |= hashing(Path(temporary))
    print(json.dumps(took))


def verify(project: Project) -> None:
    """Do what is verified before a byte of the model is read."""
    history = project.history()
    champion = history.champion
    if champion is None:
        raise SystemExit("nobody serves here")
    serving.decision(project, history, champion)


def opened() -> Project:
    """Return the project as the loader opens it, with its policy read."""
    project = Project(Path.cwd(), Path("log"), Screen(quiet=True))
    if not project.policy.gates:
        raise SystemExit("a policy has gates")
    return project


def hashing(folder: Path) -> dict[str, float]:
    """Time 256 MiB as one file and as many, beside OpenSSL's own tool on the one: it reads the file too."""
    piece = os.urandom(4 * MIB)
    (folder / "many").mkdir()
    for number in range(FILES):
        (folder / "many" / str(number)).write_bytes(piece)
    one = folder / "one"
    one.write_bytes(piece * FILES)
    return {
        "sha256": median(
            lambda: subprocess.run(["openssl", "dgst", "-sha256", one], check=True, stdout=DEVNULL)
        ),
        "one": median(lambda: digest.of_file(one)),
        "many": median(lambda: digest.of_tree(folder / "many")),
    }


def median(work: Callable[[], object]) -> float:
    """Return the median seconds of several runs."""
    taken = []
    for _ in range(RUNS):
        begun = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken)


if __name__ == "__main__":
    main()
