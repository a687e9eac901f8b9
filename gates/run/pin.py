"""Which policy may judge, pinned where the change that weakens it does not reach.

The digest stands in `gates.lock`, which has reviewers of its own, or in a variable of the CI environment.
"""

import os

from gates.adapters import files
from gates.documents import read_json
from gates.errors import InvalidError
from gates.run.project import Project
from gates.run.result import Result

FILE = "gates.lock"
VARIABLE = "GATES_POLICY_SHA256"


def require(project: Project) -> None:
    """Hold that the policy is the pinned one, where one is pinned.

    Raises:
        InvalidError: It is another.
    """
    here, path = project.policy.sha256, project.root / FILE
    pins = {f"${VARIABLE}": os.environ.get(VARIABLE, "")}
    if path.exists():
        pins[FILE] = str(read_json(path).get("policy_sha256") or "nothing")
    for where, pinned in pins.items():
        if pinned and pinned != here:
            raise InvalidError(
                "The policy in params.yaml is not the pinned one.",
                why=f"It has the digest {here[:16]}…, {where} says {pinned[:16]}….",
                do=f"Have its change reviewed, then pin {here} there: gates policy --pin writes {FILE}",
            )


def write(project: Project) -> Result:
    """Pin the policy as it is now in `gates.lock`."""
    sha256 = project.policy.sha256
    files.write_json(project.root / FILE, {"policy_sha256": sha256})
    return Result("pass", f"{FILE} pins the policy {sha256[:12]}.", details={"policy_sha256": sha256})
