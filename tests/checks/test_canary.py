"""The gate `canary`: promote, hold or roll back, looked at as often as one likes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from gates.errors import InvalidError
from gates.verdict import Outcome
from tests.checks.project import decisive, finding

if TYPE_CHECKING:
    from gates.verdict import Verdict
    from tests.checks.project import Project

PASS, FAIL, UNDECIDED = Outcome.PASS, Outcome.FAIL, Outcome.UNDECIDED
DEFAULTS = {"max_error_increase": None, "max_slow_increase": None, "max_conversion_loss": None}


def series(
    stable: list[int], canary: list[int], requests: tuple[int, int] = (1_000, 1_000), column: str = "errors"
) -> pd.DataFrame:
    """Lay out counts of both arms, block by block; what is not the column is never counted."""
    arms = []
    for arm, counts, each in zip(("stable", "canary"), (stable, canary), requests, strict=True):
        table = pd.DataFrame({"block": np.arange(len(counts)), "arm": arm, "requests": each, "errors": 0})
        arms.append(table.assign(**{column: counts}))
    return pd.concat(arms, ignore_index=True)


def judged(project: Project, traffic: pd.DataFrame, **policy: float) -> Verdict:
    """Judge a series under the defaults, but for what is given."""
    project.write_table("traffic", traffic)
    project.policy(canary={**DEFAULTS, **policy})
    return project.judge("canary")


def drawn(rates: tuple[float, float], blocks: int, seed: int = 1) -> pd.DataFrame:
    """Draw errors of 900 requests of stable and 100 of the canary a block."""
    rng = np.random.default_rng(seed)
    stable, canary = (
        rng.binomial(each, rate, blocks).tolist() for each, rate in zip((900, 100), rates, strict=True)
    )
    return series(stable, canary, requests=(900, 100))


# ---------------------------------------------------------------- promote, hold, roll back


def test_a_canary_that_answers_as_well_is_promoted(project: Project) -> None:
    """The errors are the headline; its note says what to do."""
    verdict = project.judge("canary")
    assert decisive(verdict) == ("error_increase", PASS)
    assert finding(verdict, "error_increase").note == "Promote the canary."
    assert [each.name for each in verdict.findings] == [
        "error_increase",
        "slow_increase",
        "conversion_loss",
        "blocks",
    ]


def test_a_canary_with_three_times_the_errors_is_rolled_back(project: Project) -> None:
    """1 % and 3 % over an hour."""
    verdict = judged(project, drawn((0.01, 0.03), 60))
    assert decisive(verdict) == ("error_increase", FAIL)
    found = finding(verdict, "error_increase")
    assert found.note.startswith("Roll the canary back")
    assert found.low is not None
    assert found.low > 0
    assert verdict.measurements["errors/canary"] > 2 * verdict.measurements["errors/stable"]


def test_little_traffic_is_held(project: Project) -> None:
    """The same canary after three minutes; nobody knows yet."""
    verdict = judged(project, drawn((0.01, 0.03), 3))
    assert verdict.outcome is UNDECIDED
    assert finding(verdict, "error_increase").note.startswith("Hold")


def test_what_was_sure_once_stays_sure(project: Project) -> None:
    """A canary that failed for half an hour is not excused by the next half."""
    traffic = series([1] * 40, [60] * 20 + [1] * 20)
    assert judged(project, traffic).outcome is FAIL
    assert judged(project, traffic[traffic["block"] < 20]).outcome is FAIL


def test_a_difference_within_the_limit_is_no_reason_to_roll_back(project: Project) -> None:
    """However sure it is."""
    traffic = series([10] * 60, [16] * 60)
    verdict = judged(project, traffic)
    assert verdict.outcome is PASS
    low = finding(verdict, "error_increase").low
    assert low is not None
    assert low > 0
    assert judged(project, traffic, max_error_increase=0.005).outcome is FAIL


def test_beyond_the_limit_by_chance_is_held(project: Project) -> None:
    """Two errors too many in ten blocks are beyond the limit, and nothing."""
    verdict = judged(project, series([0] * 10, [2] + [0] * 9, requests=(1_000, 10)))
    found = finding(verdict, "error_increase")
    assert found.observed is not None
    assert found.observed > found.limit
    assert (found.outcome, verdict.outcome) == (UNDECIDED, UNDECIDED)


def test_one_terrible_minute_is_held(project: Project) -> None:
    """A burst hits an arm; it neither rolls back nor, while it is beyond the limit, promotes."""
    verdict = judged(project, series([10] * 59, [10] * 30 + [900] + [10] * 28))
    assert decisive(verdict) == ("error_increase", UNDECIDED)


def test_a_good_hour_of_few_blocks_is_held(project: Project) -> None:
    """Sure of the rate, but not long enough."""
    verdict = judged(project, series([10] * 29, [10] * 29, requests=(50_000, 50_000)))
    assert decisive(verdict) == ("blocks", UNDECIDED)
    assert finding(verdict, "error_increase").outcome is PASS
    assert judged(project, series([10] * 30, [10] * 30, requests=(50_000, 50_000))).outcome is PASS


# ---------------------------------------------------------------- published cases


@pytest.mark.parametrize(("requests", "outcome"), [(100, FAIL), (1_000, FAIL), (100_000, UNDECIDED)])
@pytest.mark.parametrize("column", ["errors", "slow"])
def test_ten_blocks_of_which_seven_are_terrible_do_not_pass(
    project: Project, requests: int, outcome: Outcome, column: str
) -> None:
    """Control ten times 1 against canary seven times 100, three times 1; of so many, 100 may be few."""
    traffic = series([1] * 10, [100] * 7 + [1] * 3, (requests, requests), column)
    assert judged(project, traffic, max_slow_increase=0.01).outcome is outcome


@pytest.mark.parametrize("requests", [100, 1_000, 100_000])
@pytest.mark.parametrize("column", ["errors", "slow"])
def test_few_events_against_none_do_not_pass(project: Project, requests: int, column: str) -> None:
    """Canary 0 1 2 1 0 0 against zeros: six blocks are never enough to promote."""
    traffic = series([0] * 6, [0, 1, 2, 1, 0, 0], (requests, requests), column)
    verdict = judged(project, traffic, max_slow_increase=0.01, min_blocks=10)
    assert verdict.outcome is UNDECIDED


@pytest.mark.parametrize("requests", [(0, 0), (1_000, 0), (0, 1_000)])
def test_no_traffic_does_not_pass(project: Project, requests: tuple[int, int]) -> None:
    """Of neither arm, or of one."""
    verdict = judged(project, series([0] * 60, [0] * 60, requests))
    assert decisive(verdict) == ("error_increase", UNDECIDED)
    assert verdict.measurements["blocks"] == 0


# ---------------------------------------------------------------- several figures


@pytest.mark.parametrize(
    ("column", "name", "worse"),
    [("slow", "slow_increase", (10, 60)), ("conversions", "conversion_loss", (300, 200))],
)
def test_each_figure_has_its_limit_and_its_sense(
    project: Project, column: str, name: str, worse: tuple[int, int]
) -> None:
    """Fewer conversions are worse, more slow requests are; a limit left out is not held."""
    traffic = series([worse[0]] * 40, [worse[1]] * 40, column=column)
    better = series([worse[1]] * 40, [worse[0]] * 40, column=column)
    limit = {f"max_{name}": 0.02}
    assert decisive(judged(project, traffic, **limit)) == (name, FAIL)
    assert judged(project, better, **limit).outcome is PASS
    assert judged(project, traffic).outcome is PASS


def test_a_figure_that_is_held_needs_its_column(project: Project) -> None:
    """What was not counted is not good."""
    assert decisive(judged(project, series([1] * 40, [1] * 40), max_slow_increase=0.01)) == (
        "slow_increase",
        UNDECIDED,
    )


def test_the_error_is_shared_by_the_columns(project: Project) -> None:
    """With three columns each lower bound is that of a third of the error; the upper ones stay."""
    alone = drawn((0.01, 0.03), 60)
    both = [judged(project, each) for each in (alone, alone.assign(slow=0, conversions=0))]
    one, three = (finding(each, "error_increase") for each in both)
    assert (one.low or 0) > (three.low or 0)
    assert one.high == three.high


# ---------------------------------------------------------------- the table


def test_parquet_is_read_as_csv_is(project: Project) -> None:
    """The same figures, also of times in place of numbers and of rows in another order."""
    traffic = drawn((0.01, 0.012), 40)
    before = judged(project, traffic).measurements
    times = pd.date_range("2026-11-21", periods=40, freq="min", tz="UTC")
    other = project.root / "traffic.parquet"
    traffic.assign(block=times[traffic["block"]]).sample(frac=1, random_state=1).to_parquet(other)
    assert project.judge("canary", traffic=other).measurements == before


def test_a_block_without_a_row_of_an_arm_has_no_requests_there(project: Project) -> None:
    """It tells nothing, and is not counted."""
    traffic = drawn((0.01, 0.012), 40)
    gone = traffic[~((traffic["arm"] == "canary") & (traffic["block"] >= 35))]
    verdict = judged(project, gone)
    assert verdict.measurements["blocks"] == 35
    assert verdict.measurements["requests/canary"] == 3_500


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda rows: rows.assign(arm="blue"), "'blue' is no arm"),
        (lambda rows: rows.assign(arm=None), "is no arm"),
        (lambda rows: pd.concat([rows, rows.head(2)]), "2 rows lack a 'block' or repeat"),
        (lambda rows: rows.assign(block=None), "lack a 'block'"),
        (lambda rows: rows.drop(columns="errors"), "no column 'errors'"),
        (lambda rows: rows.drop(columns="requests"), "no column 'requests'"),
        (lambda rows: rows.assign(errors=-1), "80 values in 'errors' are no counts"),
        (lambda rows: rows.assign(errors=0.5), "'errors' are no counts"),
        (lambda rows: rows.assign(errors=np.nan), "'errors' are no counts"),
        (lambda rows: rows.assign(requests=np.inf), "'requests' are no counts"),
        (lambda rows: rows.assign(requests="many"), "'requests' are no counts"),
        (lambda rows: rows.assign(requests=1e15), "'requests' are no counts"),
        (lambda rows: rows.assign(errors=rows["requests"] + 1), "80 rows have more 'errors' than"),
    ],
)
def test_a_table_that_holds_no_counts_is_invalid(project: Project, change: object, told: str) -> None:
    """The column is named."""
    assert callable(change)
    with pytest.raises(InvalidError, match=told):
        judged(project, change(drawn((0.01, 0.01), 40)))
