"""Is the challenger better than what serves now, on the same golden rows?

Both are scored on the same rows, so the difference has a paired interval: of the AUC by DeLong, DeLong and
Clarke-Pearson (1988), of any other `metric` by the bootstrap (Efron 1979); above 0 is better. Three rules:
`superior` asks for a lower 95 % bound above 0, `min_delta` for a difference of at least that as well
(`auto`: one standard error of it on this golden set), `non_inferior` for a lower bound above -`margin` and
something that surely `improves`: the p99 of a request (`latency`), its median (`cost`) or a slice. On no
slice of `slices` and by no metric of `also` may the challenger be surely worse (5 % over all of them
together, Holm 1979). A metric is one of the task, one of scikit-learn by its name, or one of
`gates.metrics`. Fails when the difference is on the wrong side, a slice is worse, or the model was rolled
back, which does not come back by itself. Undecided when the difference is right but may be luck; the
finding says how many golden rows would decide it. What holds for models that answer alike says `tie`, and
`first_model` without a champion: `floor` lets the other gates decide, `approve` asks for a named approver,
`block` refuses.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import Field, model_validator

from gates import golden_rows, named_figures, rules, timings
from gates.comparison import Comparison
from gates.documents import read_json
from gates.errors import InvalidError
from gates.golden_rows import WeighedFiles
from gates.policy_blocks import Direction, GatePolicy
from gates.policy_values import LEAST_GROUPS, Amount, Count, Criterion, Name, Slice
from gates.stats.multiplicity import holm
from gates.stats.quantiles import quantile_ratio
from gates.verdict import Finding, Measurements, at_least, at_most, enough

PREDICT = "Predict again: gates predict"
JUDGE = "Judge again: gates judge"
ALPHA = 0.05
# What is counted, and how many of it there must be: overall, and in a slice.
Least: TypeAlias = tuple[tuple[str, int], tuple[str, int]]
FirstModel: TypeAlias = Literal["floor", "approve", "block"]
ROLLED_BACK = "This very model was taken out of production (on purpose: gates rollback --to SHA --reason …)."
TIE = "By this metric both are alike on all golden rows; gates.champion.tie says what then."


class ComparisonPolicy(GatePolicy):
    """What every task asks for: the rule, and what holds for ties, for slices and without a champion."""

    metric: Name
    also: tuple[Name, ...] = ()
    rule: Literal["superior", "min_delta", "non_inferior"] = "min_delta"
    min_delta: Amount | Literal["auto"] = 0.0
    margin: Amount = 0.0
    improves: Criterion = ""
    slices: tuple[Slice, ...] = ()
    tie: Literal["block", "promote"] = "block"
    first_model: FirstModel
    min_groups: Count = LEAST_GROUPS

    @model_validator(mode="after")
    def _something_improves(self) -> Self:
        if (self.rule == "non_inferior") != bool(self.improves):
            raise ValueError("`rule: non_inferior` and `improves` need each other")
        if len({self.metric, *self.also}) <= len(self.also):
            raise ValueError("`also` names further metrics, each once and not `metric` again")
        return self

    @property
    def metrics_held(self) -> Mapping[str, Direction]:
        """The metrics that both models are compared by, in whichever direction they are better."""
        return dict.fromkeys((self.metric, *self.also), "")

    @property
    def slices_held(self) -> Mapping[str, tuple[str, ...]]:
        """The slices that they are compared on."""
        return {self.metric: (*self.slices, *([self.improves] if "=" in self.improves else []))}


class Policy(ComparisonPolicy):
    """How much better a challenger must be."""

    metric: Name = "auc"
    min_delta: Annotated[float, Field(ge=0, lt=1)] | Literal["auto"] = 0.005
    min_rows_per_class: Count = 200
    min_slice_rows_per_class: Count = 20

    @property
    def least(self) -> Least:
        """Rows of the class that has fewer."""
        counted = "rows_per_class"
        return (counted, self.min_rows_per_class), (counted, self.min_slice_rows_per_class)


class MulticlassPolicy(ComparisonPolicy):
    """The same of several classes."""

    metric: Name = "neg_log_loss"
    min_rows_per_class: Count = 50
    min_slice_rows: Count = 50

    @property
    def least(self) -> Least:
        """Rows of the class that has fewest; of a slice, all rows."""
        return ("rows_per_class", self.min_rows_per_class), ("rows", self.min_slice_rows)


class RegressionPolicy(ComparisonPolicy):
    """The same of a regression; differences of RMSE and MAE are in the unit of the label."""

    metric: Name = "rmse"
    min_rows: Count = 100
    min_slice_rows: Count = 20

    @property
    def least(self) -> Least:
        """Rows."""
        return ("rows", self.min_rows), ("rows", self.min_slice_rows)


class RankingPolicy(ComparisonPolicy):
    """The same of a ranking, of which every query counts alike."""

    metric: Name = "ndcg"
    min_queries: Count = 100
    min_slice_queries: Count = 20

    @property
    def least(self) -> Least:
        """Queries whose rows differ."""
        return ("queries", self.min_queries), ("queries", self.min_slice_queries)


AnyPolicy: TypeAlias = Policy | MulticlassPolicy | RegressionPolicy | RankingPolicy


@dataclass(frozen=True, kw_only=True)
class Inputs(WeighedFiles):
    """Predictions of both models on the golden rows."""

    serving: Annotated[Path, "who serves, and whether the challenger was rolled back: candidate/serving.json"]
    approver: Annotated[str, "who approves a first model, where the policy asks for it"] = ""
    metric: Annotated[str, "metric by which both are compared"] = "auc"
    also: Annotated[tuple[str, ...], "further metrics, by none of which the challenger may be worse"] = ()
    named_metrics: Annotated[Path | None, "figures of the metrics that the policy names"] = None
    improves: Annotated[str, "what must be better under `rule: non_inferior`"] = ""
    slices: Annotated[tuple[str, ...], "slices to compare on, each as column=value"] = ()
    latency: Annotated[Path | None, "JSON of pytest-benchmark, for `improves`"] = None


def measure(inputs: Inputs) -> Measurements:
    """Return both figures and the paired difference with its 95 % interval, overall and per slice.

    Raises:
        InvalidError: A file or column cannot be read, or the predictions do not fit who serves.
    """
    serving = read_json(inputs.serving)
    if not isinstance(serving.get("rolled_back"), bool) or "champion" not in serving:
        raise InvalidError(f"{inputs.serving} has no 'champion' or no 'rolled_back'.", do=JUDGE)
    rolled_back = float(serving["rolled_back"])
    scored_both = golden_rows.has_champion(inputs.predictions)
    if scored_both != (serving["champion"] is not None):
        why = f"By {inputs.serving} there is {'no' if scored_both else 'a'} champion."
        raise InvalidError(f"{inputs.predictions} does not fit who serves.", why=why, do=PREDICT)
    if not scored_both:
        return {"champions": 0, "approvers": float(bool(inputs.approver.strip())), "rolled_back": rolled_back}
    slices = tuple(dict.fromkeys(inputs.slices + ((inputs.improves,) if "=" in inputs.improves else ())))
    rows = golden_rows.read(inputs, golden_rows.MODELS, {name.partition("=")[0] for name in slices})
    named = named_figures.read(inputs.named_metrics, inputs) if inputs.named_metrics else {}
    comparison = Comparison(inputs.task, inputs.metric, named)
    measured = {"champions": 1.0, "rolled_back": rolled_back} | comparison.overall(rows)
    for name in slices:
        measured |= comparison.on_slice(name, rows.slice(name))
    for metric in inputs.also:
        measured |= comparison.by_also(metric, rows)
    return measured | _faster(inputs)


def _faster(inputs: Inputs) -> Measurements:
    """Return the ratio of the challenger's quantile to the champion's, where the policy asks for it."""
    if inputs.improves not in rules.QUANTILES or inputs.latency is None:
        return {}
    timed = timings.read(inputs.latency)
    challenger, champion = (timed.get(each, []) for each in ("challenger", "champion"))
    ratio = quantile_ratio(challenger, champion, rules.QUANTILES[inputs.improves])
    if ratio is None:
        return {}
    name = f"ratio/{inputs.improves}"
    return ratio.named(name)


def judge(policy: AnyPolicy, measurements: Measurements) -> Iterator[Finding]:
    """Hold the difference to the rule, or apply what is declared for a tie or for a first model."""
    if measurements.get("champions") == 0:
        yield _first_model(policy, measurements)
    else:
        if measurements.get("tie") == 1:
            yield at_least("tie", float(policy.tie == "promote"), 1, note=TIE)
        else:
            yield from _better(policy, measurements)
        yield from _nowhere_worse(policy, measurements)
        (rows, least), _ = policy.least
        yield enough(rows, measurements.get(rows), least)
        if "groups" in measurements:  # drawn as one: they decide, and not their rows
            yield enough("groups", measurements["groups"], policy.min_groups)
    rolled_back = measurements.get("rolled_back")
    yield at_most("rolled_back", rolled_back, 0, note=ROLLED_BACK if rolled_back else "")


def _better(policy: ComparisonPolicy, measurements: Measurements) -> Iterator[Finding]:
    if policy.rule == "superior":
        return rules.superior(measurements)
    if policy.rule == "non_inferior":
        return rules.non_inferior(measurements, policy.margin, policy.improves)
    return rules.min_delta(measurements, None if policy.min_delta == "auto" else policy.min_delta)


def _nowhere_worse(policy: AnyPolicy, measurements: Measurements) -> Iterator[Finding]:
    """Fail a slice or a further metric by which the challenger is surely worse, whatever their number."""
    held = [f"slice_p/{name}" for name in policy.slices] + [f"also_p/{name}" for name in policy.also]
    chances = {name: measurements.get(name, math.nan) for name in held}
    known = [name for name, chance in chances.items() if 0.0 <= chance <= 1.0]
    adjusted = dict(zip(known, holm([chances[name] for name in known]).tolist(), strict=True))
    for name in held:
        delta, low, high = rules.bounded(name.replace("_p/", "_delta/", 1), measurements)
        told = "" if delta is None else f"The difference there is {delta:+.4f} ({low:+.4f} to {high:+.4f})."
        yield at_least(name, adjusted.get(name), ALPHA, note=told)
    _, (rows, least) = policy.least
    for name in policy.slices:
        yield enough(f"slice_{rows}/{name}", measurements.get(f"slice_{rows}/{name}"), least)


def _first_model(policy: ComparisonPolicy, measurements: Measurements) -> Finding:
    """Decide without a champion, by the policy's declared rule."""
    if policy.first_model == "floor":
        return at_least("first_model", 1, 1, note="No champion yet: the floors of the other gates decide.")
    if policy.first_model == "approve":
        note = "No champion yet: name who approves it: gates ship --approver NAME"
        approvers = measurements.get("approvers")
        return enough("first_model/approvers", approvers, 1, unit="people", note="" if approvers else note)
    return at_least("first_model", 0, 1, note="No champion yet, and the policy blocks a first model.")
