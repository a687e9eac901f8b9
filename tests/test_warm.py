"""The programs that tests start at once end, hear and say as the interpreter's own do."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests import warm

TELL = """
import json, os, sys
print(json.dumps([sys.argv, os.getcwd(), sys.path[:2], os.environ["GIVEN"], sys.stdin.read(), __name__]))
print("and to stderr", file=sys.stderr)
sys.exit(7)
"""
WAIT = """
import signal, sys
{before}
print("ready", flush=True)
signal.pause()
"""


@pytest.fixture(params=["the interpreter", "a warm one"])
def python(request: pytest.FixtureRequest) -> str:
    return sys.executable if request.param == "the interpreter" else str(warm.programs() / "python")


def test_a_program_gets_and_gives_everything(python: str, tmp_path: Path) -> None:
    (tmp_path / "tell.py").write_text(TELL)
    environment = {"GIVEN": "é", "PYTHONPATH": "/a/path", "LC_ALL": "C.UTF-8"}
    command = [python, "tell.py", "-x", "a b"]
    told = subprocess.run(
        command, cwd=tmp_path, env=environment, input=b"some\n", capture_output=True, check=False
    )
    assert (told.returncode, told.stderr) == (7, b"and to stderr\n")
    here = str(tmp_path)
    assert json.loads(told.stdout) == [
        ["tell.py", "-x", "a b"],
        here,
        [here, "/a/path"],
        "é",
        "some\n",
        "__main__",
    ]


@pytest.mark.parametrize("safe", [True, False])
def test_a_module_is_looked_for_where_the_interpreter_does(
    python: str, tmp_path: Path, *, safe: bool
) -> None:
    (tmp_path / "mine.py").write_text("print('of the folder')")
    command = [python, *["-P"] * safe, "-m", "mine"]
    told = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ("of the folder" in told.stdout) is not safe


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_signal_ends_it(python: str, tmp_path: Path, number: int) -> None:
    """What was asked for ends with who asks: nobody holds its output open any more."""
    (tmp_path / "wait.py").write_text(WAIT.format(before=""))
    with subprocess.Popen([python, "wait.py"], cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)
        assert process.stdout.read() == ""
    assert process.returncode == -number


@pytest.mark.parametrize(
    ("end", "code"),
    [
        ("os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL),
        ("os.kill(os.getpid(), signal.SIGINT)", -signal.SIGINT),
        ("raise KeyboardInterrupt", -signal.SIGINT),
        ("sys.exit('so')", 1),
        ("sys.exit(256 + 3)", 3),
    ],
)
def test_it_ends_as_the_program_does(python: str, tmp_path: Path, end: str, code: int) -> None:
    (tmp_path / "end.py").write_text(
        f"import os, signal, sys\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n{end}\n"
    )
    ended = subprocess.run([python, "end.py"], cwd=tmp_path, capture_output=True, check=False)
    assert ended.returncode == code


def test_it_is_warm(tmp_path: Path) -> None:
    """Or the tests would take twice as long, and nobody would know why."""
    (tmp_path / "look.py").write_text("import sys; print('mlflow' in sys.modules, 'numpy' in sys.modules)")
    command = [str(warm.programs() / "python"), "look.py"]
    assert subprocess.check_output(command, cwd=tmp_path) == b"True True\n"
    seeded = subprocess.check_output(command, cwd=tmp_path, env=os.environ | {"PYTHONHASHSEED": "7"})
    assert seeded == b"False False\n"


def test_what_starts_them_ends_with_who_asked_for_it(tmp_path: Path) -> None:
    """Killed, too, and with what still runs: its output has an end, and its folder is gone."""
    (tmp_path / "wait.py").write_text(WAIT.format(before=""))
    code = """
import os, subprocess
from tests import warm
process = subprocess.Popen([warm.programs() / "python", "wait.py"], stdout=subprocess.PIPE)
assert process.stdout.readline() == b"ready\\n"
print(warm.programs(), flush=True)
os.kill(os.getpid(), 9)
"""
    environment = {**os.environ, "PYTHONPATH": str(warm.ROOT), warm.SHARED: ""}
    command = [sys.executable, "-c", code]
    asked = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, check=False, timeout=120
    )
    assert (
        asked.returncode == -signal.SIGKILL
    )  # and stderr, which all of them hold as well, was read to its end
    assert not Path(asked.stdout.decode().strip()).exists()


def test_a_mistake_is_told_as_the_interpreter_does(python: str, tmp_path: Path) -> None:
    (tmp_path / "wrong.py").write_text("raise ValueError('so')")
    told = subprocess.run([python, "wrong.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (told.returncode, told.stderr.splitlines()[-1]) == (1, "ValueError: so")


def test_what_is_no_program_is_left_to_the_interpreter(python: str) -> None:
    command = [python, "-c", "import sys; print('mlflow' in sys.modules)"]
    assert subprocess.check_output(command, env=os.environ | {"PYTHONPATH": ""}) == b"False\n"
