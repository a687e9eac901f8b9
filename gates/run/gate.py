"""Running one gate: its inputs from flags and policy, its measurements, its verdict."""

import dataclasses
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from gates import checks, digest, human_parts
from gates.adapters import behaviour, files
from gates.checks import Check, InputField
from gates.documents import read_json
from gates.errors import InvalidError
from gates.parts import Over
from gates.policy import require_valid
from gates.run import engine, named_metrics
from gates.run.project import Project
from gates.verdict import Verdict, waive
from gates.verdict_document import to_document


def run(
    project: Project, name: str, given: Mapping[str, Any], today: date, on: str = engine.LOCAL
) -> Verdict:
    """Return the verdict of a gate alone, and leave it in `evidence/`; ``on`` names the engine.

    Raises:
        GatesError: An input cannot be read; nothing was decided.
    """
    with engine.opened(project, on) as used:
        values = used.at_hand(given.values())
        verdict = judge(project, name, dict(zip(given, values, strict=True)), today, over=used.over)
    files.write_json(project.evidence / f"{name}.json", to_document(verdict))
    return verdict


def judge(
    project: Project,
    name: str,
    given: Mapping[str, Any],
    today: date,
    skip: frozenset[str] = frozenset(),
    over: Over[Any] | None = None,
) -> Verdict:
    """Return the verdict of a gate.

    Args:
        project: The project.
        name: The gate.
        given: Values of inputs that are not to be looked up.
        today: The day on which waivers are looked at.
        skip: Optional inputs to leave out.
        over: What carries it over the parts of its tables; this process if absent.

    Raises:
        GatesError: An input cannot be read; nothing was decided.
    """
    check = checks.load(name)
    policy = project.policy.block(name)
    require_valid(name, policy, given)
    if given.get("task", task := project.policy.project.task) != task:
        raise InvalidError(f"The policy is that of a {task}.", do=f"Leave --task out: gates {name}")
    inputs = _inputs(project, name, check, {"as_of": today.isoformat(), **given}, skip)
    _require_asked(project, getattr(inputs, "named_metrics", None))
    record = _record(check, inputs)  # before anything reads the files: what is recorded is what is measured
    measurements = {key: float(value) for key, value in _measured(project, check, inputs, over).items()}
    verdict = again(project, name, measurements, today)
    for waiver in project.policy.waivers if not skip else ():
        if waiver.gate == name and waiver.finding not in {finding.name for finding in verdict.findings}:
            project.say(f"the waiver for {name}: {waiver.finding} waives nothing; {name} has no such finding")
    return replace(verdict, inputs=record)


def _measured(
    project: Project,
    check: Check,
    inputs: Any,  # noqa: ANN401 - each gate has its own
    over: Over[Any] | None,
) -> Mapping[str, float]:
    measure = checks.over_parts(check)
    if measure is None:
        return check.measure(inputs)
    with engine.opened(project, engine.LOCAL) as here:
        return measure(inputs, over or here.over)


def _require_asked(project: Project, figures: Path | None) -> None:
    """Hold that the figures of named metrics are those that the policy asks for.

    Raises:
        InvalidError: They were taken under another policy.
    """
    if figures is not None and read_json(figures).get("asked") != named_metrics.asked_of(project):
        raise InvalidError(
            f"{figures} was taken under another policy.", do="Judge again, which takes them anew: gates judge"
        )


def again(project: Project, name: str, measurements: Mapping[str, float], today: date) -> Verdict:
    """Return what the policy says about figures that were measured before."""
    policy, figures = project.policy.block(name), dict(measurements)
    findings = waive(name, checks.load(name).judge(policy, figures), project.policy.waivers, today)
    return Verdict(name, policy.mode, findings, figures, policy_sha256=project.policy.sha256)


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
        value = lookup(project, name, field)
        return {field.name: tuple(value) if field.is_list else value}
    except KeyError:
        declared = next(each for each in dataclasses.fields(check.Inputs) if each.name == field.name)
        if declared.default is dataclasses.MISSING:
            flag = f"--{field.name.replace('_', '-')}"
            raise InvalidError(
                f"The gate {name} needs {field.help}.", do=f"Give it: gates {name} {flag} …"
            ) from None
        return {}


def lookup(project: Project, gate: str, field: InputField) -> Any:  # noqa: ANN401 - whatever the field holds
    """Return a gate's input by its name: from its block, the project's blocks, or the jobs' files.

    Raises:
        KeyError: Nobody has a value of that name.
    """
    shared = project.policy.project
    for block in (project.policy.block(gate), shared.data, shared.golden_set, shared.training):
        if field.name in type(block).model_fields:
            value = getattr(block, field.name)
            if value is None:
                raise KeyError(field.name)
            if isinstance(value, date):
                return value.isoformat()
            return project.root / value if field.is_file else value
    if field.name == "named_metrics" and not project.policy.named_metrics:
        raise KeyError(field.name)
    if field.name == "card" and not (project.root / human_parts.NAME).exists():
        raise KeyError(field.name)  # nobody has said anything, which is for the gate to judge
    return {
        "git": project.candidate / "git.json",
        "run": project.candidate / "run.json",
        "serving": project.candidate / "serving.json",
        "training": project.candidate / "train.json",
        "predictions": project.candidate / "predictions.parquet",
        "latency": project.candidate / "latency.json",
        "junit": project.candidate / behaviour.RESULT,
        "card": project.root / human_parts.NAME,
        "traffic": project.candidate / "traffic.csv",
        "named_metrics": project.candidate / "metrics.json",
        "lock": project.lock,
        "task": shared.task,
        "pipeline": project.root / "dvc.yaml",
    }[field.name]


def _record(check: Check, inputs: Any) -> dict[str, str]:  # noqa: ANN401 - each gate has its own
    """Return what a verdict remembers of its inputs: digests of files, plain values as they are."""
    record: dict[str, str] = {}
    for field in checks.input_fields(check):
        value = getattr(inputs, field.name)
        if isinstance(value, Path):
            record[field.name] = digest.of_tree(value) if value.is_dir() else digest.of_file(value)
        elif value not in (None, "", ()):
            record[field.name] = ",".join(value) if isinstance(value, tuple) else str(value)
    return record
