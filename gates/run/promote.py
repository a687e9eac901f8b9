"""Job `promote`: sign the decision, append it to the ledger, move the alias. No user's code runs in here."""

from gates import checks, digest, statement
from gates.adapters import git
from gates.adapters.registry import Registry
from gates.documents import read_json
from gates.envelope import seal, unseal
from gates.errors import InvalidError, TamperedError
from gates.ledger import History
from gates.plans import promote as promotion
from gates.run.carry_out import carry_out
from gates.run.project import Project, now
from gates.run.result import Result
from gates.run.signing import trusted_signer
from gates.statement import Decision
from gates.verdict import Outcome, waive


def run(project: Project, expect: str) -> Result:
    """Promote what `evidence/statement.json` decided.

    Raises:
        InvalidError: There is no decision, or it is not a pass.
        TamperedError: The decision, or what it names, was changed.
        ConflictError: The champion moved in the meantime.
    """
    path = project.evidence / "statement.json"
    if not path.exists():
        raise InvalidError(
            "There is no decision to promote.", why=f"{path} is absent.", do="Judge first: gates judge"
        )
    if expect and digest.of_file(path) != expect:
        raise TamperedError(
            f"{path} is not what the job `judge` wrote.", do="Find who wrote there; then: gates ship"
        )
    decision = statement.from_document(read_json(path), str(path))
    _require_current(project, decision)
    envelope = seal(statement.to_document(decision), statement.PAYLOAD_TYPE, trusted_signer(project))
    unseal(envelope, statement.PAYLOAD_TYPE, project.trusted_keys, "The new statement")
    before = project.history()
    registry = Registry(project.root, project.model)
    _require_known_champion(project, registry, before)
    steps = promotion.plan(before, decision, digest.of_bytes(envelope))
    lock = (project.evidence / "dvc.lock").read_bytes()
    project.store.put(lock)
    project.store.put(envelope)
    history = carry_out(project, registry, steps, before)
    champion = history.champion
    if champion is None:
        raise RuntimeError("a promotion leaves a champion")
    details = {
        "version": champion.version,
        "sha": champion.sha,
        "run_id": champion.run_id,
        "since": history.since,
    }
    return Result("pass", f"v{champion.version} is the champion of {project.model}.", details=details)


def _require_current(project: Project, decision: Decision) -> None:
    """Refuse a decision that is not a pass, or is not about this project as it stands."""
    policy = project.policy
    modes = {name: gate.mode for name, gate in policy.gates.items()}
    statement.require_promotable(decision, policy.gates, modes, policy.sha256)
    if decision.outcome is not Outcome.PASS:
        names = ", ".join(verdict.gate for verdict in statement.blocking(decision.verdicts))
        raise InvalidError(
            f"The decision is {decision.outcome}, not pass.", why=f"Stopped by {names}.", do="gates ship"
        )
    lock = digest.of_file(project.evidence / "dvc.lock")
    facts = {
        "model": (decision.model, project.model),
        "params.yaml": (decision.candidate.params_sha256, project.params_sha256()),
        "commit": (decision.candidate.commit, git.head(project.root)),
        "dvc.lock": (decision.candidate.lock_sha256, lock),
    }
    for name, (judged, here) in facts.items():
        if judged != here:
            raise TamperedError(
                f"The decision is about another {name} than this.",
                why=f"Judged {judged[:16]}…, here {here[:16]}….",
                do="Judge what is here: gates ship",
            )
    _require_same_judgement(project, decision)


def _require_same_judgement(project: Project, decision: Decision) -> None:
    """Judge the measurements again: neither a finding, nor a waiver, nor the day may be somebody's own."""
    today = now().date()
    if abs((today - decision.judged_on).days) > 1:
        raise InvalidError(
            f"The decision is of {decision.judged_on}, not of today.", do="Judge again: gates ship"
        )
    for verdict in decision.verdicts:
        findings = checks.load(verdict.gate).judge(
            project.policy.gates[verdict.gate], dict(verdict.measurements)
        )
        if waive(verdict.gate, findings, project.policy.waivers, today) != verdict.findings:
            raise TamperedError(
                f"The findings of {verdict.gate} are not those that its measurements give.",
                do="Find who wrote evidence/statement.json; then judge again: gates ship",
            )
    compared = {verdict.measurements.get("champions") for verdict in decision.verdicts} - {None}
    if compared != {1.0 if decision.champion else 0.0}:
        raise TamperedError(
            "The decision does not fit the champion that it names.", do="Judge again: gates ship"
        )


def _require_known_champion(project: Project, registry: Registry, history: History) -> None:
    """Refuse to begin a ledger beside a champion that another ledger made."""
    if history.head is None and (version := registry.champion_version()) is not None:
        raise TamperedError(
            f"The registry has a champion of {project.model}, version {version}, and this ledger is empty.",
            why=f"The ledger looked for is {project.store.folder}.",
            do="Name the ledger that made it in gates.ledger or GATES_LEDGER; to begin anew on purpose, "
            "delete the alias `champion` in MLflow",
        )
