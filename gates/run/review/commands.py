"""The project's own lint and unit tests, as the policy declares them; their code is the change itself."""

import shlex

from gates.adapters import connection, github, keys, process
from gates.run.project import LEDGER_VARIABLE, Project
from gates.run.review.look import Base, Look

# What the change's own code does not get: it could pass the gate by writing into the step's files.
WITHHELD = (*github.STEP_FILES, *connection.CREDENTIALS, LEDGER_VARIABLE, keys.VARIABLE, github.TOKEN)


def look(project: Project, base: Base, which: str) -> Look:  # noqa: ARG001 - every look's signature
    """Run a command of the policy, `lint` or `tests`."""
    command = getattr(project.policy.project.review, which)
    if not command:
        return Look("skipped", f"gates.review.{which} is not declared in params.yaml.")
    shown = shlex.join(command)
    try:
        ended = process.run(
            command, cwd=project.root, env=dict.fromkeys(WITHHELD), log=project.log, merge=True
        )
    except OSError as error:
        sentence = f"`{shown}` cannot be run: {error.strerror}. Install it with the project's requirements."
        return Look("fail", sentence)
    if ended.code < 0:
        return Look("fail", f"`{shown}` was ended by signal {-ended.code}.", lines=ended.tail)
    if ended.code:
        return Look("fail", f"`{shown}` ended with {ended.code}.", lines=ended.tail)
    return Look("pass", f"`{shown}` is content.")
