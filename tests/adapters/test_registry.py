"""MLflow's registry, on real SQLite."""

from collections.abc import Callable
from pathlib import Path

import pytest

from gates import digest
from gates.adapters.model import MODEL_FILE, keep_served, require_plain_folder, served_digest
from gates.adapters.registry import ALIAS
from gates.errors import InvalidError, UnavailableError
from tests.adapters import mlflow_models
from tests.adapters.mlflow_models import Recorded


def test_the_model_is_the_stages_bytes(recorded: Recorded, tmp_path: Path) -> None:
    """File and signature byte for byte, so that one SHA names them everywhere."""
    folder = tmp_path / "model"
    whole = recorded.registry.fetch(recorded.version, folder)
    assert mlflow_models.served(folder) == mlflow_models.served(recorded.training.folder)
    assert served_digest(folder) == recorded.sha
    assert whole == digest.of_tree(folder) != recorded.sha
    require_plain_folder(folder, mlflow_models.TRUSTED)
    keep_served(folder)
    assert digest.of_tree(folder) == recorded.sha


def test_registering_twice_gives_one_version(recorded: Recorded) -> None:
    """A write that was applied and not answered is not done again."""
    assert recorded.registry.register(recorded.sha, recorded.run_id) == recorded.version == "1"
    (version,) = mlflow_models.client(recorded.root).search_model_versions("name = 'churn'")
    assert (version.run_id, version.tags) == (recorded.run_id, {"model_sha": recorded.sha})


def test_another_run_of_the_same_model_gets_its_own_version(mine: Recorded) -> None:
    """What one run logged does not stand for what another did, though the SHA is the same."""
    again = mine.tracking.record(mine.training)
    assert mine.registry.register(mine.sha, again) == "2"
    assert mine.registry.register(mine.sha, mine.run_id) == mine.version == "1"
    assert mlflow_models.client(mine.root).get_model_version("churn", "2").run_id == again


def test_a_version_of_another_model_is_not_taken(mine: Recorded) -> None:
    """The tag on it names what it holds."""
    mlflow_models.client(mine.root).set_model_version_tag("churn", mine.version, "model_sha", "f" * 64)
    assert mine.registry.register(mine.sha, mine.run_id) == "2"


def test_a_run_without_a_model_cannot_be_registered(mine: Recorded) -> None:
    """A stage that logged nothing left nothing to serve."""
    run = mlflow_models.client(mine.root).create_run(mine.run.info.experiment_id)
    with pytest.raises(InvalidError, match="holds no model"):
        mine.registry.register("f" * 64, run.info.run_id)


def test_fetching_twice_gives_one_digest(recorded: Recorded, tmp_path: Path) -> None:
    """What MLflow adds to a download does not count."""
    first, again = (recorded.registry.fetch(recorded.version, tmp_path / name) for name in "ab")
    assert first == again == digest.of_tree(mlflow_models.artifacts(recorded.root))


@pytest.mark.parametrize("edit", mlflow_models.EDITS.values(), ids=mlflow_models.EDITS)
def test_the_digest_sees_every_edit_of_an_artifact(
    mine: Recorded, tmp_path: Path, edit: Callable[[Path], object]
) -> None:
    """MLflow lets anybody write into a version that is READY."""
    before = mine.registry.fetch(mine.version, tmp_path / "before")
    edit(mlflow_models.artifacts(mine.root))
    assert mine.registry.fetch(mine.version, tmp_path / "after") != before


def test_a_model_without_its_file(mine: Recorded, tmp_path: Path) -> None:
    """Named as what it is; the name of the model keeps its letters."""
    (mlflow_models.artifacts(mine.root) / MODEL_FILE).unlink()
    with pytest.raises(InvalidError, match=rf"Version 1 of churn has no {MODEL_FILE}"):
        mine.registry.fetch("1", tmp_path / "model")


def test_an_unknown_version(recorded: Recorded, tmp_path: Path) -> None:
    """Exit code 2; upper case in the model's name stays."""
    with pytest.raises(InvalidError, match="Version 9 of Churn"):
        mlflow_models.registry(recorded.root, "Churn").fetch("9", tmp_path / "model")


def test_the_alias_is_read_back(mine: Recorded) -> None:
    """None before the first promotion, then the version, as everybody else sees it too."""
    assert mine.registry.champion_version() is None
    mine.registry.point_champion(mine.version)
    assert mine.registry.champion_version() == mine.version
    assert mlflow_models.client(mine.root).get_model_version_by_alias("churn", ALIAS).run_id == mine.run_id
    mlflow_models.client(mine.root).delete_model_version("churn", mine.version)
    assert mine.registry.champion_version() is None


def test_an_alias_to_an_absent_version_is_an_error(mine: Recorded) -> None:
    """Never a silent success."""
    with pytest.raises(UnavailableError, match="alias"):
        mine.registry.point_champion("9")


def test_no_such_run(recorded: Recorded) -> None:
    """Exit code 2, and not 4: the server answered."""
    with pytest.raises(InvalidError, match="f" * 32):
        recorded.registry.register("a" * 64, "f" * 32)


def test_nobody_knows_the_model(tmp_path: Path) -> None:
    """A registry that was never written to has no champion and no error."""
    assert mlflow_models.registry(tmp_path).champion_version() is None
