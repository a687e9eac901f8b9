"""Where in the files of a project a remark belongs."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from gates import digest
from gates.checks import schema
from gates.documents import read_yaml
from gates.errors import GatesError, Remark
from gates.lines import line, lines
from gates.run.project import Project
from gates.verdict import Verdict


def placed(remark: Remark) -> Remark:
    """Return a remark with its line, as far as its file is there and can be read."""
    if remark.line or not remark.address:
        return remark
    with suppress(GatesError, OSError):
        path = Path(remark.file)
        read_yaml(path)  # only what is bounded is composed again
        return replace(remark, line=line(lines(path.read_text("utf-8")), remark.address))
    return remark


def of(remark: Remark) -> tuple[Path | None, int]:
    """Return file and line of a remark; no file where it is about none that is there."""
    path = Path(remark.file)
    return (path, placed(remark).line) if remark.file and path.is_file() else (None, 0)


def at_fault(project: Project, verdict: Verdict) -> Iterator[Remark]:
    """Yield a remark for each finding that blocks and is about a rule of a contract of this project."""
    policy = project.policy.gates.get(verdict.gate)
    if verdict.gate != "schema" or not isinstance(policy, schema.Policy):
        return
    for finding in verdict.findings:
        rule = schema.rule_at(finding.name) if finding.blocks else None
        if rule is None:
            continue
        table, address = rule
        contract = project.root / getattr(policy, f"{table}_contract")
        # A contract that was given by a flag is another one.
        if contract.is_file() and digest.of_file(contract) == verdict.inputs.get(f"{table}_contract"):
            text = f"{finding.name.removeprefix('violations/')}: {int(finding.observed or 0):,} times broken."
            yield Remark(f"{text} {finding.note}".strip(), str(contract), address=address)
