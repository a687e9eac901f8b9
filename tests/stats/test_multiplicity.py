"""Adjusted p-values against loops over the definitions, scipy, and how often they reject by chance."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.stats import false_discovery_control

from gates.stats.multiplicity import benjamini_hochberg, holm

P_VALUES = hnp.arrays(
    np.float64, st.integers(0, 40), elements=st.floats(0, 1) | st.sampled_from([0.0, 0.01, 0.05, 1.0])
)
BOTH = pytest.mark.parametrize("adjust", [holm, benjamini_hochberg])


def naive_holm(p: np.ndarray, alpha: float) -> list[bool]:
    """Walk up the sorted p-values and stop at the first that is too large, as Holm wrote it."""
    rejected = [False] * len(p)
    for place, which in enumerate(sorted(range(len(p)), key=lambda i: p[i])):
        if p[which] * (len(p) - place) > alpha:
            break
        rejected[which] = True
    return rejected


def test_four_values_by_hand() -> None:
    """Steps 4, 3, 2, 1 of Holm; ratios 4, 2, 4/3, 1 of Benjamini and Hochberg."""
    assert holm([0.01, 0.02, 0.03, 0.04]) == pytest.approx([0.04, 0.06, 0.06, 0.06])
    assert benjamini_hochberg([0.01, 0.02, 0.03, 0.04]) == pytest.approx([0.04, 0.04, 0.04, 0.04])


def test_benjamini_and_hochberg_reject_what_their_paper_rejects() -> None:
    """The 15 p-values of section 3.2 (1995): four rejections by theirs, three by Holm, at .05."""
    paper = [*(0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459), 0.3240]
    paper += [0.4262, 0.5719, 0.6528, 0.7590, 1.0]
    assert int((benjamini_hochberg(paper) <= 0.05).sum()) == 4
    assert int((holm(paper) <= 0.05).sum()) == 3


@given(P_VALUES)
def test_benjamini_hochberg_is_that_of_scipy(p: np.ndarray) -> None:
    expected = false_discovery_control(p, method="bh") if p.size else p
    np.testing.assert_allclose(benjamini_hochberg(p), expected, rtol=1e-12)


@given(P_VALUES, st.floats(0.001, 0.5))
def test_holm_rejects_what_the_walk_up_rejects(p: np.ndarray, alpha: float) -> None:
    adjusted = holm(p)
    if np.abs(adjusted - alpha).min(initial=1.0) > 1e-12:  # else rounding decides
        assert (adjusted <= alpha).tolist() == naive_holm(p, alpha)


@BOTH
@given(p=P_VALUES, random=st.randoms(use_true_random=False))
def test_results_keep_the_order_of_the_input(adjust: Any, p: np.ndarray, random: Any) -> None:  # noqa: ANN401 - what hypothesis or pytest gives
    order = list(range(p.size))
    random.shuffle(order)
    np.testing.assert_array_equal(adjust(p[order]), adjust(p)[order])


@BOTH
@given(p=P_VALUES)
def test_adjusting_never_lowers_nor_reorders(adjust: Any, p: np.ndarray) -> None:  # noqa: ANN401 - what hypothesis or pytest gives
    adjusted = adjust(p)
    assert (adjusted >= p).all()
    assert (adjusted <= 1).all()
    assert (np.diff(adjusted[np.argsort(p)]) >= 0).all()


@given(P_VALUES)
def test_holm_is_the_stricter_one(p: np.ndarray) -> None:
    assert (holm(p) >= benjamini_hochberg(p) - 1e-15).all()


def test_holm_keeps_the_familywise_error() -> None:
    """Of 4,000 families of 25 true hypotheses at most 5 %, and three standard errors, reject any."""
    p = np.random.default_rng(1).random((4000, 25))
    any_rejected = np.mean([(holm(family) <= 0.05).any() for family in p])
    assert 0.035 <= any_rejected <= 0.0605
    assert np.mean((p <= 0.05).any(axis=1)) > 0.7


@BOTH
def test_no_tests_give_no_values_and_one_stays_itself(adjust: Any) -> None:  # noqa: ANN401 - what hypothesis or pytest gives
    assert adjust([]).shape == (0,)
    assert adjust([0.03]).tolist() == [0.03]


@BOTH
@pytest.mark.parametrize("bad", [[np.nan], [0.5, 1.1], [-0.1], ["0.5"], [[0.5]], 0.5, [True]])
def test_what_is_no_probability_is_refused(adjust: Any, bad: Any) -> None:  # noqa: ANN401 - what hypothesis or pytest gives
    with pytest.raises(ValueError, match="p-values"):
        adjust(bad)
