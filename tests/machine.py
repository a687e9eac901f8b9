"""What a machine may be set to, and no test may depend on."""

import pytest

SETTINGS = (
    "CI",
    "GITHUB_ACTIONS",
    "GATES_SIGNER",
    "GATES_SIGNING_KEY",
    "GATES_LEDGER",
    "MLFLOW_TRACKING_URI",
    "MLFLOW_REGISTRY_URI",
)


def forget(patch: pytest.MonkeyPatch) -> None:
    """Take the settings away, until the patch is undone."""
    for name in SETTINGS:
        patch.delenv(name, raising=False)
