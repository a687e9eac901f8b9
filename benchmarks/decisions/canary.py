"""How often the gate `canary` is wrong, and how long it takes, when it looks after every block.

The gate is what is simulated: its comparison and its judgement, at each look at which it could fail. Against
a test that is told both rates beforehand, it takes longer where a block alone holds enough errors to decide:
of 1,000 requests a block the first few looks teach it how the blocks themselves vary, which that test
believes to know, and which is why bursts do not alarm it. The same traffic in blocks a tenth as long is
decided in fewer requests.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

import numpy as np

from benchmarks.decisions.figure import Figure
from gates.checks import canary
from gates.stats.mean_sequence import mean_sequence
from gates.stats.rows import Floats
from gates.stats.sequential import Arm, log_evidence
from gates.verdict import Outcome, Verdict

ALARM = float(np.log(1.0 / canary.ERROR))
HOUR, SHIFT = 60, 480  # looks, one a minute
LONGEST = 1_000  # looks at which a delay is given up


@dataclass(frozen=True)
class Traffic:
    """Requests a block of canary and stable, their true error rates, and the variation of an arm's rate.

    Attributes:
        requests: Of the canary and of stable.
        rates: Of errors, in the same order.
        variation: Coefficient of variation of each arm's own rate between blocks (gamma): bursts.
    """

    requests: tuple[int, int]
    rates: tuple[float, float]
    variation: float = 0.0

    def draw(self, looks: int, seed: tuple[int, ...]) -> tuple[Arm, Arm]:
        """Return canary and stable over so many blocks."""
        rng = np.random.default_rng(seed)
        return self._arm(0, looks, rng), self._arm(1, looks, rng)

    def _arm(self, which: int, looks: int, rng: np.random.Generator) -> Arm:
        rate: Floats = np.full(looks, self.rates[which])
        if self.variation:
            shape = self.variation**-2
            rate = np.minimum(rate * rng.gamma(shape, 1.0 / shape, looks), 1.0)
        requests = np.full(looks, self.requests[which])
        return Arm(requests, rng.binomial(requests, rate))


def figures(runs: int) -> Iterator[Figure]:
    """Yield what the gate does over so many simulated canaries a line."""
    yield from _false_alarms(runs)
    yield from _delays(max(runs // 8, 1))
    yield from _promotions(max(runs // 8, 1))
    yield _mean_coverage(runs)


# ---------------------------------------------------------------- what is counted


def _false_alarms(runs: int) -> Iterator[Figure]:
    """Equal arms under the strictest policy, which tolerates no increase."""
    scenes = ((HOUR, 0.0), (HOUR, 1.0), (SHIFT, 0.0), (SHIFT, 1.0))
    for looks, bursts in scenes:
        traffic = Traffic((100, 900), (0.01, 0.01), bursts)
        gate = [_look_of_failure(traffic, looks, (1, run), 0.0) for run in range(runs)]
        fixed = [_fixed_test(*traffic.draw(looks, (1, run))) for run in range(runs)]
        yield Figure(
            "canary",
            f"false alarm at {looks} looks, 100 + 900 requests, 1 %{_bursts(bursts)}",
            _share(gate),
            0.05,
            "at most",
            runs,
            "a one-sided test of two proportions at each look",
            beside=_share(fixed),
            point=None if bursts else ("false alarm", looks),
            samples={"the gate": _looks(gate), "a test at 5 % at each look": _looks(fixed)},
        )
    even = Traffic((200, 200), (0.02, 0.02), 1.0)
    gate = [_look_of_failure(even, SHIFT, (2, run), 0.0) for run in range(runs)]
    what = f"false alarm at {SHIFT} looks, 200 + 200 requests, 2 %, bursts of CV 1"
    yield Figure("canary", what, _share(gate), 0.05, "at most", runs)
    for looks, bursts in scenes:
        traffic = Traffic((100, 900), (0.01, 0.01), bursts)
        alarms = sum(_plain_evidence(*traffic.draw(looks, (1, run))) for run in range(runs))
        what = f"for comparison: a test martingale of independent requests, {looks} looks{_bursts(bursts)}"
        yield Figure("canary", what, alarms / runs, None, "at most", runs)


def _share(looks: list[int | None]) -> float:
    return sum(look is not None for look in looks) / len(looks)


def _looks(looks: list[int | None]) -> list[float]:
    return [math.inf if look is None else look for look in looks]


def _delays(runs: int) -> Iterator[Figure]:
    """Looks until 3 % in place of 1 % is rolled back, over those of tests that are told both rates."""
    for requests in ((10, 90), (20, 180), (10, 10), (100, 900)):
        traffic = Traffic(requests, (0.03, 0.01))
        gate, oracle, known = list[float](), list[float](), list[float]()
        for run in range(runs):
            arms = traffic.draw(LONGEST, (3, run))
            gate.append(_look_of_failure(traffic, LONGEST, (3, run), 0.01) or LONGEST)
            oracle.append(_first(_oracle(*arms, traffic.rates, None)))
            known.append(_first(_oracle(*arms, traffic.rates, traffic.rates[1])))
        looks, least, told = (float(np.mean(each)) for each in (gate, oracle, known))
        scene = f"1 % to 3 % at {requests[0]} + {requests[1]} requests a block"
        what = f"delay against the SPRT that is told both rates, {scene}"
        yield Figure(
            "canary",
            what,
            looks / least,
            1.4,
            "at most",
            runs,
            f"{looks:.1f} looks, the SPRT {least:.1f}",
            unit="x",
            point=("delay", float(requests[0])) if requests == (10, 90) else None,
            error=_error_of_ratio(gate, oracle),
            samples={"the gate": gate, "told both rates": oracle},
        )
        what = f"against one that is told stable's rate and need not look at it, {scene}"
        error = _error_of_ratio(gate, known)
        yield Figure("canary", what, looks / told, None, "at most", runs, unit="x", error=error)
    traffic, shared, alone = Traffic((10, 90), (0.03, 0.01)), list[float](), list[float]()
    for run in range(runs):
        look = _look_of_failure(traffic, LONGEST, (3, run), 0.01, ("slow", "conversions"))
        shared.append(look or LONGEST)
        alone.append(_first(_oracle(*traffic.draw(LONGEST, (3, run)), traffic.rates, None)))
    what = "the same at 10 + 90, of a table with all three columns, which share the error"
    observed, error = float(np.mean(shared) / np.mean(alone)), _error_of_ratio(shared, alone)
    yield Figure("canary", what, observed, None, "at most", runs, unit="x", error=error)


def _error_of_ratio(above: list[float], below: list[float]) -> float:
    """Return the standard error of the ratio of two means over the same runs (the delta method)."""
    top, bottom = np.array(above), np.array(below)
    apart = top - bottom * (top.mean() / bottom.mean())
    return float(apart.std() / bottom.mean() / math.sqrt(top.size))


def _promotions(runs: int) -> Iterator[Figure]:
    """Canaries at the limit, which must not be promoted, and as good ones, which should be."""
    scenes: tuple[tuple[float, float, float | None, Literal["at most", "at least"]], ...] = (
        (0.02, 0.0, 0.05, "at most"),
        (0.02, 1.0, 0.05, "at most"),
        (0.01, 0.0, None, "at least"),
    )
    for rate, bursts, goal, sense in scenes:
        traffic = Traffic((100, 900), (rate, 0.01), bursts)
        promoted = sum(_promoted(traffic, 2 * HOUR, (4, run)) for run in range(runs))
        what = f"promoted at one of {2 * HOUR} looks, 1 % to {rate:.0%}, limit +1 %{_bursts(bursts)}"
        yield Figure("canary", what, promoted / runs, goal, sense, runs)


def _mean_coverage(runs: int) -> Figure:
    """A skewed mean, at all of 480 looks."""
    missed, mean = 0, 0.1
    for run in range(runs):
        found = mean_sequence(np.random.default_rng((5, run)).beta(0.5, 4.5, SHIFT), 0.0, 1.0)
        missed += bool((found.low > mean).any() or (found.high < mean).any())
    what = f"confidence sequence of a mean, coverage over {SHIFT} looks, nominal 95 %"
    return Figure("canary", what, 1.0 - missed / runs, 0.94, "at least", runs)


# ---------------------------------------------------------------- the gate


def _verdict(canary_arm: Arm, stable: Arm, looks: int, limit: float, idle: tuple[str, ...] = ()) -> Outcome:
    """Return what the gate says at a look; the idle columns hold no event, and share the error."""
    arms = {"canary": canary_arm, "stable": stable}
    counts = {
        "requests": {name: arm.requests[:looks] for name, arm in arms.items()},
        "errors": {name: arm.events[:looks] for name, arm in arms.items()},
        **{column: {name: 0 * arm.events[:looks] for name, arm in arms.items()} for column in idle},
    }
    measurements = canary.compared(counts)
    policy = canary.Policy(max_error_increase=limit)
    return Verdict("canary", "block", tuple(canary.judge(policy, measurements)), measurements).outcome


def _look_of_failure(
    traffic: Traffic, looks: int, seed: tuple[int, ...], limit: float, idle: tuple[str, ...] = ()
) -> int | None:
    """Return the first look at which the gate fails; the evidence tells before which it cannot."""
    one, other = traffic.draw(looks, seed)
    reached = np.flatnonzero(log_evidence(one, other) >= ALARM + np.log(1.0 + len(idle)))
    if not reached.size:
        return None
    later = range(int(reached[0]) + 1, looks + 1)
    return next((look for look in later if _verdict(one, other, look, limit, idle) is Outcome.FAIL), None)


def _promoted(traffic: Traffic, looks: int, seed: tuple[int, ...], limit: float = 0.01) -> bool:
    """Return whether the gate passes at one of the looks, from the one on at which it can."""
    one, other = traffic.draw(looks, seed)
    sure = np.flatnonzero(log_evidence(other, one, -limit) >= ALARM) + 1
    able = (look for look in sure.tolist() if look >= canary.Policy().min_blocks)
    return any(_verdict(one, other, look, limit) is Outcome.PASS for look in able)


def _bursts(variation: float) -> str:
    return f", bursts of CV {variation:g}" if variation else ""


# ---------------------------------------------------------------- what it is compared with


def _oracle(one: Arm, other: Arm, rates: tuple[float, float], null: float | None) -> Floats:
    """Return the log likelihood ratio after each block of the true rates to `null` or the nearest equal ones.

    The nearest: those against which the ratio is the best test of equality (Turner and Grünwald 2023).
    """
    requests = np.stack((one.requests, other.requests)).astype(np.float64)
    events = np.stack((one.events, other.events))
    true = np.array(rates)[:, np.newaxis]
    equal = null if null is not None else float((requests[:, 0] * rates).sum() / requests[:, 0].sum())
    ratio = events * np.log(true / equal) + (requests - events) * np.log((1 - true) / (1 - equal))
    evidence: Floats = np.cumsum(ratio.sum(axis=0))
    return evidence


def _first(evidence: Floats) -> int:
    reached = evidence >= ALARM
    return int(np.argmax(reached)) + 1 if reached.any() else evidence.size


def _fixed_test(one: Arm, other: Arm) -> int | None:
    """Return the first look at which the one-sided test of two proportions at 5 % calls the canary worse."""
    k, n = np.cumsum(one.events), np.cumsum(one.requests)
    j, m = np.cumsum(other.events), np.cumsum(other.requests)
    pooled = (k + j) / (n + m)
    spread = np.sqrt(np.maximum(pooled * (1 - pooled) * (1 / n + 1 / m), 1e-300))
    said = (k / n - j / m) / spread > NormalDist().inv_cdf(1 - canary.ERROR)
    return int(np.argmax(said)) + 1 if said.any() else None


def _plain_evidence(one: Arm, other: Arm) -> bool:
    """Tell whether a test martingale of independent requests, one-sided, ever reaches 20.

    R. Turner and P. Grünwald (2023): each block's likelihood ratio of the rates seen before it, under
    Beta(0.18, 0.18), to the equal rates nearest to them; 1 where the canary's was not above stable's.
    """
    k, n, j, m = one.events, one.requests, other.events, other.requests
    guesses = [(np.cumsum(e) - e + 0.18) / (np.cumsum(r) - r + 0.36) for e, r in ((k, n), (j, m))]
    first, second = guesses
    equal = (n * first + m * second) / (n + m)
    ratio = k * np.log(first / equal) + (n - k) * np.log((1 - first) / (1 - equal))
    ratio = ratio + j * np.log(second / equal) + (m - j) * np.log((1 - second) / (1 - equal))
    return bool((np.cumsum(np.where(first > second, ratio, 0.0)) >= ALARM).any())
