"""`gates review`: everything is looked at, whatever is found on the way; what was not, is said."""

import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gates import checks, digest, ledger, statement
from gates.adapters import keys
from gates.digest import canonical_json
from gates.envelope import seal
from gates.errors import InvalidError
from gates.run import pin, review
from gates.run.project import now
from gates.run.result import Result
from gates.statement import Decision
from tests import examples
from tests.checks import project as checked
from tests.checks.project import Project
from tests.run import judged

LOOKS = ("policy", "changes", "stages", "workflows", "lint", "champion", "candidate", "data", "tests")
REMOTE = "[core]\n    remote = storage\n['remote \"storage\"']\n    url = ../.bucket\n    verify = true\n"
PYTHON = Path(sys.executable).name


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project that passes every gate, its raw data tracked and here, and all that git keeps committed."""
    for name in ("CI", "GITHUB_ACTIONS", "GATES_LEDGER", "GATES_SIGNER", "GATES_SIGNING_KEY", pin.VARIABLE):
        monkeypatch.delenv(name, raising=False)
    root = tmp_path / "project"
    root.mkdir()
    made = checked.build(root)
    (root / ".gitignore").write_text("/candidate/\n/evidence/\n/.gates/\n*.csv\n*.parquet\n*.log\n/models/\n")
    (root / ".dvc").mkdir()
    (root / ".dvc/config").write_text(REMOTE)
    track(made)
    subprocess.run(["git", "init", "--quiet"], cwd=root, check=True)
    judged.commit(root)
    return made


def track(made: Project) -> None:
    """Write the pointer of the raw data as it is now."""
    made.write_document(
        "data/raw/churn.csv.dvc", {"outs": [{"md5": checked.md5(made.path("raw")), "path": "x"}]}
    )


def look(made: Project, name: str, base: str = "HEAD") -> dict[str, Any]:
    """What one of the looks has seen."""
    return looks(review.run(made.opened(), base))[name]


def looks(result: Result) -> dict[str, dict[str, Any]]:
    return {each["look"]: each for each in result.details["looks"]}


def decided(made: Project) -> Decision:
    """A decision with the verdict of every gate about this project."""
    verdicts = tuple(made.judge(name) for name in checks.names())
    sha256 = digest.of_document(made.opened().policy.document)
    return replace(examples.decision(), verdicts=verdicts, policy_sha256=sha256)


def promoted(made: Project) -> None:
    """Let the model in by a decision of every gate, as `gates promote` does."""
    opened, decision = made.opened(), decided(made)
    signer, _ = keys.signer(opened.root)
    signed = opened.store.put(seal(statement.to_document(decision), statement.PAYLOAD_TYPE, signer))
    candidate = decision.candidate
    champion = replace(examples.champion(1), sha=candidate.sha, run_id=candidate.run_id, statement=signed)
    entry = ledger.next_entry(
        opened._history(),
        operation="first",
        kind="promote",
        target=champion,
        reason="better",
        actor="ada",
        time=now(),
    )
    opened.store.append(entry.seq, seal(ledger.to_document(entry), ledger.PAYLOAD_TYPE, signer))


def test_nothing_speaks_against_a_change_of_nothing_and_what_was_not_looked_at_is_said(made: Project) -> None:
    result = review.run(made.opened(), "HEAD")
    assert {name: each["outcome"] for name, each in looks(result).items()} == {
        **dict.fromkeys(("policy", "changes", "stages", "data"), "pass"),
        **dict.fromkeys(("workflows", "lint", "champion", "candidate", "tests"), "skipped"),
    }
    assert tuple(looks(result)) == LOOKS
    assert result.outcome == "pass"
    assert result.sentence.endswith("Not looked at: workflows, lint, champion, candidate, tests.")


def test_the_page_is_what_is_handed_on(made: Project) -> None:
    result = review.run(made.opened(), "HEAD")
    page = made.root / "candidate" / "review.md"
    assert result.digest == digest.of_file(page)
    assert page.read_text().startswith("## review: pass\n")


def test_a_project_below_the_top_of_its_repository_is_named(made: Project) -> None:
    below = made.root / "models" / "other"
    made.root.rename(made.root.with_name("moved"))
    below = made.root.with_name("moved") / "below"
    below.mkdir()
    checked.build(below)
    review.run(Project(below).opened(), "HEAD")
    assert (below / "candidate" / "review.md").read_text().startswith("## review of below: ")


def test_a_folder_without_a_commit_has_no_change(made: Project) -> None:
    (made.root / ".git").rename(made.root / "elsewhere")
    with pytest.raises(InvalidError, match="git cannot tell which commit") as caught:
        review.run(made.opened(), "")
    assert "git init" in caught.value.do


def test_every_fault_is_found_at_once(made: Project) -> None:
    made.policy(review={"lint": f"{PYTHON} -c 'raise SystemExit(3)'", "tests": ["no-such-program"]})
    made.change("raw", lambda raw: raw.assign(surprise=1))
    track(made)
    result = review.run(made.opened(), "HEAD")
    assert (result.outcome, result.sentence.partition(". ")[0]) == ("fail", "Stopped by lint, data, tests")


# ---------------------------------------------------------------- the policy


def test_a_mistake_in_the_policy_keeps_the_rest_for_later(made: Project) -> None:
    made.policy(golden={"min_auc": "high"})
    found = looks(review.run(made.opened(), "HEAD"))
    (remark,) = found["policy"]["remarks"]
    assert (found["policy"]["outcome"], remark["file"]) == ("fail", "params.yaml")
    assert "min_auc: high" in (made.root / "params.yaml").read_text().splitlines()[remark["line"] - 1]
    assert {each["outcome"] for name, each in found.items() if name != "policy"} == {"skipped"}
    assert str(made.root) not in str(found)


def test_a_policy_that_is_not_the_pinned_one_is_red(made: Project) -> None:
    pin.write(made.opened())
    assert "the pinned one" in look(made, "policy")["sentence"]
    made.policy(golden={"min_auc": 0.1})
    seen = look(made, "policy")
    assert (seen["outcome"], "not the pinned one" in seen["sentence"]) == ("fail", True)


def test_a_limit_that_asks_for_less_is_for_a_person_at_its_line(made: Project) -> None:
    made.policy(golden={"min_auc": 0.1}, latency={"p99_ms": 1.0})
    result = review.run(made.opened(), "HEAD")
    seen = looks(result)["changes"]
    (remark,) = seen["remarks"]
    assert (result.outcome, seen["outcome"]) == ("pass", "warning")
    assert "min_auc: 0.1" in (made.root / "params.yaml").read_text().splitlines()[remark["line"] - 1]
    assert len(seen["lines"]) == 2
    assert "To be looked at by a person: changes." in result.sentence


def test_a_stricter_policy_is_told_and_no_warning(made: Project) -> None:
    made.policy(latency={"p99_ms": 1.0})
    seen = look(made, "changes")
    assert (seen["outcome"], len(seen["lines"]), seen["remarks"]) == ("pass", 1, [])


def test_without_the_commit_before_the_policy_is_compared_with_nothing(made: Project) -> None:
    seen = look(made, "changes", "")
    assert (seen["outcome"], "--base" in seen["sentence"]) == ("skipped", True)


@pytest.mark.parametrize(
    "base", ["HEAD^1", "no-such-branch", "main..HEAD", "0" * 40, "--output=x", "x" * 9999]
)
def test_a_commit_that_was_named_and_is_not_here_is_refused(made: Project, base: str) -> None:
    """Else a slip in its name would switch the look off, and the review stay green."""
    with pytest.raises(InvalidError, match="names no commit that is here") as told:
        review.run(made.opened(), base)
    assert len(told.value.what) < 200


def test_a_policy_before_that_this_version_cannot_read_is_compared_as_it_stands(made: Project) -> None:
    made.policy(golden={"gone": 1})
    judged.commit(made.root)
    made.policy(golden={"gone": None, "min_auc": 0.1})
    assert any("min_auc" in each["text"] for each in look(made, "changes")["remarks"])


# ---------------------------------------------------------------- stages


def test_what_will_run_is_told(made: Project) -> None:
    made.edit("params.yaml", lambda params: params["train"].update(seed=99))
    (made.root / "scripts" / "ingest.py").write_text("print('other')\n")
    seen = look(made, "stages")
    assert (seen["outcome"], "these will run: ingest, train." in seen["sentence"]) == ("pass", True)
    assert seen["lines"] == ["ingest/scripts/ingest.py", "train/params.yaml:train.seed"]


def test_another_raw_table_is_seen_by_its_pointer_alone(made: Project) -> None:
    made.change("raw", lambda raw: raw.head(900))
    track(made)
    made.path("raw").unlink()
    assert look(made, "stages")["lines"] == ["ingest/data/raw/churn.csv"]


def test_data_that_is_absent_is_no_change(made: Project) -> None:
    for name in ("raw", "train", "features", "labels"):
        made.path(name).unlink()
    assert "in sync" in look(made, "stages")["sentence"]


def test_a_lock_that_dvc_did_not_write_is_red(made: Project) -> None:
    (made.root / "dvc.lock").write_text("stages: {ingest: 1}\n")
    assert look(made, "stages")["outcome"] == "fail"


def test_a_remote_that_does_not_look_at_what_it_brings_is_red(made: Project) -> None:
    (made.root / ".dvc" / "config").write_text(REMOTE.replace("true", "false"))
    assert "does not verify" in look(made, "stages")["sentence"]


# ---------------------------------------------------------------- the project's own commands


@pytest.mark.parametrize("which", ["lint", "tests"])
def test_a_command_that_is_content(made: Project, which: str) -> None:
    made.policy(review={which: [PYTHON, "-c", "pass"]})
    assert look(made, which)["outcome"] == "pass"


def test_a_command_that_is_not_content_is_quoted(made: Project) -> None:
    made.policy(review={"tests": f"{PYTHON} -c 'print(\"one failed\"); raise SystemExit(1)'"})
    seen = look(made, "tests")
    assert (seen["outcome"], seen["lines"]) == ("fail", ["one failed"])


def test_a_command_is_run_by_no_shell(made: Project) -> None:
    made.policy(review={"lint": [PYTHON, "-c", "pass", ";", "touch", "pwned"]})
    look(made, "lint")
    assert not (made.root / "pwned").exists()


@pytest.mark.parametrize("word", [r"\;", "'|'", '">"', "'a>b'", '-k="x&y"', "--a=b", "x=1", "*.py"])
def test_what_is_meant_as_it_stands_is_handed_on(made: Project, word: str) -> None:
    made.policy(review={"lint": f"{PYTHON} -c 'import sys; raise SystemExit(len(sys.argv) - 2)' {word}"})
    assert look(made, "lint")["outcome"] == "pass"


@pytest.mark.parametrize("operator", ["&&", "||", "|", ">", ";", "&", "<", "`", "$"])
def test_what_only_a_shell_understands_is_told(made: Project, operator: str) -> None:
    made.policy(review={"lint": f"{PYTHON} -c 'pass; pass'{operator}pwned"})
    seen = look(made, "policy")
    (remark,) = seen["remarks"]
    assert (seen["outcome"], f"has a `{operator}`, and no shell runs it" in remark["text"]) == ("fail", True)


@pytest.mark.parametrize("command", ["A=1 ruff check", ["a\0b"]])
def test_what_no_program_could_be_started_with_is_told(made: Project, command: object) -> None:
    made.policy(review={"lint": command})
    assert look(made, "policy")["outcome"] == "fail"


def test_a_command_that_was_killed_says_so(made: Project) -> None:
    made.policy(review={"lint": [PYTHON, "-c", "import os; os.kill(os.getpid(), 9)"]})
    seen = look(made, "lint")
    assert (seen["outcome"], seen["sentence"].endswith("was ended by signal 9.")) == ("fail", True)


def test_a_command_cannot_write_into_the_step_or_see_a_secret(
    made: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    withheld = ("GITHUB_OUTPUT", "GITHUB_TOKEN", "GATES_SIGNING_KEY", "GATES_LEDGER", "MLFLOW_TRACKING_TOKEN")
    made.policy(
        review={
            "lint": [
                PYTHON,
                "-c",
                f"import os; raise SystemExit(sorted(set({withheld}) & set(os.environ)) or 0)",
            ]
        }
    )
    assert look(made, "lint")["outcome"] == "pass"
    for name in withheld:
        monkeypatch.setenv(name, "secret")
    assert look(made, "lint") == {**look(made, "lint"), "outcome": "pass", "lines": []}


# ---------------------------------------------------------------- data


def test_data_that_breaks_its_contract_is_red_at_the_rule(made: Project) -> None:
    made.change("raw", lambda raw: raw.assign(monthly_charges=raw["monthly_charges"] / 10))
    track(made)
    seen = look(made, "data")
    (remark,) = seen["remarks"]
    assert (seen["outcome"], remark["file"]) == ("fail", "contracts/raw.yaml")
    assert "in_range" in made.path("contracts/raw.yaml").read_text().splitlines()[remark["line"] - 1]


def test_data_without_rows_is_undecided(made: Project) -> None:
    made.change("raw", lambda raw: raw.head(0))
    track(made)
    result = review.run(made.opened(), "HEAD")
    assert (result.outcome, looks(result)["data"]["outcome"]) == ("undecided", "undecided")


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (lambda contract: contract.update(colums={}), "colums"),
        (lambda contract: contract.pop("columns"), "columns"),
    ],
)
def test_a_contract_that_is_none_is_red_whether_or_not_the_data_is_here(
    made: Project, edit: Callable[[dict[str, Any]], object], says: str
) -> None:
    made.edit("contracts/golden.yaml", edit)
    seen = look(made, "data")
    (remark,) = seen["remarks"]
    assert (seen["outcome"], remark["file"], says in remark["text"]) == (
        "fail",
        "contracts/golden.yaml",
        True,
    )


def test_data_that_cannot_be_had_is_not_looked_at_and_a_change_of_it_is_told(made: Project) -> None:
    made.path("raw").unlink()
    seen = look(made, "data")
    assert (seen["outcome"], "This change is about it" in seen["sentence"]) == ("skipped", False)
    made.edit("contracts/raw.yaml", lambda contract: contract["columns"].pop("tenure"))
    seen = look(made, "data")
    assert seen["sentence"].endswith("This change is about it: contracts/raw.yaml.")


def test_data_that_may_break_its_contract_is_for_a_person(made: Project) -> None:
    made.policy(schema={"mode": "report"})
    made.change("raw", lambda raw: raw.assign(surprise=1))
    track(made)
    assert look(made, "data")["outcome"] == "warning"


# ---------------------------------------------------------------- what was measured before


def test_the_champion_is_judged_again_by_the_proposed_policy(made: Project) -> None:
    promoted(made)
    assert look(made, "champion")["outcome"] == "pass"
    made.policy(golden={"min_auc": 0.999})
    seen = look(made, "champion")
    (remark,) = seen["remarks"]
    assert (seen["outcome"], remark["file"]) == ("warning", "params.yaml")
    assert remark["text"].startswith("golden: auc ")
    assert "golden:" in (made.root / "params.yaml").read_text().splitlines()[remark["line"] - 1]


def test_a_ledger_that_does_not_hold_is_red(made: Project) -> None:
    promoted(made)
    (entry,) = (made.root / ".gates" / "ledger" / "churn").glob("*.json")
    entry.chmod(0o644)
    entry.write_bytes(entry.read_bytes().replace(b"a", b"b"))
    assert look(made, "champion")["outcome"] == "fail"


def test_a_ledger_that_is_not_here_is_not_looked_at(made: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    seen = look(made, "champion")
    assert (seen["outcome"], "runner that is thrown away" in seen["sentence"]) == ("skipped", True)


def test_a_ledger_that_does_not_answer_is_not_looked_at(
    made: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    settings = {"AWS_ENDPOINT_URL": url, "AWS_MAX_ATTEMPTS": "1", "GATES_LEDGER": "s3://bucket/ledger"}
    credentials = {"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", "AWS_DEFAULT_REGION": "us-east-1"}
    for name, value in {**settings, **credentials, "NO_PROXY": "127.0.0.1"}.items():
        monkeypatch.setenv(name, value)
    result = review.run(made.opened(), "HEAD")
    assert (result.outcome, looks(result)["champion"]["outcome"]) == ("pass", "skipped")


def test_the_candidate_that_was_judged_here_is_judged_again(made: Project) -> None:
    path = made.root / "evidence" / "statement.json"
    path.parent.mkdir()
    path.write_bytes(canonical_json(statement.to_document(decided(made))))
    assert look(made, "candidate")["outcome"] == "pass"
    made.policy(latency={"p99_ms": 0.001})
    assert [each["text"].partition(":")[0] for each in look(made, "candidate")["remarks"]] == ["latency"]


# ---------------------------------------------------------------- workflows


def test_a_workflow_that_opens_a_road_is_red(made: Project) -> None:
    made.write_document(
        ".github/workflows/mine.yml",
        {
            "on": "push",
            "permissions": {},
            "jobs": {"ship": {"runs-on": "ubuntu-latest", "steps": [{"run": "gates promote --apply"}]}},
        },
    )
    seen = look(made, "workflows")
    assert seen["outcome"] == "fail"
    assert any("promote without an environment" in each["text"] for each in seen["remarks"])


def test_what_a_linter_says_is_told_from_the_project_on(made: Project) -> None:
    top = made.root.with_name("moved")
    made.root.rename(top)
    workflow = top / ".github/workflows/mine.yml"
    workflow.parent.mkdir(parents=True)
    steps = "[{run: 'echo ${{ github.head_ref }}'}]"
    workflow.write_text(f"on: pull_request\njobs: {{x: {{runs-on: ubuntu-latest, steps: {steps}}}}}\n")
    (top / "below").mkdir()
    below = checked.build(top / "below")
    remarks = look(below, "workflows")["remarks"]
    assert any(each["text"].startswith("zizmor: template-injection") for each in remarks)
    assert {each["file"] for each in remarks} <= {"", "../.github/workflows/mine.yml"}
