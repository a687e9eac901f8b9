"""Whether dvc.lock says what the stages are now; what does not will run when the change is shipped."""

from gates import stages
from gates.adapters import dvc
from gates.run.project import Project
from gates.run.review.look import Base, Look


def look(project: Project, base: Base) -> Look:  # noqa: ARG001 - every look's signature
    """Compare dvc.yaml, parameters, code and pointers with dvc.lock; no data is needed."""
    dvc.remote(project.root)
    dvc.pointer(project.raw)
    if not project.lock.exists():
        return Look("pass", "There is no dvc.lock yet: every stage will run.")
    found = stages.compare(project.lock, project.root / "dvc.yaml", committed=True)
    if not found.changes:
        return Look("pass", "dvc.lock is in sync: no stage will run.")
    names = ", ".join(found.stages)
    return Look(
        "pass", f"dvc.lock is of before; these will run: {names}.", lines=tuple(sorted(found.changes))
    )
