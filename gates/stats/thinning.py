"""What a smaller sample of the same requests would have counted: how arms of unequal size are compared.

Of `requests` requests with `events` events, a sample of `size` drawn without replacement holds a number of
events that is hypergeometric (N. Johnson, A. Kemp and S. Kotz, 2005, section 6.2.1). If every request of an
arm has the same chance of an event, the sample's count is that of an arm with `size` requests.
"""

import math
from dataclasses import dataclass

import numpy as np

from gates.stats.rows import Floats

_SPREADS = 8.0  # standard deviations beyond which a count is not looked at: 1e-15 of the probability


@dataclass(frozen=True, eq=False)
class CountDistribution:
    """Probabilities of consecutive counts, shape (k,), adding up to 1; `first` is the smallest count."""

    first: int
    probabilities: Floats


def thinned(events: int, requests: int, size: int, extra: float = 0.0) -> CountDistribution:
    """Return how many events a sample of the requests holds, when each other request becomes one by chance.

    Args:
        events: among the requests.
        requests: of the arm.
        size: of the sample, without replacement.
        extra: probability, 0 to 1, with which a request without an event is turned into one. A rate p
            becomes p + extra * (1 - p).

    Raises:
        ValueError: not 0 <= events <= requests, not 0 <= size <= requests, or extra outside 0 to 1.
    """
    if not 0 <= events <= requests or not 0 <= size <= requests:
        raise ValueError(f"no sample of {size} of {requests} requests with {events} events")
    if not 0.0 <= extra <= 1.0:
        raise ValueError(f"extra must be a probability, got {extra}")
    if extra == 1.0 or size == 0:
        return CountDistribution(size, np.ones(1))
    drawn = _hypergeometric(events, requests, size)
    return drawn if extra == 0.0 else _with_extra(drawn, size, extra)


def _hypergeometric(events: int, requests: int, size: int) -> CountDistribution:
    if size == requests:
        return CountDistribution(events, np.ones(1))
    share = events / requests
    spread = math.sqrt(size * share * (1.0 - share) * (requests - size) / (requests - 1.0))
    lowest, highest = max(0, size - (requests - events)), min(events, size)
    low, high = _window(size * share, spread, lowest, highest)
    # From the ratios of neighbours: unlike log-factorials of many requests, nothing large cancels.
    k = np.arange(low, high, dtype=np.float64)
    above = np.log(events - k) + np.log(size - k)
    below = np.log(k + 1.0) + np.log(requests - events - size + k + 1.0)
    relative = np.concatenate(([0.0], np.cumsum(above - below)))
    weights = np.exp(relative - relative.max())
    return CountDistribution(low, weights / weights.sum())


def _with_extra(drawn: CountDistribution, size: int, extra: float) -> CountDistribution:
    """Add a binomial number of the sample's other requests to each count."""
    counts = np.arange(drawn.probabilities.size) + drawn.first
    spread = math.sqrt(size * extra * (1.0 - extra))
    others = (size - counts)[:, np.newaxis]
    fewest, most = int(others[-1, 0]), int(others[0, 0])
    low = _window(fewest * extra, spread, 0, fewest)[0]
    high = _window(most * extra, spread, 0, most)[1]
    turned = np.arange(low, high + 1)
    possible = turned <= others
    # Again from the ratios of neighbours: (others - turned) extra / ((turned + 1) (1 - extra)).
    steps = np.log(np.maximum(others - turned[:-1], 1)) - np.log(turned[:-1] + 1.0)
    steps = steps + (math.log(extra) - math.log1p(-extra))
    logs = np.concatenate((np.zeros_like(others, dtype=np.float64), np.cumsum(steps, axis=1)), axis=1)
    logs = np.where(possible, logs, -np.inf)
    weights = np.exp(logs - logs.max(axis=1, keepdims=True))
    joint = weights / weights.sum(axis=1, keepdims=True) * drawn.probabilities[:, np.newaxis]
    total = (counts[:, np.newaxis] - drawn.first) + (turned - low)
    chances = np.bincount(total[possible], joint[possible])
    return CountDistribution(drawn.first + low, chances / chances.sum())


def _window(mean: float, spread: float, lowest: int, highest: int) -> tuple[int, int]:
    """Return the smallest and the largest count worth looking at."""
    reach = _SPREADS * (spread + 1.0)
    return max(lowest, math.floor(mean - reach)), min(highest, math.ceil(mean + reach))
