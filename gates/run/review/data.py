"""Whether the raw data keeps its contract, where the data can be had without a secret."""

from collections.abc import Iterator

from gates.adapters import git
from gates.contracts import read_contract
from gates.errors import InvalidError, Remark, UnavailableError
from gates.render import sentences
from gates.run import data, gate, places
from gates.run.project import Project, now
from gates.run.review.look import Base, Look
from gates.verdict import Outcome

PULL_S = 30


def look(project: Project, base: Base) -> Look:
    """Read every contract; pull the raw data, and hold it against its own."""
    for name in _contracts(project):
        try:
            read_contract(project.root / name)
        except InvalidError as error:
            remarks = error.remarks or (Remark(f"{error.what} {error.why}", str(project.root / name)),)
            return Look("fail", f"{error.what} {error.why} {error.do}", remarks)
    try:
        data.bring(project, PULL_S)
    except UnavailableError as error:
        return Look("skipped", _unseen(project, base, error))
    verdict = gate.judge(project, "schema", {}, now().date(), skip=data.LATER_TABLES)
    if verdict.blocks:
        remarks = tuple(places.at_fault(project, verdict))
        failed = verdict.outcome is Outcome.FAIL
        return Look("fail" if failed else "undecided", sentences.why_not(verdict), remarks)
    rows, broken = (int(verdict.measurements.get(f"{name}/raw", 0)) for name in ("rows", "violations"))
    if broken:
        return Look(
            "warning", f"{rows:,} rows break their contract {broken:,} times, which the policy lets pass."
        )
    return Look("pass", f"{rows:,} rows keep their contract.")


def _contracts(project: Project) -> Iterator[str]:
    block = project.policy.gates["schema"].model_dump()
    yield from (value for name, value in block.items() if name.endswith("_contract"))


def _unseen(project: Project, base: Base, error: UnavailableError) -> str:
    """Say why the data was not looked at, and whether the change is about it."""
    about = {f"{project.policy.project.data.raw}.dvc", ".dvc/config", *_contracts(project)}
    told = (
        f"{error.what} {error.why.rstrip('.')}. Without secrets it is looked at when it is shipped, not here."
    )
    changed = sorted(about.intersection(git.changed(project.root, base.commit))) if base.commit else []
    return f"{told} This change is about it: {', '.join(changed)}." if changed else told
