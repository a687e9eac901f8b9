"""Waiting ends: within one request, and over many."""

import gc
import select
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from gates.adapters.patience import VARIABLE, Patience


@pytest.fixture
def silence() -> Iterator[socket.socket]:
    """A connection on which nothing ever comes."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tenth of a second of patience."""
    monkeypatch.setenv(VARIABLE, "0.1")


def test_a_silence_is_interrupted(silence: socket.socket) -> None:
    """The timer is taken back afterwards."""
    with pytest.raises(TimeoutError, match=rf"longer than 0\.1 s.*{VARIABLE}"), Patience().waiting():
        silence.recv(1)
    assert signal.getsignal(signal.SIGALRM) is signal.SIG_DFL
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_the_collector_swallows_no_interruption(
    silence: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Garbage that takes its time to end, and would print what is raised meanwhile and go on."""
    swallowed: list[object] = []
    deaf, before = threading.Event(), [*gc.callbacks]
    monkeypatch.setattr(sys, "unraisablehook", swallowed.append)

    class Garbage:
        def __init__(self) -> None:
            self.itself = self

        def __del__(self) -> None:
            deaf.wait(0.6)

    def ask() -> None:
        with Patience().waiting():
            Garbage()
            gc.collect()
            silence.recv(1)

    silence.settimeout(5)
    with pytest.raises(TimeoutError, match="longer than"):
        ask()
    assert not swallowed
    assert gc.callbacks == before


def test_waiting_within_waiting_is_one(silence: socket.socket) -> None:
    """The inner block neither resets the outer one's timer nor counts twice."""
    patience = Patience()

    def ask() -> None:
        with patience.waiting():
            with patience.waiting():
                pass
            silence.recv(1)

    with pytest.raises(TimeoutError):
        ask()


def test_many_waits_are_counted_together(silence: socket.socket) -> None:
    """In a thread, where nobody can interrupt: the request's own limit ends it, and no other is begun."""
    patience, refused = Patience(), threading.Event()
    silence.settimeout(0)

    def ask() -> None:
        for _ in range(10):
            try:
                with patience.waiting(), suppress(BlockingIOError):
                    select.select([silence], [], [], 0.4)
                    silence.recv(1)
            except TimeoutError:
                refused.set()
                return

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    assert refused.is_set()


def test_what_is_answered_at_once_costs_nothing() -> None:
    """However often it is asked."""
    patience = Patience()
    for _ in range(1_000):
        with patience.waiting():
            pass
    assert patience._left == patience.seconds == 0.1


def test_a_timer_of_somebody_else_is_left_alone() -> None:
    """A program that has its own gets no interruption from us."""
    before = signal.signal(signal.SIGALRM, lambda *_: None)
    try:
        with Patience().waiting():
            assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    finally:
        signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("text", ["", "soon", "nan", "-1", "inf"])
def test_what_is_no_number_is_the_default(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is no reason to stop."""
    monkeypatch.setenv(VARIABLE, text)
    assert Patience().seconds == 10


def test_what_keeps_coming_may_take_its_time(silence: socket.socket) -> None:
    """A large answer earns time by every part of it; when nothing comes any more, it is interrupted."""
    asked: list[float] = []

    def earned() -> float:
        asked.append(min(len(asked) + 1, 5) / 10)
        return asked[-1]

    with pytest.raises(TimeoutError), Patience().waiting(earned):
        silence.recv(1)
    assert len(asked) > 5
