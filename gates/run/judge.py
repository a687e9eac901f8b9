"""Job `judge`: every gate's verdict and one statement over all of them. No model is loaded in here."""

from datetime import date

from gates import digest, statement
from gates.adapters import files, git
from gates.documents import Document, read_json
from gates.run import gate, handoff
from gates.run.project import Project
from gates.run.result import Result
from gates.statement import Candidate, Decision
from gates.verdict import Outcome, Verdict, to_document


def run(project: Project, expect: str, today: date, approver: str) -> Result:
    """Judge the candidate, and write `evidence/` once everything in it is known.

    Args:
        project: The project.
        expect: Digest of the predict job's manifest.
        today: The day of the judgement, on which waivers are looked at.
        approver: Who approves a first model, where the policy asks for it.

    Raises:
        GatesError: An input cannot be read; `evidence/` stays as it was.
    """
    names = ("predictions.parquet", "latency.json", "run.json", "serving.json")
    predicted = handoff.read(project, "predict", expect, [project.candidate / name for name in names])
    needed = [project.features, project.labels, project.lock]
    training = handoff.read(project, "train", handoff.text(predicted, "train"), needed)
    run_facts, serving = (
        read_json(project.candidate / "run.json"),
        read_json(project.candidate / "serving.json"),
    )
    tree = git.facts(project.root, [run_facts.get("tags", {}).get("git_commit", "")])
    files.write_json(project.candidate / "git.json", tree)
    verdicts = []
    for name in project.policy.gates:
        project.say(f"judging {name}")
        given = {"approver": approver} if name == "champion" and approver else {}
        verdicts.append(gate.judge(project, name, given, today))
    candidate = _candidate(project, training, tree["commit"])
    decision = Decision(
        project.model, candidate, serving.get("champion"), today, project.policy.sha256, tuple(verdicts)
    )
    payload = digest.canonical_json(statement.to_document(decision))
    written = {f"{verdict.gate}.json": digest.canonical_json(to_document(verdict)) for verdict in verdicts}
    written |= {"statement.json": payload, "dvc.lock": project.lock.read_bytes()}
    files.replace_folder(project.evidence, written)
    return Result(
        decision.outcome.value,
        _sentence(verdicts, decision.outcome),
        digest=digest.of_bytes(payload),
        verdict="evidence/statement.json",
        details={"sha": candidate.sha, "verdicts": [to_document(verdict) for verdict in verdicts]},
    )


def _candidate(project: Project, training: Document, commit: str) -> Candidate:
    golden = project.policy.project.golden_set
    return Candidate(
        sha=handoff.text(training, "model_sha"),
        run_id=handoff.text(training, "run_id"),
        commit=commit,
        lock_sha256=digest.of_file(project.lock),
        params_sha256=project.params_sha256(),
        data_sha256=handoff.text(training, "data_sha256"),
        data_md5=handoff.text(training, "data_md5"),
        remote=handoff.text(training, "remote"),
        golden_version=golden.version,
        golden_sha256=digest.of_listing(
            {"features": digest.of_file(project.features), "labels": digest.of_file(project.labels)}
        ),
    )


def _sentence(verdicts: list[Verdict], outcome: Outcome) -> str:
    if outcome is Outcome.PASS:
        return f"All {sum(verdict.mode == 'block' for verdict in verdicts)} blocking gates pass."
    names = ", ".join(verdict.gate for verdict in statement.blocking(verdicts))
    return f"Stopped by {names}."
