"""A figure with its uncertainty."""

from dataclasses import dataclass
from statistics import NormalDist


@dataclass(frozen=True)
class Interval:
    """An estimate with the two bounds of its confidence interval, in the unit of the estimate.

    The interval of a resampled figure need not hold the estimate: some figures (a calibration error,
    the largest difference between groups) are larger on resampled rows than on the rows themselves.
    """

    estimate: float
    low: float
    high: float

    def named(self, name: str) -> dict[str, float]:
        """Return the figure under a name, and its bounds under ``name/low`` and ``name/high``."""
        return {name: self.estimate, f"{name}/low": self.low, f"{name}/high": self.high}


def checked_confidence(confidence: float) -> float:
    """Return `confidence` if it lies strictly between 0 and 1.

    Raises:
        ValueError: it does not (NaN neither).
    """
    if not 0.0 < confidence < 1.0:
        raise ValueError(f"confidence must lie between 0 and 1, got {confidence}")
    return confidence


def normal_variance(interval: Interval, confidence: float = 0.95) -> float:
    """Return the variance of a normal figure whose two-sided interval is as wide as this one."""
    half = (interval.high - interval.low) / 2.0
    return (half / two_sided_z(confidence)) ** 2


def two_sided_z(confidence: float) -> float:
    """Return the half-width of a two-sided normal interval in standard deviations (1.96 for 0.95)."""
    return NormalDist().inv_cdf((1.0 + checked_confidence(confidence)) / 2.0)
