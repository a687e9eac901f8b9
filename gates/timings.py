"""What a benchmark took: the JSON of pytest-benchmark, read as seconds of each model's requests.

The models take turns, request by request, so that whatever slows the machine slows both: the durations of a
benchmark belong to the models in `extra_info.turns`, again and again.
"""

from pathlib import Path
from typing import Any

from gates.documents import read_json
from gates.errors import InvalidError

TURNS = "turns"
QUANTILE = 0.99  # of the time that a request takes: what most of those who wait for it are promised
A_DAY = 86_400.0  # no request takes longer; a figure beyond it is no measurement


def read(path: Path) -> dict[str, list[float]]:
    """Return model name to the seconds of each of its requests, in the order in which they were made.

    Raises:
        InvalidError: The file is no such benchmark.
    """
    found: dict[str, list[float]] = {}
    benchmarks = read_json(path).get("benchmarks")
    if not isinstance(benchmarks, list):
        raise _not_ours(path, "it has no list `benchmarks`")
    for benchmark in benchmarks:
        try:
            turns, data = benchmark["extra_info"][TURNS], benchmark["stats"]["data"]
        except (KeyError, TypeError) as error:
            raise _not_ours(path, f"a benchmark has no {error}") from error
        if not isinstance(turns, list) or not turns or not all(isinstance(each, str) for each in turns):
            raise _not_ours(path, f"`extra_info.{TURNS}` does not name the models")
        if not isinstance(data, list) or not all(map(_is_duration, data)):
            raise _not_ours(path, "`stats.data` is no list of seconds")
        for turn, model in enumerate(turns):
            found.setdefault(model, []).extend(data[turn :: len(turns)])
    return found


def _is_duration(value: Any) -> bool:  # noqa: ANN401 - parsed JSON
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= A_DAY


def _not_ours(path: Path, why: str) -> InvalidError:
    return InvalidError(
        f"{path} is not a latency benchmark: {why}.",
        do="Use the fixture `time_requests` in tests/latency/, then: gates predict",
    )
