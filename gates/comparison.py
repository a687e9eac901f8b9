"""Challenger and champion on the same golden rows: who is better, by how much, and how sure that is."""

import math
from contextlib import suppress
from dataclasses import dataclass

from gates import golden_rows, named_figures
from gates.golden_rows import GoldenRows
from gates.metric_names import OURS
from gates.policy_values import Task
from gates.stats.power import detectable_difference, rows_needed
from gates.stats.scoring import Improvement, figure, improvement
from gates.verdict import Measurements

SEED = 20_260_103


@dataclass(frozen=True)
class Comparison:
    """Challenger and champion by metrics that are ours, or whose figures others have taken.

    Attributes:
        task: What the models do.
        metric: By which of them it is decided.
        named: The figures that others have taken.
    """

    task: Task
    metric: str
    named: named_figures.Named

    def overall(self, rows: GoldenRows) -> Measurements:
        """Return how many rows there are, both figures, and their difference with what would decide it."""
        metric, measured = self.metric, counted(self.task, rows)
        measured |= rows.count_of_groups() if self.task != "ranking" else {}
        with suppress(ValueError, KeyError):  # these rows have no such figure: there is no difference
            better = self._better(metric, rows, named_figures.ALL)
            measured |= better.interval.named("delta")
            for model in golden_rows.MODELS:
                measured[f"{metric}/{model}"] = self._figure(metric, rows, model)
            measured |= {"tie": float(better.tie), "delta/sigma": math.sqrt(better.variance)}
            size = int(measured.get("queries", len(rows)))
            needed = rows_needed(better.interval.estimate, better.variance, size)
            seen = detectable_difference(better.variance, size)
            measured |= {"rows_needed": float(needed)} if needed is not None else {}
            measured |= {"detectable": seen} if seen is not None else {}
        return measured

    def on_slice(self, name: str, rows: GoldenRows) -> Measurements:
        """Return how many rows a slice has, and the difference there with the chance of "not worse"."""
        measured = counted(self.task, rows, name)
        with suppress(ValueError, KeyError):
            better = self._better(self.metric, rows, name)
            measured |= better.interval.named(f"slice_delta/{name}") | {
                f"slice_p/{name}": better.chance_worse
            }
        return measured

    def by_also(self, metric: str, rows: GoldenRows) -> Measurements:
        """Return the difference by a further metric, with the chance of "not worse"."""
        with suppress(ValueError, KeyError):
            better = self._better(metric, rows, named_figures.ALL)
            return better.interval.named(f"also_delta/{metric}") | {f"also_p/{metric}": better.chance_worse}
        return {}

    def _better(self, metric: str, rows: GoldenRows, of: str) -> Improvement:
        if metric in OURS[self.task]:
            one, other = (rows.answers[model] for model in golden_rows.MODELS)
            known = {"weights": rows.weights, "groups": rows.groups}
            return improvement(metric, rows.y, one, other, seed=SEED, **known)
        better = self.named[metric][of].better
        if better is None:
            raise ValueError("one model alone was scored")
        return better

    def _figure(self, metric: str, rows: GoldenRows, model: str) -> float:
        if metric in OURS[self.task]:
            return figure(metric, rows.y, rows.answers[model], rows.weights)
        found = self.named[metric][named_figures.ALL]
        of = {"challenger": found.challenger.estimate, "champion": found.champion}[model]
        if of is None:
            raise ValueError("one model alone was scored")
        return of


def counted(task: Task, rows: GoldenRows, of: str = "") -> Measurements:
    """Return how many rows, or queries of a ranking, decide overall or on a slice."""
    prefix, suffix = ("slice_", f"/{of}") if of else ("", "")
    if task == "ranking":
        return {f"{prefix}queries{suffix}": float(len(named_figures.queries(rows)))}
    if task == "binary" or (task == "multiclass" and not of):
        return {f"{prefix}rows_per_class{suffix}": float(rows.least_of_a_class())}
    return {f"{prefix}rows{suffix}": rows.count()}
