"""dvc.lock: which stages read what was changed, in which order, and a lock that fits what is there."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from gates import stages
from gates.errors import InvalidError
from tests.checks.project import dvc_md5

PIPELINE: dict[str, Any] = {
    "stages": {
        "report": {"cmd": "cat a/metrics.json", "deps": ["a/metrics.json"]},
        "train": {"wdir": "a", "cmd": ["echo 1", "echo 2"], "deps": ["../data/train.csv"], "outs": ["model"]},
        "score": {"foreach": ["x"], "do": {"cmd": "echo ${item}", "deps": ["a/model/weights"]}},
        "split": {"cmd": "echo", "deps": ["raw.csv"], "outs": ["data"]},
    }
}
LOCK: dict[str, dict[str, Any]] = {
    "report": {"cmd": "cat a/metrics.json", "deps": ["a/metrics.json"], "outs": []},
    "score@x": {"cmd": "echo x", "deps": ["a/model/weights"], "outs": ["a/metrics.json"]},
    "train": {"cmd": ["echo 1", "echo 2"], "deps": ["../data/train.csv"], "outs": ["model"]},
    "split": {"cmd": "echo", "deps": ["raw.csv"], "outs": ["data"]},
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A pipeline of four stages that have run."""
    for name in ("raw.csv", "data/train.csv", "a/model/weights", "a/metrics.json"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    locked = {
        stage: {
            "cmd": each["cmd"],
            **{
                kind: [{"path": path, "md5": _md5(tmp_path, stage, str(path))} for path in each[kind]]
                for kind in ("deps", "outs")
            },
        }
        for stage, each in LOCK.items()
    }
    (tmp_path / "dvc.lock").write_text(yaml.safe_dump({"schema": "2.0", "stages": locked}, sort_keys=False))
    (tmp_path / "dvc.yaml").write_text(yaml.safe_dump(PIPELINE, sort_keys=False))
    return tmp_path


def _md5(root: Path, stage: str, path: str) -> str:
    return dvc_md5(root / ("a" if stage == "train" else ".") / path)


def downstream(project: Path, *changed: str) -> list[str]:
    """The names of the stages to run."""
    found = stages.downstream(project / "dvc.lock", project / "dvc.yaml", changed)
    return [each.name for each in found]


def test_what_reads_a_change_runs_in_order(project: Path) -> None:
    """Through outputs that are folders, files in them, folders of stages, and stages that DVC unfolded."""
    assert downstream(project, "data/train.csv") == ["train", "score@x", "report"]
    assert downstream(project, "a/model") == ["score@x", "report"]
    assert downstream(project, "raw.csv") == ["split", "train", "score@x", "report"]
    assert downstream(project, "elsewhere.csv") == []


def test_a_stage_says_what_it_runs_and_where(project: Path) -> None:
    """Commands as DVC filled them in, paths from the project."""
    train, score, _ = stages.downstream(project / "dvc.lock", project / "dvc.yaml", ["data/train.csv"])
    assert (train.commands, train.folder, train.outs) == (("echo 1", "echo 2"), "a", frozenset({"a/model"}))
    assert (score.commands, score.folder) == (("echo x",), ".")


def test_stages_in_a_circle_are_refused(project: Path) -> None:
    """DVC would not run them either."""
    lock = yaml.safe_load((project / "dvc.lock").read_text())
    lock["stages"]["train"]["deps"].append({"path": "metrics.json", "md5": "0" * 32})
    (project / "dvc.lock").write_text(yaml.safe_dump(lock))
    with pytest.raises(InvalidError, match="wait for each other"):
        downstream(project, "data/train.csv")


def test_a_lock_fits_what_is_there(project: Path) -> None:
    """Files and folders; nothing else of it changes."""
    lock, pipeline = project / "dvc.lock", project / "dvc.yaml"
    before = yaml.safe_load(lock.read_text())
    assert stages.fitted(lock, pipeline) == before
    (project / "data/train.csv").write_text("other")
    (project / "a/model/weights").write_text("other")
    assert len(stages.compare(lock, pipeline).changes) > 0
    lock.write_text(yaml.safe_dump(stages.fitted(lock, pipeline)))
    assert {each for each in stages.compare(lock, pipeline).changes if "not in" not in each} == set()


def test_every_file_of_the_pipeline_is_listed(project: Path) -> None:
    """From the project's folder, each once."""
    found = stages.files(project / "dvc.lock", project / "dvc.yaml")
    assert found == ["a/metrics.json", "a/model", "a/model/weights", "data", "data/train.csv", "raw.csv"]
