"""How often the gate `champion` promotes what is no better, accepts what is too bad, and leaves undecided.

Scores of both models are normal within each class (the binormal model), correlated; the champion's AUC is
.80. The gate is what is simulated: its comparison of two columns of scores, and its judgement.
"""

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import pandas as pd

from benchmarks.decisions.figure import Figure, coverage
from gates.checks import champion
from gates.comparison import Comparison
from gates.golden_rows import GoldenRows
from gates.stats.rows import Floats
from gates.verdict import Measurements, Outcome, Verdict

CHAMPION_AUC = 0.80
ROWS = (400, 500, 1_000, 4_000)
PREVALENCES = (0.1, 0.5)
CORRELATIONS = (0.5, 0.9)
THRESHOLD = 0.005  # of the rule that people use: promote what is so much better on the golden set
CARELESS = f"{THRESHOLD} better on the golden set"
MARGIN = 0.01
COMPARISON = Comparison("binary", "auc", {})


@dataclass(frozen=True)
class World:
    """What is true: rows, share of label 1, correlation of both models' scores, difference of their AUCs."""

    rows: int
    prevalence: float
    correlation: float
    difference: float

    def __str__(self) -> str:
        return f"n {self.rows:,}, prevalence {self.prevalence}, correlation {self.correlation}"

    def draw(self, rng: np.random.Generator) -> Measurements:
        """Return what the gate measures on one golden set."""
        y = np.zeros(self.rows, dtype=int)
        y[: round(self.rows * self.prevalence)] = 1
        shared, own = rng.normal(size=self.rows), rng.normal(size=self.rows)
        beside = self.correlation * shared + math.sqrt(1.0 - self.correlation**2) * own
        challenger = _scores(y, beside, CHAMPION_AUC + self.difference)
        answers = {"challenger": challenger, "champion": _scores(y, shared, CHAMPION_AUC)}
        rows = GoldenRows(y, answers, (), None, None, pd.DataFrame())
        return {"champions": 1.0, "rolled_back": 0.0} | COMPARISON.overall(rows)


def figures(runs: int) -> Iterator[Figure]:
    """Yield what the gate does over so many golden sets a line."""
    for rows, prevalence, correlation in itertools.product(ROWS, PREVALENCES, CORRELATIONS):
        yield from _no_better(World(rows, prevalence, correlation, 0.0), runs)
    fewer = max(runs // 2, 1)
    for rows, correlation in itertools.product(ROWS, CORRELATIONS):
        yield _at_the_margin(World(rows, 0.5, correlation, -MARGIN), fewer)
    for rows, difference in itertools.product(ROWS, (-0.02, 0.01, 0.02)):
        yield from _different(World(rows, 0.5, 0.9, difference), fewer)


def _no_better(world: World, runs: int) -> Iterator[Figure]:
    """Count promotions of a challenger that is as good, and how often the interval holds the truth."""
    policy = champion.Policy(rule="superior", first_model="block", min_rows_per_class=1)
    promoted = careless = held = 0
    for measured in _golden_sets(world, runs):
        promoted += _outcome(policy, measured) is Outcome.PASS
        careless += measured["delta"] > THRESHOLD
        held += measured["delta/low"] <= world.difference <= measured["delta/high"]
    yield Figure(
        "champion",
        f"false promotion, {world}",
        promoted / runs,
        0.055,
        "at most",
        runs,
        CARELESS,
        beside=careless / runs,
        point=(f"prevalence {world.prevalence}, correlation {world.correlation}", world.rows),
    )
    yield coverage("champion", f"paired AUC (DeLong), {world}", held / runs, runs)


def _at_the_margin(world: World, runs: int) -> Figure:
    """Count how often a challenger that is worse by the whole margin is accepted as not inferior."""
    policy = champion.Policy(
        rule="non_inferior", improves="latency", margin=MARGIN, first_model="block", min_rows_per_class=1
    )
    faster = {"ratio/latency": 0.5, "ratio/latency/low": 0.4, "ratio/latency/high": 0.6}
    accepted = careless = 0
    for measured in _golden_sets(world, runs):
        accepted += _outcome(policy, measured | faster) is Outcome.PASS
        careless += measured["delta"] > -MARGIN
    today, share = f"not {MARGIN} worse on the golden set", careless / runs
    what = f"accepted at the margin, {world}"
    return Figure("champion", what, accepted / runs, 0.055, "at most", runs, today, beside=share)


def _different(world: World, runs: int) -> Iterator[Figure]:
    """Count what happens to a challenger that is truly better or worse."""
    policy = champion.Policy(rule="superior", first_model="block", min_rows_per_class=1)
    said, careless = list[Outcome](), 0
    for measured in _golden_sets(world, runs):
        said.append(_outcome(policy, measured))
        careless += measured["delta"] > THRESHOLD
    beside = careless / runs
    of = f"AUC {world.difference:+}, {world}"
    if world.difference < 0:
        missed = said.count(Outcome.PASS) / runs
        what = f"missed regression, {of}"
        yield Figure("champion", what, missed, 0.055, "at most", runs, CARELESS, beside=beside)
    else:
        yield Figure(
            "champion",
            f"promoted, {of}",
            said.count(Outcome.PASS) / runs,
            None,
            "at least",
            runs,
            CARELESS,
            beside=beside,
            point=(f"AUC {world.difference:+}", world.rows),
        )
        undecided = said.count(Outcome.UNDECIDED) / runs
        yield Figure("champion", f"undecided, {of}", undecided, None, "at most", runs)


def _golden_sets(world: World, runs: int) -> Iterator[Measurements]:
    for run in range(runs):
        yield world.draw(np.random.default_rng((run, world.rows, round(1_000 * world.correlation))))


def _outcome(policy: champion.Policy, measured: Measurements) -> Outcome:
    return Verdict("champion", "block", tuple(champion.judge(policy, measured))).outcome


def _scores(y: "np.ndarray[tuple[int], np.dtype[np.int64]]", noise: Floats, auc: float) -> Floats:
    """Return probabilities whose ranks have the AUC: normal within each class, moved apart."""
    apart = math.sqrt(2.0) * NormalDist().inv_cdf(auc)
    scores: Floats = 1.0 / (1.0 + np.exp(-(noise + apart * y)))
    return scores
