"""Loading a model on trial, in a process of its own that has neither key nor credentials.

The process is started before it is needed: what a model imports takes as long as what MLflow does, and at
3 a.m. they had better do it side by side.
"""

import json
import os
import re
import select
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from gates import errors
from gates.adapters import model, replay
from gates.digest import canonical_json
from gates.errors import GatesError, InvalidError
from gates.policy_values import Task

PATIENCE_S = 60
# What an interpreter and the libraries of a model need: no list of secrets is ever complete.
NEEDED = re.compile(
    "PATH|HOME|USER|LOGNAME|LANG|LANGUAGE|LC_.+|TZ|TMPDIR|VIRTUAL_ENV|CONDA_PREFIX|PYTHON.*"
    "|LD_LIBRARY_PATH|LD_PRELOAD|DYLD_.+|.+_NUM_THREADS|OMP_.+|KMP_.+|LOKY_MAX_CPU_COUNT"
)


class Trial:
    """A process that loads models, one after the other; one that a model has ended is replaced."""

    def __init__(self, log: Path) -> None:
        """Start the process; its stderr goes to the log."""
        self._log = log
        self._process = self._start()

    def load(
        self,
        folder: Path,
        sha: str,
        trusted_types: Sequence[str],
        replay: Path | None = None,
        tolerance: float = 0.0,
        task: Task = "binary",
    ) -> None:
        """Load the model in a folder, as `gates.adapters.model.load` does, let it answer, and forget it.

        Args:
            folder: The model.
            sha: Its SHA.
            trusted_types: Types that it may consist of.
            replay: Golden rows with the scores that it has to reproduce; None where none are kept.
            tolerance: By how much a score may differ; see `gates.adapters.replay.require_same`.
            task: What the model does.

        Raises:
            TamperedError: The folder's content is not the expected one.
            InvalidError: The model cannot be loaded by the policy's rules, answers otherwise than when it was
                judged, ends the process, or hangs.
        """
        if self._process.poll() is not None:
            self.stop()
            self._process = self._start()
        asked, answered = self._process.stdin, self._process.stdout
        if asked is None or answered is None:
            raise RuntimeError("both are pipes")
        with suppress(BrokenPipeError):  # a dead process does not answer either
            rows = str(replay) if replay else None
            question = [str(folder), sha, list(trusted_types), rows, tolerance, task]
            asked.write(canonical_json(question) + b"\n")
        ready, _, _ = select.select([answered], [], [], PATIENCE_S)
        line = answered.readline() if ready else b""
        if not line:
            self.stop()
            done = "ended the process that loaded it" if ready else f"did not load within {PATIENCE_S} s"
            raise InvalidError(
                f"The model in {folder.name} {done}.",
                do=f"See why in {self._log}, and choose another: gates history",
            )
        if error := json.loads(line):
            raise errors.from_document(error)

    def stop(self) -> None:
        """End the process."""
        with self._process as process:
            process.kill()

    def _start(self) -> "subprocess.Popen[bytes]":
        with self._log.open("a") as sink:
            return subprocess.Popen(
                [sys.executable, "-P", "-m", "gates.adapters.trial"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=sink,
                bufsize=0,
                env={name: value for name, value in os.environ.items() if NEEDED.fullmatch(name)},
            )


@contextmanager
def start(log: Path) -> Iterator[Trial]:
    """Start a trial; its process ends with the block, or with us."""
    trial = Trial(log)
    try:
        yield trial
    finally:
        trial.stop()


def main() -> None:
    """Load what each line of stdin names, and answer each by a line: null, or the error."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever a library prints is no answer
    import pyarrow.parquet
    import sklearn.ensemble
    import skops.io

    _ = pyarrow.parquet, sklearn.ensemble, skops.io
    for line in sys.stdin:
        folder, sha, trusted_types, rows, tolerance, task = json.loads(line)
        try:
            estimator = model.load(Path(folder), sha, trusted_types)
            if rows:
                replay.require_same(estimator, Path(folder), Path(rows), tolerance, task)
            answer = None
        except GatesError as error:
            answer = error.to_document()
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
