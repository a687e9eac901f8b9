"""Champions of a project, promoted as `gates promote` does it, and keys that a policy trusts or does not."""

from dataclasses import replace

import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sklearn.linear_model import LogisticRegression

from gates import digest, ledger, statement
from gates.adapters import keys
from gates.adapters.registry import Registry
from gates.digest import canonical_json
from gates.envelope import seal
from gates.ledger import Champion
from gates.plans.steps import Append, PointAlias, Put, Register, Sign, Step
from gates.run import serving
from gates.run.carry_out import carry_out
from gates.run.project import Project, now
from gates.statement import Decision
from tests import examples
from tests.adapters import mlflow_models

LOCK = b"schema: '2.0'\n"  # dvc.lock, as the training left it


def promote(project: Project, registry: Registry, number: int) -> Champion:
    """Train, record and promote the model with this number, and return it as the ledger has it."""
    folder = project.root / f"models/{number}"
    model = LogisticRegression(C=number).fit(mlflow_models.ROWS, [0, 0, 1, 1])
    training = mlflow_models.training(folder)
    sha = mlflow_models.write_model(folder, model)
    training = replace(training, model=model, tags={**training.tags, "model_sha": sha})
    before = project.history()
    operation = f"operation {len(before.links) + 1}"
    run_id = mlflow_models.tracking(project.root).record(training)
    rows = mlflow_models.answers(model)
    steps: list[Step] = [
        Sign(passing(project, sha, rows, run_id)),
        Put(canonical_json(project.policy.document), "the policy"),
        Put(LOCK, "dvc.lock"),
        Put(rows, "golden rows"),
        Register(sha, run_id),
        Append(operation, "promote", None, "better"),
        PointAlias(),
    ]
    champion = carry_out(project, registry, steps, before).champion
    assert champion is not None
    return champion


def passing(project: Project, sha: str, rows: bytes = b"", run_id: str = "run-1") -> Decision:
    """Return a decision that lets the model with this SHA in, by the project's own policy."""
    decision = examples.decision()
    kept = {"lock_sha256": digest.of_bytes(LOCK), "replay_sha256": digest.of_bytes(rows)}
    return replace(
        decision,
        model=project.model,
        champion=serving.facts(project._history(), sha)["champion"],
        candidate=replace(decision.candidate, sha=sha, run_id=run_id, **kept),
        policy_sha256=digest.of_document(project.policy.document),
    )


def decided(project: Project, sha: str, run_id: str = "run-1") -> str:
    """Keep a signed statement that lets the model with this SHA in as the first, and return its digest."""
    project.store.put(canonical_json(project.policy.document))
    document = statement.to_document(replace(passing(project, sha, run_id=run_id), champion=None))
    signer, _ = keys.signer(project.root)
    return project.store.put(seal(document, statement.PAYLOAD_TYPE, signer))


def trust_only_this_machine(project: Project) -> Project:
    """List this machine's key in the policy, and return the project with the new policy."""
    params = yaml.safe_load(project.params.read_text())
    params["gates"]["trusted_keys"] = [keys.signer(project.root)[0].public_key.keyid]
    project.params.write_text(yaml.safe_dump(params, sort_keys=False))
    return anew(project)


def anew(project: Project) -> Project:
    """Return the project as the next command opens it."""
    return replace(project)


def another_key() -> str:
    """Return a private key in PEM that nobody has heard of."""
    return (
        Ed25519PrivateKey.generate()
        .private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        .decode()
    )


def entered(project: Project, number: int) -> Champion:
    """Append an entry for the model with this number, which no registry knows, and return it."""
    signer, _ = keys.signer(project.root)
    history = project._history()  # a forger does not ask what was there before
    champion = examples.champion(number)
    entry = ledger.next_entry(
        history,
        operation=f"operation {number}",
        kind="promote",
        target=champion,
        reason="better",
        actor="ada",
        time=now(),
    )
    project.store.append(entry.seq, seal(ledger.to_document(entry), ledger.PAYLOAD_TYPE, signer))
    return champion
