"""Killed, told to end, or raced: the same command, run again, ends with one entry and the alias at it."""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.chain.conftest import State
from tests.chain.project import MODEL, Project

# Runs `gates` and is killed as if the machine went down, right after (or before) one call of a method.
KILLED = """
import importlib, os, signal, sys

module, owner, method, moment, *arguments = sys.argv[1:]
owner = getattr(importlib.import_module(module), owner)
called = getattr(owner, method)

def deadly(*given):
    if moment == "after":
        called(*given)
    os.kill(os.getpid(), signal.SIGKILL)

setattr(owner, method, deadly)
sys.argv[1:] = arguments
importlib.import_module("gates.cli.commands").main()
"""
APPEND = ("gates.adapters.store", "FolderStore", "append")
WAIT_S = 120


@pytest.fixture
def candidate(judged: Project, branch: Callable[[Project], Project]) -> Project:
    """A copy in which the first model waits for its promotion."""
    return branch(judged)


@pytest.mark.parametrize(("moment", "entries"), [("before", 0), ("after", 1)])
def test_a_killed_promotion_is_completed_once(candidate: Project, moment: str, entries: int) -> None:
    """The entry is the commit: before it nobody serves, after it the model does, whatever the alias says."""
    killed = candidate.run(sys.executable, "-c", KILLED, *APPEND, moment, "promote", "--apply")
    assert killed.code == -signal.SIGKILL, killed.err
    assert len(candidate.gates("history", "--json").json["entries"]) == entries
    again = candidate.gates("promote", "--apply", "--json")
    assert again.code == 0, again.out
    (entry,) = candidate.gates("history", "--json").json["entries"]
    assert candidate.alias() == entry["to"] == again.json["version"]
    assert len(candidate.mlflow.search_model_versions(f"name = '{MODEL}'")) == 1
    assert not list((candidate.path / ".gates/ledger").rglob(".new-*"))


def test_a_ship_completes_the_alias_that_a_kill_left(candidate: Project) -> None:
    """It trains nothing: the champion is known, only its shadow is missing."""
    killed = candidate.run(sys.executable, "-c", KILLED, *APPEND, "after", "promote", "--apply")
    assert killed.code == -signal.SIGKILL, killed.err
    shipped = candidate.gates("ship", "--json")
    assert shipped.code == 0, shipped.out
    assert shipped.json["outcome"] == "unchanged"
    assert candidate.alias() == "1"


def test_a_killed_rollback_is_completed_once(second: State, branch: Callable[[Project], Project]) -> None:
    """Run again it writes no second entry, and above all does not roll back the rollback."""
    project = branch(second.project)
    rollback = ("rollback", "--to", "previous", "--reason", "slow", "--apply")
    killed = project.run(sys.executable, "-c", KILLED, *APPEND, "after", *rollback)
    assert killed.code == -signal.SIGKILL, killed.err
    assert project.alias() == "2"
    again = project.gates(*rollback, "--json")
    assert again.code == 0, again.out
    assert again.json["version"] == "1"
    assert len(project.gates("history", "--json").json["entries"]) == 3
    assert project.alias() == "1"


def test_two_promotions_race(candidate: Project, branch: Callable[[Project], Project]) -> None:
    """Two decisions compared with the same head: one is carried out, the other is a conflict (5)."""
    other = branch(candidate)
    assert other.gates("judge", "--approver", "Ada").code == 0
    shared = {
        "GATES_LEDGER": str(candidate.path / ".gates/ledger"),
        "MLFLOW_TRACKING_URI": f"sqlite:///{candidate.path / 'mlflow.db'}",
    }
    with ThreadPoolExecutor(2) as pool:
        racing = [
            pool.submit(each.gates, "promote", "--apply", "--json", **shared) for each in (candidate, other)
        ]
    answers = [each.result() for each in racing]
    assert sorted(answer.code for answer in answers) == [0, 5], [answer.out for answer in answers]
    (entry,) = candidate.gates("history", "--json").json["entries"]
    assert candidate.alias() == entry["to"]


def test_two_ships_race(candidate: Project, branch: Callable[[Project], Project]) -> None:
    """The same model twice: one is promoted, and the other compares again and finds it serving."""
    other = branch(candidate)
    shared = {
        "GATES_LEDGER": str(candidate.path / ".gates/ledger"),
        "MLFLOW_TRACKING_URI": f"sqlite:///{candidate.path / 'mlflow.db'}",
    }
    with ThreadPoolExecutor(2) as pool:
        racing = [pool.submit(each.gates, "ship", "--json", **shared) for each in (candidate, other)]
    answers = [each.result() for each in racing]
    assert [answer.code for answer in answers] == [0, 0], [answer.out for answer in answers]
    assert sorted(answer.json["outcome"] for answer in answers) == ["pass", "unchanged"]
    (entry,) = candidate.gates("history", "--json").json["entries"]
    assert candidate.alias() == entry["to"]


def test_sigterm_ends_everything(candidate: Project) -> None:
    """A ship that is told to end while a stage trains leaves no child and no RUNNING run."""
    runs = candidate.runs()
    pipe = candidate.path / ".gates/alive"
    os.mkfifo(pipe)
    waiting = f"    alive = open({str(pipe)!r}, 'w')\n    alive.write('yes')\n    alive.flush()\n"
    build = "    model = build("
    candidate.edit("scripts/train.py", build, f"{waiting}    __import__('signal').pause()\n{build}")
    candidate.commit()
    descriptor = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    ship = subprocess.Popen(
        [sys.executable, "-m", "gates", "ship"],
        cwd=candidate.path,
        env=candidate.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        assert select.select([descriptor], [], [], WAIT_S)[0], "the stage has not started"
        assert os.read(descriptor, 16) == b"yes"
        ship.send_signal(signal.SIGTERM)
        _, said = ship.communicate(timeout=WAIT_S)
        assert select.select([descriptor], [], [], WAIT_S)[0], "the stage lives on"
        assert os.read(descriptor, 16) == b"", "a pipe that nobody can write to any more is at its end"
    finally:
        ship.kill()
        os.close(descriptor)
    assert ship.returncode == 128 + signal.SIGTERM
    assert b"Traceback" not in said
    assert candidate.runs() == runs
    assert set(runs.values()) == {"FINISHED"}
