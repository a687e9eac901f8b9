"""The team's tests of what must not break, run as `gates predict` runs them."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from gates.adapters import behaviour, keys, process
from gates.adapters.behaviour import Handed
from gates.errors import InvalidError
from gates.junit import Suite
from tests import adoption
from tests.adapters import mlflow_models

TESTS = """
import os
from pathlib import Path

import numpy as np
import pytest

def score(model, rows):
    return model.predict_proba(rows)[:, 1]

@pytest.mark.invariance
def test_order(challenger, golden):
    assert list(golden.columns) == ["age", "visits"]
    assert (golden.index.name, list(golden.index)) == ("row_id", [10, 11, 12, 13])
    assert np.allclose(score(challenger, golden)[::-1], score(challenger, golden[::-1]))
    golden["age"] = 0.0

@pytest.mark.direction
@pytest.mark.parametrize("years", [1, 2], ids=["a/1", "b[2]"])
def test_age(challenger, golden, years):
    assert list(golden["age"]) == [1.0, 2.0, 3.0, 4.0], "another test's copy"
    older = golden.assign(age=golden["age"] + years)
    assert (score(challenger, older) > score(challenger, golden)).all(), "older is riskier"

class TestChampion:
    @pytest.mark.minimum_functionality
    def test_is_not_far(self, challenger, champion, golden):
        assert np.abs(score(challenger, golden) - score(champion, golden)).max() < 0.5

def test_room():
    assert "SECRET" not in os.environ
    assert os.environ["OMP_NUM_THREADS"] == "1"
    assert not list(Path.home().glob(".*"))

def test_skips():
    pytest.skip("not today")

@pytest.mark.xfail
def test_is_expected_to_fail():
    assert False

@pytest.fixture
def broken():
    yield
    raise ValueError("on the way out")

def test_cannot_be_run(broken):
    pass

def test_fails_and_cannot_be_cleaned_up(broken):
    assert 1 == 2
"""


@dataclass(frozen=True)
class Project:
    """A project with a model that learned what its rows say, and one that learned the reverse."""

    root: Path
    shas: dict[str, str]

    @property
    def log(self) -> Path:
        return self.root / "log"

    def write(self, text: str, name: str = "test_behaviour.py") -> None:
        """Write a file of tests."""
        path = self.root / behaviour.FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def run(self, challenger: str = "good", champion: str = "good") -> Suite:
        """Run the tests on a model."""
        given = Handed(
            (self.root / challenger, self.shas[challenger]),
            (self.root / champion, self.shas[champion]),
            self.root / "features.parquet",
            "row_id",
            mlflow_models.TRUSTED,
        )
        return behaviour.run(self.root, given, self.log)

    def ends(self, text: str, **models: str) -> dict[str, str]:
        """Write tests, run them, and return how each ended."""
        self.write(text)
        return {name: case.ended for name, case in self.run(**models).cases.items()}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project without tests yet; whatever else lies there would end what imports it."""
    reverse = LogisticRegression().fit(mlflow_models.ROWS, [1, 1, 0, 0])
    shas = {
        "good": mlflow_models.write_model(tmp_path / "good"),
        "reverse": mlflow_models.write_model(tmp_path / "reverse", reverse),
    }
    mlflow_models.ROWS.assign(row_id=pd.RangeIndex(10, 14)).to_parquet(tmp_path / "features.parquet")
    (tmp_path / "gates.py").write_text("raise SystemExit('run from the project')")
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/conftest.py").write_text("raise SystemExit('run from the other tests')")
    return Project(tmp_path, shas)


def test_every_test_is_named_with_its_kind_and_how_it_ended(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a process with neither key nor credentials, whatever they are called."""
    for name in ("SECRET", keys.VARIABLE, "AWS_SESSION_TOKEN", "PYTEST_ADDOPTS"):
        monkeypatch.setenv(name, "-k SECRET")
    project.write(TESTS)
    suite = project.run()
    assert {name: (case.ended, case.kind) for name, case in suite.cases.items()} == {
        "test_behaviour.test_order": ("passed", "invariance"),
        "test_behaviour.test_age[a/1]": ("passed", "direction"),
        "test_behaviour.test_age[b[2]]": ("passed", "direction"),
        "test_behaviour.TestChampion.test_is_not_far": ("passed", "minimum_functionality"),
        "test_behaviour.test_room": ("passed", ""),
        "test_behaviour.test_skips": ("skipped", ""),
        "test_behaviour.test_is_expected_to_fail": ("skipped", ""),
        "test_behaviour.test_cannot_be_run": ("error", ""),
        "test_behaviour.test_fails_and_cannot_be_cleaned_up": ("failed", ""),
    }
    assert set(suite.collected) == set(suite.cases)
    assert suite.cases["test_behaviour.test_skips"].message == "Skipped: not today"
    assert "on the way out" in suite.cases["test_behaviour.test_cannot_be_run"].message
    assert os.environ["SECRET"]  # ours is as it was


@pytest.mark.usefixtures("warm")
def test_a_model_that_learned_the_reverse(project: Project) -> None:
    """It fails by the direction and beside the champion; in the champion's own run there is no other."""
    ends = project.ends(TESTS, challenger="reverse")
    failed = {name for name, ended in ends.items() if ended == "failed"}
    assert failed >= {"test_behaviour.test_age[a/1]", "test_behaviour.TestChampion.test_is_not_far"}
    assert ends["test_behaviour.test_order"] == "passed"
    alone = project.ends(TESTS, challenger="reverse", champion="reverse")
    assert alone["test_behaviour.TestChampion.test_is_not_far"] == "passed"


@pytest.mark.usefixtures("warm")
def test_a_session_that_was_cut_short_names_what_did_not_run(project: Project) -> None:
    """A green exit is no proof: two of the three have no result."""
    suite = None
    project.write(
        "import pytest\ndef test_a(): pass\n"
        "def test_b(): pytest.exit('enough', returncode=0)\ndef test_c(): assert False\n"
    )
    suite = project.run()
    assert set(suite.cases) == {"test_behaviour.test_a"}
    assert set(suite.collected) == {f"test_behaviour.test_{each}" for each in "abc"}


@pytest.mark.usefixtures("warm")
@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("import nothing_of_this_name\n", "nothing_of_this_name"),
        ("import os\ndef test_a(): os._exit(0)\n", "ended with 0"),
        ("import os\ndef test_a(): os.kill(os.getpid(), 9)\n", "ended with -9"),
    ],
    ids=["import", "exit", "kill"],
)
def test_what_does_not_come_to_an_end_is_no_result(project: Project, text: str, told: str) -> None:
    """The error tells why, and where the log is."""
    project.write(text)
    with pytest.raises(InvalidError, match="not run to their end") as caught:
        project.run()
    assert told in caught.value.what + caught.value.why
    assert str(project.log) in caught.value.do


@pytest.mark.usefixtures("warm")
def test_a_model_that_changed_since_its_digest_is_not_tested(project: Project) -> None:
    """What needs it cannot be run."""
    (project.root / "good/signature.json").write_bytes(b"{}")
    assert project.ends("def test_a(challenger): pass\n") == {"test_behaviour.test_a": "error"}
    assert "TamperedError" in project.run().cases["test_behaviour.test_a"].message


def test_what_a_test_started_does_not_outlive_it(project: Project) -> None:
    """Also in a session of its own: it could write over what is handed on."""
    started = project.root / "started"
    project.write(
        "import subprocess\ndef test_a():\n"
        "    child = subprocess.Popen(['sleep', '600'], start_new_session=True)\n"
        f"    open({str(started)!r}, 'w').write(str(child.pid))\n"
    )
    project.run()
    assert not Path(f"/proc/{started.read_text()}").exists()


@pytest.mark.usefixtures("warm")
def test_what_the_page_tells_to_write_runs(project: Project) -> None:
    """By `gates predict`; a pytest of the team's own passes it by."""
    project.write(adoption.PASSED_BY, "conftest.py")
    ends = project.ends(adoption.BEHAVIOUR)
    assert ends == dict.fromkeys(
        (f"test_behaviour.{test}" for test in ("test_order", "test_nobody_is_turned_round")), "passed"
    )
    folder = project.root / behaviour.FOLDER
    own = [sys.executable, "-m", "pytest", "-c", "/dev/null", "--confcutdir", str(folder), str(folder)]
    ended = process.run(own, cwd=folder, log=project.log)
    assert ended.code == pytest.ExitCode.NO_TESTS_COLLECTED


def test_no_folder_is_no_test(project: Project) -> None:
    """Nothing is started; the gate says that nothing was tested."""
    assert project.run() == Suite()
    assert not project.log.exists()


@pytest.mark.usefixtures("warm")
def test_an_empty_folder_is_no_test(project: Project) -> None:
    """Nor is one of other files."""
    project.write("", "notes.py")
    assert project.run() == Suite()
