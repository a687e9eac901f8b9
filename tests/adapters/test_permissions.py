"""What a real MLflow server with accounts tells who asks, and that asking is all that is done."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from gates.adapters.permissions import Permissions
from gates.errors import ExitCode, UnavailableError
from tests import servers
from tests.servers import Accounts


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Accounts]:
    """A server with an administrator, a reader and an editor, who may edit model and experiment `churn`."""
    folder = tmp_path_factory.mktemp("mlflow")
    with servers.mlflow_accounts(folder) as accounts:
        for user in ("reader", "editor"):
            accounts.add(user)
        with pytest.MonkeyPatch.context() as patch:
            log_in(accounts, "admin", patch)
            client = MlflowClient(accounts.uri, accounts.uri)
            client.create_registered_model("churn")
            experiment = client.create_experiment("churn")
        accounts.grant("editor", "registered_model", "churn", "EDIT")
        accounts.grant("editor", "experiment", experiment, "MANAGE")
        yield accounts


def log_in(server: Accounts, user: str, patch: pytest.MonkeyPatch) -> None:
    """Make every client of this process this user's."""
    for name, value in server.environment(user).items():
        patch.setenv(name, value)


@pytest.mark.parametrize(
    ("user", "admin", "on_model", "on_experiment"),
    [
        ("reader", False, "READ", "READ"),
        ("editor", False, "EDIT", "MANAGE"),
        ("admin", True, "MANAGE", "MANAGE"),
    ],
)
def test_who_may_do_what(
    server: Accounts,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    user: str,
    admin: bool,  # noqa: FBT001 - a column of it
    on_model: str,
    on_experiment: str,
) -> None:
    """As the server would decide on a write."""
    log_in(server, user, monkeypatch)
    told = {"user": user, "admin": admin, "on_model": on_model, "on_experiment": on_experiment}
    assert Permissions(tmp_path, "churn").facts() == told


def test_what_is_told_is_what_holds(server: Accounts, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reader cannot touch the model, the editor can."""
    for user, allowed in (("reader", False), ("editor", True)):
        log_in(server, user, monkeypatch)
        client = MlflowClient(server.uri, server.uri)
        if allowed:
            client.update_registered_model("churn", "edited")
        else:
            with pytest.raises(MlflowException, match="Permission denied"):
                client.update_registered_model("churn", "edited")


def test_a_model_that_is_not_there(server: Accounts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server would tell its default of it, which says nothing."""
    log_in(server, "reader", monkeypatch)
    facts = Permissions(tmp_path, "fraud").facts()
    assert (facts["on_model"], facts["on_experiment"]) == ("", "")


def test_a_wrong_password(server: Accounts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 4, with what the server says and what to check."""
    log_in(server, "reader", monkeypatch)
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "another password")
    with pytest.raises(UnavailableError, match="did not let us ask") as caught:
        Permissions(tmp_path, "churn").facts()
    assert caught.value.code is ExitCode.UNAVAILABLE
    assert "401" in caught.value.why
    assert "MLFLOW_TRACKING_PASSWORD" in caught.value.do
    assert "another password" not in f"{caught.value.what}{caught.value.why}{caught.value.do}"
