"""The gate `latency`: the upper bound of the 99th percentile decides."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from gates.errors import InvalidError
from gates.verdict import Outcome
from tests.checks.project import decisive, finding, latency, seconds

if TYPE_CHECKING:
    from tests.checks.project import Project

PASS, FAIL, UNDECIDED = Outcome.PASS, Outcome.FAIL, Outcome.UNDECIDED
P99 = "p99_ms/challenger"


def time(project: Project, **models: list[float]) -> None:
    """Write durations of requests in seconds."""
    project.write_document("candidate/latency.json", latency(**models))


def test_a_fast_model_passes(project: Project) -> None:
    """In milliseconds, with the percentile's upper bound and the champion beside it."""
    verdict = project.judge("latency")
    assert decisive(verdict) == (P99, PASS)
    found = finding(verdict, P99)
    assert found.observed is not None
    assert found.high is not None
    assert (found.unit, found.limit) == ("ms", 50.0)
    assert 10 < found.observed <= found.high < 20
    assert {"p99_ms/champion", "p50_ms/champion", "p50_ms/challenger"} <= set(verdict.measurements)


def test_a_model_that_is_slower_than_the_champion_fails(project: Project) -> None:
    """Within the limit, and half as slow again: where the policy holds the ratio."""
    time(project, challenger=seconds(0.015), champion=seconds(0.010))
    assert project.judge("latency").outcome is PASS
    project.policy(latency={"max_p99_ratio": 1.1})
    verdict = project.judge("latency")
    assert decisive(verdict) == ("p99_ratio", FAIL)
    assert finding(verdict, "p99_ratio").observed == pytest.approx(1.5)
    time(project, challenger=seconds(0.0105), champion=seconds(0.010))
    assert finding(project.judge("latency"), "p99_ratio").outcome is PASS


def test_without_a_champion_there_is_no_ratio_to_hold(project: Project) -> None:
    """A first model is held to its own limit; a champion with too few requests is undecided."""
    project.policy(latency={"max_p99_ratio": 1.1})
    time(project, challenger=seconds(0.010))
    assert project.judge("latency").outcome is PASS
    time(project, challenger=seconds(0.010), champion=seconds(0.010)[:100])
    assert finding(project.judge("latency"), "p99_ratio").outcome is UNDECIDED


def test_models_that_took_turns_are_told_apart(project: Project) -> None:
    """Round by round, over all blocks."""
    both = [value for pair in zip([0.010] * 300, [0.020] * 300, strict=True) for value in pair]
    block = {"extra_info": {"turns": ["challenger", "champion"]}, "stats": {"data": both}}
    project.write_document("candidate/latency.json", {"benchmarks": [block, block]})
    measured = project.judge("latency").measurements
    assert (measured["requests/challenger"], measured["requests/champion"]) == (600, 600)
    assert (measured["p99_ms/challenger"], measured["p99_ms/champion"]) == (10.0, 20.0)
    assert measured["p99_ratio"] == pytest.approx(0.5)


def test_a_slow_model_fails(project: Project) -> None:
    """300 ms more on each request are beyond the limit."""
    time(project, challenger=[value + 0.3 for value in seconds(0.010)])
    assert decisive(project.judge("latency")) == (P99, FAIL)


def test_two_slow_requests_in_a_hundred_fail(project: Project) -> None:
    """The median says nothing about the tail."""
    time(project, challenger=[0.010] * 980 + [0.300] * 20)
    verdict = project.judge("latency")
    assert decisive(verdict) == (P99, FAIL)
    assert verdict.measurements["p50_ms/challenger"] == 10.0
    assert finding(verdict, P99).observed == 300.0


def test_a_bound_above_the_limit_is_undecided(project: Project) -> None:
    """9 slow requests of 1,000 leave the percentile fast, and its bound slow."""
    time(project, challenger=[0.010] * 991 + [0.300] * 9)
    verdict = project.judge("latency")
    assert decisive(verdict) == (P99, UNDECIDED)
    assert (finding(verdict, P99).observed, finding(verdict, P99).high) == (10.0, 300.0)


@pytest.mark.parametrize(("requests", "outcome"), [(299, PASS), (298, UNDECIDED), (1, UNDECIDED)])
def test_fewer_than_299_requests_bound_no_99th_percentile(
    project: Project, requests: int, outcome: Outcome
) -> None:
    """0.99 ** 299 is the first below 5 %."""
    time(project, challenger=[0.010] * requests)
    verdict = project.judge("latency")
    assert verdict.outcome is outcome
    assert finding(verdict, "requests/challenger").observed == requests
    assert finding(verdict, P99).outcome is outcome


def test_no_request_at_all_is_undecided(project: Project) -> None:
    """Neither an empty list of rounds nor no benchmark is a pass."""
    nothing: list[dict[str, list[float]]] = [{"challenger": []}, {}]
    for models in nothing:
        time(project, **models)
        assert decisive(project.judge("latency")) == (P99, UNDECIDED)


def test_a_champion_alone_is_undecided(project: Project) -> None:
    """It is the challenger that is judged."""
    time(project, champion=seconds(0.010))
    assert decisive(project.judge("latency")) == (P99, UNDECIDED)


def test_a_slow_champion_does_not_stop_a_fast_challenger(project: Project) -> None:
    """The champion is there to compare by eye."""
    time(project, challenger=seconds(0.010), champion=seconds(1.0))
    assert project.judge("latency").outcome is PASS


def test_several_benchmarks_of_a_model_count_together(project: Project) -> None:
    """The user may have more than one kind of request."""
    fast, slow = latency(challenger=[0.010] * 500), latency(challenger=[0.300] * 500)
    project.write_document("candidate/latency.json", {"benchmarks": fast["benchmarks"] + slow["benchmarks"]})
    verdict = project.judge("latency")
    assert decisive(verdict) == (P99, FAIL)
    assert finding(verdict, "requests/challenger").observed == 1_000


@pytest.mark.parametrize("limit", [0.0, -1.0, "200"])
def test_a_limit_must_be_a_positive_number(project: Project, limit: object) -> None:
    """The address in the policy is named."""
    project.policy(latency={"p99_ms": limit})
    with pytest.raises(InvalidError, match=r"gates\.latency\.p99_ms"):
        project.judge("latency")


def one(**benchmark: object) -> dict[str, Any]:
    """Make the document of one benchmark."""
    return {"benchmarks": [{"extra_info": {"turns": ["challenger"]}, "stats": {"data": [0.1]}} | benchmark]}


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"benchmarks": None},
        {"benchmarks": {"challenger": [0.1]}},
        {"benchmarks": [5]},
        {"benchmarks": [None]},
        {"benchmarks": [{}]},
        one(extra_info=None),
        one(extra_info={}),
        one(extra_info={"turns": 5}),
        one(extra_info={"turns": []}),
        one(extra_info={"turns": [None]}),
        one(stats={}),
        one(stats={"data": None}),
        one(stats={"data": "0.1"}),
        one(stats={"data": [-0.1]}),
        one(stats={"data": ["0.1"]}),
        one(stats={"data": [None]}),
        one(stats={"data": [True]}),
        one(stats={"data": [[0.1]]}),
        one(stats={"data": [1e306]}),
    ],
    ids=str,
)
def test_json_that_is_no_benchmark_is_invalid(project: Project, document: object) -> None:
    """The file is named, and what makes it."""
    project.write_document("candidate/latency.json", document)
    with pytest.raises(InvalidError, match=r"latency\.json is not a latency benchmark") as caught:
        project.judge("latency")
    assert "gates predict" in caught.value.do


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e400"])
def test_a_duration_that_is_no_number_is_invalid(project: Project, value: str) -> None:
    """NaN would slip through a comparison."""
    text = json.dumps(latency(challenger=seconds(0.010))).replace("[0.0", f"[{value}, 0.0", 1)
    assert value in text
    project.path("candidate/latency.json").write_text(text, "utf-8")
    with pytest.raises(InvalidError, match=r"latency\.json is not a plain document"):
        project.judge("latency")
