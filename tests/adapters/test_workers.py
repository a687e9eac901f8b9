"""Work on all cores: in order, with its own errors, and with an answer where a process is ended."""

import os
import signal

import joblib
import pytest

from gates.adapters import workers
from gates.adapters.workers import REPAYS
from gates.errors import InvalidError, UnavailableError

MANY = 2 * REPAYS


@pytest.fixture(autouse=True)
def _two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joblib, "cpu_count", lambda: 2)


def told(task: int) -> tuple[int, int]:
    """Return the task and who did it."""
    if task < 0:
        raise InvalidError("A task below 0.", why="It is.", do="Count.")
    return task, os.getpid()


def ended(_: int) -> None:
    """End the process, as a machine without memory does."""
    os.kill(os.getpid(), signal.SIGKILL)


def test_many_tasks_go_to_other_processes_in_their_order() -> None:
    """Twice, by the same ones."""
    with workers.hired(MANY) as each:
        first = list(each(told, range(MANY)))
        again = list(each(told, range(MANY)))
    assert [task for task, _ in first] == [task for task, _ in again] == list(range(MANY))
    assert os.getpid() not in {who for _, who in first}
    assert len({who for _, who in first + again}) <= 2


def test_few_tasks_are_done_here() -> None:
    """A process more costs more than they do."""
    with workers.hired(MANY - 1) as each:
        assert list(each(told, range(MANY - 1))) == [(task, os.getpid()) for task in range(MANY - 1)]


def test_an_error_of_ours_comes_back_whole() -> None:
    """With its reason and its advice."""
    with (
        pytest.raises(InvalidError, match="A task below 0") as raised,
        workers.hired(MANY) as each,
    ):
        list(each(told, [-1] * MANY))
    assert (raised.value.why, raised.value.do) == ("It is.", "Count.")


def test_a_process_that_is_ended_is_told() -> None:
    """It is nobody's mistake: the same command again goes on."""
    with (
        pytest.raises(UnavailableError, match="A process that worked for this command was ended"),
        workers.hired(MANY) as each,
    ):
        list(each(ended, range(MANY)))
