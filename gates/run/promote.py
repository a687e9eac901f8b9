"""Job `promote`: sign the decision, append it to the ledger, move the alias. No user's code runs in here."""

from gates import digest, statement
from gates.adapters import git, keys
from gates.adapters.registry import Registry
from gates.documents import read_json
from gates.envelope import seal, unseal
from gates.errors import InvalidError, TamperedError
from gates.plans import promote as promotion
from gates.run.carry_out import carry_out
from gates.run.project import Project
from gates.run.result import Result
from gates.statement import Decision
from gates.verdict import Outcome

KEY_WARNING = (
    "made a signing key in .gates/key.pem: it proves that this machine decided, not who sat at it, and "
    "whoever can read the file can sign. For more, keep the key in CI."
)


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
    signer, made = keys.signer(project.root)
    if made:
        project.say(KEY_WARNING)
    _require_trusted(project, signer.public_key.keyid)
    envelope = seal(statement.to_document(decision), statement.PAYLOAD_TYPE, signer)
    unseal(envelope, statement.PAYLOAD_TYPE, project.trusted_keys, "The new statement")
    steps = promotion.plan(project.history(), decision, digest.of_bytes(envelope))
    lock = (project.evidence / "dvc.lock").read_bytes()
    project.store.put(lock)
    project.store.put(envelope)
    history = carry_out(project, Registry(project.root, project.model), steps)
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


def _require_trusted(project: Project, public: str) -> None:
    if public not in project.trusted_keys:
        raise InvalidError(
            "The key that would sign is not one that the policy trusts.",
            why=f"Its public half is {public}.",
            do="List it in params.yaml under gates.trusted_keys in a reviewed commit, or sign with another.",
        )


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
