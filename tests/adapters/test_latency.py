"""The user's benchmark, run as `gates predict` runs it."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from gates import timings
from gates.adapters import latency
from gates.adapters.latency import Asked
from gates.errors import InvalidError
from tests.adapters import mlflow_models

BENCHMARK = """
import os

def serve(model, row):
    assert [os.environ[f"{name}_NUM_THREADS"] for name in ("OMP", "OPENBLAS", "MKL")] == ["1"] * 3
    assert list(row.columns) == ["age", "visits"]
    return model.predict_proba(row)

def test_one_request(time_requests):
    print("said by the benchmark")
    assert time_requests(serve).shape == (1, 2)
"""


ASKED = Asked(requests=60, budget_s=600.0, p99_ms=60_000.0)


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

    def benchmark(self, text: str, asked: Asked = ASKED) -> None:
        """Write the benchmark and run it."""
        (self.root / latency.FOLDER).mkdir(parents=True, exist_ok=True)
        (self.root / "tests/conftest.py").write_text("raise SystemExit('run from the project's other tests')")
        (self.root / "gates.py").write_text("raise SystemExit('run from the project')")
        (self.root / latency.FOLDER / "test_latency.py").write_text(text)
        self.run(asked)

    def run(self, asked: Asked = ASKED) -> None:
        """Run the benchmark, with the models that `project` wrote."""
        latency.benchmark(
            self.root,
            {name: (self.root / name, self.sha) for name in ("challenger", "champion")},
            self.root / "features.parquet",
            self.result,
            trusted_types=mlflow_models.TRUSTED,
            asked=asked,
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


def requests(project: Project) -> dict[str, int]:
    """How many requests each model answered."""
    return {model: len(seconds) for model, seconds in timings.read(project.result).items()}


def test_the_models_answer_in_turns(project: Project) -> None:
    """As often as the policy asks for, in whole blocks; the rows are in the signature's order."""
    project.benchmark(BENCHMARK)
    assert requests(project) == {"challenger": 75, "champion": 75}
    blocks = json.loads(project.result.read_bytes())["benchmarks"]
    assert [each["extra_info"]["turns"] for each in blocks] == [["challenger", "champion"]] * 3
    assert "3 passed" in project.log.read_text()
    assert [path.name for path in project.result.parent.iterdir()] == ["latency.json"]


@pytest.mark.usefixtures("warm")
def test_no_model_answers_twice_in_a_row(project: Project) -> None:
    """From the warm-up to the last block."""
    project.benchmark(
        BENCHMARK.replace("import os", "import os\nseen = [None]").replace(
            "    return model", "    assert seen[-1] is not model\n    seen.append(model)\n    return model"
        )
    )
    assert requests(project) == {"challenger": 75, "champion": 75}


@pytest.mark.usefixtures("warm")
def test_it_ends_when_it_is_clear_where_the_limit_is(project: Project) -> None:
    """After 597 requests of 2,000, a bound that is sure over all looks is far below an hour."""
    project.benchmark(BENCHMARK, Asked(requests=2_000, budget_s=600.0, p99_ms=60_000.0))
    assert requests(project) == {"challenger": 600, "champion": 600}
    assert "it is clear" in project.log.read_text()


@pytest.mark.usefixtures("warm")
def test_a_ratio_that_is_not_clear_yet_asks_for_more(project: Project) -> None:
    """Two twins are neither sure to be within a hair of one another nor sure not to be."""
    project.benchmark(BENCHMARK, Asked(700, 600.0, 60_000.0, max_p99_ratio=1.0))
    assert requests(project) == {"challenger": 700, "champion": 700}


@pytest.mark.usefixtures("warm")
def test_it_ends_when_the_time_is_used_up(project: Project) -> None:
    """The first block is made whatever it takes."""
    project.benchmark(BENCHMARK, Asked(requests=2_000, budget_s=0.000_001, p99_ms=200.0))
    assert requests(project) == {"challenger": 25, "champion": 25}
    assert "the time that the policy gives is used up" in project.log.read_text()


@pytest.mark.usefixtures("warm")
def test_a_benchmark_that_fails_is_no_measurement(project: Project) -> None:
    """Its own reason is in the error."""
    project.result.write_text("{}")
    with pytest.raises(InvalidError, match="did not run") as caught:
        project.benchmark(BENCHMARK.replace("(1, 2)", "(1, 3)"))
    assert "(1, 3)" in caught.value.why
    assert str(project.log) in caught.value.do
    assert not project.result.exists()


@pytest.mark.usefixtures("warm")
def test_a_model_that_changed_since_its_digest_is_not_timed(project: Project) -> None:
    """Nor is the other."""
    (project.root / "champion/signature.json").write_bytes(b"{}")
    with pytest.raises(InvalidError, match="did not run") as caught:
        project.benchmark(BENCHMARK)
    assert "gates.errors.TamperedError" in caught.value.why


def test_without_a_benchmark(project: Project) -> None:
    """The error says which file to write."""
    with pytest.raises(InvalidError, match="no folder tests/latency") as caught:
        project.run()
    assert "test_latency.py" in caught.value.do


@pytest.mark.usefixtures("warm")
def test_an_empty_folder_is_no_measurement(project: Project) -> None:
    """pytest finds nothing to run."""
    (project.root / latency.FOLDER).mkdir(parents=True)
    with pytest.raises(InvalidError, match="did not run"):
        project.run()
