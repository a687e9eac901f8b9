"""Job `judge`: every gate's verdict and one statement over all of them. No model is loaded in here."""

from dataclasses import asdict, dataclass
from datetime import date

from gates import digest, statement
from gates.adapters import behaviour, files, git, replay
from gates.adapters.tracking import Tracking
from gates.documents import Document
from gates.errors import ConflictError, TamperedError
from gates.run import exhibits, gate, handoff, known, named_metrics, pin, serving
from gates.run.project import Project
from gates.run.result import Result
from gates.statement import Candidate, Decision
from gates.verdict import Outcome, Verdict
from gates.verdict_document import to_document


@dataclass(frozen=True)
class Expected:
    """Digests that the manifests must have, as the jobs themselves told them; empty where nobody told us."""

    predict: str = ""
    train: str = ""
    data: str = ""


def run(project: Project, expected: Expected, today: date, approver: str) -> Result:
    """Judge the candidate, and write `evidence/` once everything in it is known.

    Who serves and what the run says is asked here, not taken from a job that ran the user's code.

    Args:
        project: The project.
        expected: Digests of the manifests of the jobs before.
        today: The day of the judgement, on which waivers are looked at.
        approver: Who approves a first model, where the policy asks for it.

    Raises:
        GatesError: An input cannot be read; `evidence/` stays as it was.
    """
    pin.require(project)
    _handed_on(project, expected)
    # The team's own metrics run before what was handed on is verified for good: they can change none of it.
    taken = named_metrics.taken(project)
    data, training, predicted = _handed_on(project, expected)
    sha, run_id = handoff.text(training, "model_sha"), handoff.text(training, "run_id")
    project.say("asking MLflow for the run")
    with known.told(known.NOTHING_JUDGED):
        run_facts = Tracking(project.root, project.model).run_facts(run_id)
        history = project.history()
    serves = serving.facts(history, sha)
    require_same_champion(predicted, serves)
    tree = git.facts(project.root, [run_facts["tags"].get("git_commit", "")])
    documents = {"run": run_facts, "serving": serves, "git": tree} | ({"metrics": taken} if taken else {})
    for name, document in documents.items():
        files.write_json(project.candidate / f"{name}.json", document)
    verdicts = []
    for name in project.policy.gates:
        project.say(f"judging {name}")
        given = {"approver": approver} if name == "champion" and approver else {}
        verdicts.append(gate.judge(project, name, given, today))
    drawn = digest.canonical_json(exhibits.taken(project))
    candidate = candidate_of(project, data, training, tree["commit"], digest.of_bytes(drawn))
    changes = serving.policy_changes(project, history)
    decision = Decision(
        project.model, candidate, serves["champion"], today, project.policy.sha256, tuple(verdicts), changes
    )
    payload = digest.canonical_json(statement.to_document(decision))
    written = {f"{verdict.gate}.json": digest.canonical_json(to_document(verdict)) for verdict in verdicts}
    written |= {
        "statement.json": payload,
        "dvc.lock": project.lock.read_bytes(),
        replay.NAME: (project.candidate / replay.NAME).read_bytes(),
        exhibits.NAME: drawn,
    }
    files.replace_folder(project.evidence, written)
    return Result(
        decision.outcome.value,
        _sentence(verdicts, decision.outcome),
        digest=digest.of_bytes(payload),
        verdict="evidence/statement.json",
        details={
            "sha": candidate.sha,
            "candidate": asdict(candidate),
            "decision": digest.of_bytes(payload),
            "policy_changes": list(changes),
            "verdicts": [to_document(verdict) for verdict in verdicts],
        },
    )


def require_same_champion(predicted: Document, serves: Document) -> None:
    """Hold that the challenger was scored beside who serves.

    Raises:
        ConflictError: It was scored beside another.
    """
    if predicted.get("champion") != serves["champion"]:
        raise ConflictError(
            "The champion moved after the challenger was scored beside it.",
            do="Score both again: gates predict, then gates judge",
        )


def _handed_on(project: Project, expected: Expected) -> tuple[Document, Document, Document]:
    """Return what `handed_on` does, with the dvc.lock of the training in its place."""
    found = handed_on(project, expected)
    handoff.put_back_lock(project)
    return found


def handed_on(project: Project, expected: Expected) -> tuple[Document, Document, Document]:
    """Return the manifests of data, train and predict, after verifying all three and what is read of them.

    Raises:
        InvalidError: A job has not run, or what it left is gone.
        TamperedError: A manifest, or a file that one lists, is not what its job wrote.
    """
    tested = (behaviour.RESULT,) if "behaviour" in project.policy.gates else ()
    names = ("predictions.parquet", "latency.json", replay.NAME, *tested)
    predicted = handoff.read(
        project, "predict", expected.predict, [project.candidate / name for name in names]
    )
    told = handoff.text(predicted, "train")
    lock = project.candidate / handoff.LOCK
    training = handoff.read(project, "train", told, [project.features, project.labels, lock])
    data = handoff.read(project, "data", handoff.text(training, "data"), [project.raw])
    for job, direct, chained in (("train", expected.train, told), ("data", expected.data, training["data"])):
        if direct and direct != chained:
            raise TamperedError(
                f"The job after `{job}` handed on another manifest of it than `{job}` wrote.",
                do="Find who wrote there, then run all jobs again: gates ship",
            )
    return data, training, predicted


def candidate_of(
    project: Project, data: Document, training: Document, commit: str, exhibits_sha256: str = ""
) -> Candidate:
    """Return what is judged, by the digests that the jobs handed on and those of the files here."""
    golden = project.policy.project.golden_set
    return Candidate(
        sha=handoff.text(training, "model_sha"),
        run_id=handoff.text(training, "run_id"),
        commit=commit,
        lock_sha256=digest.of_file(project.lock),
        params_sha256=project.params_sha256(),
        data_sha256=handoff.text(data, "data_sha256"),
        data_md5=handoff.text(data, "data_md5"),
        remote=handoff.text(data, "remote"),
        golden_version=golden.version,
        golden_sha256=digest.of_listing(
            {"features": digest.of_file(project.features), "labels": digest.of_file(project.labels)}
        ),
        replay_sha256=digest.of_file(project.candidate / replay.NAME),
        exhibits_sha256=exhibits_sha256,
    )


def _sentence(verdicts: list[Verdict], outcome: Outcome) -> str:
    if outcome is Outcome.PASS:
        return f"All {sum(verdict.mode == 'block' for verdict in verdicts)} blocking gates pass."
    names = ", ".join(verdict.gate for verdict in statement.blocking(verdicts))
    return f"Stopped by {names}."
