"""The user's benchmark, run as `gates predict` runs it."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from gates.adapters import latency
from gates.errors import InvalidError
from tests.adapters import mlflow_models

BENCHMARK = """
import os

def test_one_request(benchmark, model, golden_rows, requests, budget_s):
    assert [os.environ[f"{name}_NUM_THREADS"] for name in ("OMP", "OPENBLAS", "MKL")] == ["1"] * 3
    assert list(golden_rows.columns) == ["age", "visits"]
    assert budget_s == 2.5
    print("said by the benchmark")
    benchmark.pedantic(model.predict_proba, args=(golden_rows,), rounds=requests)
"""


@dataclass(frozen=True)
class Project:
    """A project with two models, golden features and a benchmark."""

    root: Path
    sha: str

    @property
    def result(self) -> Path:
        return self.root / "candidate/latency.json"

    @property
    def log(self) -> Path:
        return self.root / "log"

    def benchmark(self, text: str) -> None:
        """Write the benchmark and run it."""
        (self.root / latency.FOLDER).mkdir(parents=True, exist_ok=True)
        (self.root / "tests/conftest.py").write_text("raise SystemExit('run from the project's other tests')")
        (self.root / "gates.py").write_text("raise SystemExit('run from the project')")
        (self.root / latency.FOLDER / "test_latency.py").write_text(text)
        self.run()

    def run(self) -> None:
        """Run the benchmark, with the models that `project` wrote."""
        latency.benchmark(
            self.root,
            {name: (self.root / name, self.sha) for name in ("challenger", "champion")},
            self.root / "features.parquet",
            self.result,
            trusted_types=mlflow_models.TRUSTED,
            requests=7,
            budget_s=2.5,
            log=self.log,
        )


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project without a benchmark yet."""
    sha = mlflow_models.write_model(tmp_path / "challenger")
    shutil.copytree(tmp_path / "challenger", tmp_path / "champion")
    mlflow_models.ROWS.assign(row_id=pd.RangeIndex(4)).to_parquet(tmp_path / "features.parquet")
    (tmp_path / "candidate").mkdir()
    return Project(tmp_path, sha)


def test_each_model_is_timed_with_what_the_policy_asks_for(project: Project) -> None:
    """One entry a model with every round; threads are pinned, rows are in the signature's order."""
    project.benchmark(BENCHMARK)
    timed = {
        each["params"]["model"]: each["stats"]["data"]
        for each in json.loads(project.result.read_bytes())["benchmarks"]
    }
    assert set(timed) == {"challenger", "champion"}
    assert all(len(rounds) == 7 and min(rounds) > 0 for rounds in timed.values())
    assert "2 passed" in project.log.read_text()
    assert [path.name for path in project.result.parent.iterdir()] == ["latency.json"]


def test_a_benchmark_that_fails_is_no_measurement(project: Project) -> None:
    """Each model's own reason is in the error: the benchmark's, and that a model changed since its digest."""
    project.result.write_text("{}")
    (project.root / "champion/signature.json").write_bytes(b"{}")
    with pytest.raises(InvalidError, match="did not run") as caught:
        project.benchmark(BENCHMARK.replace("2.5", "99"))
    assert "[challenger] - assert 2.5 == 99" in caught.value.why
    assert "[champion] - gates.errors.TamperedError" in caught.value.why
    assert str(project.log) in caught.value.do
    assert not project.result.exists()


def test_without_a_benchmark(project: Project) -> None:
    """The error says which file to write."""
    with pytest.raises(InvalidError, match="no folder tests/latency") as caught:
        project.run()
    assert "test_latency.py" in caught.value.do


def test_an_empty_folder_is_no_measurement(project: Project) -> None:
    """pytest finds nothing to run."""
    (project.root / latency.FOLDER).mkdir(parents=True)
    with pytest.raises(InvalidError, match="did not run"):
        project.run()
