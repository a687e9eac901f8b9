"""The picture of how long requests took."""

from collections.abc import Iterator, Mapping
from typing import Any

from gates.exhibits import SHARES
from gates.render.report.drawing import COLOURS, STYLES, drawn, legend, line, logarithmic
from gates.render.report.picture import Picture, optional
from gates.render.sentences import number
from gates.verdict import Verdict

TABLED = (0.5, 0.9, 0.95, 0.99, 0.999)


def latency(judged: Mapping[str, Verdict], timed: Mapping[str, Any]) -> Iterator[Picture]:
    """Draw how many requests were answered by when, the 99th percentile's interval, and the limit."""
    verdict = judged.get("latency")
    if verdict is None or not timed:
        return
    seen, held = verdict.measurements, verdict.findings[0]

    def draw(axes: Any) -> None:  # noqa: ANN401 - matplotlib's axes
        for model, each in timed.items():
            axes.step(
                each["ms"],
                SHARES,
                where="post",
                color=COLOURS[model],
                label=model,
                linestyle=STYLES[model],
            )
        low, high = (seen.get(f"p99_ms/challenger/{end}") for end in ("low", "high"))
        if low is not None and high is not None:
            axes.plot(
                [low, high], [0.99, 0.99], color=COLOURS["ink"], linewidth=3, label="p99, each end 95 % sure"
            )
        line(axes, held.limit, "limit of the p99", "limit")
        logarithmic(axes)
        axes.set_xlabel("ms")
        axes.set_ylabel("share of requests")
        legend(axes)

    answer = "The challenger was not timed."
    if held.observed is not None:
        sure = "too few requests to bound it" if held.high is None else f"95 % sure below {number(held.high)}"
        answer = f"99 of 100 requests are answered within {number(held.observed)} ms ({sure})"
        answer += f"; the limit is {number(held.limit)} ms."
    answer += "".join(
        f" That is {number(each.observed)} times the champion's; the limit is {number(each.limit)} times."
        for each in verdict.findings
        if each.name == "p99_ratio"
    )
    yield Picture(
        "latency",
        "Is one request answered fast enough?",
        answer,
        drawn("latency", answer, 2.9, draw),
        (
            "model",
            "requests",
            *(f"p{100 * each:g} in ms" for each in TABLED),
            "p99 above",
            "p99 below",
            "limit",
        ),
        tuple(
            (
                model,
                number(each["requests"]),
                *(number(each["ms"][SHARES.index(share)]) for share in TABLED),
                *(optional(seen.get(f"p99_ms/{model}/{end}")) for end in ("low", "high")),
                number(held.limit) if model == "challenger" else "",
            )
            for model, each in timed.items()
        ),
        "empirical distribution; interval of the p99 by order statistics (David and Nagaraja, 2003)",
        " · ".join(f"{number(each['requests'])} requests of the {model}" for model, each in timed.items()),
        "evidence/latency.json",
    )
