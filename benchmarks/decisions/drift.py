"""How often the gate `drift` fails where nothing has changed, and how often it sees what has.

The gate is what is simulated: its comparison of two profiles and its judgement. The 25 columns are 20 of
numbers, of five shapes, and 5 of categories, one of them with a long tail; where nothing has changed, both
samples are drawn from the same of them.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from benchmarks.decisions.figure import Figure
from gates.checks import drift
from gates.profiles import Profile
from gates.stats.distributions import psi
from gates.stats.drift import compare
from gates.stats.profile import Categories, Column, Numbers, summarise_numbers
from gates.verdict import Outcome, Verdict

NUMBERS, TEXTS = 20, 5
KINDS = (2, 3, 5, 12, 200)  # categories of the columns of texts
ZEROS = 0.6  # of a column of numbers that is mostly 0
LEVEL = 0.05  # of the tests that people use
SHAPES: tuple[Callable[[np.random.Generator, int], NDArray[Any]], ...] = (
    lambda rng, rows: rng.normal(10.0, 3.0, rows),
    lambda rng, rows: rng.lognormal(3.0, 1.0, rows),
    lambda rng, rows: rng.integers(0, 72, rows),
    lambda rng, rows: np.where(rng.random(rows) < ZEROS, 0.0, rng.gamma(2.0, 50.0, rows)),
    lambda rng, rows: rng.standard_t(3, rows),
)
AT_ANY_SIZE: dict[str, Any] = {
    "min_rows": 1,
    **dict.fromkeys(("max_psi", "max_ks", "max_nulls", "max_range", "max_unseen"), 0.0),
}
HOLDS_ALL = drift.Policy(min_rows=100)
BY_CHANCE_ALONE = drift.Policy(**AT_ANY_SIZE)


@dataclass(frozen=True)
class Change:
    """What happened to the first column of its kind, and which findings tell it.

    Attributes:
        what: In words.
        of: What it makes of the rows of the normal column 0.
        told: A finding that has to fail.
        nulls: Share of rows that become null.
        goal: How often that finding has to fail, if it is to.
        sense: On which side of the goal that belongs.
    """

    what: str
    of: Callable[[NDArray[Any]], NDArray[Any]]
    told: str
    nulls: float = 0.0
    goal: float | None = 0.95
    sense: Literal["at most", "at least"] = "at least"


CHANGES = (
    Change(
        "a mean that moved by .3 of a standard deviation, PSI .09 below the limit .2",
        lambda x: x + 0.9,
        "drift/psi/x0",
        goal=0.05,
        sense="at most",
    ),
    Change("a mean that moved by .5, PSI .25 above it", lambda x: x + 1.5, "drift/psi/x0", goal=None),
    Change("a mean that moved by .6 of a standard deviation", lambda x: x + 1.8, "drift/psi/x0"),
    Change("a spread 1.7 times as large", lambda x: 10.0 + (x - 10.0) * 1.7, "drift/psi/x0"),
    Change("nulls up by 10 points", lambda x: x, "fault/nulls/x0", nulls=0.1),
    Change("5 % of a sentinel", lambda x: np.where(np.arange(x.size) % 20, x, -999.0), "fault/range/x0"),
    Change("miles that became kilometres", lambda x: x * 1.609, "fault/scale/x0"),
    Change("a column that stands still", lambda x: np.full(x.size, 10.0), "fault/constant/x0"),
)


def figures(runs: int) -> Iterator[Figure]:
    """Yield what the gate says over so many pairs of tables a line; 1,000 take some three minutes."""
    yield from _unchanged(runs)
    yield from _few_rows(runs)
    yield _many_rows(max(runs // 100, 3))
    yield from _changed(max(runs // 10, 10))


# ---------------------------------------------------------------- what is counted


def _unchanged(runs: int) -> Iterator[Figure]:
    rows = 1_000
    failed = undecided = strict = plain = 0
    for run in range(runs):
        rng = np.random.default_rng((1, run))
        reference, live = _table(rng, rows), _table(rng, rows)
        outcome = _verdict(reference, live, HOLDS_ALL).outcome
        failed += outcome is Outcome.FAIL
        undecided += outcome is Outcome.UNDECIDED
        strict += _verdict(reference, live, BY_CHANCE_ALONE).outcome is Outcome.FAIL
        plain += _any_plain_test(reference, live)
    about = f"over {NUMBERS + TEXTS} unchanged columns, n = {rows:,}"
    today, beside = "KS or chi-square of each column at .05", plain / runs
    what, shown = f"any alarm {about}", ("25 unchanged columns,\n1,000 rows", 0)
    yield Figure("drift", what, failed / runs, 0.05, "at most", runs, today, beside=beside, point=shown)
    what = f"the same where every limit is 0, so that the p-values alone decide, {about}"
    yield Figure("drift", what, strict / runs, 0.05, "at most", runs, today, beside=beside)
    yield Figure("drift", f"undecided {about}", undecided / runs, 0.05, "at most", runs)


def _few_rows(runs: int) -> Iterator[Figure]:
    """Of one column of 200 rows a side, as people test, and of 25 by the gate at their limit."""
    rows, limit = 200, 0.1
    policy = drift.Policy(min_rows=1, max_psi=limit, max_ks=None)
    failed = above = 0
    for run in range(runs):
        rng = np.random.default_rng((2, run))
        reference, live = _table(rng, rows), _table(rng, rows)
        failed += _verdict(reference, live, policy).outcome is Outcome.FAIL
        above += _plain_psi(rng.normal(0, 1, rows), rng.normal(0, 1, rows)) > limit
    today, beside = f"PSI above {limit} of one column", above / runs
    what = f"any alarm over {NUMBERS + TEXTS} unchanged columns, n = {rows}, PSI limit {limit}"
    shown = (f"PSI limit {limit}, unchanged,\n{rows} rows", 1)
    yield Figure("drift", what, failed / runs, 0.05, "at most", runs, today, beside=beside, point=shown)


def _many_rows(runs: int) -> Figure:
    """A shift that is sure and does not matter."""
    rows, shift = 1_000_000, 0.005
    failed = sure = 0
    for run in range(runs):
        rng = np.random.default_rng((3, run))
        reference = {"x0": summarise_numbers(rng.normal(0.0, 1.0, rows))}
        live = {"x0": summarise_numbers(rng.normal(shift, 1.0, rows))}
        failed += _verdict(reference, live, HOLDS_ALL).outcome is Outcome.FAIL
        sure += compare(reference["x0"], live["x0"])["ks"].p_value <= LEVEL
    today, beside = "KS at .05", sure / runs
    what = f"alarm at a shift of {shift} standard deviations, n = {rows:,}"
    shown = (f"{shift} standard deviations,\n{rows:,} rows", 2)
    return Figure("drift", what, failed / runs, 0.05, "at most", runs, today, beside=beside, point=shown)


def _changed(runs: int) -> Iterator[Figure]:
    rows = 1_000
    for place, change in enumerate(CHANGES):
        found = wrong = 0
        for run in range(runs):
            rng = np.random.default_rng((4, place, run))
            reference, live = _table(rng, rows), _table(rng, rows)
            values = change.of(SHAPES[0](rng, rows))[: round(rows * (1.0 - change.nulls))]
            live["x0"] = summarise_numbers(values, rows - values.size)
            verdict = _verdict(reference, live, HOLDS_ALL)
            failed = {each.name for each in verdict.findings if each.outcome is Outcome.FAIL}
            found += change.told in failed
            wrong += any(not name.endswith("/x0") for name in failed)
        what = f"{change.what}, in one of {NUMBERS + TEXTS} columns, n = {rows:,}: told as {change.told}"
        yield Figure("drift", what, found / runs, change.goal, change.sense, runs)
        what = f"another column blamed for it: {change.what}"
        yield Figure("drift", what, wrong / runs, 0.05, "at most", runs)


# ---------------------------------------------------------------- tables, verdicts


def _table(rng: np.random.Generator, rows: int) -> dict[str, Column]:
    """Draw the profile of each of 25 columns."""
    shapes = [SHAPES[place % len(SHAPES)](rng, rows) for place in range(NUMBERS)]
    table: dict[str, Column] = {f"x{place}": summarise_numbers(values) for place, values in enumerate(shapes)}
    for place, kinds in enumerate(KINDS):
        shares = 1.0 / np.arange(1, kinds + 1)
        counts = rng.multinomial(rows, shares / shares.sum()).tolist()
        named = zip(count(), counts, strict=False)
        table[f"c{place}"] = Categories(rows, 0, {str(name): rows for name, rows in named if rows})
    return table


def _verdict(reference: Mapping[str, Column], live: Mapping[str, Column], policy: drift.Policy) -> Verdict:
    one, other = (Profile(next(iter(each.values())).rows, each) for each in (reference, live))
    measurements = drift.measured(one, other, one.columns)
    return Verdict("drift", "block", tuple(drift.judge(policy, measurements)))


# ---------------------------------------------------------------- what people use


def _any_plain_test(reference: dict[str, Column], live: dict[str, Column]) -> bool:
    """Whether KS of any column of numbers, or chi-square of any of categories, is below .05."""
    effects = ((name, compare(reference[name], live[name])) for name in reference)
    return any(
        found["ks" if isinstance(reference[name], Numbers) else "psi"].p_value <= LEVEL
        for name, found in effects
    )


def _plain_psi(reference: NDArray[np.float64], live: NDArray[np.float64]) -> float:
    """Return PSI over deciles as it stands in tutorials, without its bias taken off."""
    edges = np.quantile(reference, np.arange(1, 10) / 10)
    p, q = (np.bincount(np.searchsorted(edges, each), minlength=10) for each in (reference, live))
    return psi(p, q).value
