"""Whether the proposed policy can be read, and is the pinned one where one is pinned."""

from gates.run import pin, views
from gates.run.project import Project
from gates.run.review.look import Base, Look


def look(project: Project, base: Base) -> Look:  # noqa: ARG001 - every look's signature
    """Check params.yaml, the contracts that it names, and gates.lock."""
    views.policy(project)
    pin.require(project)
    pinned = ", the pinned one" if (project.root / pin.FILE).exists() else ""
    return Look("pass", f"The policy is {project.policy.sha256[:12]}{pinned}.")
