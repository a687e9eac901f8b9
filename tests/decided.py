"""A decision about the small project of the gates' tests, with what its report draws."""

from collections.abc import Sequence
from pathlib import Path

from gates import digest
from gates.digest import canonical_json
from gates.documents import Document
from gates.render.report import Report
from gates.render.report.page import State
from gates.run import exhibits, gate
from gates.statement import Candidate, Decision
from tests.checks.project import TODAY, Project, build

TASKS = ("binary", "multiclass", "regression", "ranking")


def project(root: Path, task: str = "binary") -> Project:
    """Write a project of this task that passes every gate."""
    made = build(root)
    if task != "binary":
        getattr(made, task)()
    return made


def decided(made: Project, only: Sequence[str] = ()) -> tuple[Decision, Document]:
    """Return what its gates decide, or some of them, and the exhibits."""
    opened = made.opened()
    if opened.policy.named_metrics:
        made.take_metrics()
    drawn = exhibits.taken(opened)
    verdicts = tuple(gate.judge(opened, name, {}, TODAY) for name in only or opened.policy.gates)
    candidate = Candidate(
        sha="a" * 64,
        run_id="run-1",
        commit="5" * 40,
        lock_sha256="1" * 64,
        params_sha256="2" * 64,
        data_sha256="3" * 64,
        data_md5="4" * 32,
        remote="s3://bucket/churn",
        golden_version="v1",
        golden_sha256="5" * 64,
        replay_sha256="6" * 64,
        exhibits_sha256=digest.of_bytes(canonical_json(drawn)),
    )
    head = {"seq": 1, "sha256": "b" * 64}
    return Decision("churn", candidate, head, TODAY, opened.policy.sha256, verdicts), drawn


def report(made: Project, state: State = "promoted") -> Report:
    """Return the report of its decision."""
    decision, drawn = decided(made)
    return Report(state, "Promoted v2 over v1.", decision, drawn, "2", ("promote by ada: better",))
