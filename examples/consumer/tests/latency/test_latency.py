"""How one patient is answered; `gates predict` gives the fixtures and reads the times."""

from itertools import cycle


def test_one_request(benchmark, model, golden_rows, requests):
    """One request after another, each with the next golden row."""
    rows = cycle([golden_rows.iloc[[place]] for place in range(len(golden_rows))])
    answer = benchmark.pedantic(
        model.predict, setup=lambda: ((next(rows),), {}), rounds=requests, warmup_rounds=10
    )
    assert answer.shape == (1,)
