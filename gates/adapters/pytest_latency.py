"""The fixture for the user's latency file; `gates predict` loads this plugin into pytest.

    pytest -p gates.adapters.pytest_latency tests/latency

What it needs comes in the environment (`gates.adapters.latency`): the models' folders with their SHAs, the
golden features, and what the policy says of the benchmark.

The models answer in turns, request by request: what slows the machine for a moment slows both, so that their
ratio stays true. A test is run once a block of requests, until there are as many as the policy asks for, the
time that it gives is used up, or it is clear on which side of the limits they are.
"""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest

from gates.adapters import model as models
from gates.adapters.latency import VARIABLE
from gates.stats.quantiles import least_samples, quantile_interval, quantile_ratio
from gates.tables import read_table
from gates.timings import QUANTILE, TURNS

BLOCK = 25  # requests of each model
WARM_UP = 10  # the first calls fill caches that a running service has filled
LOOKS = 20  # at most so many times it is asked whether all is clear; the error of one look is shared by all
Serve = Callable[[Any, Any], Any]
"""Answers one request: a loaded model and a DataFrame of one golden row to whatever the model says."""


@dataclass
class Timed:
    """The models in their turns, and what was timed so far.

    Attributes:
        settings: What `gates predict` handed over.
        models: Model name to the loaded model.
        rows: Model name to its requests, again and again.
        seconds: Model name to the seconds of each of its requests.
        spent: Seconds that all blocks took, for each test.
        ended: Why a test needs no further block.
    """

    settings: Mapping[str, Any]
    models: dict[str, Any] = field(default_factory=dict)
    rows: dict[str, Any] = field(default_factory=dict)
    seconds: dict[tuple[str, str], list[float]] = field(default_factory=dict)
    spent: dict[str, float] = field(default_factory=dict)
    ended: dict[str, str] = field(default_factory=dict)

    @property
    def blocks(self) -> int:
        """How many blocks make the requests of the policy."""
        return -(-int(self.settings["requests"]) // BLOCK)

    def load(self) -> None:
        """Load the models and cut the golden features into requests, once."""
        features = Path(self.settings["features"])
        table = read_table(features)
        for name, handed in self.settings["models"].items():
            folder = Path(handed["folder"])
            self.models[name] = models.load(folder, handed["sha"], self.settings["trusted_types"])
            rows = models.rows_for(folder, table, features)
            # In memory of its own, as the row of a request is, and not a view of the table.
            self.rows[name] = cycle([rows.iloc[place : place + 1].copy() for place in range(len(rows))])

    def enough(self, test: str, block: int) -> str:
        """Return why a test needs no further block; empty while it needs one."""
        every = max(self.blocks // LOOKS, 1)
        if self.spent.get(test, 0.0) >= float(self.settings["budget_s"]) * len(self.models):
            self.ended.setdefault(test, "the time that the policy gives is used up")
        elif test not in self.ended and block % every == 0 and self._clear(test):
            self.ended[test] = "it is clear on which side of the limits the models are"
        return self.ended.get(test, "")

    def _clear(self, test: str) -> bool:
        """Return whether p99 and ratio are on one side of their limits, sure over all looks together."""
        sure = 1.0 - 0.05 / LOOKS
        times = {name: self.seconds.get((test, name), []) for name in self.models}
        if min(map(len, times.values())) < least_samples(QUANTILE, sure):
            return False
        limit, ratio = float(self.settings["p99_ms"]) / 1_000.0, self.settings["max_p99_ratio"]
        p99 = quantile_interval(times["challenger"], QUANTILE, sure)
        if not _apart(p99.low, p99.high, limit):
            return False
        if ratio is None or "champion" not in times:
            return True
        found = quantile_ratio(times["challenger"], times["champion"], QUANTILE, sure)
        return found is not None and _apart(found.low, found.high, float(ratio))


def _apart(low: float | None, high: float | None, limit: float) -> bool:
    return (high is not None and high < limit) or (low is not None and low > limit)


def pytest_configure(config: pytest.Config) -> None:
    """Read what `gates predict` handed over, once a session."""
    handed = os.environ.get(VARIABLE)
    if not handed:
        raise pytest.UsageError("tests/latency is run by `gates predict`, which hands it the models.")
    config.stash[_TIMED] = Timed(json.loads(handed))


_TIMED = pytest.StashKey[Timed]()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each test that times requests once a block."""
    if "time_requests" in metafunc.fixturenames:
        metafunc.parametrize("block", range(metafunc.config.stash[_TIMED].blocks), indirect=True)


@pytest.fixture
def block(request: pytest.FixtureRequest) -> int:
    """Return the number of this block."""
    return int(request.param)


@pytest.fixture
def time_requests(request: pytest.FixtureRequest, block: int) -> Callable[[Serve], Any]:
    """Return what times a block of requests: give it a function that answers one, get its last answer."""
    timed, test = request.config.stash[_TIMED], request.node.originalname
    if not timed.models:
        timed.load()
    if why := timed.enough(test, block):
        pytest.skip(why)
    benchmark = request.getfixturevalue("benchmark")  # one that is asked for and not used warns

    def run(serve: Serve) -> Any:  # noqa: ANN401 - whatever the model says
        names = list(timed.models)
        if block == 0:
            for name in names * WARM_UP:
                serve(timed.models[name], next(timed.rows[name]))
        turns = cycle(names)

        def next_request() -> tuple[tuple[Any, Any], dict[str, object]]:
            name = next(turns)
            return (timed.models[name], next(timed.rows[name])), {}

        start = perf_counter()
        answer = benchmark.pedantic(serve, setup=next_request, rounds=BLOCK * len(names), iterations=1)
        timed.spent[test] = timed.spent.get(test, 0.0) + perf_counter() - start
        benchmark.extra_info[TURNS] = names
        for turn, name in enumerate(names):
            rounds = benchmark.stats.stats.data[turn :: len(names)]
            timed.seconds.setdefault((test, name), []).extend(rounds)
        return answer

    return run
