"""The rows that a difference needs, and the difference that rows show: each the other's inverse."""

import math

import pytest

from gates.stats.interval import two_sided_z
from gates.stats.power import detectable_difference, rows_needed


def test_rows_needed_is_the_least_number_that_clears_zero() -> None:
    difference, variance, n = 0.004, 1.25e-5, 1500
    rows = rows_needed(difference, variance, n)
    assert rows is not None

    def low(at: int) -> float:
        return difference - two_sided_z(0.95) * math.sqrt(variance * n / at)

    assert low(rows - 1) <= 0.0 < low(rows)


def test_planned_rows_detect_the_difference_with_the_planned_power() -> None:
    rows = rows_needed(0.01, 1.25e-5, 1500, power=0.8)
    assert rows is not None
    detectable = detectable_difference(1.25e-5, 1500, rows=rows)
    assert detectable is not None
    assert detectable == pytest.approx(0.01, rel=1e-3)
    assert detectable <= 0.01


def test_detectable_difference_is_2_8_standard_errors() -> None:
    """1.95996 for the interval and 0.84162 for 80 % power."""
    assert detectable_difference(1e-4, 100) == pytest.approx(0.0280158, rel=1e-5)
    assert detectable_difference(1e-4, 100, rows=400) == pytest.approx(0.0140079, rel=1e-5)


def test_rows_that_cannot_be_told_are_none() -> None:
    assert rows_needed(0.0, 1e-4, 100) is None
    assert rows_needed(-0.01, 1e-4, 100) is None
    assert rows_needed(math.nan, 1e-4, 100) is None
    assert rows_needed(1e-320, 1e-4, 100) is None
    assert rows_needed(0.01, 0.0, 100) is None
    assert detectable_difference(0.0, 100) is None


@pytest.mark.parametrize(
    ("variance", "n", "power"), [(-1, 9, 0.8), (math.nan, 9, 0.8), (1, 0, 0.8), (1, 9, 1)]
)
def test_impossible_plans_are_refused(variance: float, n: int, power: float) -> None:
    with pytest.raises(ValueError, match=r"variance|power"):
        detectable_difference(variance, n, power=power)
