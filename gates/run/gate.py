"""Running one gate: its inputs from flags and policy, its measurements, its verdict."""

import dataclasses
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from gates import checks, digest
from gates.checks import Check, InputField
from gates.errors import InvalidError
from gates.run.project import Project
from gates.verdict import Verdict, waive


def judge(
    project: Project, name: str, given: Mapping[str, Any], today: date, skip: frozenset[str] = frozenset()
) -> Verdict:
    """Return the verdict of a gate.

    Args:
        project: The project.
        name: The gate.
        given: Values of inputs that do not come from policy or project.
        today: The day on which waivers are looked at.
        skip: Optional inputs to leave out.

    Raises:
        GatesError: An input cannot be read; nothing was decided.
    """
    check = checks.load(name)
    policy = project.policy.gates[name]
    inputs = _inputs(project, name, check, given, skip)
    record = _record(check, inputs)  # before anything reads the files: what is recorded is what is measured
    measurements = {key: float(value) for key, value in check.measure(inputs).items()}
    findings = waive(name, check.judge(policy, measurements), project.policy.waivers, today)
    return Verdict(name, policy.mode, findings, measurements, record, project.policy.sha256)


def _inputs(project: Project, name: str, check: Check, given: Mapping[str, Any], skip: frozenset[str]) -> Any:  # noqa: ANN401 - each gate has its own
    values: dict[str, Any] = {}
    for field in checks.input_fields(check):
        if field.name in given:
            values[field.name] = given[field.name]
        elif field.name not in skip:
            values |= _looked_up(project, name, check, field)
    return check.Inputs(**values)


def _looked_up(project: Project, name: str, check: Check, field: InputField) -> dict[str, Any]:
    try:
        value = project.input(name, field.name, is_file=field.is_file)
        return {field.name: tuple(value) if field.is_list else value}
    except KeyError:
        declared = next(each for each in dataclasses.fields(check.Inputs) if each.name == field.name)
        if declared.default is dataclasses.MISSING:
            flag = f"--{field.name.replace('_', '-')}"
            raise InvalidError(
                f"The gate {name} needs {field.help}.", do=f"Give it: gates {name} {flag} …"
            ) from None
        return {}


def _record(check: Check, inputs: Any) -> dict[str, str]:  # noqa: ANN401 - each gate has its own
    """Return what a verdict remembers of its inputs: digests of files, plain values as they are."""
    record: dict[str, str] = {}
    for field in checks.input_fields(check):
        value = getattr(inputs, field.name)
        if isinstance(value, Path):
            record[field.name] = digest.of_file(value)
        elif value not in (None, "", ()):
            record[field.name] = ",".join(value) if isinstance(value, tuple) else str(value)
    return record
