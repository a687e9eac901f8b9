"""MLflow slow, hanging, down or restarting: exit code 4, what is known about the write, and what to run."""

import json

import pytest

from gates.run import known
from tests.faults.matrix import Matrix
from tests.faults.scene import COMMANDS

SILENT = ("slow server", "hung server", "connection refused", "503 after the write was applied")
KNOWN = {
    "promote": known.NOT_YET,
    "rollback": known.NOTHING_MOVED,
    "reconcile": known.NOTHING_CHANGED,
    "audit": known.NOTHING_CHANGED,
    "judge": known.NOTHING_JUDGED,
}
LINES = {
    **COMMANDS,
    "reconcile": ("reconcile", "--repair", "--json"),
    "audit": ("audit", "--json"),
    "judge": ("judge", "--approver", "Ada", "--json"),
}


@pytest.mark.parametrize("fault", SILENT)
@pytest.mark.parametrize("command", LINES)
def test_every_command_answers(steps: Matrix, command: str, fault: str) -> None:
    """Whatever MLflow does, and however many requests it does it to."""
    one_request = (command, fault) == ("judge", "slow server")
    with steps.lane() as lane:
        ended = lane.answer(LINES[command], fault, patient=one_request)
    if one_request:
        assert ended.code == 0, ended.said  # within its patience
        return
    assert ended.code == 4, ended.said
    error = json.loads(ended.said[ended.said.index("{") :])["error"]
    assert error["what"].startswith("MLflow could not")
    assert KNOWN[command] in error["why"]
    assert error["do"].endswith("then run the same command again.")
