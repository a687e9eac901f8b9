"""Defects of what was decided, and of what people wrote: the policy, a waiver, who answers for the model."""

from datetime import timedelta

from gates import human_parts
from gates.defects.case import (
    GIT,
    PARAMS,
    STATEMENT,
    WAIVED,
    Case,
    Changes,
    Defect,
    NotApplicableError,
    afterwards,
)
from gates.documents import Document

NO_COMMIT = "0" * 40
PROMOTE, POLICY = ("promote",), ("policy",)
AUTHOR = "what promote asks, always"


def threshold_changed(case: Case) -> Changes:
    """Allow requests twice the time, after the candidate was judged."""
    allowed = float(getattr(case.policy.block("latency"), "p99_ms", 0.0))
    return case.setting("gates.latency.p99_ms", 2.0 * allowed)


def gate_switched_off(case: Case) -> Changes:
    """Let the first gate that blocks only report, after the candidate was judged."""
    first = next(name for name, block in case.policy.gates.items() if block.mode == "block")
    return case.setting(f"gates.{first}.mode", "report")


def gate_removed(case: Case) -> Changes:
    """Take the gate golden out of the policy."""
    return case.edited(PARAMS, lambda params: params["gates"].pop("golden"))


def waiver_expired(case: Case) -> Changes:
    """Let the waivers that are in use have ended yesterday."""
    if not case.waived:
        raise NotApplicableError("no finding of a gate that blocks is waived")
    yesterday = (case.today - timedelta(days=1)).isoformat()

    def edit(params: Document) -> None:
        for waiver in params["gates"]["waivers"]:
            waiver["expires"] = yesterday

    return case.edited(PARAMS, edit)


def figure_forged(case: Case) -> Changes:
    """Write a better figure into the decision than was measured."""

    def edit(document: Document) -> None:
        for verdict in document["predicate"]["verdicts"]:
            finding = verdict["findings"][0]
            if finding["name"] in verdict["measurements"]:
                better = 1.0 if finding["sense"] == "at most" else -1.0
                verdict["measurements"][finding["name"]] -= better * (abs(finding["limit"]) + 1.0)
                return

    return case.edited(STATEMENT, edit)


def verdict_dropped(case: Case) -> Changes:
    """Take a verdict out of the decision."""
    return case.edited(STATEMENT, lambda document: document["predicate"]["verdicts"].pop(0))


def decision_of_long_ago(case: Case) -> Changes:
    """Date the decision before the days for which it holds."""
    days = case.policy.project.decision_days + 1
    day = (case.decision.judged_on - timedelta(days=days)).isoformat()
    return case.edited(STATEMENT, lambda document: document["predicate"].update(judged_on=day))


def not_said(case: Case) -> Changes:
    """Take a part that the policy requires, the owner if it is one, out of what people say of the model."""
    required: tuple[str, ...] = getattr(case.policy.gates.get("documentation"), "required", ())
    waived = {each.finding for each in case.policy.waivers if each.gate == "documentation"}
    held = sorted(
        (each for each in required if f"said/{each}" not in waived), key=lambda each: each != "owner"
    )
    if not held:
        raise NotApplicableError("the policy asks nobody to say anything (gates.documentation.required)")
    return case.edited(human_parts.NAME, lambda said: said.update({held[0]: ""}))


def commit_moved(case: Case) -> Changes:
    """Let another commit be checked out than the one that was judged."""
    return case.edited(GIT, lambda facts: facts.update(commit=NO_COMMIT))


DEFECTS = (
    afterwards(
        "changed threshold",
        "A limit is twice as high as when the candidate was judged.",
        PROMOTE,
        threshold_changed,
        AUTHOR,
    ),
    afterwards(
        "gate switched off",
        "A gate that blocked only reports, since the candidate was judged.",
        PROMOTE,
        gate_switched_off,
        AUTHOR,
    ),
    afterwards(
        "gate removed",
        "The policy has no block of the gate golden.",
        POLICY,
        gate_removed,
        "gates policy, always",
    ),
    Defect(
        "waiver expired",
        "The waivers in use have ended.",
        (WAIVED,),
        waiver_expired,
        "the last day of a waiver, always",
    ),
    Defect(
        "no owner",
        "model_card.yaml does not say who answers for the model, or another part that the policy requires.",
        ("documentation",),
        not_said,
        "required of gates.documentation",
    ),
    afterwards(
        "forged verdict",
        "The decision tells a better figure than was measured.",
        PROMOTE,
        figure_forged,
        AUTHOR,
    ),
    afterwards(
        "verdict dropped", "The decision has no verdict of one gate.", PROMOTE, verdict_dropped, AUTHOR
    ),
    afterwards(
        "decision of long ago", "The decision is older than it may be.", PROMOTE, decision_of_long_ago, AUTHOR
    ),
    afterwards(
        "another commit",
        "Another commit is checked out than the one that was judged.",
        PROMOTE,
        commit_moved,
        AUTHOR,
    ),
)
