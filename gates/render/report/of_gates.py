"""Pictures of what the gates measured: the difference to the champion, slices, and groups of people."""

from collections.abc import Iterator, Mapping
from typing import Any

from gates.render.report.figures import Dot, dots, drawn, legend, line
from gates.render.report.picture import Picture, Row
from gates.render.sentences import interval, number
from gates.verdict import Finding, Verdict

PER_DOT = 0.26  # inches
MOST_DOTS = 30
DELONG = "DeLong, DeLong and Clarke-Pearson (1988), paired on the same rows"
BOOTSTRAP = "paired bootstrap of the rows (Efron, 1979)"
# What is measured of each group, how it is called, and how it was made.
OF_GROUPS = {
    "selection": ("share selected", "95 % interval of a share: Wilson (1927); four-fifths rule: EEOC (1978)"),
    "rmse": ("RMSE", "bounded group loss: Agarwal, Dudík and Wu (2019)"),
    "exposure": ("exposure", "exposure of a group's places: Singh and Joachims (2018)"),
}
OF_THE_HIGHEST = ("disparate_impact", "exposure_ratio")  # limits that are a share of the best group's figure


def difference(judged: Mapping[str, Verdict]) -> Iterator[Picture]:
    """Draw the paired difference, the policy's threshold, and the least that this golden set can see."""
    verdict = judged.get("champion")
    seen = verdict.measurements if verdict else {}
    if verdict is None or not {"delta", "delta/low", "delta/high"} <= seen.keys():
        return
    metric = next(name.removesuffix("/champion") for name in seen if name.endswith("/champion"))
    delta, low, high = (seen[f"delta{end}"] for end in ("", "/low", "/high"))
    limit = next((each.limit for each in verdict.findings if each.name == "delta"), 0.0)
    detectable = seen.get("detectable")

    def draw(axes: Any) -> None:  # noqa: ANN401 - matplotlib's axes
        line(axes, 0.0, "no difference", "faint")
        line(axes, limit, "the policy asks for", "limit")
        if detectable is not None:
            line(axes, detectable, "least that this set can see", "ink", ":")
        dots(axes, [Dot("", delta, low, high)])
        axes.set_yticks([])
        axes.set_xlabel(f"difference in {metric.replace('_', ' ')} (right is better)")
        legend(axes)

    rows = [("difference", number(delta), number(low), number(high))]
    rows.append(("the policy asks for", number(limit), "", ""))
    if detectable is not None:
        rows.append(("least that this set can see (80 % power)", number(detectable), "", ""))
    if "rows_needed" in seen:
        rows.append(("golden rows that would decide it", number(seen["rows_needed"]), "", ""))
    answer = (
        f"The difference is {number(delta)} ({interval(low, high)}); the policy asks for {number(limit)}."
    )
    yield Picture(
        "difference",
        "Is the challenger better, and could that be luck?",
        answer,
        drawn("difference", answer, 1.9, draw),
        ("figure", "value", "from", "to"),
        tuple(rows),
        f"95 % interval: {DELONG if metric == 'auc' else BOOTSTRAP}",
        _counted(seen),
        "evidence/champion.json",
    )


def slices(judged: Mapping[str, Verdict]) -> Iterator[Picture]:
    """Draw each declared slice against its limit, the one with the least room first."""
    verdict = judged.get("golden")
    if verdict is None:
        return
    kinds = ("slice_auc/", "slice_rmse/", "slice_metric/")
    findings = [each for each in verdict.findings if each.name.startswith(kinds)]
    known = sorted((each for each in findings if each.observed is not None), key=_room)[:MOST_DOTS]
    if not known:
        return
    placed = [
        Dot(_tail(each), each.observed, each.low, each.high, each.limit)
        for each in known
        if each.observed is not None
    ]
    worst = known[0]
    answer = (
        f"The slice with the least room is {_tail(worst)}: "
        f"{number(worst.observed)} against {number(worst.limit)}."
    )

    def draw(axes: Any) -> None:  # noqa: ANN401 - matplotlib's axes
        dots(axes, placed)
        axes.set_xlabel(f"{', '.join(sorted({_kind(each) for each in known}))}; red: the limit")

    yield Picture(
        "slices",
        "Is it good enough on every declared slice?",
        answer,
        drawn("slices", answer, 0.7 + PER_DOT * len(placed), draw),
        ("slice", "figure", "value", "from", "to", "limit"),
        tuple(
            (dot.label, _kind(each), number(dot.value), _end(dot.low), _end(dot.high), _end(dot.limit))
            for dot, each in zip(placed, known, strict=True)
        ),
        "95 % interval of each slice; sorted by the room to its limit",
        _counted(verdict.measurements),
        "evidence/golden.json",
    )


def groups(judged: Mapping[str, Verdict]) -> Iterator[Picture]:
    """Draw each group's figure with its interval, and where the limit lies for its attribute."""
    verdict = judged.get("fairness")
    if verdict is None:
        return
    seen = verdict.measurements
    for kind, (what, method) in OF_GROUPS.items():
        found = {
            name.removeprefix(f"{kind}/"): value
            for name, value in sorted(seen.items())
            if name.startswith(f"{kind}/") and not name.endswith(("/low", "/high"))
        }
        limits = _limits(verdict, found)
        dots_of_groups = [
            Dot(
                group,
                value,
                seen.get(f"{kind}/{group}/low"),
                seen.get(f"{kind}/{group}/high"),
                limits.get(_attribute(group)),
            )
            for group, value in found.items()
        ][:MOST_DOTS]
        if dots_of_groups:
            yield _of_groups(what, method, dots_of_groups, verdict)


def _of_groups(what: str, method: str, placed: list[Dot], verdict: Verdict) -> Picture:
    beyond = [each.name for each in verdict.findings if each.holds is False and each.low is not None]
    answer = f"Beyond their limits: {', '.join(beyond)}." if beyond else "Every figure is within its limit."
    rows = verdict.measurements

    def draw(axes: Any) -> None:  # noqa: ANN401 - matplotlib's axes
        dots(axes, placed)
        axes.set_xlabel(f"{what}; red: where the limit lies")

    def row(dot: Dot) -> Row:
        ends = (_end(each) for each in (dot.low, dot.high, dot.limit, rows.get(f"rows/{dot.label}")))
        return (dot.label, number(dot.value), *ends)

    first = _attribute(placed[0].label)
    counted = sum(value for name, value in rows.items() if name.startswith(f"rows/{first}="))
    return Picture(
        "groups",
        "Are the declared groups treated within the limits?",
        answer,
        drawn("groups", answer, 0.7 + PER_DOT * len(placed), draw),
        ("group", what, "from", "to", "limit", "rows"),
        tuple(map(row, placed)),
        method,
        f"{number(counted)} golden rows",
        "evidence/fairness.json",
    )


def _limits(verdict: Verdict, found: Mapping[str, float]) -> dict[str, float]:
    """Return where the limit of each attribute lies on the scale of its groups' figures."""
    held = {each.name: each.limit for each in verdict.findings}
    limits: dict[str, float] = {}
    for attribute in {_attribute(group) for group in found}:
        highest = max(value for group, value in found.items() if _attribute(group) == attribute)
        for name in OF_THE_HIGHEST:
            if f"{name}/{attribute}" in held:
                limits[attribute] = held[f"{name}/{attribute}"] * highest
        if f"group_rmse/{attribute}" in held:
            limits[attribute] = held[f"group_rmse/{attribute}"]
    return limits


def _attribute(group: str) -> str:
    return group.partition("=")[0]


def _kind(finding: Finding) -> str:
    kind, _, rest = finding.name.removeprefix("slice_").partition("/")
    return rest.partition("/")[0] if kind == "metric" else kind


def _tail(finding: Finding) -> str:
    rest = finding.name.partition("/")[2]
    return rest.partition("/")[2] if finding.name.startswith("slice_metric/") else rest


def _room(finding: Finding) -> float:
    observed = finding.observed or 0.0
    return observed - finding.limit if finding.sense == "at least" else finding.limit - observed


def _end(value: float | None) -> str:
    return "" if value is None else number(value)


def _counted(seen: Mapping[str, float]) -> str:
    told = [
        f"{number(seen[name])} {name.replace('_', ' ')}"
        for name in ("rows", "rows_per_class", "queries", "groups")
        if name in seen
    ]
    labels = [value for name, value in seen.items() if name.startswith("rows/")]
    return " · ".join(told) or f"{number(sum(labels))} golden rows"
