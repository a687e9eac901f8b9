"""How well the intervals of the gate `fairness` hold the truth, and how often it fails a model that is fair.

The gate is what is simulated: what it makes of the cells of the groups, and its judgement. Where several
pairs of rates make one figure, as those of four groups or of equalized odds, the interval is wider than it
would have to be: its bound on the side of equality holds for all pairs at once (Bonferroni), and the other
one for whichever pair is the largest. It errs on the side of telling too little, and no limit is held by it:
the observed figure is, and a test tells whether the groups differ at all.
"""

import itertools
from collections.abc import Callable, Iterator

import numpy as np

from benchmarks.decisions.figure import Figure, coverage
from gates.checks import fairness
from gates.stats.group_rates import GroupCounts, disparate_impact, resampled
from gates.stats.interval import two_sided_z
from gates.stats.proportions import koopman_low, newcombe_bounds, wilson_bounds
from gates.stats.rows import Floats
from gates.verdict import Outcome, Verdict

LIMIT = 0.8  # four fifths
Z = two_sided_z(0.95)
Rates = tuple[float, ...]


def figures(runs: int) -> Iterator[Figure]:
    """Yield the coverage of each interval over so many simulations, and what the gate decides."""
    few = max(runs // 4, 1)
    yield from _proportions(runs, np.random.default_rng(1))
    for place, (what, draw) in enumerate(ATTRIBUTES.items()):
        rng = np.random.default_rng((2, place))
        drawn = [_held(draw(rng), rng) for _ in range(few)]
        for metric in fairness.METRICS:
            share = sum(each[metric] for each in drawn) / few
            yield coverage("fairness", f"{metric} of the gate, {what}", share, few)
    rng = np.random.default_rng(3)
    told = sum(_held_by_percentiles((0.3, 0.3), rng) for _ in range(few))
    what = "for comparison: disparate impact by percentiles of resampled rows, 2 equal groups"
    yield Figure("fairness", what, told / few, None, "at least", few)
    yield from _decisions(max(runs // 8, 1))


# ---------------------------------------------------------------- coverage


def _proportions(runs: int, rng: np.random.Generator) -> Iterator[Figure]:
    """Each run has rates and rows of its own."""
    p, q = rng.uniform(0.05, 0.95, (2, runs))
    n, m = np.rint(np.exp(rng.uniform(np.log(30), np.log(2_000), (2, runs))))
    k, j = rng.binomial(n.astype(int), p), rng.binomial(m.astype(int), q)
    low, high = wilson_bounds(k, n, Z)
    scene = "30 to 2,000 rows, rates of 5 to 95 %"
    yield coverage("fairness", f"a proportion (Wilson), {scene}", _share_held(low, p, high), runs)
    low, high = newcombe_bounds(k, n, j, m, Z)
    yield coverage("fairness", f"a difference (Newcombe), {scene}", _share_held(low, p - q, high), runs)
    some = j > 0  # no ratio to nobody is no interval, and holds nothing
    low, inverse = koopman_low(k, n, j, m, Z)[some], koopman_low(j, m, k, n, Z)[some]
    share = _share_held(low, (p / q)[some], 1.0 / inverse) * some.mean()
    yield coverage("fairness", f"a ratio (Koopman), {scene}", float(share), runs)


def _share_held(low: Floats, true: Floats, high: Floats) -> float:
    return float(((low <= true) & (true <= high)).mean())


# What is drawn: the true rate at which each group is selected.
ATTRIBUTES: dict[str, Callable[[np.random.Generator], Rates]] = {
    "2 groups of 300, rates of 10 to 70 %": lambda rng: tuple(rng.uniform(0.1, 0.7, 2).tolist()),
    "2 equal groups of 300, 30 %": lambda _: (0.3, 0.3),
    "4 groups of 300, rates of 10 to 70 %": lambda rng: tuple(rng.uniform(0.1, 0.7, 4).tolist()),
    "4 equal groups of 300, 30 %": lambda _: (0.3,) * 4,
}


def _drawn(
    rates: Rates, rng: np.random.Generator, rows: int = 300, positives: float = 0.4
) -> dict[str, GroupCounts]:
    """Draw the cells of each group; selection does not look at the label."""
    label = np.array([positives, 1 - positives])
    cells = [rng.multinomial(rows, np.concatenate((p * label, (1 - p) * label))) for p in rates]
    return {str(place): GroupCounts(*each.tolist()) for place, each in enumerate(cells)}


def _held(rates: Rates, rng: np.random.Generator) -> dict[str, bool]:
    """Return metric to whether the gate's interval holds the truth; the odds differ as the selection does."""
    seen = fairness.rates("group", _drawn(rates, rng))
    apart = max(rates) - min(rates)
    true = {"disparate_impact": min(rates) / max(rates), "demographic_parity": apart, "equalized_odds": apart}
    ends = {name: (seen[f"{name}/group/low"], seen[f"{name}/group/high"]) for name in true}
    return {name: low <= true[name] <= high for name, (low, high) in ends.items()}


def _held_by_percentiles(rates: Rates, rng: np.random.Generator) -> bool:
    interval = resampled(disparate_impact, _drawn(rates, rng), resamples=400, seed=1)
    return interval is not None and interval.low <= min(rates) / max(rates) <= interval.high


# ---------------------------------------------------------------- decisions


def _decisions(runs: int) -> Iterator[Figure]:
    """Five attributes of two groups each, of which a model that is fair treats every one alike."""
    attributes = tuple("abcde")
    policy = fairness.Policy(attributes=attributes)
    for rows, rates, goal in ((100, (0.3, 0.3), 0.05), (300, (0.3, 0.3), 0.05), (300, (0.18, 0.3), None)):
        rng = np.random.default_rng((4, rows))
        failed = undecided = beyond = 0
        for _ in range(runs):
            drawn = [_drawn(rates if name == "a" else (0.3, 0.3), rng, rows) for name in attributes]
            named = zip(attributes, drawn, strict=True)
            seen = dict(itertools.chain.from_iterable(fairness.rates(*each).items() for each in named))
            outcome = Verdict("fairness", "block", tuple(fairness.judge(policy, seen)), seen).outcome
            failed += outcome is Outcome.FAIL
            undecided += outcome is Outcome.UNDECIDED
            beyond += any((disparate_impact(each) or 0.0) < LIMIT for each in drawn)
        scene = f"5 attributes, 2 groups of {rows} rows, {'equal' if goal else 'one at 0.6 of the other'}"
        today, beside = "the bare four-fifths rule", beyond / runs
        yield Figure(
            "fairness", f"fails, {scene}", failed / runs, goal, "at most", runs, today, beside=beside
        )
        yield Figure("fairness", f"undecided, {scene}", undecided / runs, None, "at most", runs)
