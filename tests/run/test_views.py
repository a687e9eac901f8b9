"""What the ledger tells about a model, and whether it believes the statement that let it in."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from gates import ledger, statement
from gates.adapters import keys
from gates.envelope import seal
from gates.errors import InvalidError, TamperedError
from gates.ledger import Champion
from gates.run import views
from gates.run.project import Project
from gates.statement import Decision
from gates.verdict import Verdict, at_least
from tests import examples
from tests.run.champions import another_key

FAILED = Verdict("golden", "block", (at_least("auc", 0.5, 0.8),), policy_sha256=examples.POLICY)


def promoted(project: Project, decision: Decision, sha: str = examples.sha(1)) -> Champion:
    """Append a champion whose statement is this decision."""
    signer, _ = keys.signer(project.root)
    kept = project.store.put(seal(statement.to_document(decision), statement.PAYLOAD_TYPE, signer))
    champion = replace(examples.champion(1), sha=sha, statement=kept)
    before = project.history()
    entry = replace(examples.following(before, 1), target=champion)
    project.store.append(entry.seq, seal(ledger.to_document(entry), ledger.PAYLOAD_TYPE, signer))
    return champion


def test_the_decision_that_let_it_in(project: Project) -> None:
    """By version or SHA; `show` walks it back to commit, data and remote."""
    champion = promoted(project, examples.decision(1))
    for target in ("1", champion.sha, champion.sha[:8]):
        assert views.find(project, target) == (champion, examples.decision(1))
    shown = views.show(project, "1")
    assert (shown["registry"], shown["run_id"], shown["commit"]) == ("models:/churn/1", "run-1", "c" * 40)
    assert (shown["data"]["sha256"], shown["remote"]) == ("3" * 64, "storage")
    assert shown["gates"] == {"golden": "pass", "latency": "pass"}


OTHERS: dict[str, Callable[[Decision], Decision]] = {
    "another model": lambda decision: replace(decision, model="another"),
    "another SHA": lambda _: examples.decision(2),
    "a refusal": lambda decision: replace(decision, verdicts=(FAILED,)),
    "nothing judged": lambda decision: replace(decision, verdicts=()),
}


@pytest.mark.parametrize("other", OTHERS.values(), ids=list(OTHERS))
def test_a_statement_about_something_else_is_tampering(
    project: Project, other: Callable[[Decision], Decision]
) -> None:
    """Well signed, and yet not what let this model in."""
    promoted(project, other(examples.decision(1)))
    with pytest.raises(TamperedError, match="about another model or decision"):
        views.find(project, "1")


def test_a_statement_that_is_gone(project: Project) -> None:
    """The ledger names it, and keeps nothing under its digest."""
    champion = promoted(project, examples.decision(1))
    (Path(project.store.place) / "objects" / champion.statement).unlink()
    with pytest.raises(TamperedError, match="keeps nothing under"):
        views.show(project, "1")


def test_a_statement_of_another_key_is_tampering(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever could sign entries may not have signed it."""
    first = promoted(project, examples.decision(1))
    with monkeypatch.context() as patch:
        patch.setenv(keys.VARIABLE, another_key())
        theirs = seal(
            statement.to_document(examples.decision(1)),
            statement.PAYLOAD_TYPE,
            keys.signer(project.root)[0],
        )
    signer, _ = keys.signer(project.root)
    champion = replace(first, version="2", statement=project.store.put(theirs))
    entry = replace(examples.following(project.history(), 2), target=champion)
    project.store.append(entry.seq, seal(ledger.to_document(entry), ledger.PAYLOAD_TYPE, signer))
    with pytest.raises(TamperedError, match="The statement of v2 does not verify"):
        views.find(project, "2")


def test_an_empty_ledger(project: Project) -> None:
    """Nobody serves; asking for one says what to run."""
    assert views.status(project)["champion"] is None
    assert views.history(project) == {"model": "churn", "entries": []}
    with pytest.raises(InvalidError, match="is empty") as caught:
        views.show(project, "1")
    assert "gates ship" in caught.value.do
