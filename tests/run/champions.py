"""Champions of a project, promoted as `gates promote` does it, and keys that a policy trusts or does not."""

from dataclasses import replace
from pathlib import Path

import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sklearn.linear_model import LogisticRegression

from gates.adapters import keys
from gates.adapters.registry import Registry
from gates.ledger import Champion
from gates.plans.steps import Append, PointAlias, Register
from gates.run.carry_out import carry_out
from gates.run.project import Project
from tests.adapters import tracking

STATEMENT = "5" * 64


def promote(project: Project, registry: Registry, number: int, statement: str = STATEMENT) -> Champion:
    """Train, record and promote the model with this number, and return it as the ledger has it."""
    folder = project.root / f"models/{number}"
    model = LogisticRegression(C=number).fit(tracking.ROWS, [0, 0, 1, 1])
    training = tracking.training(folder)
    sha = tracking.write_model(folder, model)
    training = replace(training, model=model, tags={**training.tags, "model_sha": sha})
    before = project.history()
    operation = f"operation {len(before.links) + 1}"
    append = Append(operation, "promote", None, "better")
    register = Register(sha, registry.record(training), statement)
    champion = carry_out(project, registry, [register, append, PointAlias()], before).champion
    assert champion is not None
    return champion


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


def artifacts(project: Project, registry: Registry, version: str) -> Path:
    """Return the folder in which the registry keeps a version."""
    from mlflow import MlflowClient

    found = MlflowClient(registry.uri).get_model_version_download_uri(project.model, version)
    return Path(found.removeprefix("file://"))
