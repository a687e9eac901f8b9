"""Whether the workflows keep the roads to production closed, and what their linters say."""

from gates.adapters import git, workflow_files, workflow_linters
from gates.controls import workflows
from gates.controls.roads import Word
from gates.errors import InvalidError, Remark
from gates.run.project import Project
from gates.run.review.look import Base, Look


def look(project: Project, base: Base) -> Look:  # noqa: ARG001 - every look's signature
    """Read every workflow and action of the repository."""
    top = git.top(project.root).resolve()
    said, absent = workflow_linters.lint(top, project.log)
    try:
        found = workflow_files.read(top)
    except InvalidError as error:
        return Look("fail", f"{error.what} {error.why} {error.do}", (*error.remarks, *said))
    if not found:
        return Look("skipped", "There are no workflows.")
    opened = [each for each in workflows.findings(found) if each.word is Word.OPEN]
    remarks = (*(Remark(f"{each.what} {each.why} {each.do}") for each in opened), *said)
    without = f" {' and '.join(absent)} did not look: not installed here." if absent else ""
    if remarks:
        return Look("fail", f"{len(remarks)} to mend in workflows.{without}", remarks)
    return Look("pass", f"Workflows and actions ({len(found)}) keep the roads closed.{without}")
