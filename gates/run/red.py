"""The advice about a red run, from what GitHub and the environment say of this step."""

import os
import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from gates.adapters import github
from gates.documents import read_yaml
from gates.errors import ExitCode, GatesError
from gates.render import laptop
from gates.render.red import Red
from gates.render.who_acts import who_acts
from gates.run.project import LEDGER_VARIABLE

PLACES = (LEDGER_VARIABLE, "MLFLOW_TRACKING_URI")


def of(command: str, flags: Sequence[str], project: Path, code: ExitCode) -> Red | None:
    """Return the advice about a command that ended in a workflow.

    Args:
        command: The command; of `ship`, the job that stopped.
        flags: What it was given.
        project: The project's folder.
        code: Its exit code.

    Returns:
        None where it is green.
    """
    if code is ExitCode.PASS:
        return None
    given = {name: _without_user(os.environ[name]) for name in PLACES if os.environ.get(name)}
    step = laptop.Step(command, flags, github.folder(project), github.run_id(), _model(project), given)
    return Red(who_acts(command, code), laptop.command(step, code))


def _model(project: Path) -> str:
    """Return the name of the project's model; empty where the policy cannot be read."""
    with suppress(GatesError):
        block = read_yaml(project / "params.yaml").get("gates")
        return str(block.get("model", "")) if isinstance(block, dict) else ""
    return ""


def _without_user(address: str) -> str:
    """Return an address without user and password: who reads the summary has their own."""
    return re.sub(r"://[^\s/]*@", "://", address)
