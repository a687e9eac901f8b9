"""The model card: what people say of a model, and what was measured, as the sections of a Markdown page.

Sections as M. Mitchell et al. (2019) have them. All figures are those of the signed statement, which the card
names by its digest.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gates import human_parts
from gates.human_parts import HumanParts
from gates.policy_values import Task
from gates.render import lineage
from gates.render.markdown import escaped
from gates.render.sentences import interval, number
from gates.statement import Decision
from gates.verdict import Finding, Verdict

NOT_SAID = "*Nobody has said.*"
TASKS: Mapping[Task, str] = {
    "binary": "tabular-classification",
    "multiclass": "tabular-classification",
    "regression": "tabular-regression",
    "ranking": "tabular-regression",
}
SECTIONS = ("golden", "latency", "fairness", "champion")


def sections(decision: Decision, exhibits: Mapping[str, Any], statement: str, version: str) -> str:
    """Return the body of the card.

    Args:
        decision: What let the model in.
        exhibits: What is kept beside it; what people say among it.
        statement: SHA-256 of the statement.
        version: Its version in the registry.
    """
    candidate, said = decision.candidate, _said(exhibits)
    judged = {verdict.gate: verdict for verdict in decision.verdicts}
    lines = [f"# {escaped(decision.model)}, version {escaped(version)}", ""]
    lines += [f"Judged on {decision.judged_on}: {decision.outcome.value}. Statement `{statement}`.", ""]
    for part, title in human_parts.TITLES.items():
        text = said.said(part)
        lines += [f"## {title}", "", *(map(escaped, text.splitlines()) if text else [NOT_SAID]), ""]
    lines += ["## Data", "", *_data(decision, exhibits), ""]
    lines += ["## Training", "", f"- MLflow run `{candidate.run_id}` at commit `{candidate.commit}`"]
    lines += [f"- `params.yaml` `{candidate.params_sha256}`", f"- `dvc.lock` `{candidate.lock_sha256}`", ""]
    lines += ["## Evaluation", "", *_figures(judged.get("golden"), slices=False), ""]
    lines += ["### On slices", "", *_figures(judged.get("golden"), slices=True), ""]
    for gate, title in (
        ("champion", "Against the champion"),
        ("fairness", "Fairness"),
        ("latency", "Latency"),
    ):
        lines += [f"## {title}", "", *_figures(judged.get(gate)), ""]
    drawn = lineage.graph(vars(candidate), statement, decision.outcome.value, version)
    lines += ["## Lineage", "", "```mermaid", *drawn, "```", ""]
    return "\n".join(lines)


def metadata(decision: Decision, exhibits: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the card says to machines: name, task, dataset, metrics, and what people say."""
    said = _said(exhibits)
    task: Task = exhibits.get("scores", {}).get("task", "binary")
    golden = next((each for each in decision.verdicts if each.gate == "golden"), None)
    figures = [each for each in _held(golden) if "/" not in each.name] if golden else []
    return {
        "model_name": decision.model,
        "license": said.license or None,
        "language": list(said.language) or None,
        "tags": [*said.tags, "ml-gates"],
        "library_name": "sklearn",
        "task": TASKS[task],
        "dataset": f"golden set {decision.candidate.golden_version}",
        "dataset_sha256": decision.candidate.golden_sha256,
        "metrics": {each.name: each.observed for each in figures},
    }


def people(exhibits: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return title and text of each part that people have said."""
    said = _said(exhibits)
    return [(title, said.said(part)) for part, title in human_parts.TITLES.items() if said.said(part)]


def _said(exhibits: Mapping[str, Any]) -> HumanParts:
    return human_parts.from_document(exhibits.get("card", {}))


def _data(decision: Decision, exhibits: Mapping[str, Any]) -> Iterator[str]:
    candidate = decision.candidate
    yield f"- raw table `{candidate.data_sha256}`, in {escaped(candidate.remote)}"
    for name, table in exhibits.get("columns", {}).items():
        columns = len(table["columns"]) + table.get("more", 0)
        yield f"- {escaped(name)}: {number(table['rows'])} rows of {columns} columns"
    yield f"- golden set {escaped(candidate.golden_version)} `{candidate.golden_sha256}`"


def _held(verdict: Verdict) -> Sequence[Finding]:
    return [each for each in verdict.findings if each.observed is not None]


def _figures(verdict: Verdict | None, *, slices: bool | None = None) -> list[str]:
    """Return the figures of a verdict as a table; of slices alone, of all but slices, or all."""
    found = [
        each
        for each in (_held(verdict) if verdict else ())
        if slices is None or each.name.startswith("slice_") is slices
    ]
    if not found:
        return ["None."]
    head = ["| figure | value | 95 % interval | limit | outcome |", "|---|---|---|---|---|"]
    return [*head, *map(_row, found)]


def _row(finding: Finding) -> str:
    known = finding.low is not None or finding.high is not None
    cells = (
        escaped(finding.name),
        f"{number(finding.observed)} {escaped(finding.unit)}".strip(),
        interval(finding.low, finding.high).removeprefix("95 % CI ") if known else "",
        f"{finding.sense} {number(finding.limit)}",
        f"{finding.outcome.value}, waived" if finding.waiver else finding.outcome.value,
    )
    return f"| {' | '.join(cells)} |"
