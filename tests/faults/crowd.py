"""Many processes that move one champion at once, each again and again until its own move is in the ledger.

What `gates promote` and `gates rollback` do from their plan on is done here; judging and loading, which take
a second each and move nothing, are left out. Who loses a race plans anew, as whoever judges again does.
"""

import os
import random
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from gates.adapters.console import Screen
from gates.adapters.registry import Registry
from gates.errors import ConflictError
from gates.ledger import History
from gates.plans import rollback
from gates.plans.steps import Append, PointAlias, Step
from gates.run.carry_out import carry_out
from gates.run.project import Project
from tests.faults import zygote
from tests.faults.zygote import Ask


class Crowd:
    """The process that forks the others."""

    def __init__(self, ask: Ask) -> None:
        """Take the way to ask it."""
        self._ask = ask

    def move(self, root: Path, seed: int, people: int, environment: Mapping[str, str]) -> list[str]:
        """Let so many move the champion of a project at once; return the operation that each carried out."""
        order = {"root": str(root), "seed": seed, "people": people, "environment": dict(environment)}
        answer = self._ask(order)
        assert not answer["wrong"], answer["wrong"]
        return list(answer["done"])


@contextmanager
def start() -> Iterator[Crowd]:
    """Start one, which is killed when the block ends."""
    with zygote.started("tests.faults.crowd") as ask:
        yield Crowd(ask)


def main() -> None:
    """Fork a crowd for each line of stdin, and answer each by a line."""
    # No pool: a connection to the database that was open before a fork must not be used after it.
    os.environ["MLFLOW_SQLALCHEMYSTORE_POOLCLASS"] = "NullPool"
    zygote.serve(_crowd)


def _crowd(order: dict[str, Any]) -> dict[str, list[str]]:
    """Fork everybody, let all begin at once, and return what they did and what went wrong."""
    gate, open_gate = os.pipe()
    told, tell = os.pipe()
    children = []
    os.environ.update(order["environment"])
    project = Project(Path(order["root"]), Path("log"), Screen(quiet=True))
    registry = Registry(project.root, project.model)
    registry.champion_version()
    for number in range(order["people"]):
        child = os.fork()
        if child == 0:
            os.close(open_gate)
            os.read(gate, 1)  # ends when the gate is closed by whoever holds its other side
            chance = random.Random(order["seed"] * 1_000 + number)  # noqa: S311 - no secret
            _be(replace(project), registry, chance, number, tell)
        children.append(child)
    for descriptor in (gate, open_gate, tell):
        os.close(descriptor)
    with os.fdopen(told) as file:
        said = [line.partition(" ") for line in file.read().splitlines()]
    for child in children:
        os.waitpid(child, 0)
    return {kind: [text for first, _, text in said if first == kind] for kind in ("done", "wrong")}


def _be(project: Project, registry: Registry, chance: random.Random, number: int, tell: int) -> None:
    """Be one of them; never returns."""
    try:
        said = f"done {_move(project, registry, chance, number)}"
    except BaseException:  # noqa: BLE001 - told to the test
        said = f"wrong {traceback.format_exc()[-1500:]!r}"
    try:
        os.write(tell, f"{said}\n".encode())
    finally:
        os._exit(0)


def _move(project: Project, registry: Registry, chance: random.Random, number: int) -> str:
    """Promote or roll back, planning anew after every conflict; return the operation that was done."""
    wanted = chance.choice(("promote", "rollback"))
    while True:
        history = project.history()
        append = _append(history, chance, wanted, f"person {number}")
        steps: list[Step] = [append, PointAlias()]
        try:
            carry_out(project, registry, steps, history)
        except ConflictError:
            continue
        return append.operation


def _append(history: History, chance: random.Random, wanted: str, name: str) -> Append:
    """Return the move to another champion of the past."""
    others = [each for each in history.served if each.sha != getattr(history.champion, "sha", "")]
    target = chance.choice(others)
    if wanted == "promote":
        return Append(name, "promote", target, name)
    return Append(rollback.operation(history, target), "rollback", target, name)


if __name__ == "__main__":
    main()
