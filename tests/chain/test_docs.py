"""Every command that README and docs tell a reader to type is typed, and ends as they say."""

import re
from collections.abc import Callable, Iterator

import pytest

from tests.chain.conftest import State
from tests.chain.project import Project
from tests.shell import ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
# Run by the tests that are named, in the place that they are about.
ELSEWHERE = {
    r"gates init .*": "tests/chain/test_adopt.py",
    r"gates promote --break-glass .*": "tests/run/test_break_glass.py",
    r"gates alert .*": "tests/workflows/test_rollback.py",
    r"gates policy( --pin)?": "tests/run/test_pin.py",
    r"gates selftest.*": "tests/chain/test_selftest.py",
    r"gates ship.*": "tests/chain/test_outcomes.py",
    r"gates doctor.*": "tests/run/test_doctor.py",
}
GIVEN = {"SHA": "v1", "[SHA]": "v1", "FOLDER": "pages", "DIR": "export", '"…"': '"the docs say so"'}


def told() -> Iterator[str]:
    """Yield each command of a block of shell, as it stands there, without its comment."""
    for page in PAGES:
        for language, block in re.findall(
            r"^```(\w*)\n(.*?)^```", page.read_text("utf-8"), re.MULTILINE | re.DOTALL
        ):
            if language in {"", "sh"}:
                yield from re.findall(r"^(gates .+?)\s*(?:  #.*)?$", block, re.MULTILINE)


def typed(command: str) -> str:
    """Return a command with what its reader puts in place of the words that stand for something."""
    return " ".join(GIVEN.get(word, word) for word in command.split(" "))


COMMANDS = sorted(
    {typed(each) for each in told() if not any(re.fullmatch(known, each) for known in ELSEWHERE)}
)


def test_what_is_typed_elsewhere_is_there() -> None:
    """The tests that stand for the rest."""
    assert all((ROOT / name).is_file() for name in ELSEWHERE.values())
    everything = set(told())
    assert all(any(re.fullmatch(known, each) for each in everything) for known in ELSEWHERE)
    assert len(COMMANDS) > 12


@pytest.fixture(scope="module")
def shipped(second: State, branch: Callable[[Project], Project]) -> Project:
    """A copy in which v2 serves, over v1."""
    return branch(second.project)


@pytest.mark.parametrize("command", COMMANDS)
def test_it_does_what_it_says(shipped: Project, command: str) -> None:
    """One after the other, in one project, as a reader does."""
    answer = shipped.run("sh", "-c", command)
    assert answer.code == 0, answer.out + answer.err
