"""Pictures of what the models answered on the golden rows."""

from collections.abc import Iterator, Mapping
from typing import Any

from gates.exhibits import RATES
from gates.render.report.drawing import COLOURS, STYLES, drawn, legend
from gates.render.report.picture import Picture
from gates.render.sentences import number

SOURCE = "evidence/exhibits.json"
_SAID = {
    "binary": "probability that the model gave",
    "multiclass": "how sure the model was of the class that it named",
    "regression": "what the model predicted",
}
_LABELS = {"binary": "label", "multiclass": "was", "regression": "error"}
_SPREAD = {
    "binary": "The less the two labels' lines overlap, the better they are told apart.",
    "multiclass": "Where the model was wrong, it should have been less sure.",
    "regression": "Errors should lie closely around 0.",
}


def roc(scores: Mapping[str, Any]) -> Iterator[Picture]:
    """Draw the ROC curves, where the task has two classes."""
    curves = {model: each["roc"] for model, each in scores.get("models", {}).items() if "roc" in each}
    if not curves:
        return

    def draw(axes: Any) -> None:  # noqa: ANN401 - matplotlib's axes
        axes.plot([0, 1], [0, 1], color=COLOURS["faint"], linestyle=":", label="by chance")
        for model, curve in curves.items():
            axes.plot(
                curve["false_positive_rate"],
                curve["true_positive_rate"],
                color=COLOURS[model],
                label=model,
                linestyle=STYLES[model],
            )
        axes.set_xlabel("false positive rate")
        axes.set_ylabel("true positive rate")
        legend(axes)

    answer = "The further a curve keeps to the upper left, the better the model tells the classes apart."
    yield Picture(
        "roc",
        "How well are the classes told apart, at every threshold?",
        answer,
        drawn("roc", answer, 3.4, draw),
        ("model", *(f"at {rate:.0%}".replace("%", " %") for rate in RATES)),
        tuple((model, *map(number, curve["reached"])) for model, curve in curves.items()),
        "true positive rate at a false positive rate of so much, read off the line (Fawcett, 2006)",
        _weighed(scores),
        SOURCE,
    )


def calibration(scores: Mapping[str, Any]) -> Iterator[Picture]:
    """Draw what was so against what was said."""
    bins = {
        model: each["reliability"]
        for model, each in scores.get("models", {}).items()
        if "reliability" in each
    }
    if not bins:
        return

    def draw(axes: Any) -> None:  # noqa: ANN401 - matplotlib's axes
        ends = [each[key] for many in bins.values() for each in many for key in ("answer", "observed")]
        axes.plot(
            [min(ends), max(ends)],
            [min(ends), max(ends)],
            color=COLOURS["faint"],
            linestyle=":",
            label="as said",
        )
        for model, many in bins.items():
            low = [each["observed"] - each["low"] for each in many]
            high = [each["high"] - each["observed"] for each in many]
            axes.errorbar(
                [each["answer"] for each in many],
                [each["observed"] for each in many],
                yerr=[low, high],
                color=COLOURS[model],
                label=model,
                linestyle=STYLES[model],
                marker="o",
                markersize=3,
                linewidth=1.2,
            )
        axes.set_xlabel(_SAID[scores["task"]])
        axes.set_ylabel("what was so")
        legend(axes)

    worst = max(bins["challenger"], key=lambda each: abs(each["answer"] - each["observed"]))
    said, was = number(worst["answer"]), number(worst["observed"])
    answer = f"Furthest off, the challenger says {said} where {was} was so."
    yield Picture(
        "calibration",
        "Is what the model says what then happens?",
        answer,
        drawn("calibration", answer, 3.4, draw),
        ("model", "rows", "said", "was so", "from", "to"),
        tuple(
            (
                model,
                number(each["rows"]),
                *(number(each[key]) for key in ("answer", "observed", "low", "high")),
            )
            for model, many in bins.items()
            for each in many
        ),
        "bins of equally many rows (DeGroot and Fienberg, 1983); 95 % interval: Wilson (1927), of means "
        "that are no shares by their standard error"
        + (", each of as many rows alike as say as much (Kish, 1965)" if "weighed" in scores else ""),
        _weighed(scores),
        SOURCE,
    )


def distribution(scores: Mapping[str, Any]) -> Iterator[Picture]:
    """Draw how the answers are spread."""
    counts = {
        model: each["histogram"] for model, each in scores.get("models", {}).items() if "histogram" in each
    }
    if not counts:
        return
    task = scores["task"]

    def draw(axes: Any) -> None:  # noqa: ANN401 - matplotlib's axes
        for model, each in counts.items():
            for place, (label, many) in enumerate(each["counts"].items()):
                low, high = each["low"], each["high"]
                edges = [low + (high - low) * at / len(many) for at in range(len(many) + 1)]
                axes.stairs(
                    many,
                    edges,
                    color=COLOURS[model],
                    linestyle="--" if place else "-",
                    linewidth=1.4,
                    label=model if task == "regression" else f"{model}, {_LABELS[task]} {label}",
                )
        axes.set_xlabel(_SAID[task] if task != "regression" else "prediction minus label")
        axes.set_ylabel("golden rows")
        legend(axes)

    answer = _SPREAD[task]
    rows = tuple(
        (model, label, number(each["low"] + (each["high"] - each["low"]) * at / len(many)), number(count))
        for model, each in counts.items()
        for label, many in each["counts"].items()
        for at, count in enumerate(many)
    )
    yield Picture(
        "distribution",
        "How are the answers spread?",
        answer,
        drawn("distribution", answer, 2.9, draw),
        ("model", _LABELS[task], "from", "rows"),
        rows,
        "counts in equally wide cells",
        _rows(scores),
        SOURCE,
    )


def places(scores: Mapping[str, Any]) -> Iterator[Picture]:
    """Draw the mean grade at each place of a ranking."""
    places = {model: each["places"] for model, each in scores.get("models", {}).items() if "places" in each}
    if not places:
        return

    def draw(axes: Any) -> None:  # noqa: ANN401 - matplotlib's axes
        for model, many in places.items():
            axes.plot(
                [each["place"] for each in many],
                [each["grade"] for each in many],
                color=COLOURS[model],
                label=model,
                linestyle=STYLES[model],
                marker="o",
                markersize=3,
            )
        axes.set_xlabel("place in the answer to a query")
        axes.set_ylabel("mean grade")
        legend(axes)

    answer = "The steeper a line falls, the more of what is relevant stands first."
    yield Picture(
        "places",
        "Does what is relevant stand first?",
        answer,
        drawn("places", answer, 2.9, draw),
        ("model", "place", "queries", "mean grade"),
        tuple(
            (model, number(each["place"]), number(each["queries"]), number(each["grade"]))
            for model, many in places.items()
            for each in many
        ),
        "mean of the grades at each place",
        _rows(scores),
        SOURCE,
    )


def _weighed(scores: Mapping[str, Any]) -> str:
    return f"{_rows(scores)}, each by its weight" if "weighed" in scores else _rows(scores)


def _rows(scores: Mapping[str, Any]) -> str:
    return f"{number(scores['rows'])} golden rows"
