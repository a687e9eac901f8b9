"""Tails of chi-square and Kolmogorov against scipy's."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

from gates.stats.tails import chi_square_tail, kolmogorov_tail


@given(st.floats(0, 3000), st.integers(0, 400))
def test_chi_square_is_that_of_scipy(x: float, df: int) -> None:
    expected = float(special.chdtrc(df, x)) if df and x else 1.0
    assert chi_square_tail(x, df) == pytest.approx(expected, rel=1e-10, abs=1e-290)


@pytest.mark.parametrize(("x", "df"), [(4000.0, 4095), (4400.0, 4095), (3.841458820694124, 1), (1e6, 9)])
def test_chi_square_holds_far_out_and_at_many_cells(x: float, df: int) -> None:
    assert chi_square_tail(x, df) == pytest.approx(float(special.chdtrc(df, x)), rel=1e-9, abs=1e-290)


@given(st.floats(0, 20))
def test_kolmogorov_is_that_of_scipy(x: float) -> None:
    assert kolmogorov_tail(x) == pytest.approx(float(special.kolmogorov(x)), rel=1e-12, abs=1e-290)


@pytest.mark.parametrize("x", [-1e-9, math.nan, math.inf])
def test_what_is_no_statistic_is_refused(x: float) -> None:
    with pytest.raises(ValueError, match="x must be"):
        chi_square_tail(x, 3)
    with pytest.raises(ValueError, match="x must be"):
        kolmogorov_tail(x)


def test_degrees_of_freedom_below_zero_are_refused() -> None:
    with pytest.raises(ValueError, match="df"):
        chi_square_tail(1.0, -1)
