"""What the keys of the policy take and mean: from their models, for a page and for an editor."""

import inspect
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from gates.documents import Document

# Of keys that no `Attributes:` of a model explains: their names say most of it.
MEANINGS = {
    "also": "Further metrics by which a challenger may not be surely worse.",
    "attributes": "Features whose values are the groups of people.",
    "budget_s": "Seconds that one model may take for all its requests; a slower one gets fewer.",
    "favourable": "The classes whose prediction is a favour.",
    "first_model": "Who decides without a champion: the other gates, a named approver too, or nobody may.",
    "golden_contract": "Contract of the golden features.",
    "improves": "What must surely improve under `non_inferior`: latency, cost or a slice.",
    "intersections": "Attributes that are crossed, each as a+b.",
    "margin": "By how much a challenger may be worse under `non_inferior`.",
    "max_age_days": "How old the golden set may be.",
    "max_auc": "Ceiling of the AUC: one too good to be true was told the label by a feature.",
    "max_brier": "Ceiling of the Brier score.",
    "max_calibration_error": "Ceiling of the expected calibration error.",
    "max_conversion_loss": "By how much fewer of the requests may convert.",
    "max_demographic_parity": "Ceiling of the difference between the groups' selection rates.",
    "max_equalized_odds": "Ceiling of the larger difference of true and of false positive rates.",
    "max_error_increase": "By how much more of the requests may fail.",
    "max_group_rmse": "Ceiling of the largest RMSE of a group, in the unit of the label.",
    "max_ks": "Ceiling of the Kolmogorov-Smirnov distance of a column.",
    "max_log_loss": "Ceiling of the log loss.",
    "max_mae": "Ceiling of the mean absolute error, in the unit of the label.",
    "max_mean_difference": "Ceiling of the difference between the groups' mean predictions.",
    "max_metrics": "Ceilings of metrics by their names, of which the smaller value is better.",
    "max_nulls": "By how much the share of nulls of a column may grow.",
    "max_p99_ratio": "Ceiling of the challenger's 99th percentile over the champion's.",
    "max_psi": "Ceiling of the population stability index of a column.",
    "max_range": "Share of the values that may lie outside the range that was learned from.",
    "max_rmse": "Ceiling of the root mean squared error, in the unit of the label.",
    "max_slice_metrics": "The same on slices: metric, then slice, to its ceiling.",
    "max_slice_rmse": "Ceilings of the RMSE on slices.",
    "max_slow_increase": "By how much more of the requests may be slow.",
    "max_unseen": "Share of the values that may be categories never seen before.",
    "max_violations": "How many broken values are let through.",
    "metric": "By what both models are compared.",
    "min_auc": "Floor of the area under the ROC curve.",
    "min_average_precision": "Floor of the average precision.",
    "min_blocks": "Blocks of time that a promotion needs.",
    "min_delta": "By how much the challenger has to be better; `auto` is one standard error.",
    "min_disparate_impact": "Floor of the lowest selection rate over the highest.",
    "min_exposure_ratio": "Floor of the lowest exposure over the highest.",
    "min_groups": "Groups of rows that belong together that a decision needs.",
    "min_metrics": "Floors of metrics by their names, of which the larger value is better.",
    "min_queries": "Queries that a decision needs.",
    "min_r2": "Floor of the coefficient of determination.",
    "min_rows": "Rows that a decision needs.",
    "min_rows_per_class": "Rows of the rarest class that a decision needs.",
    "min_rows_per_group": "Rows of a group that a decision needs.",
    "min_slice_auc": "Floors of the AUC on slices.",
    "min_slice_metrics": "The same on slices: metric, then slice, to its floor.",
    "min_slice_queries": "Queries that a slice needs.",
    "min_slice_rows": "Rows that a slice needs.",
    "min_slice_rows_per_class": "Rows of the rarest class that a slice needs.",
    "p99_ms": "Ceiling of the 99th percentile of a request's time, in ms.",
    "raw_contract": "Contract of the raw table.",
    "requests": "How many requests each model answers.",
    "required": "Parts of `model_card.yaml` that have to be said.",
    "rule": "What a challenger has to show.",
    "slices": "Slices on which the challenger may not be surely worse.",
    "threshold": "The score from which a row is selected.",
    "tie": "What happens to a challenger that answers as the champion does.",
    "train_contract": "Contract of the training table.",
}
_NOTHING = {"type": "null"}
WORDS = {"integer": "a whole number", "number": "a number", "string": "a text", "boolean": "true or false"}
_ATTRIBUTE = re.compile(r"^(\w+): (.+?)(?=^\w+: |\Z)", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Key:
    """One key of a block.

    Attributes:
        value: What may stand there, in words.
        default: What holds where it is left out; ``needed`` where nothing does.
        meaning: What it is for; empty where nobody says.
    """

    value: str
    default: str
    meaning: str


def keys(model: type[BaseModel]) -> dict[str, Key]:
    """Return name to key of a block's model, in the order of its fields."""
    schema, told = model.model_json_schema(), meanings(model)
    needed = schema.get("required", ())
    return {
        name: Key(in_words(each), "needed" if name in needed else _default(each), told.get(name, ""))
        for name, each in schema.get("properties", {}).items()
    }


def meanings(model: type[BaseModel]) -> dict[str, str]:
    """Return name to meaning of a model's keys, as far as its docstrings or `MEANINGS` tell."""
    found = {name: MEANINGS[name] for name in model.model_fields if name in MEANINGS}
    for each in reversed(model.__mro__):
        found |= attributes(inspect.cleandoc(each.__doc__ or "")) if issubclass(each, BaseModel) else {}
    return {name: text for name, text in found.items() if name in model.model_fields}


def attributes(docstring: str) -> dict[str, str]:
    """Return name to meaning of what a docstring, without its margin, lists under `Attributes:`."""
    listed = inspect.cleandoc(docstring.partition("\nAttributes:\n")[2])
    return {name: " ".join(text.replace("``", "`").split()) for name, text in _ATTRIBUTE.findall(listed)}


def in_words(schema: Mapping[str, Any]) -> str:
    """Return what a value may be, by its schema: `a number from 0 to 1`."""
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(in_words(each) for each in schema["anyOf"] if each != _NOTHING))
    if "const" in schema or "enum" in schema:
        return ", ".join(f"`{each}`" for each in schema.get("enum", [schema.get("const")]))
    kind = str(schema["type"])
    if kind == "array":
        return f"a list, each {in_words(schema['items'])}"
    if kind == "object":
        return f"names, each with {in_words(schema['additionalProperties'])}"
    if kind == "string" and schema.get("format") == "date":
        return "a day"
    return WORDS[kind] + _bounds(schema)


def _bounds(schema: Mapping[str, Any]) -> str:
    bounds = {"minimum": "from", "exclusiveMinimum": "above", "maximum": "to", "exclusiveMaximum": "below"}
    return "".join(f" {word} {schema[bound]:,}" for bound, word in bounds.items() if bound in schema)


def _default(schema: Document) -> str:
    """Return a default as it would stand in params.yaml; a mapping, made anew each time, has none here."""
    value = schema.get("default", {} if schema.get("type") == "object" else None)
    if value is None:
        return "none"
    return f"`{value}`" if value and isinstance(value, str) else f"`{json.dumps(value)}`"
