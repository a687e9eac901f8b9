"""Pictures of what the gates measured: the difference to the champion, and the slices."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gates.render.report.drawing import Dot, dots, drawn, height, legend, line
from gates.render.report.picture import Picture, cut, optional, outcome
from gates.render.sentences import interval, number
from gates.verdict import Finding, Verdict

DELONG = "DeLong, DeLong and Clarke-Pearson (1988)"
BOOTSTRAP = "bootstrap of the {drawn} (Efron, 1979)"
SLICES = ("slice_auc/", "slice_rmse/", "slice_metric/")


def difference(judged: Mapping[str, Verdict], scores: Mapping[str, Any]) -> Iterator[Picture]:
    """Draw the paired difference, the policy's threshold, and the least that this golden set can see."""
    verdict = judged.get("champion")
    seen = verdict.measurements if verdict else {}
    if verdict is None or not {"delta", "delta/low", "delta/high"} <= seen.keys():
        return
    metric = next(name.removesuffix("/champion") for name in seen if name.endswith("/champion"))
    delta, low, high = (seen[f"delta{end}"] for end in ("", "/low", "/high"))
    held = next((each for each in verdict.findings if each.name == "delta"), None)
    limit = held.limit if held and held.observed is not None else None
    detectable = seen.get("detectable")

    def draw(axes: Any) -> None:  # noqa: ANN401 - matplotlib's axes
        line(axes, 0.0, "no difference", "faint")
        if limit is not None:
            line(axes, limit, "the policy asks for", "limit")
        if detectable is not None:
            line(axes, detectable, "least that this set can see", "ink", ":")
        dots(axes, [Dot("", delta, low, high)])
        axes.set_yticks([])
        axes.set_xlabel(f"difference in {metric.replace('_', ' ')} (right is better)")
        legend(axes)

    rows = [("difference", number(delta), number(low), number(high))]
    told = {
        "the policy asks for": limit,
        "least that this set can see (80 % power)": detectable,
        f"golden {'queries' if 'queries' in seen else 'rows'} that would decide it": seen.get("rows_needed"),
    }
    rows += [(name, number(value), "", "") for name, value in told.items() if value is not None]
    asked = "there is nothing to hold it to"
    if held and limit is not None:
        asked = f"the policy asks for {'more than ' * (held.sense == 'above')}{number(limit)}"
    answer = f"The difference is {number(delta)} ({interval(low, high)}); {asked}."
    if seen.get("tie") == 1:
        answer = "Both answer alike on all golden rows; what then holds is the policy's `champion.tie`."
    yield Picture(
        "difference",
        "Is the challenger better, and could that be luck?",
        answer,
        drawn("difference", answer, 1.9, draw),
        ("figure", "value", "from", "to"),
        tuple(rows),
        f"95 % interval: {_method(metric, seen, scores)}, paired on the same rows",
        _counted(seen, scores),
        "evidence/champion.json",
    )


def slices(judged: Mapping[str, Verdict], scores: Mapping[str, Any]) -> Iterator[Picture]:
    """Draw each declared slice against its limit, a picture for each figure, the least room first."""
    verdict = judged.get("golden")
    if verdict is None:
        return
    of_figure: dict[str, list[Finding]] = {}
    for each in verdict.findings:
        if each.name.startswith(SLICES):
            of_figure.setdefault(_figure(each), []).append(each)
    for figure, findings in of_figure.items():
        yield from _slices(figure, sorted(findings, key=_room), verdict.measurements, scores)


def _slices(
    figure: str, findings: Sequence[Finding], seen: Mapping[str, float], scores: Mapping[str, Any]
) -> Iterator[Picture]:
    unknown = [_slice(each) for each in findings if each.observed is None]
    placed = [
        Dot(_slice(each), each.observed, each.low, each.high, each.limit)
        for each in findings
        if each.observed is not None
    ]
    if not placed:
        return
    worst = placed[0]
    answer = f"Not measured: {', '.join(unknown)}. " if unknown else ""
    answer += f"The least room has {worst.label}: {number(worst.value)} against {number(worst.limit)}."

    def draw(axes: Any) -> None:  # noqa: ANN401 - matplotlib's axes
        dots(axes, placed)
        axes.set_xlabel(f"{figure.replace('_', ' ')}; red: the limit")

    name = f"slices-{figure}"
    yield Picture(
        name,
        f"Is it good enough on every declared slice, by {figure.replace('_', ' ')}?",
        cut(answer, placed),
        drawn(name, answer, height(placed), draw),
        ("slice", figure, "from", "to", "limit", "outcome"),
        tuple(
            (_slice(each), *map(optional, (each.observed, each.low, each.high, each.limit)), outcome(each))
            for each in findings
        ),
        f"95 % interval of each slice: {_method(figure, seen, scores)}; sorted by the room to its limit",
        _counted(seen, scores),
        "evidence/golden.json",
    )


def _figure(finding: Finding) -> str:
    kind, _, rest = finding.name.removeprefix("slice_").partition("/")
    return rest.partition("/")[0] if kind == "metric" else kind


def _slice(finding: Finding) -> str:
    rest = finding.name.partition("/")[2]
    return rest.partition("/")[2] if finding.name.startswith("slice_metric/") else rest


def _room(finding: Finding) -> tuple[bool, float]:
    if finding.observed is None:
        return False, 0.0
    room = finding.observed - finding.limit
    return True, room if finding.sense == "at least" else -room


def _method(metric: str, seen: Mapping[str, float], scores: Mapping[str, Any]) -> str:
    """Return how an interval was made, as `gates.stats.scoring` makes it."""
    drawn = next((each for each in ("groups", "queries") if each in seen), "rows")
    bootstrap = BOOTSTRAP.format(drawn=drawn)
    if metric != "auc" or drawn != "rows" or "weighed" in scores:
        return bootstrap
    return DELONG if scores else f"{DELONG}, or of rows with weights {bootstrap}"


def _counted(seen: Mapping[str, float], scores: Mapping[str, Any]) -> str:
    """Return how many golden rows there are, and how many of what decide."""
    labels = [seen[name] for name in ("rows/0", "rows/1") if name in seen]
    rows = scores.get("rows") or seen.get("rows") or sum(labels)
    told = [f"{number(rows)} golden rows"] if rows else []
    named = {
        "rows_per_class": "of the class that has fewest",
        "queries": "queries whose rows differ",
        "groups": "groups of rows",
    }
    told += [f"{number(seen[name])} {words}" for name, words in named.items() if name in seen]
    return ", ".join(told) + (", as the weights count them" if "weighed" in scores else "")
