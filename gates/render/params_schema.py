"""The JSON Schema of params.yaml, for editors: unknown keys, types and bounds while one types.

It says what the models say. What takes two values at once, or a form in words, `gates policy` says alone.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from gates.documents import Document
from gates.policy_blocks import GatePolicy, LivePolicy, OptionalPolicy, Project
from gates.policy_values import Task
from gates.render.policy_keys import attributes, meanings

DRAFT = "http://json-schema.org/draft-07/schema#"  # the newest that every editor knows
TEXT = {"type": "string"}


def render(forms: Mapping[Task, Mapping[str, type[GatePolicy]]], questions: Mapping[str, str]) -> Document:
    """Return the schema.

    Args:
        forms: Task to gate name to the model of its block.
        questions: Gate name to the question that it answers.
    """
    definitions: Document = {}
    block = _schema(Project, definitions)
    block["properties"]["trusted_keys"]["items"] = {"anyOf": [{"$ref": "#/definitions/KeyPolicy"}, TEXT]}
    for name, form in forms["binary"].items():
        same = all(of_task[name] is form for of_task in forms.values())
        block["properties"][name] = {
            **(_schema(form, definitions) if same else {}),
            "description": questions[name],
        }
        if not issubclass(form, LivePolicy | OptionalPolicy):
            block["required"].append(name)
    by_task = [name for name in forms["binary"] if "type" not in block["properties"][name]]
    block["allOf"] = [
        {
            "if": _is(task),
            "then": {"properties": {name: _schema(of_task[name], definitions) for name in by_task}},
        }
        for task, of_task in forms.items()
    ]
    return {
        "$schema": DRAFT,
        "title": "params.yaml of ML Gates",
        "description": "Your stages' parameters, and the policy under `gates`; `gates policy` says the rest.",
        "type": "object",
        "required": ["gates"],
        "properties": {"gates": block},
        "definitions": dict(sorted(definitions.items())),
    }


def _is(task: Task) -> Document:
    """Return the condition that a policy is of a task; of binary where it says nothing."""
    said: Document = {"properties": {"task": {"const": task}}}
    return said if task == "binary" else {**said, "required": ["task"]}


def _schema(model: type[BaseModel], definitions: Document) -> Document:
    """Return the schema of a block; those that it refers to go to the definitions."""
    schema = model.model_json_schema(ref_template="#/definitions/{model}")
    for name, each in schema.pop("$defs", {}).items():
        definitions[name] = _told(each, attributes(each.get("description", "")))
    return _told(schema, meanings(model))


def _told(schema: Document, meaning: Mapping[str, str]) -> Document:
    """Return a block's schema with what its keys mean, and without titles, which only repeat their names."""
    properties = {
        name: {key: value for key, value in each.items() if key != "title"}
        | ({"description": meaning[name]} if name in meaning else {})
        for name, each in schema.get("properties", {}).items()
    }
    first: dict[str, Any] = {"description": schema.get("description", "").partition("\n\n")[0]}
    return (
        {key: value for key, value in schema.items() if key != "title"} | first | {"properties": properties}
    )
