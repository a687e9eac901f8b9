"""Job `data`: pull the raw data, hash it with SHA-256, hold it against its contract."""

from gates import digest
from gates.adapters import dvc, files
from gates.run import gate, handoff
from gates.run.project import Project, now
from gates.run.result import Result
from gates.verdict import to_document

LATER_TABLES = frozenset({"train", "train_contract", "features", "golden_contract"})


def run(project: Project) -> Result:
    """Return pass when the raw data is here and keeps its contract.

    Raises:
        UnavailableError: The remote did not give the data.
        InvalidError: There is no pointer or no verified remote.
    """
    raw = project.raw
    remote, md5 = dvc.remote(project.root), dvc.pointer(raw)
    if not raw.exists() or digest.md5_of_file(raw) != md5:
        project.say(f"pulling {project.policy.project.data.raw}")
        dvc.pull(project.root, raw, project.log)
    facts = {"data_sha256": digest.of_file(raw), "data_md5": md5, "remote": remote}
    project.say("holding the raw data against its contract")
    verdict = gate.judge(project, "schema", {}, now().date(), skip=LATER_TABLES)
    if verdict.blocks:
        files.replace_folder(project.evidence, {"schema.json": digest.canonical_json(to_document(verdict))})
        finding = verdict.decisive
        broken = finding.name if finding else "nothing checked"
        sentence = f"The raw data breaks its contract: {broken}."
        details = {"verdicts": [to_document(verdict)]}
        return Result(verdict.outcome.value, sentence, verdict="evidence/schema.json", details=details)
    rows = int(verdict.measurements.get("rows/raw", 0))
    written = handoff.write(project, "data", facts, [raw])
    return Result("pass", f"{rows:,} rows keep their contract.", digest=written, details=facts)
