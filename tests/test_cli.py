"""The command line, as a user meets it: help, mistakes, and answers that need no ship."""

import os
import re
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from gates import checks
from gates.adapters.console import Screen
from gates.cli import flags
from gates.cli.commands import SECTIONS, cli
from gates.errors import ExitCode
from gates.run import handoff
from gates.run.project import Project
from tests.shell import ROOT, Shell, environment

SDKS = (
    "mlflow",
    "pandas",
    "sklearn",
    "dvc",
    "boto3",
    "scipy",
    "pandera",
    "securesystemslib",
    "pyarrow",
    "skops",
)
COMMANDS = sorted(cli.commands)
OPTIONS = [(name, each) for name in COMMANDS for each in cli.commands[name].params]


@pytest.fixture
def empty(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A folder with nothing in it."""
    return Shell(tmp_path, environment(tmp_path_factory.mktemp("dvc")))


@pytest.fixture
def shell(empty: Shell) -> Shell:
    """A project with this repository's policy that has shipped nothing."""
    shutil.copy(ROOT / "params.yaml", empty.path)
    shutil.copytree(ROOT / "contracts", empty.path / "contracts")
    return empty


# ---------------------------------------------------------------- help


def test_help_lists_every_command_under_its_section(empty: Shell) -> None:
    """Each once, with its first sentence whole, and the exit codes below."""
    text = empty.gates("--help").out
    listed = {name: re.findall(r"^  (\w+)  ", part, re.MULTILINE) for name, part in sections(text).items()}
    listed = {name: commands for name, commands in listed.items() if name != "Options"}
    assert listed == {section.title: list(section.commands) for section in SECTIONS}
    assert sorted(name for section in SECTIONS for name in section.commands) == COMMANDS
    assert "..." not in text.replace("[ARGS]...", "")
    for code in ExitCode:
        assert f"{code.value} {code.name.lower()}" in " ".join(text.split())


def sections(text: str) -> dict[str, str]:
    """Heading to text of the help."""
    parts = re.split(r"^(\w+):\n", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_says_what_it_does(name: str) -> None:
    """In a sentence; a gate's is its docstring."""
    command = cli.commands[name]
    text = command.get_help(click.Context(command, info_name=name))
    first = str(command.help).splitlines()[0]
    assert re.fullmatch(r"[A-Z].{10,108}[.?]", first)
    assert " ".join(first.split()) in " ".join(text.split())
    if name in checks.names():
        assert first == str(checks.load(name).__doc__).splitlines()[0]


@pytest.mark.parametrize(("name", "option"), OPTIONS, ids=[f"{name}-{each.name}" for name, each in OPTIONS])
def test_every_option_has_help(name: str, option: click.Parameter) -> None:
    """A sentence; an argument says with its name what it is."""
    assert name
    if isinstance(option, click.Option):
        assert re.fullmatch(r"\S.{5,}\.", str(option.help))
        assert option.opts[0].startswith("--")
    else:
        assert option.make_metavar(click.Context(cli)) in {"SHA", "FOLDER", "TAG"}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_takes_project_and_json(name: str) -> None:
    """The same two everywhere."""
    assert {"project", "as_json"} <= {each.name for each in cli.commands[name].params}


@pytest.mark.parametrize("arguments", [("-h",), ("ship", "--help"), ("golden", "-h"), ("--version",)])
def test_asking_for_help_is_no_mistake(empty: Shell, arguments: tuple[str, ...]) -> None:
    """Exit code 0, on stdout, in any folder, and nothing is made there."""
    answer = empty.gates(*arguments)
    assert (answer.code, answer.err) == (0, "")
    assert answer.out
    assert list(empty.path.iterdir()) == []


def test_no_command_shows_the_help(empty: Shell) -> None:
    """As it is, not as an error message around it."""
    answer = empty.gates()
    assert answer.code == ExitCode.INVALID
    assert answer.err.startswith("Usage: gates")
    assert "Stopped" not in answer.err


# ---------------------------------------------------------------- start

RUN = """
import sys
sys.argv = ["gates", "{}"]
from gates.cli import main
try:
    main()
except SystemExit:
    pass
"""


@pytest.mark.parametrize(
    "code",
    [
        "import gates",
        "import gates.cli, gates.policy, gates.statement, gates.ledger",
        RUN.format("--help"),
        RUN.format("status"),
    ],
    ids=["import", "pure", "help", "status"],
)
def test_no_sdk_is_imported_before_it_is_needed(shell: Shell, code: str) -> None:
    """Neither by the package nor by help or a look at an empty ledger; they take seconds."""
    ask = f"{code}\nimport sys; print('SDKS', *(set(sys.modules) & set({SDKS!r})))"
    answer = shell.run("python", "-c", ask)
    assert (answer.code, answer.out.splitlines()[-1]) == (0, "SDKS")


# ---------------------------------------------------------------- mistakes


def test_an_unknown_command(empty: Shell) -> None:
    """The nearest one is named."""
    answer = empty.gates("promot")
    assert (answer.code, answer.out) == (ExitCode.INVALID, "")
    assert answer.err.splitlines() == [
        "Stopped: There is no command 'promot'. Did you mean 'promote'?",
        "Next:    gates --help",
    ]


def test_an_unknown_command_as_json(empty: Shell) -> None:
    """Nothing is near; the error is JSON wherever the flag stands."""
    error = empty.gates("xyzzy", "--json").error
    assert error["what"] == "There is no command 'xyzzy'."
    assert error["code"] == ExitCode.INVALID


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("ship", "--bogus"), "--bogus"),
        (("ship", "surplus"), "surplus"),
        (("show",), "SHA"),
        (("rollback",), "--to"),
        (("promote", "--approver", "file:a"), "--approver belongs to --break-glass"),
        (("promote", "--expires", "24h"), "--expires belongs to --break-glass"),
        (("promote", "--break-glass", "--reason", "why", "--expires", "24h"), "needs --approver"),
        (("promote", "--break-glass", "--approver", "file:a", "--expires", "24h"), "needs --reason"),
        (("promote", "--break-glass", "--approver", "file:a", "--reason", "why"), "needs --expires"),
        (("promote", "--break-glass", "--expires", "soon"), "is not a time such as 24h"),
        (("rollback", "--to", "1"), "--reason"),
        (("rollback", "--to", "1", "--reason", "a", "--expect", "b"), "a version, or a SHA"),
        (("issue",), "--title"),
        (("rollback", "--to", "1", "--reason", " "), "a reason on one line"),
        (("rollback", "--to", "1", "--reason", "a\nb"), "a reason on one line"),
        (("rollback", "--to", "1", "--reason", "a" * 501), "a reason on one line"),
        (("train", "--expect", "foo"), "'foo' is not a digest, 64 hex digits"),
        (("judge", "--expect"), "--expect"),
        (("judge", "--today", "tomorrow"), "tomorrow"),
        (("golden", "--today", "2026-13-01"), "2026-13-01"),
        (("golden", "--labels", "."), "labels"),
        (("golden", "--predictions", "absent.parquet"), "absent.parquet"),
        (("status", "--project", "params.yaml"), "params.yaml"),
        (("show", "1"), "empty"),
        (("restore", "1"), "empty"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_mistake_is_named(shell: Shell, arguments: tuple[str, ...], named: str) -> None:
    """Exit code 2, the option or value, what to do next."""
    answer = shell.gates(*arguments, "--json") if len(arguments) > 2 else shell.gates(*arguments)
    assert answer.code == ExitCode.INVALID
    if len(arguments) > 2:
        assert named in answer.error["what"]
        assert answer.error["do"]
    else:
        assert answer.out == ""
        assert named in answer.err.splitlines()[0]
        assert answer.err.splitlines()[-1].startswith("Next: ")


def test_a_folder_that_is_no_project(empty: Shell) -> None:
    """It is named, and nothing is made in it."""
    error = empty.gates("status", "--json").error
    assert f"{empty.path.resolve()} has no params.yaml" in error["what"]
    assert "--project" in error["do"]
    assert list(empty.path.iterdir()) == []


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (b"", "params.yaml"),
        (b"\xff\xfe", "UTF-8"),
        (b"gates: [", "line "),
        (b"train: {}\n", "no `gates:` block"),
        (b"gates: {version: 1, modle: churn}\n", "did you mean 'model'"),
        (None, "not a regular file"),
    ],
    ids=["empty", "not UTF-8", "truncated", "no policy", "typing error", "folder"],
)
def test_a_policy_that_cannot_be_read(empty: Shell, data: bytes | None, named: str) -> None:
    """Exit code 2 for the question that needs it least."""
    path = empty.path / "params.yaml"
    path.mkdir() if data is None else path.write_bytes(data)
    error = empty.gates("status", "--json").error
    assert error["code"] == ExitCode.INVALID
    assert named in error["what"] + error["why"]


def test_a_mistake_of_ours(shell: Shell) -> None:
    """No traceback on the screen; the log that is named has it."""
    code = (
        "import sys, gates.cli, gates.run.views as views\n"
        "views.status = lambda project: 1 / 0\n"
        "sys.argv = ['gates', 'status', '--json']\n"
        "gates.cli.main()"
    )
    error = shell.run("python", "-c", code).error
    assert "gates status met ZeroDivisionError" in error["what"]
    named = re.search(r"\S+\.log", error["do"])
    assert named
    assert "Traceback" in (shell.path / named[0]).read_text()


# ---------------------------------------------------------------- answers


def test_the_repositorys_policy(shell: Shell) -> None:
    """It is valid; each gate's block is shown, and which policy judges."""
    answer = shell.gates("policy", "--json")
    assert answer.code == 0
    asked_for = {*checks.names()} - {"freshness"}  # which nobody has to ask for
    assert {"model", "policy_sha256", "waivers", "golden_set", *asked_for} <= set(answer.json)
    assert re.fullmatch("[0-9a-f]{64}", answer.json["policy_sha256"])
    assert answer.json["latency"]["p99_ms"] == 200.0
    shown = shell.gates("policy").out
    assert all(f"{name}.mode" in shown for name in asked_for)
    assert "waivers.0.expires" in shown


def test_a_policy_that_names_an_absent_contract(shell: Shell) -> None:
    """Said by the command that checks the policy, not by the first training."""
    (shell.path / "contracts" / "raw.yaml").unlink()
    error = shell.gates("policy", "--json").error
    assert error["code"] == ExitCode.INVALID
    assert "contracts/raw.yaml" in error["what"]


def test_an_empty_ledger(shell: Shell) -> None:
    """Nobody serves and nobody did; asking makes no key and no ledger."""
    status = shell.gates("status", "--json").json
    assert status == {"model": "churn", "champion": None, "ledger": str(shell.path / ".gates/ledger/churn")}
    assert shell.gates("history", "--json").json == {"model": "churn", "entries": []}
    assert {path.name for path in (shell.path / ".gates").iterdir()} == {".gitignore", "logs"}
    assert (shell.path / ".gates/.gitignore").read_text() == "*\n"


def test_nothing_to_roll_back_to(shell: Shell) -> None:
    """Exit code 3: there is nothing to decide on."""
    error = shell.gates("rollback", "--to", "previous", "--reason", "slow", "--apply", "--json").error
    assert error["code"] == ExitCode.UNDECIDED
    assert "gates ship" in error["do"]


def test_a_foreign_file_in_the_ledger(shell: Shell) -> None:
    """Exit code 6."""
    folder = shell.path / ".gates/ledger/churn"
    folder.mkdir(parents=True)
    shell.gates("key")
    (folder / "00000001.json").write_text("{}")
    assert shell.gates("status", "--json").error["code"] == ExitCode.TAMPERED


def test_a_ledger_that_cannot_be_read(shell: Shell) -> None:
    """Exit code 4; it is not taken for an empty one."""
    error = shell.gates("status", "--json", GATES_LEDGER=str(shell.path / "params.yaml")).error
    assert error["code"] == ExitCode.UNAVAILABLE


def test_the_key(shell: Shell) -> None:
    """The same public half each time, alone on its line; the private half only where it is asked for."""
    public = shell.gates("key").out
    assert re.fullmatch("[0-9a-f]{64}\n", public)
    assert shell.gates("key", "--json").json == {"public": public.strip()}
    private = shell.gates("key", "--private").out
    assert private == (shell.path / ".gates/key.pem").read_text()
    moved = shell.gates("key", "--json", CI="true", GATES_SIGNING_KEY=private)
    assert moved.json == {"public": public.strip()}


def test_no_key_in_ci(shell: Shell) -> None:
    """One that nobody trusts would sign."""
    error = shell.gates("key", "--json", CI="true").error
    assert "GATES_SIGNING_KEY" in error["what"]
    assert not (shell.path / ".gates/key.pem").exists()


def test_a_project_elsewhere(shell: Shell, tmp_path_factory: pytest.TempPathFactory) -> None:
    """`--project` is as good as changing into it."""
    elsewhere = Shell(tmp_path_factory.mktemp("elsewhere"), shell.environment)
    assert elsewhere.gates("status", "--json", "--project", str(shell.path)).json["model"] == "churn"
    assert list(elsewhere.path.iterdir()) == []


def test_a_manifest_that_was_swapped(shell: Shell) -> None:
    """Exit code 6, before anything of it is used; so for the flag as for its variable."""
    candidate = shell.path / "candidate"
    candidate.mkdir()
    (candidate / "data.json").write_text('{"format": 1, "files": {}}')
    for answer in (
        shell.gates("train", "--json", "--expect", "0" * 64),
        shell.gates("train", "--json", GATES_TRAIN_EXPECT="0" * 64),
    ):
        assert answer.error["code"] == ExitCode.TAMPERED
        assert "candidate/data.json" in answer.error["what"]


def test_a_job_before_its_turn(shell: Shell) -> None:
    """The one before it is named."""
    for job, before in (("train", "data"), ("predict", "train"), ("judge", "predict")):
        error = shell.gates(job, "--json").error
        assert error["code"] == ExitCode.INVALID
        assert error["do"].endswith(f"gates {before}")
    assert "gates judge" in shell.gates("promote", "--apply", "--json").error["do"]


def test_what_a_command_was_given_is_known_for_a_person_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    """By its line or by variables, as an action gives it; nothing empty, and nothing of one run alone."""
    monkeypatch.setenv("GATES_JUDGE_EXPECT", "a" * 64)
    monkeypatch.setenv("GATES_JUDGE_APPROVER", "Ada L")
    monkeypatch.setenv("GATES_JUDGE_TODAY", "")
    monkeypatch.setenv("GATES_GOLDEN_MIN_SLICE_AUC", "a=1 2\nb=3")

    def given(name: str, *words: str) -> list[str]:
        with cli.commands[name].make_context(
            name, [*words], auto_envvar_prefix=f"GATES_{name}".upper()
        ) as made:
            return flags.given(made)

    assert given("judge", "--project", "x", "--json") == ["--approver=Ada L"]
    assert given("golden", "--key=id") == ["--key=id", "--min-slice-auc=a=1 2", "--min-slice-auc=b=3"]
    assert given("show", "abc") == ["abc"]
    assert given("policy", "--pin") == []
    assert given("rollback", "--to=1", "--reason=slow", "--apply") == ["--to=1", "--reason=slow"]


def test_a_list_in_a_variable_is_a_value_a_line() -> None:
    """An action hands lists over so; a value may hold spaces, as this repository's slices do."""
    option = next(each for each in cli.commands["golden"].params if each.name == "min_slice_auc")
    values = option.type.split_envvar_value("internet=Fiber optic\n\ncontract=Two year\n")
    assert list(values) == ["internet=Fiber optic", "contract=Two year"]


# ---------------------------------------------------------------- signals

STAGE = """
import os, signal
held = os.open("alive", os.O_WRONLY)
os.write(held, b"running")
signal.alarm(60)
signal.pause()
"""


@pytest.fixture
def alive(shell: Shell) -> Iterator[int]:
    """The reading end of a pipe that a stage holds open while it runs."""
    os.mkfifo(shell.path / "alive")
    descriptor = os.open(shell.path / "alive", os.O_RDONLY | os.O_NONBLOCK)
    os.set_blocking(descriptor, True)
    yield descriptor
    os.close(descriptor)


def read(descriptor: int) -> bytes:
    assert select.select([descriptor], [], [], 30)[0], "the stage still runs, or never did"
    return os.read(descriptor, 100)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_the_stages_too(shell: Shell, alive: int, number: signal.Signals) -> None:
    """DVC and the stage that it runs are gone when `gates train` has ended."""
    root = shell.path
    (root / "data/raw").mkdir(parents=True)
    (root / "data/raw/churn.csv").write_text("row_id\n")
    (root / "stage.py").write_text(STAGE)
    (root / "dvc.yaml").write_text("stages: {stage: {cmd: python stage.py}}\n")
    (root / ".dvc").mkdir()
    (root / ".dvc/config").write_text("[core]\n    analytics = false\n")
    for command in (["init", "--quiet"], ["add", "stage.py"], ["commit", "--quiet", "--message", "first"]):
        identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", *identity, *command], cwd=root, check=True)
    facts = dict.fromkeys(("data_md5", "data_sha256", "remote"), "told")
    handoff.write(Project(root, root / "log", Screen()), "data", facts, [root / "data/raw/churn.csv"])
    state = {
        f"DVC_{kind}_DIR": str(root / "state") for kind in ("SYSTEM_CONFIG", "GLOBAL_CONFIG", "SITE_CACHE")
    }
    with subprocess.Popen(
        [sys.executable, "-m", "gates", "train"],
        cwd=root,
        env=shell.environment | state,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # A shell's background job ignores it.
        preexec_fn=lambda: signal.signal(number, signal.SIG_DFL),  # noqa: PLW1509 - no thread runs here
    ) as process:
        assert read(alive) == b"running"
        process.send_signal(number)
        said, _ = process.communicate(timeout=300)  # a busy machine is no process that hangs
    assert read(alive) == b""
    assert process.returncode == 128 + number
    assert "Traceback" not in said


# ---------------------------------------------------------------- README


def test_the_readmes_exit_codes_are_the_codes() -> None:
    """One row a code, with the name that the code has here."""
    text = (ROOT / "README.md").read_text()
    rows = dict(re.findall(r"^\| (\d+) \| (\w+)", text, re.MULTILINE))
    assert rows.pop("130") == "interrupted"  # the shell's own code for it
    assert rows == {str(code.value): code.name.lower() for code in ExitCode}


@pytest.mark.parametrize("flags", [[], ["--json"]], ids=["text", "json"])
def test_a_stdout_that_is_full_ends_with_4_and_one_plain_error(flags: list[str]) -> None:
    """Neither a traceback nor a mistake of ml-gates; the error is on stderr."""
    command = [sys.executable, "-m", "gates", "policy", *flags, "--project", str(ROOT)]
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(command, cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert ended.returncode == ExitCode.UNAVAILABLE
    assert ended.stderr.startswith("Stopped: The answer could not be written to stdout.")
    assert "Traceback" not in ended.stderr
