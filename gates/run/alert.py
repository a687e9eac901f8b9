"""`gates alert`: whether what Alertmanager tells is a reason to roll back."""

import shlex
from datetime import timedelta
from pathlib import Path

from gates import notification
from gates.documents import parse_json, read_json
from gates.plans import alert as plans
from gates.plans import rollback
from gates.run.project import Project, now
from gates.run.result import UNCHANGED, Result

FROM_FILE = "@"


def run(project: Project, payload: str) -> Result:
    """Decide, and move nothing: `gates rollback` does, told which entry it is to undo.

    Args:
        project: The project.
        payload: Body of Alertmanager's webhook, version 4; or ``@`` and the file that holds it.

    Raises:
        InvalidError: It is not such a body, or an alert begins in the future.
        UndecidedError: There is no champion, or none before it that may come back.
        TamperedError: The ledger does not verify.
    """
    told = notification.read(
        read_json(Path(payload.removeprefix(FROM_FILE)))
        if payload.startswith(FROM_FILE)
        else parse_json(payload.encode(errors="surrogateescape"), notification.NAME)
    )
    burn_in = timedelta(minutes=project.policy.project.alerts.burn_in_minutes)
    history = project.history()
    decided = plans.decide(told, history, burn_in, now())
    if not decided.roll_back:
        return Result(UNCHANGED, decided.sentence)
    next(rollback.targets(history, "previous"))  # nobody is told a command that has nobody to bring back
    reason = shlex.quote(decided.sentence)
    command = f"gates rollback --to previous --expect {decided.undo} --reason {reason} --apply"
    return Result("pass", decided.sentence, digest=decided.undo, look=command)
