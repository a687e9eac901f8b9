"""What the clock starts, with the real `gates` under act: the drill, the reconcile and the pages."""

import pytest

from gates.adapters.model import MODEL_FILE
from tests.adapters import mlflow_models
from tests.workflows import harness
from tests.workflows.production import Production

pytestmark = pytest.mark.usefixtures("act")

CLOCK = "schedule"


def drill(production: Production) -> harness.Run:
    """Let the clock start the drill."""
    return production.play("on-drill.yml", CLOCK, {"schedule": "23 4 3 * *"})


def reconcile(production: Production) -> harness.Run:
    """Let the clock start the comparison."""
    return production.play("on-reconcile.yml", CLOCK, {"schedule": "*/15 * * * *"})


def test_a_drill_that_goes_well_is_noted_and_bothers_nobody(production: Production) -> None:
    run = drill(production)
    assert (run.code, run.results) == (0, {"drill": "success", "failed": "skipped"}), run.log
    assert run.jobs["drill"].outputs["drill.outcome"] == "pass"
    assert (production.serves, production.kinds) == (("3", "3"), ["drill"])
    assert (production.told, production.github.issues) == ([], [])


def test_a_drill_that_fails_is_noted_told_and_opens_an_issue(production: Production) -> None:
    kept = mlflow_models.artifacts(production.folder / "machine", "3") / MODEL_FILE
    whole = kept.read_bytes()
    kept.write_bytes(b"another")
    try:
        run = drill(production)
    finally:
        kept.write_bytes(whole)
    assert (run.code, run.results) == (1, {"drill": "failure", "failed": "success"}), run.log
    assert run.jobs["drill"].outputs["drill.outcome"] == "fail"
    assert (production.serves, production.kinds) == (("3", "3"), ["drill"])
    (told,), (issue,) = production.told, production.github.issues
    said = "The drill failed at promote a copy of the champion"
    assert told.startswith(f"churn: The rollback drill failed. {said}")
    assert (issue["title"], said in issue["body"]) == ("The rollback drill failed: churn", True)


def test_an_alias_that_was_moved_by_hand_is_put_back_and_stays_one_issue(production: Production) -> None:
    """By the clock, or by a hint of MLflow's, of which nothing is read."""
    green = reconcile(production)
    assert (green.code, green.results) == (0, {"reconcile": "success", "failed": "skipped"}), green.log
    assert production.github.asked == []

    production.move_alias("1")
    first = reconcile(production)
    production.move_alias("2")
    hint = {"action": "alias-moved", "client_payload": {"alias": "`$(id)`", "version": "3"}}
    second = production.play("on-reconcile.yml", "repository_dispatch", hint)
    for red in (first, second):
        assert (red.code, red.results) == (1, {"reconcile": "failure", "failed": "success"}), red.log
        assert red.jobs["reconcile"].outputs["reconcile.outcome"] == "tampered"
    assert (production.serves, production.kinds) == (("3", "3"), ["repair", "repair"])
    (issue,), (comment,) = production.github.issues, production.github.comments
    assert issue["title"] == "The reconcile failed: churn"
    assert "version 2" in issue["body"]
    assert "version 2" in comment["body"]


def test_the_pages_tell_of_every_champion_in_the_ledger(production: Production) -> None:
    run = production.play("on-site.yml", CLOCK, {"schedule": "41 2 * * *"})
    assert (run.code, run.results) == (0, {"build": "success", "publish": "success"}), run.log
    assert run.jobs["publish"].outputs["publish.page_url"] == "https://org.github.io/ml-gates/"
    pages = production.world.artifacts / "github-pages"
    model = (pages / "churn" / "index.html").read_text()
    for champion in production.champions:
        assert f"<td>v{champion.version}</td>" in model
    assert production.kinds == []
