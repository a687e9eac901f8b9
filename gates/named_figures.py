"""Figures of golden rows that the policy calls by name: scikit-learn's, and the team's own functions.

Whoever can call such a function (`gates.adapters.scorer`) takes its figures here, each with a bootstrap
interval (B. Efron, 1979), and leaves them in a file. The gates read that file, which names the files it was
made of.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gates import digest
from gates.documents import Document, read_json
from gates.errors import InvalidError
from gates.golden_rows import MODELS, GoldenRows, WeighedFiles
from gates.policy_values import Task
from gates.stats.bootstrap import Function, bootstrap_both, bootstrap_interval
from gates.stats.interval import Interval, normal_variance
from gates.stats.metric import Figures, Metric, weighted_mean
from gates.stats.rows import finite_scores
from gates.stats.scoring import Improvement

SEED = 20_261_122
ALL = ""  # the slice of all rows
MADE_OF = ("predictions", "labels", "features")
JUDGE = "Judge again, which takes the figures anew: gates judge"


@dataclass(frozen=True)
class Figure:
    """A named figure of the challenger, and how much better than the champion's it is.

    Attributes:
        challenger: With its 95 % interval.
        champion: The same figure of the champion; None without one.
        better: The paired difference, above 0 where the challenger is better; None without a champion.
    """

    challenger: Interval
    champion: float | None = None
    better: Improvement | None = None


Named: TypeAlias = Mapping[str, Mapping[str, Figure]]
"""Name of a metric to slice to its figure; a figure that the rows do not have is absent."""


def taken(
    metric: Metric | Function,
    rows: GoldenRows,
    task: Task,
    *,
    larger_is_better: bool,
    slices: Iterable[str] = (),
) -> dict[str, Figure]:
    """Return one metric of all rows and of each slice.

    Args:
        metric: Labels, answers and weights to a finite number; of a ranking, those of one query at a time.
        rows: Labels and answers of one model or of both.
        task: What the models do.
        larger_is_better: The metric's direction.
        slices: Each as column=value.

    Raises:
        ValueError: The rows have no such figure, as those of one class; a slice that has none is left out.
    """
    if not len(rows):
        return {}
    found = {ALL: _figure(_drawn(metric, rows, task), larger_is_better=larger_is_better)}
    for name in slices:
        with suppress(ValueError):
            part = rows.slice(name)
            found[name] = _figure(_drawn(metric, part, task), larger_is_better=larger_is_better)
    return found


@dataclass(frozen=True, eq=False)
class _Drawn:
    """What the bootstrap is given: rows, or queries of which each has its value already."""

    metric: Metric | Function
    y: NDArray[Any]
    answers: Mapping[str, NDArray[Any]]
    weights: NDArray[Any] | None
    groups: NDArray[Any] | None
    by_class: bool


def _drawn(function: Function, rows: GoldenRows, task: Task) -> _Drawn:
    if task == "ranking":
        return _queries(function, rows)
    return _Drawn(function, rows.y, rows.answers, rows.weights, rows.groups, task != "regression")


def queries(rows: GoldenRows) -> list[NDArray[np.intp]]:
    """Return the places of each query's rows; one whose labels are all alike has no order to get right."""
    if rows.groups is None or not len(rows):
        return []
    _, member = np.unique(rows.groups, return_inverse=True)
    order = np.argsort(member, kind="stable")
    found = np.split(order, np.cumsum(np.bincount(member))[:-1])
    weighs = np.ones(len(rows)) if rows.weights is None else rows.weights
    return [each for each in found if np.ptp(rows.y[each]) > 0 and weighs[each].any()]


def _queries(metric: Metric | Function, rows: GoldenRows) -> _Drawn:
    """Return the queries, each with its value.

    Raises:
        ValueError: There is none.
    """
    places = queries(rows)
    if not places:
        raise ValueError("no query has rows of different labels")
    weights = np.ones(len(rows)) if rows.weights is None else rows.weights
    values = {
        model: np.array([metric(rows.y[each], answers[each], weights[each]) for each in places])
        for model, answers in rows.answers.items()
    }
    counted = None if rows.weights is None else np.array([weights[each].mean() for each in places])
    return _Drawn(mean_score, np.zeros(len(places)), values, counted, None, by_class=False)


@Metric
def mean_score(y: NDArray[Any], scores: NDArray[Any]) -> Figures:
    """The mean of the scores, whatever the labels."""
    return weighted_mean(finite_scores(scores, np.asarray(y).size))


def _figure(drawn: _Drawn, *, larger_is_better: bool) -> Figure:
    known: dict[str, Any] = {
        "by_class": drawn.by_class,
        "groups": drawn.groups,
        "weights": drawn.weights,
        "seed": SEED,
    }
    answers = drawn.answers
    if "champion" not in answers:
        return Figure(bootstrap_interval(drawn.metric, drawn.y, answers["challenger"], **known))
    both = (answers[model] for model in MODELS)
    challenger, champion, better = bootstrap_both(drawn.metric, drawn.y, *both, **known)
    if not larger_is_better:
        better = Interval(-better.estimate, -better.high, -better.low)
    return Figure(challenger, champion, Improvement(better, normal_variance(better)))


def to_document(named: Named, golden: WeighedFiles) -> Document:
    """Return the file that the gates read."""
    metrics = {
        metric: {name: _written(figure) for name, figure in slices.items()}
        for metric, slices in named.items()
    }
    return {"of": _made_of(golden), "metrics": metrics}


def read(path: Path, golden: WeighedFiles) -> dict[str, dict[str, Figure]]:
    """Return what `to_document` wrote.

    Raises:
        InvalidError: It is not such a file, or made of other predictions or golden files than are judged.
    """
    document = read_json(path)
    if document.get("of") != _made_of(golden):
        raise InvalidError(
            f"{path} was made of other predictions, golden files or weights than are judged here.", do=JUDGE
        )
    try:
        return {
            metric: {name: _read(figure) for name, figure in slices.items()}
            for metric, slices in document["metrics"].items()
        }
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise InvalidError(f"{path} holds no figures of named metrics.", do=JUDGE) from error


def _made_of(golden: WeighedFiles) -> Document:
    """Return digests of the files, and what their columns mean."""
    meant = {
        each.name: getattr(golden, each.name) for each in fields(WeighedFiles) if each.name not in MADE_OF
    }
    meant = {name: list(value) if isinstance(value, tuple) else value for name, value in meant.items()}
    return {**{name: digest.of_file(getattr(golden, name)) for name in MADE_OF}, **meant}


def _written(figure: Figure) -> Document:
    challenger = figure.challenger
    document: Document = {"challenger": [challenger.estimate, challenger.low, challenger.high]}
    if figure.better is not None:
        interval = figure.better.interval
        document["champion"] = figure.champion
        document["better"] = [interval.estimate, interval.low, interval.high, figure.better.variance]
    return document


def _read(document: Document) -> Figure:
    challenger = Interval(*(float(each) for each in document["challenger"]))
    if "better" not in document:
        return Figure(challenger)
    *bounds, variance = (float(each) for each in document["better"])
    return Figure(challenger, float(document["champion"]), Improvement(Interval(*bounds), variance))
