"""Tests of `gates.render.sentences`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gates.render import sentences
from gates.render.sentences import (
    against_champion,
    figure,
    interval,
    number,
    promoted,
    reason,
    refused,
    shown,
    why_not,
    worst_first,
)
from gates.stats import scoring
from gates.verdict import Finding, Verdict, at_least, at_most, beyond_luck, enough
from tests.examples import GOLDEN, LATENCY, changed

FAILED = changed(GOLDEN, findings=(at_least("auc", 0.7, 0.8, low=0.68, high=0.72, note="See the slices."),))
OPEN = changed(LATENCY, findings=(enough("requests", 12, 299, unit="requests"),))
EMPTY = Verdict("fairness", "block", ())
CHAMPION = Verdict(
    "champion",
    "block",
    (at_least("delta", 0.0067, 0.005),),
    {
        "auc/champion": 0.8504,
        "auc/challenger": 0.8571,
        "delta": 0.0067,
        "delta/low": 0.0012,
        "delta/high": 0.0122,
    },
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "none"),
        (0, "0"),
        (-0.0, "0"),
        (200.0, "200"),
        (12_345.0, "12,345"),
        (0.85, "0.8500"),
        (-0.0067, "-0.0067"),
        (0.000_123_456, "0.0001235"),
        (1e-9, "1e-09"),
        (12.345, "12.35"),
        (123_456.7, "1.235e+05"),
        (1e300, "1e+300"),
        (float("inf"), "inf"),
        (float("nan"), "nan"),
    ],
)
def test_figures_are_written_for_people(value: float | None, text: str) -> None:
    """Whole numbers plain, others with four digits, nothing that fails."""
    assert number(value) == text


@pytest.mark.parametrize(
    ("finding", "text"),
    [
        (at_least("auc", 0.85, 0.8), "0.8500 ≥ 0.8000"),
        (at_least("auc", 0.75, 0.8), "0.7500 < 0.8000"),
        (at_least("auc", 0.8123, 0.8, low=0.79, high=0.83), "0.8123 ≥ 0.8000 (95 % CI 0.7900 to 0.8300)"),
        (at_most("p99_ms", 250, 200, high=260, unit="ms"), "250 > 200 ms (95 % sure below 260)"),
        (at_most("p99_ms", 4, 200, low=3, unit="ms"), "4 ≤ 200 ms (95 % sure above 3)"),
        (at_least("auc", None, 0.8), "none ≥ 0.8000"),
        (enough("rows", 12, 200), "12 < 200 rows"),
        (beyond_luck("delta/low", -0.001), "-0.0010 ≤ 0"),
        (beyond_luck("delta/low", 0.002), "0.0020 > 0"),
    ],
)
def test_a_finding_is_shown_with_the_sign_that_is_true(finding: Finding, text: str) -> None:
    """The reader sees a true statement about figure and limit, whatever the outcome."""
    assert figure(finding) == text


def test_an_interval_may_be_open() -> None:
    """A one-sided bound is said in words."""
    assert interval(0.1, 0.2) == "95 % CI 0.1000 to 0.2000"
    assert interval(None, 0.2) == "95 % sure below 0.2000"
    assert interval(0.1, None) == "95 % sure above 0.1000"


def test_why_not_names_gate_finding_and_by_how_much() -> None:
    """One sentence from which a person knows what to look at."""
    assert why_not(FAILED) == (
        "golden: auc 0.7000 < 0.8000 (95 % CI 0.6800 to 0.7200), missed by 0.1000. See the slices."
    )
    assert why_not(OPEN) == "latency: requests 12 < 299 requests."
    assert why_not(EMPTY) == "fairness: nothing was checked."
    absent = changed(GOLDEN, findings=(at_least("auc", None, 0.8, note="One class only."),))
    assert why_not(absent) == "golden: auc could not be measured. One class only."


def test_every_finding_that_blocks_is_told_the_worst_first() -> None:
    """Over all gates: all that block, each once, and none that does not; what failed before what is open."""
    golden = changed(
        GOLDEN, findings=(at_least("a", 1, 0), enough("b", 1, 2), at_least("c", 1.9, 2), at_least("d", 0, 2))
    )
    latency = changed(LATENCY, findings=(at_most("e", 300, 200), at_most("f", 1e-9, 0)))
    reported = changed(LATENCY, mode="report")
    found = worst_first([golden, EMPTY, latency, changed(reported, findings=latency.findings)])
    assert [reason(*each).split()[:2] for each in found] == [
        ["golden:", "d"],
        ["latency:", "f"],
        ["latency:", "e"],
        ["golden:", "c"],
        ["golden:", "b"],
        ["fairness:", "nothing"],
    ]


def test_both_models_figures_and_their_paired_difference() -> None:
    """The comparison first; counts are no figures of quality, and without a champion there is nothing."""
    seen = {
        "p99_ms/champion": 8.9,
        "p99_ms/challenger": 9.5,
        "requests/champion": 9,
        "requests/challenger": 9,
    }
    assert against_champion([changed(LATENCY, measurements=seen), GOLDEN, CHAMPION]) == [
        "auc: 0.8504 → 0.8571, difference +0.0067 (95 % CI 0.0012 to 0.0122; above 0 is better)",
        "p99_ms: 8.9000 → 9.5000",
    ]
    worse = changed(CHAMPION, measurements={**CHAMPION.measurements, "delta": -0.01})
    assert "difference -0.0100 (" in against_champion([worse])[0]
    assert against_champion([GOLDEN, LATENCY, EMPTY]) == []


def test_a_promotion_says_over_whom_and_by_how_much() -> None:
    """Both AUCs, the difference and its interval."""
    assert promoted("3", "2", [GOLDEN, CHAMPION]) == (
        "Promoted v3 over v2: AUC 0.8504 → 0.8571, +0.0067, 95 % CI 0.0012 to 0.0122."
    )


def test_a_promotion_of_a_regression_says_by_how_much_less_it_errs() -> None:
    """A smaller RMSE is the better one; the difference is told as an improvement."""
    errors = {
        "rmse/challenger": 54.25,
        "rmse/champion": 58.5,
        "delta": 4.25,
        "delta/low": 1.5,
        "delta/high": 7.0,
    }
    told = promoted("3", "2", [changed(CHAMPION, measurements=errors)])
    assert told == "Promoted v3 over v2: RMSE 58.5 → 54.25, better by 4.2500, 95 % CI 1.5000 to 7."
    golden = changed(GOLDEN, measurements={"rmse": 58.5, "mae": 40.0})
    assert promoted("1", None, [golden]) == "Promoted v1, the first champion: RMSE 58.5."


def test_a_promotion_without_a_comparison_claims_none() -> None:
    """The first champion, and one whose comparison only reported and could not be made."""
    assert promoted("1", None, [GOLDEN]) == "Promoted v1, the first champion: AUC 0.8500."
    assert promoted("1", None, []) == "Promoted v1, the first champion."
    nothing = changed(CHAMPION, measurements={}, mode="report")
    assert promoted("3", "2", [GOLDEN, nothing]) == "Promoted v3 over v2: AUC 0.8500."


def test_a_refusal_says_what_stopped_it_and_who_stays() -> None:
    """Failures before open questions; gates that pass are not named."""
    told = refused("fail", [OPEN, GOLDEN, FAILED], {"version": "2"})
    assert told.startswith("Refused. golden: auc 0.7000 < 0.8000")
    assert "latency: requests 12 < 299 requests. v2 stays champion." in told
    assert refused("undecided", [OPEN], None) == (
        "Undecided. latency: requests 12 < 299 requests. There is no champion yet."
    )


@given(st.text())
def test_text_from_data_cannot_steer_a_terminal_or_a_log(text: str) -> None:
    """Names, notes and units are one printable line: no escape sequence, no workflow command of its own."""
    judged = changed(GOLDEN, findings=(at_least(text, 0.7, 0.8, unit=text, note=text),))
    for told in (shown(text), why_not(judged), *(reason(*each) for each in worst_first([judged]))):
        assert told.isprintable()
    if text.isprintable():
        assert shown(text) == text


@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(allow_nan=False, allow_infinity=False))
def test_any_figures_make_a_sentence(observed: float, limit: float) -> None:
    """However large, small or far apart."""
    for finding in (at_least("x", observed, limit), at_most("x", observed, limit, low=observed)):
        judged = changed(GOLDEN, findings=(finding,))
        assert why_not(judged)
        assert len(worst_first([judged])) == judged.blocks


def test_the_direction_of_a_figure_is_that_of_its_score() -> None:
    """Said apart, because a sentence does not wait for numpy."""
    less = {*scoring.BINARY, *scoring.REGRESSION} - scoring.LARGER_IS_BETTER
    assert set(sentences._LESS_IS_BETTER) == less
