"""Who is to act: one table, which names a person or nobody for every command and code."""

import pytest

from gates import checks
from gates.cli import cli
from gates.errors import ExitCode
from gates.render.who_acts import ANYWHERE, AUTHOR, TABLE, who_acts

RED = [code for code in ExitCode if code is not ExitCode.PASS]


@pytest.mark.parametrize(
    ("command", "code", "who"),
    [
        ("data", ExitCode.FAIL, "the owner of the data"),
        ("data", ExitCode.INVALID, "the owner of the data"),
        ("schema", ExitCode.FAIL, "the owner of the data"),
        ("train", ExitCode.INVALID, "the author of the change"),
        ("predict", ExitCode.INVALID, "the author of the change"),
        ("judge", ExitCode.FAIL, "the author of the change, or the owner of a waiver"),
        (
            "judge",
            ExitCode.UNDECIDED,
            "the author of the change; of too few rows, the owner of the golden set",
        ),
        ("latency", ExitCode.UNDECIDED, "the author of the change"),
        ("judge", ExitCode.INVALID, "the author of the change"),
        ("golden", ExitCode.FAIL, "the author of the change, or the owner of a waiver"),
        ("promote", ExitCode.UNAVAILABLE, "nobody"),
        ("promote", ExitCode.CONFLICT, "nobody"),
        ("promote", ExitCode.INVALID, "who keeps the environment `production`"),
        ("promote", ExitCode.TAMPERED, "security"),
        ("data", ExitCode.TAMPERED, "security"),
        ("rollback", ExitCode.INVALID, "who is on call"),
        ("drill", ExitCode.FAIL, "who is on call"),
        ("doctor", ExitCode.FAIL, "the administrator"),
        ("selftest", ExitCode.FAIL, "who reviews policy and contracts"),
    ],
)
def test_who_is_to_act(command: str, code: ExitCode, who: str) -> None:
    """By what stopped and how."""
    assert who_acts(command, code).startswith(who)


def test_a_green_run_asks_nobody() -> None:
    """Whatever ran."""
    assert {who_acts(command, ExitCode.PASS) for command in cli.commands} == {""}


@pytest.mark.parametrize("code", RED)
def test_every_red_run_names_somebody(code: ExitCode) -> None:
    """Also of a command that the table does not list, and in words that fit one line."""
    for command in (*cli.commands, "of tomorrow"):
        assert 0 < len(who_acts(command, code)) < 90
    assert who_acts("of tomorrow", code) == ANYWHERE.get(code, AUTHOR)


def test_the_table_names_what_there_is() -> None:
    """Each of its commands, and every gate: a new one is not forgotten."""
    named = {command for commands, *_ in TABLE for command in commands}
    assert {*checks.names()} <= named <= {*cli.commands}
