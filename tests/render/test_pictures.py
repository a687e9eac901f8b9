"""What the pictures of a report draw, tell and list, held against the verdicts and the exhibits."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.container import ErrorbarContainer
from matplotlib.figure import Figure

from gates.render.report import of_gates, of_groups, of_latency, of_scores
from gates.render.report.drawing import MOST_DOTS, logarithmic
from gates.render.report.picture import Picture
from gates.render.report.pictures import of_decision
from gates.render.sentences import number
from gates.statement import Decision
from gates.verdict import Finding, Outcome, Verdict
from tests import decided
from tests.checks.project import TODAY, Project, latency, seconds

Drawn = dict[str, Axes]
DRAWN = ("champion", "golden", "fairness", "latency")  # gates whose verdicts have pictures


@pytest.fixture(name="drawn")
def _drawn(monkeypatch: pytest.MonkeyPatch) -> Drawn:
    """The axes of each picture that is drawn, kept for a look."""
    kept: Drawn = {}

    def keep(name: str, title: str, height: float, draw: Any) -> str:  # noqa: ANN401 - a drawing function
        kept[name] = Figure(figsize=(4, height)).add_subplot(label=title)
        draw(kept[name])
        return f"<svg>{name}</svg>"

    for module in (of_gates, of_groups, of_latency, of_scores):
        monkeypatch.setattr(module, "drawn", keep)
    return kept


@pytest.fixture
def made(tmp_path: Path) -> Project:
    """A project whose candidate passes every gate."""
    return decided.project(tmp_path)


def told(made: Project) -> tuple[dict[str, Picture], dict[str, Verdict], dict[str, Any]]:
    """Return the pictures, the verdicts and the exhibits, each by name."""
    decision, exhibits = decided.decided(made, DRAWN)
    return by_name(decision, exhibits), {each.gate: each for each in decision.verdicts}, exhibits


def by_name(decision: Decision, exhibits: dict[str, Any]) -> dict[str, Picture]:
    """Return the pictures by their names."""
    return {each.name: each for each in of_decision(decision, exhibits)}


def named_lines(axes: Axes) -> dict[str, list[float]]:
    """Return what the legend names, and where along the x axis it lies."""
    lines = {str(each.get_label()): np.asarray(each.get_xdata()).tolist() for each in axes.lines}
    return {label: xs for label, xs in lines.items() if not label.startswith("_")}


def dots(axes: Axes) -> Iterator[tuple[str, list[list[float]]]]:
    """Yield the label of each row from top to bottom, with where its lines lie: interval, figure, limit."""
    ticks = [each.get_text() for each in axes.get_yticklabels()]
    rows: dict[int, list[list[float]]] = {}
    for each in axes.lines:
        if str(each.get_label()).startswith("_"):
            place = round(float(np.mean(np.asarray(each.get_ydata()))))
            rows.setdefault(place, []).append(np.asarray(each.get_xdata()).tolist())
    for place in sorted(rows, reverse=True):
        yield ticks[place] if ticks else "", rows[place]


def as_drawn(finding: Finding) -> list[list[float | None]]:
    """Return a finding as `dots` does."""
    low, high = (finding.observed if end is None else end for end in (finding.low, finding.high))
    return [[low, high], [finding.observed], [finding.limit, finding.limit]]


def findings(verdict: Verdict, *starts: str) -> list[Finding]:
    """Return a verdict's findings whose names start so."""
    return [each for each in verdict.findings if each.name.startswith(starts)]


@pytest.mark.parametrize("least", [0.005, 0.3], ids=["pass", "fail"])
def test_the_difference_stands_where_it_was_measured(made: Project, drawn: Drawn, least: float) -> None:
    """Between its ends, beside the limit of the policy and the least that can be seen."""
    made.policy(champion={"min_delta": least})
    pictures, judged, _ = told(made)
    seen, picture = judged["champion"].measurements, pictures["difference"]
    assert named_lines(drawn["difference"]) == {
        "no difference": [0.0, 0.0],
        "the policy asks for": [least, least],
        "least that this set can see": [seen["detectable"], seen["detectable"]],
    }
    ((_, lines),) = dots(drawn["difference"])
    assert lines == [[seen["delta/low"], seen["delta/high"]], [seen["delta"]]]
    assert picture.rows[0] == ("difference", *(number(seen[f"delta{end}"]) for end in ("", "/low", "/high")))
    assert picture.rows[1:3] == (
        ("the policy asks for", number(least), "", ""),
        ("least that this set can see (80 % power)", number(seen["detectable"]), "", ""),
    )
    assert picture.answer.endswith(f"the policy asks for {number(least)}.")
    assert picture.rests_on == "600 golden rows, 278 of the class that has fewest"


def test_models_that_answer_alike_are_held_to_no_difference(made: Project, drawn: Drawn) -> None:
    """What the policy says of a tie decides, so no limit is drawn."""
    made.policy(champion={"min_delta": 0.02})
    made.change("predictions", lambda table: table.assign(champion=table["challenger"]))
    picture = told(made)[0]["difference"]
    assert "the policy asks for" not in named_lines(drawn["difference"])
    assert "champion.tie" in picture.answer
    assert [row[0] for row in picture.rows] == ["difference"]


@pytest.mark.parametrize(
    ("keys", "method"),
    [
        ({}, "DeLong"),
        ({"group": "contract"}, "bootstrap of the groups"),
        ({"class_weights": ["0=1", "1=0.1"]}, "bootstrap of the rows"),
    ],
    ids=["alike", "grouped", "weighed"],
)
def test_the_method_is_the_one_that_was_used(
    made: Project, drawn: Drawn, keys: dict[str, Any], method: str
) -> None:
    """DeLong's holds of rows that count alike and stand for themselves."""
    made.policy(golden_set=keys)
    picture = told(made)[0]["difference"]
    assert drawn
    assert picture.method.startswith(f"95 % interval: {method}")
    assert ("weights" in picture.rests_on) == ("class_weights" in keys)


@pytest.mark.parametrize("floor", [0.6, 0.99], ids=["pass", "fail"])
def test_slices_stand_against_their_limits(made: Project, drawn: Drawn, floor: float) -> None:
    """The least room first; one that nobody can measure is named before it."""
    floors = {"female=1": floor, "contract=One year": 0.5, "contract=Nobody": 0.5}
    made.policy(golden={"min_slice_auc": floors})
    pictures, judged, _ = told(made)
    picture, held = pictures["slices-auc"], findings(judged["golden"], "slice_auc/")
    known = {each.name.partition("/")[2]: each for each in held if each.observed is not None}
    shown = dict(dots(drawn["slices-auc"]))
    assert shown == {name: as_drawn(each) for name, each in known.items()}
    first = next(iter(shown))
    assert first == min(known, key=lambda name: (known[name].observed or 0) - known[name].limit)
    against = f"{number(known[first].observed)} against {number(known[first].limit)}."
    assert picture.answer == f"Not measured: contract=Nobody. The least room has {first}: {against}"
    assert {row[0]: row[-1] for row in picture.rows} == {
        each.name.partition("/")[2]: each.outcome.value for each in held
    }


def test_figures_of_different_units_have_axes_of_their_own(made: Project, drawn: Drawn) -> None:
    """Slices by AUC, and by a metric of another scale."""
    decision, exhibits = decided.decided(made, DRAWN)
    other = Finding("slice_metric/cost/female=1", Outcome.PASS, 30.0, 40.0, "at most")
    (golden,) = (each for each in decision.verdicts if each.gate == "golden")
    both = replace(golden, findings=(*golden.findings, other))
    pictures = by_name(replace(decision, verdicts=(both,)), exhibits)
    assert dict(dots(drawn["slices-cost"])) == {"female=1": as_drawn(other)}
    assert "female=1: 30 against 40." in pictures["slices-cost"].answer
    assert {name for name in drawn if name.startswith("slices")} == {"slices-auc", "slices-cost"}


def unfair(made: Project) -> None:
    """Score the women down."""

    def down(table: pd.DataFrame) -> pd.DataFrame:
        women = table["row_id"].isin(features.loc[features["female"] == 1, "row_id"])
        return table.assign(challenger=table["challenger"].where(~women, table["challenger"] * 0.55))

    features = made.table("features")
    made.change("predictions", down)


@pytest.mark.parametrize(
    ("change", "policy", "says"),
    [
        (lambda _: None, {}, "Every figure is within its limit."),
        (unfair, {}, "Beyond their limits: disparate_impact/female"),
        (lambda _: None, {"min_rows_per_group": 400}, "Undecided: rows/female=0, rows/female=1."),
    ],
    ids=["pass", "fail", "undecided"],
)
def test_every_limit_of_fairness_is_drawn(
    made: Project, drawn: Drawn, change: Callable[[Project], None], policy: dict[str, Any], says: str
) -> None:
    """With its interval; the sentence is what the gate says."""
    change(made)
    made.policy(fairness=policy)
    pictures, judged, _ = told(made)
    held = findings(judged["fairness"], "disparate_impact/", "demographic_parity/", "equalized_odds/")
    assert dict(dots(drawn["fairness"])) == {each.name: as_drawn(each) for each in held}
    assert [row[0] for row in pictures["fairness"].rows] == [each.name for each in held]
    assert pictures["fairness"].answer.startswith(says)
    seen = judged["fairness"].measurements
    highest = max(seen[f"selection/female={value}"] for value in (0, 1))
    for name, lines in dots(drawn["groups"]):
        low, high, share = (seen[f"selection/{name}{end}"] for end in ("/low", "/high", ""))
        assert lines == [[low, high], [share], [0.8 * highest] * 2]
    assert pictures["groups"].rests_on == pictures["fairness"].rests_on == "600 golden rows"


def test_a_waived_group_is_not_called_within_the_limit(made: Project, drawn: Drawn) -> None:
    """And neither is one that stops the candidate."""
    unfair(made)
    made.waive("fairness", "disparate_impact/female", TODAY)
    picture = told(made)[0]["fairness"]
    assert drawn
    assert picture.answer.endswith("Waived: disparate_impact/female.")
    assert picture.rows[0][-1] == "fail, waived"


def test_where_nobody_is_selected_no_limit_is_drawn(made: Project, drawn: Drawn) -> None:
    """A share of nothing is no limit."""
    made.change("predictions", lambda table: table.assign(challenger=table["challenger"] * 0.4))
    picture = told(made)[0]["fairness"]
    assert picture.answer.startswith("Undecided: disparate_impact/female")
    assert all(lines[2:] == [] for _, lines in dots(drawn["groups"]))


def test_of_many_groups_the_last_are_in_the_table(made: Project, drawn: Drawn) -> None:
    """And the sentence says so."""
    many = MOST_DOTS + 10
    made.change(
        "features", lambda table: table.assign(contract=[f"d{row % many:02}" for row in range(len(table))])
    )
    made.pin()
    made.policy(fairness={"attributes": ["contract"], "min_rows_per_group": 2})
    picture = told(made)[0]["groups"]
    assert len(list(dots(drawn["groups"]))) == MOST_DOTS
    assert len(picture.rows) == many
    assert picture.answer.endswith(f"Drawn are the first {MOST_DOTS} of {many}; the table has all.")
    shares = [float(row[1]) for row in picture.rows]
    assert shares == sorted(shares)


@pytest.mark.parametrize(("requests", "sure"), [(1_000, "95 % sure below"), (100, "too few requests")])
def test_requests_are_drawn_against_the_limit(made: Project, drawn: Drawn, requests: int, sure: str) -> None:
    """With the ends between which the 99th percentile lies, where there are any."""
    timed = {"challenger": seconds(0.010, requests), "champion": seconds(0.012, requests)}
    made.write_document("candidate/latency.json", latency(**timed))
    pictures, judged, exhibits = told(made)
    lines, seen = named_lines(drawn["latency"]), judged["latency"].measurements
    limit = judged["latency"].findings[0].limit
    assert lines["limit of the p99"] == [limit, limit]
    bounded = "p99_ms/challenger/high" in seen
    assert bounded == (requests > 299)
    if bounded:
        ends = [seen["p99_ms/challenger/low"], seen["p99_ms/challenger/high"]]
        assert lines["p99, each end 95 % sure"] == ends
    assert lines["challenger"] == exhibits["latency"]["challenger"]["ms"]
    assert sure in pictures["latency"].answer
    assert f"the limit is {number(limit)} ms." in pictures["latency"].answer


@pytest.mark.parametrize("slowest", [1.01, 2.0, 6.0, 50.0, 4_000.0, 1e6], ids="{:g} times as long".format)
def test_milliseconds_can_be_read(slowest: float) -> None:
    """A few plain numbers, however far apart the requests are."""
    axes = Figure(figsize=(3.6, 3)).add_subplot()
    axes.plot([8.0, 8.0 * slowest], [0.0, 1.0])
    logarithmic(axes)
    low, high = axes.get_xlim()
    places = [*axes.get_xticks(), *axes.get_xticks(minor=True)]
    labels = [each.get_text() for each in axes.get_xticklabels(which="both")]
    shown = [float(label) for place, label in zip(places, labels, strict=True) if low <= place <= high]
    assert 2 <= len({*shown}) <= 10, shown
    assert shown == pytest.approx([each for each in places if low <= each <= high])


def test_curves_are_those_of_the_exhibits(made: Project, drawn: Drawn) -> None:
    """ROC and calibration of both models, and in the table the rates of the whole curve."""
    pictures, _, exhibits = told(made)
    models = exhibits["scores"]["models"]
    for model, each in models.items():
        assert named_lines(drawn["roc"])[model] == each["roc"]["false_positive_rate"]
    assert [row[1:] for row in pictures["roc"].rows] == [
        tuple(map(number, each["roc"]["reached"])) for each in models.values()
    ]
    bins = [(model, bin_) for model, each in models.items() for bin_ in each["reliability"]]
    assert [row[:4] for row in pictures["calibration"].rows] == [
        (model, *(number(bin_[key]) for key in ("rows", "answer", "observed"))) for model, bin_ in bins
    ]
    worst = max(models["challenger"]["reliability"], key=lambda each: abs(each["answer"] - each["observed"]))
    assert number(worst["observed"]) in pictures["calibration"].answer
    bars = [each for each in drawn["calibration"].containers if isinstance(each, ErrorbarContainer)]
    assert [np.asarray(each.lines[0].get_xdata()).tolist() for each in bars] == [
        [one["answer"] for one in each["reliability"]] for each in models.values()
    ]
