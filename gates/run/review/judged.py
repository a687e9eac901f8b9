"""What was measured before, judged again by the proposed policy: of the champion, and of a candidate."""

from gates import statement
from gates.documents import read_json
from gates.errors import InvalidError, Remark
from gates.render import sentences
from gates.run import gate, serving
from gates.run.project import Project, now
from gates.run.review.look import Base, Look
from gates.statement import Decision


def champion(project: Project, base: Base) -> Look:  # noqa: ARG001 - every look's signature
    """Judge the figures by which the champion came in."""
    try:
        history = project.history()
    except InvalidError as error:
        return Look("skipped", f"The ledger cannot be read here. {error.what}")
    if history.champion is None:
        return Look("skipped", "Nobody serves yet.")
    decision = serving.decision(project, history, history.champion)
    return _again(project, f"v{history.champion.version}, which serves,", decision)


def candidate(project: Project, base: Base) -> Look:  # noqa: ARG001 - every look's signature
    """Judge the figures of the candidate that was judged last on this machine."""
    path = project.evidence / "statement.json"
    if not path.exists():
        return Look("skipped", "No candidate was judged here.")
    return _again(project, "The last candidate", statement.from_document(read_json(path), str(path)))


def _again(project: Project, who: str, decision: Decision) -> Look:
    verdicts = [
        gate.again(project, each.gate, each.measurements, now().date())
        for each in decision.verdicts
        if each.gate in project.policy.gates
    ]
    blocking = statement.blocking(verdicts)
    if not blocking:
        return Look("pass", f"{who} passes this policy by the figures of then.")
    remarks = tuple(
        Remark(sentences.why_not(each), str(project.params), address=f"gates.{each.gate}")
        for each in blocking
    )
    names = ", ".join(each.gate for each in blocking)
    return Look("warning", f"{who} would not pass this policy by the figures of then: {names}.", remarks)
