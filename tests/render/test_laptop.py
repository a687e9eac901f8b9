"""The command that shows a red run on a laptop: it exists, moves nothing, and a shell reads it as meant."""

import shlex

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gates.cli import cli
from gates.errors import ExitCode
from gates.render.laptop import LONGEST, MADE_ANEW, OF_A_CANDIDATE, SENDS, Step, command

RED = [code for code in ExitCode if code is not ExitCode.PASS]


def typed(line: str) -> list[list[str]]:
    """Split a line into commands, without the variables before them."""
    commands: list[list[str]] = [[]]
    for word in shlex.split(line):
        if word == "&&":
            commands.append([])
        elif commands[-1] or "=" not in word:
            commands[-1].append(word)
    return commands


@pytest.mark.parametrize(
    ("step", "line"),
    [
        (Step("data"), "gates data"),
        (Step("train"), "gates ship --until train"),
        (Step("ship"), "gates ship --until judge"),
        (
            Step("judge", ["--today=2026-06-01", "--approver=Ada L"]),
            "gates ship --until judge '--approver=Ada L'",
        ),
        (Step("golden", ["--predictions=a b"]), "gates golden '--predictions=a b'"),
        (Step("promote", ["--break-glass"]), "gates promote"),
        (
            Step("promote", run="7", model="churn"),
            "gh run download 7 --name=churn-evidence --dir=evidence && gates promote",
        ),
        (
            Step("predict", folder="models/my churn", variables={"GATES_LEDGER": "s3://a b"}),
            "cd 'models/my churn' && GATES_LEDGER='s3://a b' gates ship --until predict",
        ),
        (
            Step("selftest", variables={"GATES_LEDGER": "l"}),
            "GATES_LEDGER=l gates ship --until judge && GATES_LEDGER=l gates selftest",
        ),
        (Step("rollback", ["--to=1", "--reason=slow"]), "gates rollback --to=1 --reason=slow"),
    ],
)
def test_the_line_to_paste(step: Step, line: str) -> None:
    """The job is made anew where it reads what the jobs before it left."""
    assert command(step, ExitCode.FAIL) == line


def test_a_race_cannot_be_shown_again() -> None:
    """Nor what was no command, what would be sent again, and what nobody would paste."""
    assert command(Step("promote", run="7"), ExitCode.CONFLICT) == ""
    assert command(Step(""), ExitCode.INVALID) == ""
    assert command(Step("tell", ["--text=x"]), ExitCode.UNAVAILABLE) == ""
    assert command(Step("golden", [f"--label={'x' * LONGEST}"]), ExitCode.FAIL) == ""


def test_the_commands_that_it_names_exist() -> None:
    """Else one that was renamed would be typed again as it stands."""
    assert {*MADE_ANEW, *OF_A_CANDIDATE, *SENDS} <= set(cli.commands)


def test_tampering_is_looked_for_where_it_stays() -> None:
    """In ledger and registry; a decision is verified by the plan of its promotion."""
    assert command(Step("judge"), ExitCode.TAMPERED) == "gates audit"
    assert command(Step("promote"), ExitCode.TAMPERED) == "gates promote"


@pytest.mark.parametrize("code", RED)
@pytest.mark.parametrize("name", sorted(cli.commands))
def test_every_command_that_is_told_exists_and_takes_its_flags(name: str, code: ExitCode) -> None:
    """As the command line itself reads them; none applies anything."""
    needed = [
        "1" if isinstance(each, click.Argument) else f"{each.opts[0]}=1"
        for each in cli.commands[name].params
        if each.required
    ]
    for words in typed(command(Step(name, needed, variables={"GATES_LEDGER": "x"}), code)):
        if words[:1] == ["gates"]:
            with cli.commands[words[1]].make_context(words[1], words[2:]) as context:
                assert not context.params.get("apply")
                assert not context.params.get("repair")


@given(st.text(max_size=100).filter(lambda text: "\0" not in text and "=" not in text and text != "&&"))
def test_a_shell_reads_every_value_as_one_word(text: str) -> None:
    """Whatever a flag, a folder or a variable holds."""
    step = Step("golden", [f"--label={text}"], folder=text, variables={"GATES_LEDGER": text})
    line = command(step, ExitCode.FAIL)
    words = shlex.split(line)
    assert words[-1] == f"--label={text}"
    assert f"GATES_LEDGER={text}" in words
    assert not text or words[:3] == ["cd", text, "&&"]
