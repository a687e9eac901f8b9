"""Tests of `gates.verdict`: outcomes are computed, and what is missing never passes."""

import json
import math
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gates.digest import canonical_json
from gates.documents import parse_json
from gates.errors import ExitCode, InvalidError
from gates.verdict import (
    Finding,
    Outcome,
    Verdict,
    Waiver,
    at_least,
    at_most,
    beyond_luck,
    enough,
    overall,
    waive,
)
from gates.verdict_document import from_document, to_document

PASS, FAIL, UNDECIDED = Outcome.PASS, Outcome.FAIL, Outcome.UNDECIDED
RANK = {FAIL: 0, UNDECIDED: 1, PASS: 2}
NAN, INF = math.nan, math.inf
DAY = date(2026, 6, 1)
WAIVER = Waiver("fairness", "disparate_impact/a", "agreed with the board", "retention team", DAY)

finite = st.floats(allow_nan=False, allow_infinity=False)
anything = st.none() | st.floats()
texts = st.text(max_size=10)
names = st.text(min_size=1, max_size=10)
findings = (
    st.builds(
        at_least, names, anything, finite, low=anything, high=anything, by_bound=st.booleans(), unit=texts
    )
    | st.builds(
        at_most, names, anything, finite, low=anything, high=anything, by_bound=st.booleans(), note=texts
    )
    | st.builds(enough, names, anything, finite, note=texts)
    | st.builds(beyond_luck, names, anything, note=texts)
)


@st.composite
def verdicts(draw: st.DrawFn) -> Verdict:
    made = draw(st.lists(findings, max_size=5))
    about = draw(st.sampled_from(made)).name if made else "x"
    waivers = [replace(WAIVER, finding=about, reason=draw(texts))] if draw(st.booleans()) else []
    return Verdict(
        "fairness",
        draw(st.sampled_from(["block", "report"])),
        waive("fairness", made, waivers, DAY),
        draw(st.dictionaries(texts, finite, max_size=3)),
        draw(st.dictionaries(texts, texts, max_size=3)),
        draw(texts),
    )


def made(*outcomes: Outcome) -> tuple[Finding, ...]:
    """Return findings with these outcomes."""
    figures = {PASS: (1.0, 1.0), FAIL: (-1.0, -1.0), UNDECIDED: (1.0, -1.0)}
    return tuple(
        at_least(f"finding {place}", figures[each][0], 0, low=figures[each][1])
        for place, each in enumerate(outcomes)
    )


def verdict(*outcomes: Outcome, mode: Any = "block", gate: str = "fairness") -> Verdict:  # noqa: ANN401 - also modes that are none
    """Return a verdict whose findings have these outcomes."""
    return Verdict(gate, mode, made(*outcomes))


@pytest.mark.parametrize(
    ("observed", "low", "by_bound", "outcome"),
    [
        (0.80, None, True, PASS),
        (0.79, None, True, FAIL),
        (0.85, 0.80, True, PASS),
        (0.85, 0.79, True, UNDECIDED),
        (0.85, 0.79, False, PASS),
        (0.79, 0.85, True, FAIL),
        (0.79, 0.85, False, FAIL),
        (None, 0.85, True, UNDECIDED),
        (NAN, 0.85, True, UNDECIDED),
        (INF, 0.85, True, UNDECIDED),
        (-INF, None, True, UNDECIDED),
        (0.85, NAN, True, UNDECIDED),
        (0.85, -INF, True, UNDECIDED),
    ],
)
def test_at_least_and_its_mirror(
    observed: float | None, low: float | None, *, by_bound: bool, outcome: Outcome
) -> None:
    """The bound decides where it is asked to; the figure alone can only fail. `at_most` mirrors it."""
    finding = at_least("auc", observed, 0.8, low=low, by_bound=by_bound)
    negative = [None if each is None else -each for each in (observed, low)]
    mirrored = at_most("auc", negative[0], -0.8, high=negative[1], by_bound=by_bound)
    assert finding.outcome is mirrored.outcome is outcome
    assert finding.blocks is mirrored.blocks is (outcome is not PASS)


@pytest.mark.parametrize(
    ("count", "outcome"), [(200, PASS), (199, UNDECIDED), (0, UNDECIDED), (None, UNDECIDED), (NAN, UNDECIDED)]
)
def test_too_few_is_undecided_and_never_a_failure(count: float | None, outcome: Outcome) -> None:
    """More rows could decide it."""
    assert enough("rows", count, 200).outcome is outcome


@pytest.mark.parametrize(
    ("low", "outcome"),
    [
        (0.001, PASS),
        (0.0, UNDECIDED),
        (-0.0, UNDECIDED),
        (-1, UNDECIDED),
        (None, UNDECIDED),
        (NAN, UNDECIDED),
    ],
)
def test_an_improvement_that_may_be_luck_is_undecided(low: float | None, outcome: Outcome) -> None:
    """The lower bound must be above 0, not at it."""
    assert beyond_luck("delta/low", low).outcome is outcome


@given(st.sampled_from([at_least, at_most]), st.sampled_from([NAN, INF, -INF, None]), anything, finite)
def test_what_is_not_finite_never_passes_and_is_never_kept(
    compare: Callable[..., Finding], observed: float | None, bound: float | None, limit: float
) -> None:
    """NaN and infinity become an absent figure, which is undecided, so that JSON can hold the finding."""
    finding = compare("x", observed, limit, low=bound, high=bound)
    assert (finding.outcome, finding.observed) == (UNDECIDED, None)
    assert all(each is None or math.isfinite(each) for each in (finding.low, finding.high))


@given(compare=st.sampled_from([at_least, at_most]), observed=finite, by_bound=st.booleans())
def test_a_limit_or_bound_that_is_nan_never_passes(
    compare: Callable[..., Finding], observed: float, *, by_bound: bool
) -> None:
    """Whatever slips through the policy, a comparison with NaN is not a pass."""
    assert compare("x", observed, NAN, by_bound=by_bound).outcome is not PASS
    assert compare("x", observed, observed, low=NAN, high=NAN).outcome is not PASS


@given(observed=anything, bound=anything, first=finite, second=finite, by_bound=st.booleans())
def test_loosening_a_limit_never_worsens_the_outcome(
    observed: float | None, bound: float | None, first: float, second: float, *, by_bound: bool
) -> None:
    """A lower floor, a higher ceiling, a smaller least count: fail ≤ undecided ≤ pass."""
    low, high = sorted((first, second))

    def outcomes(limit: float) -> tuple[Outcome, Outcome, Outcome]:
        floor = at_least("x", observed, limit, low=bound, by_bound=by_bound)
        ceiling = at_most("x", observed, limit, high=bound, by_bound=by_bound)
        return floor.outcome, ceiling.outcome, enough("x", observed, limit).outcome

    at_low, at_high = outcomes(low), outcomes(high)
    assert RANK[at_low[0]] >= RANK[at_high[0]]
    assert RANK[at_low[1]] <= RANK[at_high[1]]
    assert RANK[at_low[2]] >= RANK[at_high[2]]


@pytest.mark.parametrize(
    ("outcomes", "outcome"),
    [
        ((), UNDECIDED),
        ((PASS,), PASS),
        ((PASS, PASS), PASS),
        ((PASS, UNDECIDED), UNDECIDED),
        ((PASS, FAIL), FAIL),
        ((UNDECIDED, FAIL), FAIL),
        ((FAIL, UNDECIDED, PASS), FAIL),
    ],
)
def test_a_verdict_is_what_its_findings_give(outcomes: tuple[Outcome, ...], outcome: Outcome) -> None:
    """Nothing checked is not a pass; one failure fails; one open question leaves it open."""
    assert verdict(*outcomes).outcome is outcome
    assert verdict(*outcomes).blocks is (outcome is not PASS)
    assert not verdict(*outcomes, mode="report").blocks


@given(st.lists(st.sampled_from([PASS, FAIL, UNDECIDED]), max_size=5), st.randoms(use_true_random=False))
def test_the_order_of_findings_does_not_matter(outcomes: list[Outcome], random: Any) -> None:  # noqa: ANN401 - a Random of hypothesis
    """A verdict is the same whichever finding came first."""
    shuffled = outcomes.copy()
    random.shuffle(shuffled)
    assert verdict(*outcomes).outcome is verdict(*shuffled).outcome


def test_the_decisive_finding_is_the_worst_one() -> None:
    """One that failed, else one that is open, else the headline; nothing where nothing was checked."""
    decisive = [
        found.name if (found := verdict(*outcomes).decisive) else None
        for outcomes in [(PASS, UNDECIDED, FAIL), (PASS, UNDECIDED), (PASS, PASS), ()]
    ]
    assert decisive == ["finding 2", "finding 1", "finding 0", None]


@pytest.mark.parametrize(
    ("judged", "outcome"),
    [
        ([], UNDECIDED),
        ([verdict(PASS)], PASS),
        ([verdict(PASS), verdict()], UNDECIDED),
        ([verdict(FAIL), verdict(UNDECIDED)], FAIL),
        ([verdict(FAIL, mode="report")], UNDECIDED),
        ([verdict(FAIL, mode="report"), verdict(PASS)], PASS),
    ],
)
def test_all_gates_that_block_decide(judged: list[Verdict], outcome: Outcome) -> None:
    """No verdict at all, or reports only, is not a pass."""
    assert overall(judged) is outcome
    assert overall(iter(judged)) is outcome


def test_exit_codes_of_outcomes() -> None:
    """0 is for a pass only."""
    assert [each.exit_code for each in (PASS, FAIL, UNDECIDED)] == [
        ExitCode.PASS,
        ExitCode.FAIL,
        ExitCode.UNDECIDED,
    ]


def failed(name: str = WAIVER.finding) -> Finding:
    """Return a finding that failed."""
    return at_least(name, 0.7, 0.8, note="Look.")


@pytest.mark.parametrize(("days", "waived"), [(-300, True), (-1, True), (0, True), (1, False), (300, False)])
def test_a_waiver_holds_until_its_day_that_day_included(days: int, *, waived: bool) -> None:
    """The day after, it blocks again and says so, in the finding's own note."""
    (finding,) = waive("fairness", [failed()], [WAIVER], DAY + timedelta(days=days))
    assert (finding.outcome, finding.waiver, finding.blocks) == (FAIL, WAIVER if waived else None, not waived)
    assert ("The waiver of retention team expired on 2026-06-01" in finding.note) is not waived
    assert finding.note.startswith("Look.")


def test_a_waived_failure_passes_in_plain_sight() -> None:
    """The verdict passes, the finding still says that it failed and who lets it."""
    judged = Verdict("fairness", "block", waive("fairness", [failed()], [WAIVER], DAY))
    assert judged.outcome is PASS
    assert to_document(judged)["findings"][0]["outcome"] == "fail"
    assert to_document(judged)["findings"][0]["waiver"]["owner"] == "retention team"


@pytest.mark.parametrize(
    "finding",
    [failed("disparate_impact/b"), *made(UNDECIDED), replace(made(UNDECIDED)[0], name=WAIVER.finding)],
)
def test_a_waiver_helps_no_other_finding(finding: Finding) -> None:
    """Not another attribute's, and none whose figure is not known: nobody can agree to what nobody knows."""
    assert waive("fairness", [finding], [WAIVER], DAY) == (finding,)


def maybe(observed: float | None, low: float | None) -> Finding:
    """Return a finding that a gate left open, with an interval where it has one."""
    high = None if low is None else 0.9
    return Finding(WAIVER.finding, UNDECIDED, observed, 0.8, "at least", low, high)


def test_a_waiver_covers_a_figure_beyond_its_limit_that_may_be_luck() -> None:
    """What is let off is known; how sure it is does not matter. The document says so and is read again."""
    judged = Verdict("fairness", "block", waive("fairness", [maybe(0.7, 0.6)], [WAIVER], DAY))
    assert (judged.outcome, judged.findings[0].outcome) == (PASS, UNDECIDED)
    assert from_document(to_document(judged)) == judged


@pytest.mark.parametrize(("observed", "low"), [(0.85, 0.6), (None, None), (None, 0.6), (0.7, None)])
def test_a_waiver_covers_nothing_that_is_open_otherwise(observed: float | None, low: float | None) -> None:
    """A figure within its limit, one that is missing, and a count that is too small to decide."""
    assert waive("fairness", [maybe(observed, low)], [WAIVER], DAY)[0].waiver is None


def test_a_waiver_helps_no_other_gate() -> None:
    """The same name in another gate is another finding."""
    assert waive("golden", [failed()], [WAIVER], DAY) == (failed(),)


def test_a_waiver_hides_no_other_failure() -> None:
    """One waived and one not: the gate fails, and the decisive finding is the one that blocks."""
    judged = Verdict("fairness", "block", waive("fairness", [failed(), failed("other")], [WAIVER], DAY))
    assert judged.outcome is FAIL
    assert judged.decisive == failed("other")


@pytest.mark.parametrize("turned", [False, True])
def test_a_renewed_waiver_counts_wherever_it_stands(*, turned: bool) -> None:
    """An expired waiver left in the policy does not take away the new one, and the newest date is told."""
    renewed = replace(WAIVER, expires=DAY + timedelta(days=30))
    both = [renewed, WAIVER] if turned else [WAIVER, renewed]
    assert waive("fairness", [failed()], both, DAY + timedelta(days=10))[0].waiver == renewed
    assert "expired on 2026-07-01" in waive("fairness", [failed()], both, DAY + timedelta(days=31))[0].note


@given(verdicts())
def test_a_verdict_survives_json(judged: Verdict) -> None:
    """Document, bytes and back: the same verdict, the same outcome, the same bytes."""
    data = canonical_json(to_document(judged))
    back = from_document(parse_json(data, "verdict"))
    assert back == judged
    assert back.outcome is judged.outcome
    assert canonical_json(to_document(back)) == data


GOOD = to_document(
    Verdict(
        "fairness",
        "block",
        waive(
            "fairness",
            [failed(), at_least("auc", 0.9, 0.8, low=0.7), at_most("p", 1, 2), beyond_luck("d", 0.1)],
            [WAIVER],
            DAY,
        ),
        {"auc": 0.9},
        {"labels": "0" * 64},
        "1" * 64,
    )
)
BAD: dict[str, tuple[tuple[Any, ...], Any]] = {
    "outcome flipped": (("outcome",), "pass"),
    "outcome unknown": (("outcome",), "passed"),
    "outcome in capitals": (("outcome",), "UNDECIDED"),
    "outcome of the open finding flipped": (("findings", 1, "outcome"), "fail"),
    "outcome of the failed finding flipped": (("findings", 0), {**GOOD["findings"][0], "outcome": "pass"}),
    "waiver on a finding that is open": (("findings", 1, "waiver"), GOOD["findings"][0]["waiver"]),
    "another finding's waiver": (("findings", 0, "waiver", "finding"), "auc"),
    "another gate's waiver": (("findings", 0, "waiver", "gate"), "golden"),
    "waiver without an expiry": (("findings", 0, "waiver"), {"gate": "fairness"}),
    "waiver that expires never": (("findings", 0, "waiver", "expires"), "never"),
    "waiver with a time": (("findings", 0, "waiver", "expires"), "2026-06-01T00:00:00"),
    "waiver of nobody": (("findings", 0, "waiver", "owner"), None),
    "empty waiver": (("findings", 0, "waiver"), {}),
    "limit lowered below": (("findings", 0, "limit"), 0.6),
    "limit null": (("findings", 1, "limit"), None),
    "limit true": (("findings", 1, "limit"), True),
    "limit as text": (("findings", 1, "limit"), "0.8"),
    "observed as text": (("findings", 1, "observed"), "0.9"),
    "observed raised": (("findings", 0, "observed"), 0.9),
    "observed true": (("findings", 1, "observed"), True),
    "observed NaN": (("findings", 1, "observed"), NAN),
    "observed null": (("findings", 1, "observed"), None),
    "low infinite": (("findings", 1, "low"), -INF),
    "sense turned": (("findings", 2, "sense"), "at least"),
    "sense unknown": (("findings", 1, "sense"), "about"),
    "sense a list": (("findings", 1, "sense"), []),
    "note a number": (("findings", 1, "note"), 5),
    "empty note written": (("findings", 1, "note"), ""),
    "finding with an unknown field": (("findings", 1, "colour"), "red"),
    "finding that is text": (("findings", 1), "auc"),
    "findings that are an object": (("findings",), {}),
    "findings null": (("findings",), None),
    "mode unknown": (("mode",), "Report"),
    "mode a list": (("mode",), ["block"]),
    "gate a number": (("gate",), 5),
    "measurement as text": (("measurements", "auc"), "0.9"),
    "measurement true": (("measurements", "auc"), True),
    "measurements a list": (("measurements",), []),
    "input a number": (("inputs", "labels"), 0),
    "policy null": (("policy_sha256",), None),
    "unknown field": (("comment",), "x"),
    "format of tomorrow": (("format",), 2),
    "format true": (("format",), True),
    "format as a fraction": (("format",), 1.0),
}


@pytest.mark.parametrize(("address", "value"), BAD.values(), ids=BAD)
def test_a_document_that_is_not_exactly_a_verdict_is_refused(address: tuple[Any, ...], value: object) -> None:
    """An edited field, type or outcome is refused by name, with exit code 2."""
    document = deepcopy(GOOD)
    place: Any = document
    for step in address[:-1]:
        place = place[step]
    place[address[-1]] = value
    with pytest.raises(InvalidError, match=r"^the file ") as caught:
        from_document(document, "the file")
    assert caught.value.do


@pytest.mark.parametrize("field", GOOD)
def test_a_missing_field_is_refused(field: str) -> None:
    """Each field of a verdict is needed."""
    document = {name: value for name, value in GOOD.items() if name != field}
    with pytest.raises(InvalidError, match="verdict is not a verdict"):
        from_document(document)


def test_the_example_is_a_verdict() -> None:
    """What the cases above edit is good before the edit."""
    assert to_document(from_document(json.loads(json.dumps(GOOD)))) == GOOD
    assert from_document(GOOD).outcome is UNDECIDED


@given(verdicts(), st.sampled_from([PASS, FAIL, UNDECIDED]))
def test_no_other_outcome_can_be_written_over_a_verdict(judged: Verdict, outcome: Outcome) -> None:
    """The outcome is computed, never set; nor does a verdict without its findings pass."""
    assume(outcome is not judged.outcome)
    with pytest.raises(InvalidError):
        from_document({**to_document(judged), "outcome": outcome.value})
    with pytest.raises(InvalidError):
        from_document({**to_document(judged), "outcome": "pass", "findings": []})
