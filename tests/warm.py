"""`python`, `gates` and `dvc` that start at once: forked from a process that has imported the libraries.

A ship starts nine interpreters, and each needs two to six seconds of a core for `import mlflow` or
scikit-learn before it does anything. What is run here are the same programs, from arguments to exit code,
each in a process of its own.

What is not the same: an import that is missing is not missed, garbage is collected less often, and flags,
hash seed and threads are those of the process that forks. So the interpreter itself starts what it is told to
start in another way (`python -c`, an option, a variable such as `PYTHONHASHSEED`), and tests use it
(`tests.shell.COLD`) for what is about bytes, for what is killed in the midst of a write, and for one run of
every command.
"""

import atexit
import copy
import functools
import gc
import importlib
import marshal
import os
import runpy
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
WARM = ("python", "python3", "gates", "dvc")
SHARED = "GATES_TESTS_PROGRAMS"
INTERPRETER = sys.executable  # also where a test lets `sys.executable` be a warm one
LENGTH = 8
SLOWEST_S = 10
Asked = dict[
    int, socket.socket | None
]  # who asked for each program that runs; nobody, where who asked is gone
LOST = 70  # what starts programs ended without an answer; no program of ours ends so
# What an interpreter reads once, at its start or in an import; with another value it is started itself.
AT_START = {
    "PYTHONHASHSEED": "0",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PYTHONIOENCODING": "",
}
LIBRARIES = (
    *("alembic.command", "alembic.runtime.migration", "boto3.session", "narwhals.stable.v2", "pandas"),
    *("pandera.backends.pandas.builtin_checks", "pandera.backends.pandas.register", "pandera.io.pandas_io"),
    *("pandera.pandas", "pandera.strategies.pandas_strategies", "narwhals._pandas_like.namespace"),
    *("pyarrow.dataset", "pyarrow.parquet", "sqlalchemy.dialects.sqlite"),
    *("pytest", "pytest_benchmark.plugin", "scipy.stats", "securesystemslib.signer", "skops.io"),
    *("sklearn.compose", "sklearn.ensemble", "sklearn.impute", "sklearn.linear_model", "sklearn.metrics"),
    *("sklearn.pipeline", "sklearn.preprocessing"),
    *("dvc.cli.parser", "dvc.commands.repro", "dvc.commands.data_sync", "dvc.repo", "dvc.repo.reproduce"),
    *("dvc.cachemgr", "dvc.commands.add", "dvc.data_cloud", "dvc.repo.index", "dvc.repo.trie", "dvc.scm"),
    *("dvc.stage.run", "dvc.fs", "dvc.utils.strictyaml", "dvc_data.index", "dvc_objects.fs.local"),
    *("dulwich.client", "dvc.rwlock", "dvc_render", "networkx", "ruamel.yaml", "scmrepo.git"),
    *("jinja2", "matplotlib.backends.backend_svg", "matplotlib.figure", "matplotlib._constrained_layout"),
    *("mlflow", "mlflow.pyfunc.loaders", "mlflow.sklearn", "mlflow.store.tracking.sqlalchemy_store"),
    *("mlflow.tracing.export.utils", "mlflow.tracing.processor.base_mlflow", "mlflow.types.responses"),
    *("mlflow.tracking.request_header.registry", "narwhals._namespace", "requests.utils"),
    *("mlflow.store.tracking.sqlalchemy_workspace_store", "mlflow.utils.requirements_utils"),
    *("mlflow.store.model_registry.sqlalchemy_store", "mlflow.store.tracking.rest_store"),
    *("flask_cors", "graphene", "mlflow.cli", "uvicorn.main", "uvicorn.protocols.http.auto"),
    *("gates.cli", "gates.run.answer", "gates.run.judge", "gates.run.promote", "gates.run.rollback"),
    *("gates.run.predict", "gates.run.train", "gates.run.report", "gates.run.ship"),
    *("gates.render.report.drawing", "huggingface_hub.repocard"),
    *("gates.adapters.scorer", "gates.adapters.trial", "gates.run.selftest"),
    # Plugins of whatever is installed here, which each pytest of a project loads.
    *(
        "anyio.pytest_plugin",
        "hydra.extra.pytest_plugin",
        "pdb",
        "pytest_benchmark.storage.file",
        "xdist.plugin",
    ),
)
PROGRAM = """#!/bin/sh
exec "{python}" -IS "{client}" {name} "$@"
"""
# The process that asks stands for the program: signals go one way, the exit code goes the other, and where
# who asks is gone the program ends.
# `signal` and `socket` themselves take as long to import as all the rest.
CLIENT = """
import _signal, _socket, marshal, os, sys
name, words = sys.argv[1], sys.argv[2:]
python = name.startswith("python")
first = "".join([*words, ""][words[:1] == ["-P"] :][:1])
runs = not python or first == "-m" or first[:1] not in {"", "-"} and os.path.isfile(first)
if not runs or any(os.environ.get(each, value) != value for each, value in AT_START.items()):
    os.execv(PYTHON, [PYTHON, *([] if python else ["-m", name]), *words])
server = _socket.socket(_socket.AF_UNIX)
try:
    server.connect(SOCKET)
except OSError as error:
    print("The process that starts programs is gone:", error, file=sys.stderr)
    sys.exit(LOST)
order = marshal.dumps([name, words, os.getcwd(), os.umask(0), dict(os.environ)])
streams = b"".join(each.to_bytes(4, sys.byteorder) for each in (0, 1, 2))
rights = [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, streams)]
server.sendmsg([len(order).to_bytes(LENGTH, "big")], rights)
server.sendall(order)
def pass_on(number, _):
    try:
        server.send(bytes([number]))
    except OSError:
        pass  # the program has ended
for each in (_signal.SIGINT, _signal.SIGTERM, _signal.SIGHUP):
    _signal.signal(each, pass_on)
told = server.recv(16)
if not told:
    sys.exit(LOST)
code = int(told)
if code < 0:
    if -code != _signal.SIGKILL:
        _signal.signal(-code, _signal.SIG_DFL)
    os.kill(os.getpid(), -code)
os._exit(code)
"""


@functools.cache
def programs() -> Path:
    """Return a folder of the programs beside this Python.

    The process behind them ends with the first that asked; those that one starts share it. It imports nothing
    before a program is started.
    """
    if shared := os.environ.get(SHARED):
        return Path(shared)
    folder = Path(tempfile.mkdtemp(prefix="warm-", dir="/tmp"))  # the path of a socket is short
    for program in Path(sys.executable).parent.iterdir():
        if program.name not in WARM and not program.name.startswith("python"):
            (folder / program.name).symlink_to(program)
    told = {"PYTHON": sys.executable, "SOCKET": str(folder / "socket"), "LENGTH": LENGTH, "LOST": LOST}
    told["AT_START"] = AT_START
    client = folder / "client.py"
    client.write_text("".join(f"{name} = {value!r}\n" for name, value in told.items()) + CLIENT)
    for name in WARM:
        (folder / name).write_text(PROGRAM.format(python=sys.executable, client=client, name=name))
        (folder / name).chmod(0o755)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW_", "AWS_"))}
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(folder / "socket"))
        server.listen(64)  # who asks before it is warm waits
        process = subprocess.Popen(
            [sys.executable, "-P", __file__, str(folder), str(server.fileno())],
            stdin=subprocess.PIPE,  # its end is ours, however we end
            env=kept | AT_START | {"PYTHONPATH": str(ROOT), "MLFLOW_DISABLE_TELEMETRY": "true"},
            cwd=ROOT,
            start_new_session=True,
            pass_fds=[server.fileno()],
        )
    atexit.register(_end, process, folder)
    os.environ[SHARED] = str(folder)
    return folder


def _end(process: "subprocess.Popen[bytes]", folder: Path) -> None:
    with suppress(subprocess.TimeoutExpired):
        process.communicate(timeout=SLOWEST_S)  # its stdin ends, and what runs with it
    process.kill()
    process.wait()
    shutil.rmtree(folder, ignore_errors=True)


def serve(folder: Path, server: socket.socket) -> None:
    """Start what is asked for until stdin ends; import the libraries when that happens for the first time."""
    ended, wakes = socket.socketpair()
    wakes.settimeout(0)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wakes.fileno(), warn_on_full_buffer=False)
    asked: Asked = {}
    try:
        _serve(asked, server, ended, wakes)
    finally:
        for program in asked:
            _kill(program)
        shutil.rmtree(folder, ignore_errors=True)


def _serve(asked: Asked, server: socket.socket, ended: socket.socket, wakes: socket.socket) -> None:
    is_warm = False
    while True:
        heard: Any = select.select([sys.stdin, ended, server, *filter(None, asked.values())], [], [])[0][0]
        if heard is sys.stdin:
            return
        if heard is ended:
            ended.recv(64)
            _tell(asked)
        elif heard is server:
            if not is_warm:
                _warm_up()
                is_warm = True
            _start(asked, server, ended, wakes)
        else:
            _pass_on(asked, heard)


def _warm_up() -> None:
    once = runpy.run_path(str(Path(__file__).with_name("once.py")))  # a project shall not see it as a module
    gc.disable()
    for library in LIBRARIES:
        importlib.import_module(library)
    _make_once()
    once["read_migrations"]()
    once["collect_rarely"]()
    threads = [each.name for each in threading.enumerate() if each is not threading.main_thread()]
    assert not threads, f"{threads} would be missing in every program"


def _make_once() -> None:
    """Make what the libraries would make in every program, alike: half of what a stage costs."""
    # MLflow reads what each installed distribution holds, before it writes a model.
    sys.modules["mlflow.utils.requirements_utils"]._init_modules_to_packages_map()
    # DVC reads the whole of params.yaml for each stage, and again; ruamel takes 60 ms for it.
    yaml = sys.modules["ruamel.yaml"].YAML
    load = yaml.load

    @functools.cache
    def read(text: str) -> Any:  # noqa: ANN401 - any document
        return load(yaml(typ="safe"), text)

    def load_once(self: Any, stream: Any) -> Any:  # noqa: ANN401 - as above
        plain = isinstance(stream, str) and self.typ == ["safe"]
        return copy.deepcopy(read(stream)) if plain else load(self, stream)

    yaml.load = load_once
    # matplotlib reads its fonts for the first drawing.
    sys.modules["gates.render.report.drawing"].drawn("warm", "", 1.0, lambda axes: axes.set_xlabel("0"))


def _start(asked: Asked, *ours: socket.socket) -> None:
    """Start what the next one asks for, in a process that holds nothing of ours."""
    who, _ = ours[0].accept()
    streams, order = _order(who)
    if order:
        program = os.fork()
        if program == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for each in (who, *ours, *filter(None, asked.values())):
                each.close()
            _be(streams, order)
        asked[program] = who
    else:
        who.close()
    for stream in streams:
        os.close(stream)


def _order(who: socket.socket) -> tuple[list[int], bytes]:
    """Return the streams and the order of who asks; no order of who is gone, or stops in the midst of it."""
    streams, order, length = list[int](), b"", 0
    who.settimeout(SLOWEST_S)
    with suppress(OSError):
        size, streams, _, _ = socket.recv_fds(who, LENGTH, 3)
        length = int.from_bytes(size, "big")
        while len(order) < length and (piece := who.recv(length - len(order))):
            order += piece
    who.settimeout(None)
    return streams, order if len(order) == length else b""


def _tell(asked: Asked) -> None:
    """Answer how the programs that have ended did so."""
    while asked and (ended := os.waitpid(-1, os.WNOHANG))[0]:
        program, status = ended
        if who := asked.pop(program, None):
            with suppress(OSError), who:
                who.send(str(os.waitstatus_to_exitcode(status)).encode())


def _pass_on(asked: Asked, who: socket.socket) -> None:
    """Pass a signal on to a program; where who asked is gone, end it and what is of its group."""
    program = next(each for each, other in asked.items() if other is who)
    if number := who.recv(1):
        os.kill(program, number[0])
    else:
        _kill(program)
        who.close()
        asked[program] = None


def _kill(program: int) -> None:
    try:
        os.killpg(program, signal.SIGKILL)
    except ProcessLookupError:  # it has no group of its own yet
        os.kill(program, signal.SIGKILL)


def _be(streams: list[int], order: bytes) -> None:
    """Be the program that is asked for; never returns."""
    try:
        name, words, folder, mask, environment = marshal.loads(order)  # noqa: S302 - of our own client
        os.umask(mask)
        _become(streams, folder, environment)
        _run(name, words)
    except BaseException:  # noqa: BLE001 - what serves must not go on in two processes
        traceback.print_exc()
    finally:
        os._exit(LOST)


def _become(streams: list[int], folder: str, environment: dict[str, str]) -> None:
    """Take the place of who asked: its streams, folder and environment."""
    os.setsid()
    for place, stream in enumerate(streams):
        os.dup2(stream, place)
        os.close(stream)
    sys.stdin = _stream(0, "r", "strict")
    sys.stdout = _stream(1, "w", "strict")
    sys.stderr = _stream(2, "w", "backslashreplace")
    os.chdir(folder)
    ours = os.environ["PYTHONPATH"]
    os.environ.clear()
    os.environ.update(environment)
    given = [each for each in environment.get("PYTHONPATH", "").split(os.pathsep) if each]
    sys.path[:] = [*given, *(each for each in sys.path if each != ours or each in given)]
    time.tzset()
    sys.modules["numpy"].random.seed()  # `random` does so by itself


def _stream(place: int, mode: str, errors: str) -> Any:  # noqa: ANN401 - a text stream
    """Open a descriptor for text in UTF-8, by the line on a terminal and for errors."""
    by_line = 1 if place == 2 or os.isatty(place) else -1
    return os.fdopen(place, mode, by_line, encoding="utf-8", errors=errors, closefd=False)


def _run(name: str, words: list[str]) -> None:
    """Be the program; never returns."""
    code: Any = 0
    try:
        sys.executable = str(Path(sys.argv[1]) / "python")
        if name.startswith("python"):
            _run_python(words)
        else:
            sys.argv[:] = [name, *words]
            (entry,) = metadata.entry_points(group="console_scripts", name=name)
            code = entry.load()()
    except SystemExit as ended:
        code = ended.code
    except KeyboardInterrupt:
        traceback.print_exc()
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    except BaseException:  # noqa: BLE001 - told as any program's
        traceback.print_exc()
        code = 1
    if not isinstance(code, int | None):
        sys.stderr.write(f"{code}\n")
        code = 1
    threading._shutdown()  # type: ignore[attr-defined]  # what the interpreter does at its end
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit((code or 0) & 0xFF)


def _run_python(words: list[str]) -> None:
    """Run a module or a file as `python` does."""
    safe = words[0] == "-P" or "PYTHONSAFEPATH" in os.environ
    words = words[1:] if words[0] == "-P" else words
    if words[0] == "-m":
        sys.argv[:] = words[1:]
        sys.path[:0] = [] if safe else [str(Path.cwd())]
        name = words[1] + ".__main__" * hasattr(sys.modules.get(words[1]), "__path__")
        sys.modules.pop(name, None)  # it is run anew, and not what was imported
        runpy.run_module(words[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv[:] = words
        sys.path[:0] = [] if safe else [str(Path(words[0]).resolve().parent)]
        runpy.run_path(words[0], run_name="__main__")


if __name__ == "__main__":
    serve(Path(sys.argv[1]), socket.socket(fileno=int(sys.argv[2])))
