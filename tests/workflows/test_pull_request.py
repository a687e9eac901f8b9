"""A pull request's gate under act, with the real `gates` and a server that plays GitHub."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests import github_server
from tests.github_server import REPOSITORY, GitHub
from tests.workflows import harness
from tests.workflows.test_ship import new_bucket, new_project, replace_in

pytestmark = pytest.mark.usefixtures("act")

NUMBER = 7
GREEN = {"fast": "success", "comment": "success"}
RED = {"fast": "failure", "comment": "success"}
FORK = {"fast": "success", "comment": "skipped"}
HEAD = "c" * 40
TOKEN = "the-token-of-the-job"  # noqa: S105 - a server of the test's own
PLACE = re.compile(r"::(error|warning) title=([^,:]*),file=([^,:]*),line=(\d+)::(.*)")


@pytest.fixture
def github() -> Iterator[GitHub]:
    with github_server.serving(GitHub) as server:
        server.heads[NUMBER] = HEAD
        yield server


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return new_bucket(tmp_path_factory.mktemp("remote"))


@pytest.fixture
def world(tmp_path: Path, bucket: Path, github: GitHub) -> harness.World:
    """A repository at the commit that the pull request goes to, without any secret or variable."""
    new_project(tmp_path / "project", bucket)
    harness.commit(tmp_path / "project", "base")
    environment = {"GITHUB_API_URL": github.url, "no_proxy": "127.0.0.1"}
    return harness.World(tmp_path, secrets={"GITHUB_TOKEN": TOKEN}, environment=environment)


def open_pull_request(
    world: harness.World, repository: str = REPOSITORY, workflow: str = "on-pull-request.yml"
) -> harness.Run:
    """Commit what the project holds as the pull request's merge, and play it, from this repository."""
    harness.commit(world.project)
    head = {"repo": {"full_name": repository}, "sha": HEAD}
    payload: dict[str, Any] = {
        "number": NUMBER,
        "pull_request": {"number": NUMBER, "head": head, "user": {"login": "ada"}},
    }
    return harness.play(world, workflow, "pull_request", payload)


def annotations(run: harness.Run) -> list[tuple[str, ...]]:
    """What is shown at a line: level, title, file, line, text."""
    return [match.groups() for match in map(PLACE.search, run.log.splitlines()) if match]


def line_of(file: Path, text: str) -> str:
    """The one line of a file that begins with this text."""
    lines = file.read_text().splitlines()
    (found,) = [number for number, line in enumerate(lines, 1) if line.lstrip().startswith(text)]
    return str(found)


def summary(run: harness.Run) -> str:
    return "\n".join(run.jobs["fast"].summary.values())


def test_a_pull_request_with_nothing_against_it_is_green_and_says_what_nobody_looked_at(
    world: harness.World, github: GitHub
) -> None:
    run = open_pull_request(world)
    assert (run.code, run.results) == (0, GREEN), run.log
    assert "## review: pass" in summary(run)
    assert "Not looked at: lint, champion, candidate, tests." in summary(run)
    (comment,) = github.comments
    assert (comment["issue"], "ended with **success**" in comment["body"]) == (NUMBER, True)
    assert "| data | ✅ pass | 7,043 rows keep their contract." in comment["body"]


TEAM = """
name: team
on: pull_request
permissions: {}
jobs:
  fast:
    uses: $/.github/workflows/fast.yml
    permissions:
      contents: read
      pull-requests: write
    with:
      working-directory: teams/churn
"""


def test_mistakes_in_the_policy_of_a_project_in_a_folder_are_red_at_their_lines(
    world: harness.World, github: GitHub
) -> None:
    """Named from the top of the repository, where GitHub looks for them."""
    folder = world.project / "teams" / "churn"
    folder.mkdir(parents=True)
    params = (world.project / "params.yaml").rename(folder / "params.yaml")
    replace_in(params, "    p99_ms: 60000.0", "    p99_seconds: 60.0")
    replace_in(params, "    max_brier: 0.14", "    max_brier: low")
    run = open_pull_request(replace(world, callers={"team.yml": TEAM}), workflow="team.yml")
    assert (run.code, run.results) == (1, RED), run.log
    told = {(level, file, line) for level, _, file, line, _ in annotations(run)}
    assert told == {
        ("error", "teams/churn/params.yaml", line_of(params, "p99_seconds:")),
        ("error", "teams/churn/params.yaml", line_of(params, "max_brier:")),
    }
    (comment,) = github.comments
    known = "budget\\_s, max\\_p99\\_ratio, mode, p99\\_ms"
    assert f"p99\\_seconds: unknown; known here: {known}" in comment["body"]
    assert "of `teams/churn`: the review of ccccccc ended with **failure**" in comment["body"]
    assert "## review of teams/churn: fail" in comment["body"]


def test_every_finding_is_told_at_once_and_the_comment_follows_the_pull_request(
    world: harness.World, github: GitHub
) -> None:
    """Data, policy, lint and tests; what the project's own tests write into the step's files is not taken."""
    params, contract = world.project / "params.yaml", world.project / "contracts" / "raw.yaml"
    before = params.read_text(), contract.read_text()
    replace_in(params, "    min_auc: 0.76", "    min_auc: 0.70")
    review = "{lint: python -m compileall -q scripts, tests: [python, hostile.py]}"
    replace_in(params, "  waivers:\n", f"  review: {review}\n  waivers:\n")
    replace_in(contract, "max_value: 120", "max_value: 70")
    (world.project / "scripts" / "broken.py").write_text("def broken(:\n")
    (world.project / "hostile.py").write_text(HOSTILE)
    run = open_pull_request(world)
    assert (run.code, run.results) == (1, RED), run.log
    assert "Stopped by lint, data, tests. To be looked at by a person: changes." in summary(run)
    assert {(level, file, line) for level, _, file, line, _ in annotations(run)} == {
        ("warning", "params.yaml", line_of(params, "min_auc: 0.70")),
        ("error", "contracts/raw.yaml", str(int(line_of(contract, "tenure:")) + 2)),
    }
    assert run.jobs["fast"].outputs["review.outcome"] == "fail"
    assert "nothing to write to, no token" in summary(run)
    (first,) = [each["body"] for each in github.comments]
    assert "raw/tenure/in\\_range" in first

    params.write_text(before[0])
    contract.write_text(before[1])
    (world.project / "scripts" / "broken.py").unlink()
    run = open_pull_request(world)
    assert (run.code, run.results) == (0, GREEN), run.log
    (second,) = [each["body"] for each in github.comments]
    assert "ended with **success**" in second
    assert [each.method for each in github.asked if each.method != "GET"] == ["POST", "PATCH"]


# The tests of a pull request are its author's: here they try to pass the gate, and to comment themselves.
HOSTILE = """
import os, pathlib, sys
for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_ENV"):
    if os.environ.get(name):
        pathlib.Path(os.environ[name]).write_text("outcome=pass")
        sys.exit("wrote to " + name)
sys.exit("a token" if "GITHUB_TOKEN" in os.environ else "nothing to write to, no token")
"""


def test_a_pull_request_from_a_fork_has_the_summary_and_no_comment(
    world: harness.World, bucket: Path, github: GitHub
) -> None:
    """Its token only reads, and the data's remote asks for a secret: that is told, and not red."""
    replace_in(world.project / ".dvc" / "config", str(bucket), str(bucket / "locked"))
    run = open_pull_request(replace(world, secrets={}), "somebody/ml-gates")
    assert (run.code, run.results) == (0, FORK), run.log
    assert "Not looked at: lint, champion, candidate, data, tests." in summary(run)
    assert "This change is about it: .dvc/config." in summary(run)
    assert github.asked == []
