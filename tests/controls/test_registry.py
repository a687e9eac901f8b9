"""What an identity's permissions in MLflow say about alias and artifacts."""

import pytest

from gates.controls.registry import Access, findings
from gates.controls.roads import Word

SERVER = "https://mlflow.example.org"


def words(access: Access) -> dict[str, Word]:
    """Return road to word."""
    return {each.road: each.word for each in findings(access, "churn")}


def access(on_model: str, on_experiment: str, *, admin: bool = False) -> Access:
    """Return what the server says of Ada."""
    return Access(SERVER, "ada", admin, on_model, on_experiment)


@pytest.mark.parametrize("permission", ["READ", "USE", "NO_PERMISSIONS", "DENY"])
def test_who_may_only_read(permission: str) -> None:
    """Both are prevented, and nothing is left to do."""
    found = list(findings(access(permission, permission), "churn"))
    assert {each.word for each in found} == {Word.PREVENTS}
    assert not any(each.do for each in found)


@pytest.mark.parametrize("permission", ["EDIT", "MANAGE", "A_NEW_ONE"])
def test_who_may_write(permission: str) -> None:
    """Each by itself; a permission that nobody here knows is taken for one that writes."""
    assert words(access(permission, "READ")) == {"alias": Word.DETECTS, "artifacts": Word.PREVENTS}
    assert words(access("READ", permission)) == {"alias": Word.PREVENTS, "artifacts": Word.DETECTS}
    alias, _ = findings(access(permission, "READ"), "churn")
    assert "'ada' has" in alias.what
    assert "resource_type=registered_model" in alias.do


def test_an_administrator_may_whatever_the_permission_says() -> None:
    """The server tells READ of a thing that is not there, to an administrator too."""
    assert words(access("READ", "READ", admin=True)) == dict.fromkeys(("alias", "artifacts"), Word.DETECTS)


def test_a_database_has_no_accounts() -> None:
    """Detected at best: who can write the file can set the alias."""
    found = list(findings(Access("mlflow.db"), "churn"))
    assert [each.word for each in found] == [Word.DETECTS] * 2
    assert all("basic-auth" in each.do for each in found)


def test_before_the_first_promotion() -> None:
    """Who makes a thing manages it, so what is permitted now says nothing."""
    assert words(access("", "")) == dict.fromkeys(("alias", "artifacts"), Word.UNKNOWN)
