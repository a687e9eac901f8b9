"""Timing requests with the user's own benchmark, in a process of its own with pinned threads."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from gates.adapters import keys, process
from gates.errors import InvalidError

FOLDER = Path("tests") / "latency"
VARIABLE = "GATES_LATENCY"
# Of a pytest that has started us: as one of its workers, pytest-benchmark would time nothing.
OTHER_PYTEST = (
    "PYTEST_ADDOPTS",
    "PYTEST_XDIST_WORKER",
    "PYTEST_XDIST_WORKER_COUNT",
    "PYTEST_XDIST_TESTRUNUID",
)
# With these pytest shortens nothing, and the reason of a failure would leave the tail of what it says.
LONG_WINDED = ("CI", "BUILD_NUMBER")
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


@dataclass(frozen=True)
class Asked:
    """What the policy says of the benchmark.

    Attributes:
        requests: How many each model is to answer.
        budget_s: Seconds that one model may take for them.
        p99_ms: The limit of the 99th percentile; once it is clear where that is, no more requests are made.
        max_p99_ratio: The limit of challenger's to champion's, the same; None where there is none.
    """

    requests: int
    budget_s: float
    p99_ms: float
    max_p99_ratio: float | None = None


def benchmark(
    root: Path,
    models: Mapping[str, tuple[Path, str]],
    features: Path,
    result: Path,
    *,
    trusted_types: Sequence[str],
    asked: Asked,
    log: Path,
) -> None:
    """Run `tests/latency/` with pytest-benchmark, the models in turns; leave its JSON in ``result``.

    Args:
        root: The project.
        models: Model name to its folder and SHA.
        features: The golden features, from which requests are taken.
        result: Where the JSON goes.
        trusted_types: Types that loading a model may build.
        asked: What the policy says of it.
        log: Log file.

    Raises:
        InvalidError: There is no such folder, or a test in it failed.
    """
    if not (root / FOLDER).is_dir():
        raise InvalidError(
            f"The project has no folder {FOLDER}.",
            why="How one request is served stands there, as a pytest-benchmark test.",
            do=f"Copy {FOLDER}/test_latency.py from the ml-gates repository and change its `serve`.",
        )
    handed = {
        "models": {name: {"folder": str(folder), "sha": sha} for name, (folder, sha) in models.items()},
        "features": str(features),
        "trusted_types": list(trusted_types),
        **asdict(asked),
    }
    command = [
        *(sys.executable, "-P", "-m", "pytest", "--quiet", "--exitfirst", "-rfEs", "--no-header"),
        *("--rootdir", str(root / FOLDER)),
        *("--confcutdir", str(root / FOLDER)),  # what the project's other tests need may not be installed
        *("-c", "/dev/null", "-p", "no:cacheprovider", "-p", "gates.adapters.pytest_latency"),
        *(f"--benchmark-json={result}", "--benchmark-save-data", "--benchmark-storage", str(result.parent)),
        *("--benchmark-disable-gc", str(root / FOLDER)),
    ]
    environment: dict[str, str | None] = {
        **ONE_THREAD,
        keys.VARIABLE: None,  # the benchmark is the user's code
        **dict.fromkeys((*OTHER_PYTEST, *LONG_WINDED)),
        VARIABLE: json.dumps(handed),
        "PYTHONHASHSEED": "0",
        "COLUMNS": "200",
    }
    result.unlink(missing_ok=True)
    ended = process.run(command, cwd=root, env=environment, log=log, merge=True)
    if ended.code or not result.exists():
        result.unlink(missing_ok=True)
        reasons = [line for line in ended.tail if line.startswith(("E ", "FAILED", "ERROR"))] or list(
            ended.tail
        )
        raise InvalidError(
            f"The latency benchmark in {FOLDER} did not run.",
            why=" | ".join(reasons[-3:]),
            do=f"Mend it, then: gates predict. Log: {log}",
        )
