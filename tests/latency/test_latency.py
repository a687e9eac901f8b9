"""How one request is served, timed by pytest-benchmark. This file is the project's own: edit it freely.

`gates predict` runs it with challenger and champion in turns, threads pinned, and no golden label in sight;
the gate `latency` reads the times from the benchmark's JSON. `time_requests` calls `serve` with a model
(verified and loaded) and a DataFrame of one golden row, in the order of the model's signature, as often as
the policy asks for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    import numpy as np
    import pandas as pd

    class Model(Protocol):
        """What a request needs of a model."""

        def predict_proba(self, rows: pd.DataFrame) -> np.ndarray:
            """Give the class probabilities of each row."""

    Serve = Callable[[Model, pd.DataFrame], np.ndarray]


def serve(model: Model, row: pd.DataFrame) -> np.ndarray:
    """Answer one request: the probabilities of one customer."""
    return model.predict_proba(row)


def test_one_request(time_requests: Callable[[Serve], np.ndarray]) -> None:
    """One request after another, each with the next golden row."""
    assert time_requests(serve).shape == (1, 2)
