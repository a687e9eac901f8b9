"""How one request is served, timed by pytest-benchmark. This file is the project's own: edit it freely.

`gates predict` runs it once for the challenger and once for the champion, with the number of threads pinned
and no golden label in sight, and the gate `latency` reads the times from the benchmark's JSON. It gives four
fixtures: `model` (verified and loaded), `golden_rows` (DataFrame of features in the order of the model's
signature), `requests` (how many the policy asks for) and `budget_s` (seconds that one model may take).
"""

from __future__ import annotations

from itertools import cycle
from time import perf_counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Protocol

    import numpy as np
    import pandas as pd
    from pytest_benchmark.fixture import BenchmarkFixture

    class Model(Protocol):
        """What a request needs of a model."""

        def predict_proba(self, rows: pd.DataFrame) -> np.ndarray:
            """Give the class probabilities of each row."""


WARM_UP = 10  # the first calls fill caches that a running service has filled
FEWEST = 30  # a slow model is timed this often whatever the budget says


def serve(model: Model, row: pd.DataFrame) -> np.ndarray:
    """Answer one request: the probabilities of one customer."""
    return model.predict_proba(row)


def test_one_request(
    benchmark: BenchmarkFixture,
    model: Model,
    golden_rows: pd.DataFrame,
    requests: int,
    budget_s: float,
) -> None:
    """One request after another, each with the next golden row."""
    rows = cycle([golden_rows.iloc[[place]] for place in range(len(golden_rows))])
    start = perf_counter()
    for _ in range(WARM_UP):
        serve(model, next(rows))
    affordable = int(budget_s / (perf_counter() - start) * WARM_UP)
    rounds = max(FEWEST, min(requests, affordable))

    def next_row() -> tuple[tuple[Model, pd.DataFrame], dict[str, object]]:
        return (model, next(rows)), {}

    answer = benchmark.pedantic(  # type: ignore[no-untyped-call]  # the plugin leaves it untyped
        serve, setup=next_row, rounds=rounds, iterations=1
    )
    assert answer.shape == (1, 2)
