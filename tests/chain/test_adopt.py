"""docs/adopt.md, typed from its first command to its last in a plain scikit-learn repository."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_diabetes

from gates import digest
from gates.documents import read_yaml
from tests import adoption, shell
from tests.adoption import COMMANDS
from tests.chain.project import Project


def files(folder: Path) -> dict[str, str]:
    """Return the digest of every file of a project that git would keep, and of what DVC made."""
    return {
        path.relative_to(folder).as_posix(): digest.of_file(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not {".git", ".gates", ".dvc", "__pycache__"} & set(path.parts)
    }


@pytest.fixture(scope="module")
def adopted(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A plain repository after every command of the document, each of which worked; limits of time wide."""
    environment = shell.environment(tmp_path_factory.mktemp("dvc"))
    project = adoption.plain(tmp_path_factory.mktemp("tumours"), environment)
    assert project.run("python", "train.py").code == 0
    for command in COMMANDS:
        project.must("sh", "-c", command)
        if command.startswith("gates init"):
            shell.unhurried(project.path / "params.yaml")
    return project


def test_the_document_says_to_ship() -> None:
    """The tests below run something."""
    assert {"gates ship", "gates status"} <= set(COMMANDS)


def test_the_commands_of_the_document_promote_the_first_model(adopted: Project) -> None:
    champion = adopted.champion()
    assert champion is not None
    assert champion["version"] == "1"
    assert adopted.git("status", "--porcelain") == ""


def test_dvc_makes_the_golden_set_that_init_has_pinned(adopted: Project) -> None:
    pinned = read_yaml(adopted.path / "params.yaml")["gates"]["golden_set"]
    for name in ("features", "labels"):
        assert digest.of_file(adopted.path / pinned[name]) == pinned[f"{name}_sha256"]


def test_the_same_training_has_the_same_sha(adopted: Project) -> None:
    folder = adopted.path / "models" / "tumours"
    before = digest.of_tree(folder)
    adopted.must("dvc", "repro", "--force", "--single-item", "--no-run-cache", "train")
    assert digest.of_tree(folder) == before


def test_typed_again_init_changes_nothing(adopted: Project) -> None:
    before = files(adopted.path)
    (init,) = (command for command in COMMANDS if command.startswith("gates init"))
    answer = adopted.gates(*init.split()[1:], "--json").json
    assert answer["wrote"] == []
    assert files(adopted.path) == before
    assert adopted.git("status", "--porcelain") == ""


def test_the_tests_of_the_repository_do_not_run_the_benchmark(adopted: Project) -> None:
    nothing_to_run = 5
    assert adopted.run("python", "-m", "pytest", "-p", "no:cacheprovider").code == nothing_to_run


def test_drift_passes_over_columns_that_the_model_does_not_look_at(adopted: Project, tmp_path: Path) -> None:
    """By the block that init has written as a comment, and what the training told."""
    project = adopted.copy(tmp_path / "live")
    weights = json.loads((project.path / "metrics/training.json").read_text("utf-8"))["importance"]
    assert min(weights.values()) < 0.01
    assert sum(weights.values()) == pytest.approx(1, abs=1e-4)
    text = (project.path / "params.yaml").read_text("utf-8")
    block = re.search(r"^  # drift:.*\n(?:  #   .*\n)+", text, re.MULTILINE)
    assert block
    named = re.sub(r"^  # ", "  ", block[0], flags=re.MULTILINE).replace("live.", "golden/features.")
    project.edit("params.yaml", block[0], named)
    found = project.gates("drift", "--json").json["findings"]
    compared = {each["name"].split("/")[2] for each in found if each["name"].startswith("drift/")}
    assert compared == {name for name, weight in weights.items() if weight >= 0.01}


def test_the_data_comes_back_from_the_remote(adopted: Project) -> None:
    """As on a runner, which has the pointer alone."""
    (adopted.path / "data/raw/tumours.csv").unlink()
    shutil.rmtree(adopted.path / ".dvc/cache")
    assert adopted.gates("data").code == 0


def test_the_commands_that_init_prints_promote_a_regression(tmp_path: Path, adopted: Project) -> None:
    """Numbers as labels, another function in another place, a group, and no .gitignore to begin with."""
    project = Project(tmp_path, adopted.environment)
    (tmp_path / "data/raw").mkdir(parents=True)
    load_diabetes(as_frame=True, scaled=False).frame.to_parquet(tmp_path / "data/raw/diabetes.parquet")
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib/model.py").write_text(
        "from sklearn.linear_model import Ridge\n\n\n"
        "def learn(x, y, *, alpha=1.0):\n    return Ridge(alpha).fit(x, y)\n",
        encoding="utf-8",
    )
    wishes = ("--label", "target", "--group", "sex", "--fit", "lib.model:learn", "--model", "diabetes")
    told = project.gates("init", "--data", "data/raw/diabetes.parquet", *wishes, "--json").json
    assert (told["task"], told["plan"][0], told["plan"][-1]) == ("regression", "git init", "gates ship")
    for command in told["plan"][:-1]:
        project.must("sh", "-c", command)
    project.edit("params.yaml", "min_rows_per_group: 100", "min_rows_per_group: 50")
    shell.unhurried(tmp_path / "params.yaml")
    project.git("commit", "--quiet", "--all", "--message", "Decide with fewer rows")
    answer = project.gates("ship", "--json")
    assert answer.code == 0, answer.out + answer.err
    assert answer.json["champion"]["version"] == "1"


def test_the_commands_that_init_prints_promote_a_model_of_three_classes(
    tmp_path: Path, adopted: Project
) -> None:
    """Classes as text; its drill rolls back to a model that answers with a column for each class."""
    project = Project(tmp_path, adopted.environment)
    rng = np.random.default_rng(7)
    kinds = rng.choice(["bronze", "gold", "silver"], 900)
    table = pd.DataFrame(
        {
            "spent": np.round(rng.normal(100, 20, 900) + 60 * (kinds == "gold"), 2),
            "visits": rng.poisson(5, 900) + 7 * (kinds == "silver"),
            "kind": kinds,
        }
    )
    (tmp_path / "data/raw").mkdir(parents=True)
    table.to_csv(tmp_path / "data/raw/customers.csv", index=False)
    (tmp_path / "train.py").write_text(
        "from sklearn.linear_model import LogisticRegression\n\n\n"
        "def fit(x, y, *, c=1.0):\n    return LogisticRegression(C=c, max_iter=1000).fit(x, y)\n",
        encoding="utf-8",
    )
    told = project.gates("init", "--data", "data/raw/customers.csv", "--label", "kind", "--json").json
    assert (told["task"], told["plan"][-1]) == ("multiclass", "gates ship")
    for command in told["plan"][:-1]:
        project.must("sh", "-c", command)
    shell.unhurried(tmp_path / "params.yaml")
    project.git("commit", "--quiet", "--all", "--message", "Be patient")
    answer = project.gates("ship", "--json")
    assert answer.code == 0, answer.out + answer.err
    assert answer.json["champion"]["version"] == "1"
    accuracy = json.loads((tmp_path / "evidence/golden.json").read_text("utf-8"))["measurements"]
    assert 0.7 < accuracy["metric/accuracy/low"] < accuracy["metric/accuracy"] < 1
    assert project.gates("drill", "--json").code == 0
