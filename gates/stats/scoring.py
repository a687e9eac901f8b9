"""The figures that gates hold models to, by name: each with its direction and with its interval.

The AUC has DeLong's interval (E. DeLong et al., 1988); every other figure a bootstrap (B. Efron, 1979), and
so has the AUC of rows that have weights or belong together.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from gates.stats.auc import auc_difference, auc_interval, delong
from gates.stats.bootstrap import bootstrap_difference, bootstrap_interval
from gates.stats.interval import Interval, normal_variance
from gates.stats.metric import Metric
from gates.stats.metrics import average_precision, brier, calibration_error, log_loss, weighted_auc
from gates.stats.regression import mae, r2, rmse

AUC = "auc"
_BINARY: dict[str, Metric] = {
    AUC: weighted_auc,
    "average_precision": average_precision,
    "brier": brier,
    "log_loss": log_loss,
    "calibration_error": calibration_error,
}
_REGRESSION: dict[str, Metric] = {"rmse": rmse, "mae": mae, "r2": r2}
BINARY = tuple(_BINARY)
REGRESSION = tuple(_REGRESSION)
LARGER_IS_BETTER = frozenset({AUC, "average_precision", "r2"})


@dataclass(frozen=True)
class Improvement:
    """By how much a challenger is better than a champion on the same rows, in the unit of the figure.

    Attributes:
        interval: The difference, above 0 where the challenger is better, with its 95 % interval.
        variance: Of the difference; 0 for models that answer alike.
    """

    interval: Interval
    variance: float

    @property
    def tie(self) -> bool:
        """Whether both answer alike, as far as the figure can tell."""
        return self.interval.estimate == 0.0 and self.variance == 0.0

    @property
    def chance_worse(self) -> float:
        """Return the one-sided p-value of "not worse": small where the challenger is surely worse.

        Assumes a difference that is about normally distributed.
        """
        if self.variance == 0.0:
            return float(self.interval.estimate >= 0.0)
        return NormalDist().cdf(self.interval.estimate / math.sqrt(self.variance))


def figure(name: str, y: ArrayLike, scores: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Return a figure of one model alone, of rows that count alike or have weights, each of shape (n,).

    Raises:
        ValueError: as `scored`.
    """
    labels, values = np.asarray(y), np.asarray(scores)
    if name == AUC and weights is None:
        return float(delong(labels, values[np.newaxis]).aucs[0])
    return _metric(name)(labels, values, weights)


def scored(
    name: str,
    y: ArrayLike,
    scores: ArrayLike,
    *,
    seed: int,
    weights: ArrayLike | None = None,
    groups: ArrayLike | None = None,
) -> Interval:
    """Return a figure of one model with its two-sided 95 % interval.

    Args:
        name: One of `BINARY` or `REGRESSION`.
        y: labels, shape (n,): 0 and 1, or the numbers of a regression.
        scores: of the model, shape (n,).
        seed: of the resampling, where there is one.
        weights: how much each row counts, shape (n,); 1 each if absent.
        groups: what belongs together, shape (n,); each row for itself if absent.

    Raises:
        ValueError: as the figure itself, `gates.stats.auc.delong` and `bootstrap_interval`.
    """
    if name == AUC and weights is None and groups is None:
        return auc_interval(y, scores)
    metric, by_class = _metric(name), name in _BINARY
    return bootstrap_interval(metric, y, scores, by_class=by_class, groups=groups, weights=weights, seed=seed)


def improvement(
    name: str,
    y: ArrayLike,
    challenger: ArrayLike,
    champion: ArrayLike,
    *,
    seed: int,
    weights: ArrayLike | None = None,
    groups: ArrayLike | None = None,
) -> Improvement:
    """Return by how much the challenger is better than the champion, on the same rows.

    Args:
        name: One of `BINARY` or `REGRESSION`.
        y: labels, shape (n,): 0 and 1, or the numbers of a regression.
        challenger: its scores, shape (n,).
        champion: its scores, shape (n,).
        seed: of the resampling, where there is one.
        weights: how much each row counts, shape (n,); 1 each if absent.
        groups: what belongs together, shape (n,); each row for itself if absent.

    Raises:
        ValueError: as `scored`.
    """
    if name == AUC and weights is None and groups is None:
        paired = auc_difference(y, challenger, champion)
        return Improvement(paired, normal_variance(paired))
    better, worse = (challenger, champion) if name in LARGER_IS_BETTER else (champion, challenger)
    metric, by_class = _metric(name), name in _BINARY
    interval = bootstrap_difference(
        metric, y, better, worse, by_class=by_class, groups=groups, weights=weights, seed=seed
    )
    return Improvement(interval, normal_variance(interval))


def _metric(name: str) -> Metric:
    return _BINARY[name] if name in _BINARY else _REGRESSION[name]
