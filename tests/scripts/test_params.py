"""What the stages read from params.yaml, and what they say when it is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from tests.shell import Shell

STAGES = ("ingest", "split", "train")


@pytest.fixture(scope="module")
def project(new_project: Callable[[], Shell]) -> Shell:
    """A copy without data: a bad parameter is found before any data is read."""
    return new_project()


@pytest.mark.parametrize("name", STAGES)
def test_declared_read_and_given_are_the_same(
    name: str, stage_module: Callable[[str], ModuleType], pytestconfig: pytest.Config
) -> None:
    """dvc.yaml declares every parameter that the script reads, no other, and params.yaml gives them."""
    stage = yaml.safe_load((pytestconfig.rootpath / "dvc.yaml").read_text(encoding="utf-8"))["stages"][name]
    given = yaml.safe_load((pytestconfig.rootpath / "params.yaml").read_text(encoding="utf-8"))[name]
    read = {f"{name}.{key}" for key in stage_module(name).PARAMS}
    assert read == set(stage["params"])
    assert read == {f"{name}.{key}" for key in given}


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_depends_on_its_own_code(name: str, pytestconfig: pytest.Config) -> None:
    """An edit of a script runs its stage again."""
    stage = yaml.safe_load((pytestconfig.rootpath / "dvc.yaml").read_text(encoding="utf-8"))["stages"][name]
    assert {f"scripts/{name}.py", "scripts/stage.py"} <= set(stage["deps"])


@pytest.mark.parametrize("name", STAGES)
def test_stages_import_nothing_from_gates(name: str, pytestconfig: pytest.Config) -> None:
    """The scripts are the user's: they stand alone."""
    assert "gates" not in (pytestconfig.rootpath / "scripts" / f"{name}.py").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("stage", "old", "new", "said"),
    [
        (
            "ingest",
            "missing_total_charges: 0.0",
            "missing_total_charges: none",
            "not 'none'",
        ),
        ("ingest", "missing_total_charges: 0.0", "missing_total_charges: -1", "from 0 to 1000000, not -1"),
        ("split", "golden_rows: 1500", "golden_rows: 1500.5", "split.golden_rows must be a whole number"),
        ("split", "golden_rows: 1500", "golden_row: 1500", "split.golden_rows is missing"),
        ("split", "validation_share: 0.2", "validation_share: .nan", "not nan"),
        (
            "train",
            "n_estimators: 30",
            "n_estimators: true",
            "must be a whole number, not True",
        ),
        ("train", "n_estimators: 30", "n_estimators:", "not None"),
        ("train", "max_depth: 1", "max_depth: 1\n  speed: 3", "train.speed is not a parameter"),
        ("train", "\ntrain:", "\ntraining:", "no block `train:`"),
        ("train", "\ntrain:", "\ntrain: [", "params.yaml cannot be read"),
    ],
)
def test_a_bad_parameter_ends_with_one_plain_line(
    project: Shell, stage: str, old: str, new: str, said: str
) -> None:
    """Exit code 2, the parameter is named, no traceback."""
    before = (project.path / "params.yaml").read_text(encoding="utf-8")
    project.edit("params.yaml", old, new)
    done = project.run("python", f"scripts/{stage}.py")
    (project.path / "params.yaml").write_text(before, encoding="utf-8")
    assert done.code == 2
    assert said in done.err
    assert done.err.startswith("error: params.yaml")
    assert done.err.count("\n") == 1


def test_every_bad_parameter_is_named_at_once(project: Shell) -> None:
    """Two mistakes, one run."""
    before = (project.path / "params.yaml").read_text(encoding="utf-8")
    project.edit("params.yaml", "max_depth: 1", "max_depth: 0")
    project.edit("params.yaml", "subsample: 1.0", "subsample: 2")
    done = project.run("python", "scripts/train.py")
    (project.path / "params.yaml").write_text(before, encoding="utf-8")
    assert "train.max_depth" in done.err
    assert "train.subsample" in done.err


def test_missing_data_is_named(project: Shell) -> None:
    """A stage without its input says which file and how to get it."""
    done = project.run("python", "scripts/split.py")
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert "data/clean.parquet is missing" in done.err


def test_too_small_a_golden_set_is_refused(shipped: Shell, new_project: Callable[[], Shell]) -> None:
    """Fewer than 200 golden rows of a class is a mistake of the user, found in the split."""
    small = new_project()
    (small.path / "data/clean.parquet").write_bytes((shipped.path / "data/clean.parquet").read_bytes())
    small.edit("params.yaml", "golden_rows: 1500", "golden_rows: 1000")
    done = small.run("python", "scripts/split.py")
    assert done.code == 2
    assert "gives 171 golden rows in the smaller class" in done.err
    assert not (small.path / "data/golden").exists()
