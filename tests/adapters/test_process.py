"""Programs that we start: nothing of what they say is lost, and nothing of them is left behind."""

import os
import select
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gates.adapters import process

LONG = 300_000  # bytes; a pipe holds 65,536

# A child and its grandchild both hold the FIFO open for writing; each would say that it outlived its parent.
FAMILY = """
import os, signal, subprocess, sys
held = os.open(sys.argv[1], os.O_WRONLY)
def late(*_):
    os.write(held, b"late")
    os._exit(1)
signal.signal(signal.SIGALRM, late)
signal.alarm(15)
if len(sys.argv) > 2:
    print("grandchild", file=sys.stderr, flush=True)
    signal.pause()
subprocess.run([sys.executable, __file__, sys.argv[1], "grandchild"])
"""

# A program that ends while what it has started holds its output open, and would go on.
SERVER = """
import os, subprocess, sys
held = os.open(sys.argv[1], os.O_WRONLY)
late = "signal.signal(signal.SIGALRM, lambda *_: os.write(int(sys.argv[1]), b'late')); signal.alarm(15)"
code = f"import os, signal, sys; {late}; signal.pause()"
subprocess.Popen([sys.executable, "-c", code, str(held)], pass_fds=[held])
print("said"); print("told", file=sys.stderr)
"""

# What a job is to `gates ship`: it stops its own programs when it is told to end.
JOB = """
import signal, sys
from pathlib import Path
from gates.adapters import process
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
say = lambda line: print(line, file=sys.stderr, flush=True)
process.run([sys.executable, *sys.argv[1:]], cwd=Path(), on_line=say)
"""


class Interrupted(BaseException):
    """Stands for whatever stops us, a signal for one."""


def stop(line: str) -> None:
    assert line == "grandchild"
    raise Interrupted


@pytest.fixture
def fifo(tmp_path: Path) -> Iterator[tuple[Path, int]]:
    """A named pipe and its reading end, which sees the end of file once the last writer is gone."""
    path = tmp_path / "alive"
    os.mkfifo(path)
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    yield path, descriptor
    os.close(descriptor)


def said_until_gone(descriptor: int) -> bytes:
    """Return what the writers said, once all of them have gone."""
    os.set_blocking(descriptor, True)
    assert select.select([descriptor], [], [], 30)[0], "somebody still holds the pipe"
    return os.read(descriptor, 100)


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_code_and_streams(tmp_path: Path) -> None:
    """Exit code, all of stdout, the last lines of stderr."""
    code = "import sys; print('out'); [print(i, file=sys.stderr) for i in range(20)]; sys.exit(7)"
    ended = process.run(python(code), cwd=tmp_path)
    assert (ended.code, ended.stdout) == (7, "out\n")
    assert ended.tail == tuple(map(str, range(20 - process.TAIL_LINES, 20)))


@pytest.mark.parametrize("first", ["stdout", "stderr"])
def test_two_full_pipes_do_not_lock(tmp_path: Path, first: str) -> None:
    """More than a pipe holds on both streams, whichever comes first."""
    second = {"stdout": "stderr", "stderr": "stdout"}[first]
    code = f"import sys; sys.{first}.write('x' * {LONG}); sys.{second}.write('y' * {LONG})"
    ended = process.run(python(code), cwd=tmp_path)
    assert (ended.code, len(ended.stdout), len(ended.tail[0])) == (0, LONG, LONG)


def test_lines_come_as_they_are_written_and_stay_in_the_log(tmp_path: Path) -> None:
    """Progress reaches the screen, and the log keeps what was there before."""
    log = tmp_path / "log"
    log.write_text("before\n")
    seen: list[str] = []
    process.run(python("import sys; sys.stderr.write('a\\nb')"), cwd=tmp_path, log=log, on_line=seen.append)
    assert seen == ["a", "b"]
    assert log.read_text() == "before\na\nb"


def test_merged_streams_are_one(tmp_path: Path) -> None:
    """A program that tells its progress on stdout is followed there."""
    seen: list[str] = []
    ended = process.run(python("print('progress')"), cwd=tmp_path, on_line=seen.append, merge=True)
    assert (seen, ended.stdout) == (["progress"], "")


def test_bytes_that_are_not_text_are_replaced(tmp_path: Path) -> None:
    """Whatever a program writes, we do not fail on reading it."""
    ended = process.run(python("import os; os.write(1, b'\\xff'); os.write(2, b'\\xfe')"), cwd=tmp_path)
    assert (ended.stdout, ended.tail) == ("\ufffd", ("\ufffd",))


def test_environment_and_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given variables lie on top of ours, and `python` means ours."""
    monkeypatch.setenv("OURS", "1")
    code = "import os, shutil; print(os.environ['OURS'], os.environ['GIVEN'], shutil.which('python'))"
    ended = process.run(python(code), cwd=tmp_path, env={"GIVEN": "2"})
    assert ended.stdout.split() == ["1", "2", str(Path(sys.executable).with_name("python"))]


@pytest.mark.parametrize("merge", [False, True])
def test_a_server_left_in_the_background_is_stopped(
    tmp_path: Path, fifo: tuple[Path, int], *, merge: bool
) -> None:
    """`run` ends with its program, though a child of that holds both pipes open; nothing it said is lost."""
    path, alive = fifo
    (tmp_path / "server.py").write_text(SERVER)
    ended = process.run([sys.executable, "server.py", str(path)], cwd=tmp_path, merge=merge)
    assert ended.code == 0
    assert (set(ended.tail), ended.stdout) == (({"told", "said"}, "") if merge else ({"told"}, "said\n"))
    assert said_until_gone(alive) == b""


def test_a_reader_that_fails_stops_the_program(tmp_path: Path, fifo: tuple[Path, int]) -> None:
    """A mistake in what shows the lines is not lost, and the program does not go on unseen."""
    path, alive = fifo
    (tmp_path / "family.py").write_text(FAMILY)

    def fail(_: str) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        process.run([sys.executable, "family.py", str(path)], cwd=tmp_path, on_line=fail)
    assert said_until_gone(alive) == b""


@pytest.mark.parametrize("merge", [False, True])
def test_what_stops_us_stops_child_and_grandchild(
    tmp_path: Path, fifo: tuple[Path, int], *, merge: bool
) -> None:
    """The whole process group is gone when `run` raises, with one stream and with two."""
    path, alive = fifo
    (tmp_path / "family.py").write_text(FAMILY)
    with pytest.raises(Interrupted):
        process.run([sys.executable, "family.py", str(path)], cwd=tmp_path, on_line=stop, merge=merge)
    assert said_until_gone(alive) == b""


def test_grace_lets_a_job_stop_what_it_started(tmp_path: Path, fifo: tuple[Path, int]) -> None:
    """A job's programs are in groups of their own, so it is asked to end before it is killed."""
    path, alive = fifo
    (tmp_path / "family.py").write_text(FAMILY)
    command = [*python(JOB), "family.py", str(path)]
    environment = {"PYTHONPATH": str(Path(__file__).parents[2])}
    with pytest.raises(Interrupted):
        process.run(command, cwd=tmp_path, env=environment, on_line=stop, grace_s=14)
    assert said_until_gone(alive) == b""


def test_grace_ends(tmp_path: Path, fifo: tuple[Path, int]) -> None:
    """A program that ignores the request is killed, with its group."""
    path, alive = fifo
    (tmp_path / "family.py").write_text(
        FAMILY.replace("signal.alarm", "signal.signal(signal.SIGTERM, signal.SIG_IGN); signal.alarm")
    )
    with pytest.raises(Interrupted):
        process.run([sys.executable, "family.py", str(path)], cwd=tmp_path, on_line=stop, grace_s=0.1)
    assert said_until_gone(alive) == b""


def test_a_limit_stops_the_whole_group(tmp_path: Path, fifo: tuple[Path, int]) -> None:
    """As a signal does: its exit code says so."""
    path, alive = fifo
    (tmp_path / "family.py").write_text(FAMILY)
    ended = process.run([sys.executable, "family.py", str(path)], cwd=tmp_path, limit_s=0.5)
    assert ended.code < 0
    assert said_until_gone(alive) == b""
