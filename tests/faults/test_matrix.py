"""Whatever breaks, and wherever: the same command again ends with one entry, and the alias at the head."""

import pytest

from tests.faults import matrix
from tests.faults.matrix import LEDGERS, Matrix
from tests.faults.scene import COMMANDS

FEWEST_CASES = 400
SHARE = 3  # every third step, begun anew with each fault, so that all steps are met; `make faults` runs all
# Before some steps these change nothing for the run itself.
HARMLESS = {"clock off by a day", "a concurrent writer"}


def test_there_are_cases_enough(steps: Matrix) -> None:
    """Twelve faults before every step of both commands over both ledgers, each once."""
    assert len(matrix.faults()) == 12
    cases = [
        case
        for fault in matrix.faults()
        for command in COMMANDS
        for ledger in LEDGERS
        for case in steps.cases(command, ledger, fault)
    ]
    assert len(cases) == len(set(cases)) >= FEWEST_CASES


@pytest.mark.parametrize("ledger", LEDGERS)
@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("fault", matrix.faults())
def test_the_same_command_again_ends_well(
    steps: Matrix, subtests: pytest.Subtests, fault: str, command: str, ledger: str
) -> None:
    """Exit code 4, or one that says no; then, run again, 0. Never a traceback, never twice."""
    harmed, first = 0, matrix.faults().index(fault) % SHARE
    for outcome in steps.run(steps.cases(command, ledger, fault)[first::SHARE]):
        harmed += outcome.first.code != 0
        with subtests.test(str(outcome.case)):
            assert not outcome.wrong
    assert harmed or fault in HARMLESS
