"""The states of a project from which the tests of the chain go on; each is made once."""

import functools
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.chain import project as projects
from tests.chain.project import ANSWER, MODEL, Project
from tests.shell import COLD, Answer


@dataclass(frozen=True)
class State:
    """A project, for copying only, and the answer of the command that led there."""

    project: Project
    answer: Answer


@pytest.fixture(scope="session")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A clone with a full bucket."""
    return projects.new(tmp_path_factory.mktemp("untouched"), tmp_path_factory.mktemp("dvc"))


@pytest.fixture(scope="session")
def branch(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Project], Project]:
    """Make a copy of a project to go on from."""
    return lambda project: project.copy(tmp_path_factory.mktemp("project"))


@pytest.fixture(scope="session")
def first(untouched: Project, branch: Callable[[Project], Project]) -> State:
    """v1 is the champion, shipped by one command."""
    project = branch(untouched)
    answer = project.gates("ship", "--json", **COLD)
    assert answer.code == 0, answer.out + answer.err
    return State(project, answer)


@pytest.fixture(scope="session")
def judged(first: State, branch: Callable[[Project], Project]) -> Project:
    """The first model as it stands before its promotion: nobody serves, the registry is empty."""
    project = branch(first.project)
    for path in sorted((project.path / ".gates").rglob("*"), reverse=True):
        if path.name != "key.pem":
            path.unlink() if path.is_file() else path.rmdir()
    project.mlflow.delete_registered_model(MODEL)
    return project


@pytest.fixture(scope="session")
def ships(first: State, judged: Project, branch: Callable[[Project], Project]) -> Callable[[str], State]:
    """Ships that take long, by name; each is made when it is first asked for, and kept."""

    @functools.cache
    def shipped(name: str) -> State:
        start, ship = PLANS[name]
        known = {"first": first.project, "judged": judged}
        project = branch(known[start] if start in known else shipped(start).project)
        return State(project, ship(project))

    return shipped


@pytest.fixture(scope="session")
def second(ships: Callable[[str], State]) -> State:
    """v2, with more trees, is the champion over v1."""
    state = ships("better")
    assert state.answer.code == 0, state.answer.out + state.answer.err
    return state


def _better(project: Project) -> Answer:
    project.edit("params.yaml", "n_estimators: 30", "n_estimators: 150")
    project.commit()
    return project.gates("ship")


def _worse(project: Project) -> Answer:
    project.edit("params.yaml", "n_estimators: 30", "n_estimators: 10")
    project.commit()
    return project.gates("ship")


def _rolled_back(project: Project) -> Answer:
    """The model that was taken out of production is offered again."""
    rolled_back = project.gates("rollback", "--to", "previous", "--reason", "complaints", "--apply")
    assert rolled_back.code == 0, rolled_back.err
    return project.gates("ship", "--json")


def _shuffled_labels(project: Project) -> Answer:
    fit = '.fit(features["train"], labels["train"]'
    project.edit("scripts/train.py", fit, f"{fit}.sample(frac=1, random_state=0).to_numpy()")
    project.commit()
    return project.gates("ship", "--json")


def _golden_rows_in_training(project: Project) -> Answer:
    write = 'stage.write(train, "data/train.parquet")'
    leaky = '__import__("pandas").concat([train, golden.head(5)])'
    project.edit("scripts/split.py", write, write.replace("train", leaky, 1))
    project.commit()
    return project.gates("ship", "--json")


def _group_scored_down(project: Project) -> Answer:
    """Half of the women who left are taught to the model as customers who stayed."""
    fit = '.fit(features["train"], labels["train"]'
    taught = '.where((features["train"]["female"] == 0) | (tables["train"][stage.KEY] % 2 == 0), 0)'
    project.edit("scripts/train.py", fit, fit + taught)
    project.commit()
    return project.gates("ship", "--json")


def _slowed(project: Project) -> Answer:
    """The requests of a slow model are fewer, as the policy's budget asks."""
    slow = f'__import__("time").sleep(0.3)\n    {ANSWER}'
    project.edit("tests/latency/test_latency.py", ANSWER, slow)
    project.edit("params.yaml", "p99_ms: 60000.0", "p99_ms: 200.0")
    project.edit("params.yaml", "budget_s: 600.0", "budget_s: 1.0")
    project.commit()
    return project.gates("ship", "--json")


PLANS: dict[str, tuple[str, Callable[[Project], Answer]]] = {
    "better": ("first", _better),
    "worse": ("first", _worse),
    "shuffled labels": ("judged", _shuffled_labels),
    "golden rows in training": ("judged", _golden_rows_in_training),
    "group scored down": ("judged", _group_scored_down),
    "slowed": ("judged", _slowed),
    "rolled back": ("better", _rolled_back),
}
