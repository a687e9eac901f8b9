"""The `gates:` block of params.yaml: one frozen, strict model a gate, every mistake reported at once."""

import difflib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar, get_args

from pydantic import (
    ValidationError,
)

from gates import digest
from gates.documents import Document
from gates.errors import InvalidError, Remark
from gates.metric_names import OURS, SCORERS, is_scorer
from gates.policy_blocks import TASKS, GatePolicy, LivePolicy, OptionalPolicy, Project, Strict
from gates.policy_values import Task
from gates.trust import TrustedKey
from gates.verdict import Waiver

SHOWN_CHARACTERS = 80
_Block = TypeVar("_Block", bound=Strict)


@dataclass(frozen=True)
class Policy:
    """The whole policy.

    Attributes:
        project: Names, files and waivers.
        gates: Name to block of the gates that judge a candidate, in the order of params.yaml.
        live: Name to block of the gates that look at live traffic.
        document: The block as it stands in params.yaml.
        sha256: Digest of the block's canonical JSON: which policy judged.
    """

    project: Project
    gates: Mapping[str, GatePolicy]
    live: Mapping[str, GatePolicy]
    document: Document
    sha256: str

    @property
    def blocks(self) -> Mapping[str, GatePolicy]:
        """Name to block of the gates of both kinds."""
        return {**self.gates, **self.live}

    def block(self, gate: str) -> GatePolicy:
        """Return the block of a gate of either kind.

        Raises:
            InvalidError: The policy has no block of a gate that needs one to be run.
        """
        if gate not in self.blocks:
            raise InvalidError(f"The policy has no block gates.{gate}.", do=f"Write {gate}: {{mode: report}}")
        return self.blocks[gate]

    @property
    def named_metrics(self) -> tuple[str, ...]:
        """The metrics that gates ask for and do not take themselves, sorted."""
        held = {name for block in self.gates.values() for name in block.metrics_held}
        return tuple(sorted(held - {*OURS[self.project.task]}))

    def slices_of(self, metric: str) -> tuple[str, ...]:
        """Return the slices on which gates ask for a metric, sorted."""
        held = (block.slices_held.get(metric, ()) for block in self.gates.values())
        return tuple(sorted({name for slices in held for name in slices}))

    @property
    def filled(self) -> Document:
        """The block with its defaults filled in."""
        blocks = {name: block.model_dump(mode="json", by_alias=True) for name, block in self.blocks.items()}
        return {**self.project.model_dump(mode="json", by_alias=True), **blocks}

    @property
    def trusted_keys(self) -> tuple[TrustedKey, ...]:
        """The keys that verify decisions and entries, with the days for which they are believed."""
        return tuple(each.trusted for each in self.project.trusted_keys)

    @property
    def approvers(self) -> tuple[TrustedKey, ...]:
        """The keys of the people who may break the glass; they verify nothing else."""
        return tuple(each.trusted for each in self.project.approvers)

    @property
    def waivers(self) -> tuple[Waiver, ...]:
        """The waivers as the verdict knows them."""
        return tuple(Waiver(**waiver.model_dump()) for waiver in self.project.waivers)


def parse(
    params: Document, forms: Mapping[Task, Mapping[str, type[GatePolicy]]], name: str = "params.yaml"
) -> Policy:
    """Return the policy in the `gates:` block of a parameter file.

    Args:
        params: The whole document.
        forms: Task to gate name to the model of its block; every gate that judges a candidate needs one.
        name: What an error calls the file.

    Raises:
        InvalidError: With every mistake and its address, such as ``gates.latency.p99_ms``.
    """
    block = params.get("gates")
    if not isinstance(block, dict):
        raise InvalidError(
            f"{name} has no `gates:` block.",
            why="The policy that judges a model stands there.",
            do="Copy the block of ml-gates' own params.yaml and change its values.",
            remarks=[Remark("It has no `gates:` block.", name, address="gates")],
        )
    mistakes: list[str] = []
    gates = tuple(forms["binary"])
    shared = {key: value for key, value in block.items() if key not in gates}
    if isinstance(listed := shared.get("trusted_keys"), list):
        shared["trusted_keys"] = [{"key": each} if isinstance(each, str) else each for each in listed]
    project = _validate(Project, shared, "gates", mistakes, also=gates)
    found: dict[str, GatePolicy] = {}
    for gate in sorted(gates, key=lambda gate: list(block).index(gate) if gate in block else len(block)):
        form = forms["binary"][gate]
        if gate not in block and issubclass(form, OptionalPolicy):
            continue
        if gate not in block and not issubclass(form, LivePolicy):
            mistakes.append(
                f"gates.{gate}: missing; to see it without blocking write `{gate}: {{mode: report, …}}`"
            )
        elif (task := block.get("task", "binary")) in TASKS:  # else told with the project's mistakes
            others = _of_other_tasks(forms, task, gate)
            if parsed := _validate(
                forms[task][gate], block.get(gate, {}), f"gates.{gate}", mistakes, others=others
            ):
                found[gate] = parsed
    if project:
        mistakes += _stray_waivers(project, gates)
        mistakes += [*_stray_columns(project), *_stray_metrics(project, found)]
    if mistakes or project is None:
        count = f"{len(mistakes)} mistake{'s' if len(mistakes) > 1 else ''}"
        raise InvalidError(
            f"{name} has {count}:\n  " + "\n  ".join(mistakes),
            do=f"Correct {name}, then: gates policy",
            remarks=[Remark(each, name, address=each.partition(": ")[0]) for each in mistakes],
        )
    live = {name: each for name, each in found.items() if isinstance(each, LivePolicy)}
    judging = {name: each for name, each in found.items() if name not in live}
    return Policy(project, judging, live, block, digest.of_document(block))


def require_valid(gate: str, block: GatePolicy, given: Mapping[str, Any]) -> None:
    """Hold values that stand in for those of a gate's block against that block's own limits.

    Raises:
        InvalidError: With every mistake.
    """
    declared = block.model_dump(mode="json")
    # Of a mapping, only the names are given; the limits stay the policy's.
    values = {
        name: dict.fromkeys(value, 0.0) if isinstance(declared[name], dict) else value
        for name, value in given.items()
        if name in declared and not isinstance(value, Path)  # a file on this machine, not one of the project
    }
    mistakes: list[str] = []
    _validate(type(block), {**declared, **values}, gate, mistakes)
    if mistakes:
        raise InvalidError("; ".join(mistakes), do=f"gates {gate} --help")


def _validate(
    model: type[_Block],
    block: object,
    address: str,
    mistakes: list[str],
    also: tuple[str, ...] = (),
    others: Mapping[str, str] = MappingProxyType({}),
) -> _Block | None:
    try:
        return model.model_validate_json(json.dumps(block))
    except ValidationError as error:
        mistakes += [_mistake(each, model, address, also, others) for each in error.errors(include_url=False)]
        return None


def _mistake(
    error: Any,  # noqa: ANN401 - pydantic's own record
    model: type[Strict],
    address: str,
    also: tuple[str, ...],
    others: Mapping[str, str],
) -> str:
    where = ".".join([address, *map(_shown, error["loc"])])
    if error["type"] == "missing":
        return f"{where}: missing"
    if error["type"] == "extra_forbidden" and len(error["loc"]) == 1 and error["loc"][0] in others:
        return f"{where}: is for {others[error['loc'][0]]}; choose limits of gates.task"
    if error["type"] == "extra_forbidden":
        known = [*_fields(model, error["loc"][:-1]), *(also if len(error["loc"]) == 1 else ())]
        near = difflib.get_close_matches(str(error["loc"][-1]), known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known here: {', '.join(sorted(known))}"
        return f"{where}: unknown; {hint}"
    message = error["msg"].removeprefix("Value error, ")
    return (
        f"{where}: {message[0].lower()}{message[1:]}, got {_shown(json.dumps(error['input'], default=str))}"
    )


def _of_other_tasks(
    forms: Mapping[Task, Mapping[str, type[GatePolicy]]], task: Task, gate: str
) -> dict[str, str]:
    """Return each field that a gate's block has under other tasks, and those tasks."""
    found: dict[str, list[str]] = {}
    for other in (each for each in forms if each != task):
        for field in forms[other][gate].model_fields:
            found.setdefault(field, []).append(other)
    return {field: " and ".join(tasks) for field, tasks in found.items()}


def _shown(value: object) -> str:
    text = str(value) if str(value).isprintable() else repr(value)
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[: SHOWN_CHARACTERS - 1]}…"


def _fields(model: type[Strict], path: tuple[str | int, ...]) -> Iterator[str]:
    """Yield the field names of the block at ``path`` below a model, as far as it is one of ours."""
    current: Any = model
    for step in path:
        if isinstance(step, int):
            current = next(iter(get_args(current)), current)
        elif field := getattr(current, "model_fields", {}).get(step):
            current = field.annotation
    yield from getattr(current, "model_fields", {})


def _stray_waivers(project: Project, gates: Sequence[str]) -> Iterator[str]:
    for position, waiver in enumerate(project.waivers):
        if waiver.gate not in gates:
            near = difflib.get_close_matches(waiver.gate, gates, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            yield f"gates.waivers.{position}.gate: there is no gate {waiver.gate!r}{hint}"


def _stray_columns(project: Project) -> Iterator[str]:
    """Yield what group and weight of the golden set lack, or cannot be."""
    if project.task == "ranking" and not project.golden_set.group:
        yield "gates.golden_set.group: missing; a ranking orders the rows of a query: name its column"
    for field in ("group", "weight"):
        if getattr(project.golden_set, field) in {project.data.label, project.data.key}:
            yield f"gates.golden_set.{field}: that is the label or the key; name a feature"


def _stray_metrics(project: Project, blocks: Mapping[str, GatePolicy]) -> Iterator[str]:
    """Yield a metric that nobody knows, or that a limit holds from the wrong side."""
    task, own = project.task, project.metrics
    for name in own:
        if name in OURS[task] or is_scorer(task, name):
            yield f"gates.metrics.{name}: that is the name of another metric; choose one of your own"
    for gate, block in blocks.items():
        for name, direction in block.metrics_held.items():
            better = own[name].better if name in own else "larger"
            if name not in own and name not in OURS[task] and not is_scorer(task, name):
                known = [*dict.fromkeys((*own, *OURS[task], *SCORERS[task]))]
                near = difflib.get_close_matches(name, known, n=1)
                hint = f"did you mean {near[0]!r}?" if near else f"known here: {', '.join(known)}"
                yield f"gates.{gate}: a {task} has no metric {name!r}; {hint}"
            elif direction and name in OURS[task]:
                yield f"gates.{gate}: {name!r} has a limit of its own here"
            elif direction and direction != better:
                yield f"gates.{gate}: of {name!r} the {better} value is better; hold it from the other side"
