"""What the proposed policy says otherwise than that of the branch, and what of it asks for less."""

from gates import checks, policy
from gates.adapters import git
from gates.documents import Document, parse_yaml
from gates.errors import InvalidError, Remark
from gates.run.project import Project
from gates.run.review.look import Base, Look
from gates.weaker import changes


def look(project: Project, base: Base) -> Look:
    """Compare the policy with the one that the commit before has."""
    if not base.commit:
        return Look("skipped", f"{base.name} is not here; name a commit to compare with: --base main")
    before = git.at(project.root, base.commit, project.params.name)
    if before is None:
        return Look("pass", f"{base.name} has no {project.params.name}: the whole policy is new.")
    found = changes(_filled(before, base), project.policy.filled)
    if not found:
        return Look("pass", f"The policy of {base.name}.")
    weaker = tuple(
        Remark(f"This asks for less: {each.text}", str(project.params), address=each.address)
        for each in found
        if each.weaker
    )
    counted = f"{len(found)} {'change' if len(found) == 1 else 'changes'} of the policy"
    lines = tuple(each.text for each in found)
    if weaker:
        return Look(
            "warning", f"{counted}, {len(weaker)} of them {_ask(len(weaker))} for less.", weaker, lines
        )
    return Look("pass", f"{counted}, none known to ask for less.", lines=lines)


def _ask(count: int) -> str:
    return "asks" if count == 1 else "ask"


def _filled(params: bytes, base: Base) -> Document:
    """Return the policy of a parameter file with its defaults, as far as this version can read it."""
    name = f"params.yaml of {base.name}"
    try:
        document = parse_yaml(params, name)
    except InvalidError:
        return {}
    try:
        return policy.parse(document, checks.policies(), name).filled
    except InvalidError:
        block = document.get("gates")
        return block if isinstance(block, dict) else {}
