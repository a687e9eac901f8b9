"""Pictures of the declared groups: what is held against the policy's limits, and what each group gets."""

from collections.abc import Iterator, Mapping
from typing import Any

from gates.render.report.drawing import Dot, dots, drawn, height
from gates.render.report.picture import Picture, Row, cut, optional, outcome
from gates.render.sentences import SIGNS, number
from gates.verdict import Finding, Outcome, Verdict

SOURCE = "evidence/fairness.json"
# What is measured of each group, how it is called, how it was made, and whether the lowest stands first.
OF_GROUPS = {
    "selection": (
        "share selected",
        "95 % interval of a share: Wilson (1927); four-fifths rule: EEOC (1978)",
        True,
    ),
    "rmse": ("RMSE", "bounded group loss: Agarwal, Dudík and Wu (2019)", False),
    "exposure": ("exposure", "exposure of a group's places: Singh and Joachims (2018)", True),
}
OF_THE_HIGHEST = ("disparate_impact", "exposure_ratio")  # limits that are a share of the best group's figure
OF_RATES = ("disparate_impact", "demographic_parity", "equalized_odds")
HELD = (*OF_RATES, "exposure_ratio", "group_rmse", "mean_difference")
OF_PAIRS = "95 % interval over all pairs of groups: Koopman (1984) of ratios, Newcombe (1998) of differences"
RESAMPLED = "95 % percentile interval, resampling the rows of each group, or the queries (Efron, 1979)"


def fairness(judged: Mapping[str, Verdict]) -> Iterator[Picture]:
    """Draw each figure that the policy limits, with its interval; draw nothing where none has a value."""
    verdict = judged.get("fairness")
    held = [each for each in verdict.findings if each.name.startswith(HELD)] if verdict else []
    if verdict is None or not held:
        return
    placed = [
        Dot(each.name, each.observed, each.low, each.high, each.limit)
        for each in held
        if each.observed is not None
    ]
    answer = _said(verdict.findings)

    def draw(axes: Any) -> None:  # noqa: ANN401 - matplotlib's axes
        dots(axes, placed)
        axes.set_xlabel("red: the limit")

    yield Picture(
        "fairness",
        "Are the declared groups treated within the limits?",
        cut(answer, placed),
        drawn("fairness", answer, height(placed), draw) if placed else "",
        ("figure", "value", "from", "to", "limit", "outcome"),
        tuple(
            (
                each.name,
                *map(optional, (each.observed, each.low, each.high)),
                f"{SIGNS[each.sense]} {number(each.limit)}",
                outcome(each),
            )
            for each in held
        ),
        OF_PAIRS if held[0].name.startswith(OF_RATES) else RESAMPLED,
        _rows_of(verdict, _attribute(held[0].name.partition("/")[2])),
        SOURCE,
    )


def groups(judged: Mapping[str, Verdict]) -> Iterator[Picture]:
    """Draw what each group gets with its interval, and where the limit lies for its attribute."""
    verdict = judged.get("fairness")
    if verdict is None:
        return
    for kind in OF_GROUPS:
        placed = _placed(kind, verdict)
        if placed:
            yield _groups(kind, placed, verdict)


def _placed(kind: str, verdict: Verdict) -> list[Dot]:
    """Return the groups of each attribute in the order of what they get."""
    seen = verdict.measurements
    found = {
        name.removeprefix(f"{kind}/"): value
        for name, value in sorted(seen.items())
        if name.startswith(f"{kind}/") and not name.endswith(("/low", "/high"))
    }
    limits = _limits(verdict, found)
    sign = 1 if OF_GROUPS[kind][2] else -1
    return [
        Dot(
            group,
            found[group],
            seen.get(f"{kind}/{group}/low"),
            seen.get(f"{kind}/{group}/high"),
            limits.get(_attribute(group)),
        )
        for group in sorted(found, key=lambda group: (_attribute(group), sign * found[group]))
    ]


def _groups(kind: str, placed: list[Dot], verdict: Verdict) -> Picture:
    what, method, lowest_first = OF_GROUPS[kind]
    least, most = (end(placed, key=lambda dot: dot.value) for end in (min, max))
    every = least.value == most.value
    answer = (
        f"Every group gets {number(least.value)}."
        if every
        else (
            f"From {number(least.value)} ({least.label}) to {number(most.value)} ({most.label}); "
            f"of an attribute, the {'lowest' if lowest_first else 'highest'} stands first."
        )
    )

    def draw(axes: Any) -> None:  # noqa: ANN401 - matplotlib's axes
        dots(axes, placed)
        axes.set_xlabel(f"{what}; red: where the limit lies")

    def row(dot: Dot) -> Row:
        rows = verdict.measurements.get(f"rows/{dot.label}")
        return (dot.label, *map(optional, (dot.value, dot.low, dot.high, dot.limit, rows)))

    return Picture(
        "groups",
        f"What does each group get ({what})?",
        cut(answer, placed),
        drawn("groups", answer, height(placed), draw),
        ("group", what, "from", "to", "limit", "rows"),
        tuple(map(row, placed)),
        method,
        _rows_of(verdict, _attribute(placed[0].label)),
        SOURCE,
    )


def _said(findings: tuple[Finding, ...]) -> str:
    """Return what the gate says of the groups, what stops the candidate first."""
    beyond = [each for each in findings if each.outcome is Outcome.FAIL]
    told = {
        "Beyond their limits": [each.name for each in beyond if not each.waiver],
        "Undecided": [
            each.name for each in findings if each.outcome is Outcome.UNDECIDED and not each.waiver
        ],
        "Waived": [each.name for each in findings if each.waiver],
    }
    lines = [f"{words}: {', '.join(names)}." for words, names in told.items() if names]
    return " ".join(lines) or "Every figure is within its limit."


def _limits(verdict: Verdict, found: Mapping[str, float]) -> dict[str, float]:
    """Return where the limit of each attribute lies on the scale of its groups' figures."""
    held = {each.name: each.limit for each in verdict.findings if each.observed is not None}
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


def _rows_of(verdict: Verdict, attribute: str) -> str:
    of_one = [value for name, value in verdict.measurements.items() if name.startswith(f"rows/{attribute}=")]
    return f"{number(sum(of_one))} golden rows"
