"""The same inputs give the same decision, byte for byte: `gates ship` on a laptop, `judge` on a runner."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gates import digest
from gates.documents import read_json
from tests.chain.conftest import State
from tests.chain.project import Project
from tests.shell import COLD, Shell

HANDED_ON = ("data", "models", "metrics", "candidate")  # the artifacts of ship.yml, by their folders
OWN = ("git.json", "run.json", "serving.json", "champion")  # of `candidate`, what no job hands on
SOMEBODY = 65_534  # `nobody`: on no machine the one who tests
# Root can become somebody else who may still read this Python. Without that right the names alone differ.
AS_SOMEBODY = [
    "setpriv",
    f"--reuid={SOMEBODY}",
    f"--regid={SOMEBODY}",
    "--clear-groups",
    "--inh-caps=+dac_override",
    "--ambient-caps=+dac_override",
]


@pytest.fixture
def runner(ships: Callable[[str], State]) -> Iterator[Shell]:
    """A machine of its own with a fresh clone, what the jobs handed on, and GitHub's variables."""
    laptop = ships("worse").project
    machine = Path(tempfile.mkdtemp(prefix="a runner ü "))  # not under pytest's folder, which is one user's
    room = machine / "work" / "model"
    (machine / "home").mkdir()
    laptop.git("clone", "--quiet", str(laptop.path), str(room))
    for name in HANDED_ON:
        shutil.copytree(laptop.path / name, room / name, dirs_exist_ok=True)
    for name in OWN:
        left = room / "candidate" / name
        shutil.rmtree(left) if left.is_dir() else left.unlink()
    shutil.copytree(laptop.path / ".gates/ledger", machine / "ledger")
    shutil.copy(laptop.path / "mlflow.db", machine)
    (room / ".gates").mkdir()
    shutil.copy(laptop.path / ".gates/key.pem", room / ".gates")
    yield Shell(room, laptop.environment | _variables(machine))
    shutil.rmtree(machine)


def _variables(machine: Path) -> dict[str, str]:
    """Return what a runner sets, and everything else by which two machines differ."""
    github = {
        "ACTIONS": "true",
        "ACTOR": "ada",
        "REPOSITORY": "org/model",
        "RUN_ID": "7",
        "SERVER_URL": "https://github.com",
        "WORKSPACE": str(machine / "work" / "model"),
        "OUTPUT": str(machine / "home" / "output"),
        "STEP_SUMMARY": str(machine / "home" / "summary"),
    }
    return (
        {f"GITHUB_{name}": value for name, value in github.items()}
        | COLD
        | {
            "CI": "true",
            "GATES_LEDGER": str(machine / "ledger"),
            "MLFLOW_TRACKING_URI": f"sqlite:///{machine / 'mlflow.db'}",
            "HOME": str(machine / "home"),
            "LOGNAME": "runner",
            "USER": "runner",
            "TZ": "Pacific/Kiritimati",  # the day of tomorrow, most of the time
            "LANG": "C",
            "LC_ALL": "C",
            "PYTHONHASHSEED": "7",
            "OMP_NUM_THREADS": "1",
        }
    )


def _judge(runner: Shell, laptop: Project, day: str) -> int:
    """Run the job `judge` as ship.yml does, as another user with another umask, and return its code."""
    told = [
        f"{flag}={digest.of_file(laptop.path / 'candidate' / f'{job}.json')}"
        for flag, job in (("--expect", "predict"), ("--expect-train", "train"), ("--expect-data", "data"))
    ]
    command = ["gates", "judge", "--today", day, *told]
    if os.geteuid() == 0 and runner.run(*AS_SOMEBODY, "true").code == 0:
        machine = runner.path.parents[1]
        for path in (machine, *machine.rglob("*")):
            os.chown(path, SOMEBODY, SOMEBODY)
        command = [*AS_SOMEBODY, *command]
    answer = runner.run("sh", "-c", 'umask 077 && exec "$@"', "sh", *command)
    assert "::error" in answer.err, answer.out + answer.err
    return answer.code


def _evidence(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / "evidence").iterdir()}


def test_a_laptop_and_a_runner_write_the_same_decision(ships: Callable[[str], State], runner: Shell) -> None:
    """Statement, verdicts, dvc.lock, replayed rows; the timings are an input, and handed on like the rest."""
    laptop = ships("worse")
    day = read_json(laptop.project.path / "evidence/statement.json")["predicate"]["judged_on"]
    assert _judge(runner, laptop.project, day) == laptop.answer.code == 1
    here, there = _evidence(laptop.project.path), _evidence(runner.path)
    assert len(here) == 13
    assert here == there
