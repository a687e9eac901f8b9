"""Whether the workflows keep the roads to production closed, and what their linters say."""

from gates.adapters import git, workflow_files, workflow_linters
from gates.controls import workflows
from gates.controls.roads import Word
from gates.errors import Remark
from gates.run.project import Project
from gates.run.review.look import Base, Look


def look(project: Project, base: Base) -> Look:  # noqa: ARG001 - every look's signature
    """Read every workflow and action of the repository."""
    top = git.top(project.root).resolve()
    found = workflow_files.read(top)
    if not found:
        return Look("skipped", "There are no workflows.")
    opened = [each for each in workflows.findings(found) if each.word is Word.OPEN]
    said, absent = workflow_linters.lint(top, project.log)
    remarks = (*(Remark(f"{each.what} {each.why} {each.do}") for each in opened), *said)
    without = f" {' and '.join(absent)} did not look: not installed here." if absent else ""
    if remarks:
        return Look("fail", f"{len(remarks)} to mend in workflows.{without}", remarks)
    return Look("pass", f"{len(found)} workflows and actions keep the roads closed.{without}")
