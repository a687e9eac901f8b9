"""What a red job tells to type on a laptop is typed there, in a fresh clone, and is as red."""

import json
import re
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from gates import digest
from gates.adapters import workflow_files
from gates.documents import read_json
from tests.chain.conftest import State
from tests.chain.project import Project
from tests.shell import Answer, Shell

SHIP = workflow_files.read(Path(__file__).parents[2])[".github/workflows/ship.yml"]
(EVIDENCE,) = {
    step["with"]["name"].replace("${{ needs.data.outputs.model }}", "churn")
    for step in SHIP["jobs"]["promote"]["steps"]
    if "download-artifact" in step["uses"]
}
# In the place of GitHub's `gh`: brings the artifact that ship.yml uploads into a folder.
GH = f"""#!/bin/sh
test "$1 $2 $3 $4 $5" = "run download 7 --name={EVIDENCE} --dir=evidence" && cp -r "$ARTIFACTS/evidence" .
"""


def told(project: Project, *job: str) -> tuple[Answer, str]:
    """Run a job as a workflow does, and return its answer and the command that its summary tells."""
    summary = project.path / ".gates" / "summary"
    summary.unlink(missing_ok=True)
    github = {"ACTIONS": "true", "STEP_SUMMARY": str(summary), "WORKSPACE": str(project.path), "RUN_ID": "7"}
    variables = {f"GITHUB_{name}": value for name, value in github.items()}
    places = {
        "GATES_LEDGER": str(project.path / ".gates/ledger"),
        "MLFLOW_TRACKING_URI": f"sqlite:///{project.path / 'mlflow.db'}",
    }
    answer = project.gates(*job, **variables, **places)
    (command,) = re.findall("```sh\n(.*)\n```", summary.read_text(encoding="utf-8"))
    return answer, command


@pytest.fixture
def laptop(tmp_path: Path) -> Callable[[Project], Shell]:
    """Make a fresh clone of a project, beside the same bucket and with the keys to verify the ledger."""

    def clone(project: Project) -> Shell:
        home = tmp_path / "laptop"
        project.git("clone", "--quiet", str(project.path), str(home))
        shutil.copytree(project.path / ".bucket", home / ".bucket")
        (home / ".gates").mkdir()
        shutil.copy(project.path / ".gates/key.pem", home / ".gates")
        (tmp_path / "gh").write_text(GH)
        (tmp_path / "gh").chmod(stat.S_IRWXU)
        path = f"{tmp_path}:{project.environment['PATH']}"
        return Shell(home, project.environment | {"PATH": path, "ARTIFACTS": str(project.path)})

    return clone


def expected(project: Project) -> list[str]:
    """Return the digests that the jobs before `judge` have told."""
    jobs = (("--expect", "predict"), ("--expect-train", "train"), ("--expect-data", "data"))
    return [f"{flag}={digest.of_file(project.path / 'candidate' / f'{job}.json')}" for flag, job in jobs]


def test_a_worse_model_is_refused_there_too(
    ships: Callable[[str], State], branch: Callable[[Project], Project], laptop: Callable[[Project], Shell]
) -> None:
    """By the same gate and figure; the run is found again, and neither ledger nor registry is written."""
    project = branch(ships("worse").project)
    red, command = told(project, "judge", *expected(project))
    assert red.code == 1
    before = project.runs(), project.kept()
    here = laptop(project)
    shown = here.run("sh", "-c", command)
    assert shown.code == red.code, shown.out + shown.err
    assert "champion: delta -0." in shown.out
    findings = [
        read_json(path / "evidence/champion.json")["measurements"] for path in (project.path, here.path)
    ]
    assert findings[0] == findings[1]
    assert (project.runs(), project.kept()) == before


def test_broken_data_is_broken_there_too(
    first: State, branch: Callable[[Project], Project], laptop: Callable[[Project], Shell]
) -> None:
    """The contract asks for a column that the data does not have."""
    project = branch(first.project)
    project.edit("contracts/raw.yaml", "  tenure:  # months", "  months:")
    project.commit()
    red, command = told(project, "data")
    shown = laptop(project).run("sh", "-c", command)
    assert red.code == shown.code == 1, shown.out + shown.err
    assert "violations/raw 2 > 0" in red.err
    assert "violations/raw 2 > 0" in shown.out


def test_a_forged_decision_is_found_there_too(
    first: State, branch: Callable[[Project], Project], laptop: Callable[[Project], Shell]
) -> None:
    """The evidence is the run's own; its promotion is only planned."""
    project = branch(first.project)
    path = project.path / "evidence/statement.json"
    document = json.loads(path.read_bytes())
    document["predicate"]["candidate"]["data_sha256"] = "0" * 64
    path.write_bytes(digest.canonical_json(document))
    red, command = told(project, "promote", "--expect", digest.of_file(path), "--apply")
    assert command.startswith("gh run download 7")
    shown = laptop(project).run("sh", "-c", command)
    assert red.code == shown.code == 6, shown.out + shown.err
    assert "another raw table" in red.err
    assert "another raw table" in shown.err
