"""What serves: its facts from the ledger, its files from the registry, verified."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from gates import digest
from gates.adapters.model import SERVED_FILES, served_digest
from gates.adapters.registry import Registry
from gates.errors import InvalidError, TamperedError
from gates.ledger import Champion, History
from gates.run import serving
from gates.run.project import Project
from tests import examples
from tests.adapters import mlflow_models
from tests.run.champions import decided, promote


@pytest.fixture
def registry(project: Project) -> Registry:
    """The project's registry."""
    return mlflow_models.registry(project.root)


def test_facts_of_an_empty_ledger() -> None:
    """Nobody serves, and nobody was taken out."""
    assert serving.facts(examples.history(), examples.sha(1)) == {"champion": None, "rolled_back": False}


def test_facts_name_the_head_and_not_the_model() -> None:
    """The same model may serve twice; the entry is what a comparison was made with."""
    history = examples.history(1, 2, (1, "rollback"))
    head = history.head
    assert head is not None
    for number, rolled_back in ((1, False), (2, True), (3, False)):
        assert serving.facts(history, examples.sha(number)) == {
            "champion": {"seq": 3, "sha256": head.sha256},
            "rolled_back": rolled_back,
        }


def serving_now(project: Project, champion: Champion) -> History:
    """Return the history as it would be, had its newest move let this champion in."""
    history = project.history()
    *before, link = history.links
    return replace(history, links=(*before, replace(link, entry=replace(link.entry, target=champion))))


def fetch(project: Project, registry: Registry, champion: Champion) -> Path:
    """Fetch a champion as if the newest move had let it in."""
    now = serving_now(project, champion)
    return serving.fetch(project, registry, now, champion, project.candidate / "champion")


def test_a_statement_of_another_run_or_place_is_an_old_one(project: Project) -> None:
    """A good statement of this very model, which an entry names again after others have served."""
    registry = mlflow_models.registry(project.root)
    first, second = (promote(project, registry, number) for number in (1, 2))
    for forged, told in ((first, "is an old one"), (replace(second, run_id="f" * 32), "another model")):
        with pytest.raises(TamperedError, match=told):
            serving.decision(project, serving_now(project, forged), forged)
    assert serving.decision(project, project.history(), first).candidate.sha == first.sha


def test_a_champion_is_fetched_into_an_empty_folder(project: Project, registry: Registry) -> None:
    """The two files that answer requests, and nothing that lay there."""
    champion = promote(project, registry, 1)
    target = project.candidate / "champion"
    target.mkdir(parents=True)
    (target / "old").write_text("")
    assert serving.fetch(project, registry, project.history(), champion, target) == target
    assert {path.name for path in target.iterdir()} == set(SERVED_FILES)
    assert served_digest(target) == champion.sha


@pytest.mark.parametrize("edit", mlflow_models.EDITS.values(), ids=mlflow_models.EDITS)
def test_a_champion_that_was_changed_is_tampering(
    project: Project, registry: Registry, edit: Callable[[Path], object]
) -> None:
    """Any file of the version counts, not only what answers requests."""
    champion = promote(project, registry, 1)
    edit(mlflow_models.artifacts(project.root))
    with pytest.raises(TamperedError, match="Version 1 of churn is not what was promoted"):
        fetch(project, registry, champion)


def test_another_model_under_a_champions_name_is_tampering(project: Project, registry: Registry) -> None:
    """The whole folder may be what the ledger has, and yet hold another model than was judged."""
    champion = promote(project, registry, 1)
    champion = replace(champion, sha="a" * 64, statement=decided(project, "a" * 64, champion.run_id))
    with pytest.raises(TamperedError, match="is not what was promoted"):
        fetch(project, registry, champion)


def test_a_champion_with_code_is_not_served(project: Project, registry: Registry) -> None:
    """Even where it was promoted so."""
    champion = promote(project, registry, 1)
    folder = mlflow_models.artifacts(project.root)
    (folder / "code").mkdir()
    (folder / "code/loader.py").write_text("")
    champion = replace(champion, folder_sha256=digest.of_tree(folder))
    with pytest.raises(InvalidError, match=r"holds 'code/loader\.py'"):
        fetch(project, registry, champion)


def test_a_champion_without_its_statement_is_not_served(project: Project, registry: Registry) -> None:
    """Whoever wrote the entry has to have had a passing decision about this very model."""
    champion = promote(project, registry, 1)
    for kept in (decided(project, "a" * 64), "0" * 64):
        with pytest.raises(TamperedError, match=r"another model or decision|keeps nothing"):
            fetch(project, registry, replace(champion, statement=kept))


def test_a_version_that_is_gone(project: Project, registry: Registry) -> None:
    """The server answered, so it is no outage."""
    champion = replace(promote(project, registry, 1), version="9")
    with pytest.raises(InvalidError, match="Version 9 of churn is gone"):
        fetch(project, registry, champion)
