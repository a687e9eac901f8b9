"""Is the rate of one arm above that of another? A test that may be looked at after every block of traffic.

Traffic comes in blocks (minutes). In each, both arms are thinned to samples of one size, so that under
"no difference" the two counts are exchangeable: swapping them is as likely as not. A bet on the difference d
of the counts, 2 / (1 + tilt**-d), then has expectation 1, whatever the rate, its course over time and its
bursts are, and an arm that has fewer events makes it smaller still. So has its mean over all samples that
could have been drawn, which is taken here: nothing is random. The product over blocks, mixed over tilts, is
a test martingale: the probability that it ever reaches 1 / error, at any look of any number, is at most
`error` (J. Ville, 1939). Betting on a payoff that changes its sign when the two samples are swapped is the
two-sample test of S. Shekhar and A. Ramdas (2023).

Why not the plain mixture of Bernoulli likelihood ratios (R. Turner and P. Grünwald, 2023)? It takes requests
for independent, and a burst of errors that hits one arm for a minute breaks that. Under arbitrary bursts no
valid test can more than double its evidence in a block, and this one comes close to doubling: five blocks
convict an arm that fails in each. So choose blocks that are short, but no shorter than the bursts. With less
than an event a block in the smaller arm it takes 1.2 to 1.4 times as long as a test that is told both rates;
with several, about twice as long (`benchmarks/decisions/canary.py`).

Assumes: within a block every request of an arm has the same chance of an event; given the blocks before, the
arms' chances are equally distributed where there is no difference. They may move together in any way.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from gates.stats.interval import Interval
from gates.stats.rows import Floats
from gates.stats.thinning import thinned

# Bets on odds of 1.5, 3 and 100, and how much is put on each. In a sample of equal size an arm whose rate is
# three times the other's is best found by odds of 3; where the other arm is many times larger its mean over
# samples is nearly certain, and the boldest bet is the best one.
_LOG_TILTS = np.log([1.5, 3.0, 100.0])
_LOG_WEIGHTS = np.log([0.08, 0.17, 0.75])
_LEAST = 1e-300  # a bet that lost everything, as far as a float can tell; its logarithm is finite
# Samples are no larger than what gives their counts this variance: a larger one costs much and tells little.
_MOST_VARIANCE = 256.0
_STEPS = 1 << 16  # bounds of a difference are told in steps of 1 / 65,536


@dataclass(frozen=True, eq=False)
class Arm:
    """Requests and events of one arm, block by block in the order of time, both of shape (blocks,)."""

    requests: NDArray[np.int64]
    events: NDArray[np.int64]

    def __post_init__(self) -> None:
        """Refuse what cannot have been counted.

        Raises:
            ValueError: other shapes, not whole numbers, or not 0 <= events <= requests.
        """
        if self.requests.ndim != 1 or self.requests.shape != self.events.shape:
            raise ValueError(f"requests {self.requests.shape}, events {self.events.shape}: want (blocks,)")
        if self.requests.dtype.kind not in "iu" or self.events.dtype.kind not in "iu":
            raise ValueError("requests and events must be whole numbers")
        if (self.events < 0).any() or (self.events > self.requests).any():
            raise ValueError("every block needs 0 <= events <= requests")


def log_evidence(one: Arm, other: Arm, margin: float = 0.0) -> Floats:
    """Return how strongly the blocks so far speak for rate(one) > rate(other) + margin, one figure a look.

    If the rate of `one` is at most that of the other plus the margin, the figure ever reaches log(1 / error)
    with a probability of at most `error`. A block in which an arm has no requests tells nothing.

    Args:
        one: the arm that is suspected of the higher rate.
        other: the arm that it is compared with, of as many blocks.
        margin: difference of the rates, -1 to 1, that is allowed for.

    Returns:
        The natural logarithm of the evidence after each block, shape (blocks,).

    Raises:
        ValueError: arms of different length, or a margin outside -1 to 1.
    """
    if one.requests.shape != other.requests.shape:
        raise ValueError(f"{one.requests.size} and {other.requests.size} blocks cannot be compared")
    if not -1.0 <= margin <= 1.0:
        raise ValueError(f"margin must lie between -1 and 1, got {margin}")
    columns = (one.events, one.requests, other.events, other.requests, _sizes(one, other, margin))
    blocks = [_log_bets(*block, margin) for block in zip(*(each.tolist() for each in columns), strict=True)]
    bets = np.array(blocks, dtype=np.float64).reshape(-1, _LOG_TILTS.size)
    wealth = np.cumsum(bets, axis=0) + _LOG_WEIGHTS
    largest = wealth.max(axis=1)
    evidence: Floats = largest + np.log(np.exp(wealth - largest[:, np.newaxis]).sum(axis=1))
    return evidence


def rate_difference(
    one: Arm, other: Arm, *, low_error: float = 0.05, high_error: float = 0.05
) -> Interval | None:
    """Return rate(one) - rate(other) with bounds that hold at every look at once.

    The estimate is that of N. Mantel and W. Haenszel (S. Greenland and J. Robins, 1985): the differences of
    the blocks, weighted, so that neither a ramp of the traffic nor the rate's course over the day distort
    it. The bounds are the margins that `log_evidence` refutes, in steps of 1 / 65,536, rounded outwards,
    and moved outwards to the estimate where the rates were not constant and they do not hold it. The lower
    bound is the highest of all looks so far: what was sure once stays sure. The upper bound is that of the
    last look, so that traffic which has gone bad since is not forgotten.

    Args:
        one: the arm of the minuend.
        other: the arm of the subtrahend, of as many blocks.
        low_error: chance that the lower bound is ever above the difference.
        high_error: chance that the upper bound is ever below it.

    Returns:
        None if there is no block in which both arms have requests. A bound of -1 or 1 tells nothing.

    Raises:
        ValueError: arms of different length, or an error that is not between 0 and 1.
    """
    if not 0.0 < low_error < 1.0 or not 0.0 < high_error < 1.0:
        raise ValueError(f"errors must lie between 0 and 1, got {low_error} and {high_error}")
    if one.requests.shape != other.requests.shape:
        raise ValueError(f"{one.requests.size} and {other.requests.size} blocks cannot be compared")
    both = (one.requests > 0) & (other.requests > 0)
    if not both.any():
        return None
    ones, others = one.requests[both].astype(np.float64), other.requests[both].astype(np.float64)
    weight = 1.0 / (1.0 / ones + 1.0 / others)
    apart = one.events[both] / ones - other.events[both] / others
    estimate = float((weight * apart).sum() / weight.sum())
    low = _refuted(lambda margin: float(log_evidence(one, other, margin).max()), low_error)
    high = -_refuted(lambda margin: float(log_evidence(other, one, margin)[-1]), high_error)
    return Interval(estimate, min(low, estimate), max(high, estimate))


def _refuted(evidence: Callable[[float], float], error: float) -> float:
    """Return the largest margin against which the evidence, falling in it, reaches 1 / error; -1 if none.

    From 0 on, in steps that double and then halve: the farther a margin, the longer it takes to refute.
    """
    enough, reach = -math.log(error), 1 << 8
    if evidence(0.0) >= enough:  # evidence is enough at `below`, and not at `above`
        below, above = 0, reach
        while above < _STEPS and evidence(above / _STEPS) >= enough:
            below, above = above, min(2 * above, _STEPS)
    else:
        below, above = -reach, 0
        while evidence(below / _STEPS) < enough:
            if below == -_STEPS:
                return -1.0
            below, above = max(2 * below, -_STEPS), below
    while above - below > 1:
        middle = (below + above) // 2
        if evidence(middle / _STEPS) >= enough:
            below = middle
        else:
            above = middle
    return below / _STEPS


def _sizes(one: Arm, other: Arm, margin: float) -> NDArray[np.int64]:
    """Return the size of the samples in each block, by the requests there and the rate of the blocks before.

    It may not depend on the block's own events, or the bet would not be fair.
    """
    events, requests = one.events + other.events, one.requests + other.requests
    rate = (np.cumsum(events) - events + 0.5) / (np.cumsum(requests) - requests + 1.0)
    share = np.minimum(np.minimum(rate, 1.0 - rate) + abs(margin), 0.5)
    most = np.exp2(np.floor(np.log2(_MOST_VARIANCE / (share * (1.0 - share)))))
    sizes: NDArray[np.int64] = np.minimum(np.minimum(one.requests, other.requests), most.astype(np.int64))
    return sizes


@lru_cache(maxsize=1 << 16)
def _log_bets(
    events: int, requests: int, other_events: int, other_requests: int, size: int, margin: float
) -> Floats:
    """Return the logarithm of what each bet pays in one block with samples of a size, shape (tilts,)."""
    if size == 0:
        return np.zeros(_LOG_TILTS.size)
    one = thinned(events, requests, size, max(-margin, 0.0))
    other = thinned(other_events, other_requests, size, max(margin, 0.0))
    chances = one.probabilities[:, np.newaxis] * other.probabilities
    places = np.arange(one.probabilities.size)[:, np.newaxis] - np.arange(other.probabilities.size)
    lead = one.first - other.first - other.probabilities.size + 1  # the smallest difference
    of_difference = np.bincount((places + other.probabilities.size - 1).ravel(), chances.ravel())
    difference = lead + np.arange(of_difference.size)
    # 2 / (1 + tilt**-d), without overflow
    pays = 1.0 + np.tanh(0.5 * _LOG_TILTS[:, np.newaxis] * difference)
    bets: Floats = np.log(np.maximum((of_difference * pays).sum(axis=1), _LEAST))
    return bets
