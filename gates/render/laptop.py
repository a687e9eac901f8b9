"""The one command that shows on a laptop what a red run has shown on GitHub.

It needs a checkout of the same commit and rights to read, and moves nothing. The jobs after `data` read
what the jobs before them left, which a checkout does not have: `gates ship --until` makes it anew. `promote`
reads the evidence of the run itself, and only plans.
"""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gates.errors import ExitCode

MADE_ANEW = ("train", "predict", "judge")
OF_A_CANDIDATE = ("selftest",)  # looks at what was judged before
# What was not sent is not sent from a laptop either. By name, as in `who_acts`: a name is all that is known
# of the command here, since commands are a floor above.
SENDS = ("tell", "issue", "comment")
LONGEST = 2_000  # letters that a person would paste


@dataclass(frozen=True)
class Step:
    """A command as a workflow ran it.

    Attributes:
        command: Name of the command; of `ship`, the job that stopped where it is known.
        flags: What it was given, without what moves something or belongs to this run alone.
        folder: The project's folder in the checkout; empty for the checkout itself.
        run: Id of the workflow's run.
        model: Name of the model, by which `ship.yml` names the run's artifacts.
        variables: Where ledger and tracking server are, without credentials.
    """

    command: str
    flags: Sequence[str] = ()
    folder: str = ""
    run: str = ""
    model: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)


def command(step: Step, code: ExitCode) -> str:
    """Return the line to paste into a shell.

    Args:
        step: What ran.
        code: Its exit code.

    Returns:
        Nothing where no laptop can show it: of two that moved the champion at once, one was there first.
    """
    name = "judge" if step.command == "ship" else step.command
    if code is ExitCode.CONFLICT or not name or name in SENDS:
        return ""
    words = ["gates", name, *step.flags]
    lines = []
    if name == "promote":
        words = ["gates", "promote"]
        if step.run and step.model:
            artifact = f"--name={step.model}-evidence"
            lines.append(shlex.join(["gh", "run", "download", step.run, artifact, "--dir=evidence"]))
    elif code is ExitCode.TAMPERED and name != "data":
        words = [
            "gates",
            "audit",
        ]  # what lies in ledger and registry; what was swapped between two jobs is gone
    elif name in MADE_ANEW:
        approver = [flag for flag in step.flags if flag.startswith("--approver=")]
        words = ["gates", "ship", "--until", name, *approver]
    assigned = [f"{name}={shlex.quote(value)}" for name, value in step.variables.items()]
    first = [["gates", "ship", "--until", "judge"]] if name in OF_A_CANDIDATE else []
    lines += [" ".join([*assigned, shlex.join(each)]) for each in (*first, words)]
    line = " && ".join([f"cd {shlex.quote(step.folder)}"] * bool(step.folder) + lines)
    return line if len(line) <= LONGEST else ""
