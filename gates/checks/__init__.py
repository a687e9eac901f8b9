"""The gates, one a file; this folder is the registry.

A gate is a module with a docstring (the user's documentation), `Policy`, `Inputs`, `measure` and `judge`. One
whose limits depend on the task has a `MulticlassPolicy`, `RegressionPolicy`, `RankingPolicy` beside it;
one that reads tables of any length has `measure_over(inputs, over)` too, where `over` carries a function over
the parts of a table.
Fields of `Inputs` are written ``name: Annotated[type, "help"]``; they become flags and action inputs. A
`Path` is a file whose digest the verdict records. A field that is not given is looked up by its name: first
in the gate's own block of the policy, then in the project's, then among the files of the jobs.
"""

import dataclasses
import importlib
import pkgutil
import typing
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from gates.parts import Over
from gates.policy_blocks import TASKS, GatePolicy
from gates.policy_values import Task
from gates.verdict import Finding, Measurements


class Check(Protocol):
    """The shape of a gate's module."""

    __name__: str
    __doc__: str | None

    @property
    def Policy(self) -> type[GatePolicy]: ...  # noqa: D102, N802 - a class in the module

    @property
    def Inputs(self) -> type[Any]: ...  # noqa: D102, N802 - a class in the module

    def measure(self, inputs: Any) -> Measurements:  # noqa: ANN401 - each gate has its own Inputs
        """Turn files into numbers."""

    def judge(self, policy: Any, measurements: Measurements) -> Iterable[Finding]:  # noqa: ANN401 - its own Policy
        """Turn numbers into findings, the headline first."""


@dataclass(frozen=True)
class InputField:
    """One input of a gate: a flag of its command and an input of its action."""

    name: str
    type: Any
    help: str

    @property
    def is_file(self) -> bool:
        """Whether it names a file, whose digest the verdict records."""
        return self.type is Path or Path in typing.get_args(self.type)

    @property
    def is_list(self) -> bool:
        """Whether it may be given several times."""
        return typing.get_origin(self.type) is tuple


def names() -> list[str]:
    """Return the names of all gates, sorted."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def load(name: str) -> Check:
    """Return the module of a gate."""
    return typing.cast("Check", importlib.import_module(f"{__name__}.{name}"))


def over_parts(check: Check) -> Callable[[Any, Over[Any]], Measurements] | None:
    """Return `measure` of a gate that can be told what carries it over the parts of its tables."""
    return getattr(check, "measure_over", None)


def policies() -> dict[Task, dict[str, type[GatePolicy]]]:
    """Return task to gate name to the model of the gate's block in the policy."""
    return {task: {name: form(load(name), task) for name in names()} for task in TASKS}


def form(check: Check, task: Task) -> type[GatePolicy]:
    """Return the model of a gate's block under a task."""
    found: type[GatePolicy] = getattr(check, f"{task.title()}Policy", check.Policy)
    return found


def input_fields(check: Check) -> list[InputField]:
    """Return the inputs of a gate, in the order of its `Inputs`."""
    hints = typing.get_type_hints(check.Inputs, include_extras=True)
    fields = []
    for field in dataclasses.fields(check.Inputs):
        kind, text = typing.get_args(hints[field.name])
        fields.append(InputField(field.name, kind, text))
    return fields
