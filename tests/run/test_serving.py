"""What serves: its facts from the ledger, its files from the registry, verified."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from gates import digest
from gates.adapters.model import MODEL_FILE, SERVED_FILES, served_digest
from gates.adapters.registry import Registry
from gates.errors import InvalidError, TamperedError
from gates.run import serving
from gates.run.project import Project
from tests import examples
from tests.adapters import tracking
from tests.run.champions import artifacts, promote


@pytest.fixture
def registry(project: Project) -> Registry:
    """The project's registry."""
    return tracking.registry(project.root)


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


def test_a_champion_is_fetched_into_an_empty_folder(project: Project, registry: Registry) -> None:
    """The two files that answer requests, and nothing that lay there."""
    champion = promote(project, registry, 1)
    target = project.candidate / "champion"
    target.mkdir(parents=True)
    (target / "old").write_text("")
    assert serving.fetch(project, registry, champion, target) == target
    assert {path.name for path in target.iterdir()} == set(SERVED_FILES)
    assert served_digest(target) == champion.sha


@pytest.mark.parametrize(
    "edit",
    [
        lambda folder: (folder / MODEL_FILE).write_bytes(b"another"),
        lambda folder: (folder / "MLmodel").write_text((folder / "MLmodel").read_text() + "\n"),
        lambda folder: (folder / "added").write_bytes(b""),
        lambda folder: ((folder / ".git").mkdir(), (folder / ".git/x").write_bytes(b"")),
        lambda folder: (folder / "requirements.txt").unlink(),
    ],
    ids=["model", "MLmodel", "added", "hidden", "removed"],
)
def test_a_champion_that_was_changed_is_tampering(
    project: Project, registry: Registry, edit: Callable[[Path], object]
) -> None:
    """Any file of the version counts, not only what answers requests."""
    champion = promote(project, registry, 1)
    edit(artifacts(project, registry, "1"))
    with pytest.raises(TamperedError, match="Version 1 of churn is not what was promoted"):
        serving.fetch(project, registry, champion, project.candidate / "champion")


def test_another_model_under_a_champions_name_is_tampering(project: Project, registry: Registry) -> None:
    """The whole folder may be what the ledger has, and yet hold another model than was judged."""
    champion = replace(promote(project, registry, 1), sha="a" * 64)
    with pytest.raises(TamperedError, match="is not what was promoted"):
        serving.fetch(project, registry, champion, project.candidate / "champion")


def test_a_champion_with_code_is_not_served(project: Project, registry: Registry) -> None:
    """Even where it was promoted so."""
    champion = promote(project, registry, 1)
    folder = artifacts(project, registry, "1")
    (folder / "code").mkdir()
    (folder / "code/loader.py").write_text("")
    champion = replace(champion, folder_sha256=digest.of_tree(folder))
    with pytest.raises(InvalidError, match=r"holds 'code/loader\.py'"):
        serving.fetch(project, registry, champion, project.candidate / "champion")


def test_a_version_that_is_gone(project: Project, registry: Registry) -> None:
    """The server answered, so it is no outage."""
    champion = replace(promote(project, registry, 1), version="9")
    with pytest.raises(InvalidError, match="Version 9 of churn is gone"):
        serving.fetch(project, registry, champion, project.candidate / "champion")
