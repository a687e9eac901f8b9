"""The three outcomes of a ship, rollback and restore."""

import json
import re
import shutil
from collections.abc import Callable

import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from gates import digest, junit
from gates.adapters import keys
from gates.envelope import unseal
from gates.public_keys import public_key
from gates.statement import PAYLOAD_TYPE
from tests.chain.conftest import State
from tests.chain.project import Project
from tests.shell import COLD

GATES = ["behaviour", "champion", "documentation", "fairness", "golden", "latency", "lineage", "schema"]


def ledger(project: Project) -> dict[str, str]:
    """Return the digest of every file of the ledger."""
    return {name: value for name, value in project.kept().items() if name.startswith(".gates")}


@pytest.fixture
def shipped(first: State, branch: Callable[[Project], Project]) -> Project:
    """A copy in which v1 is the champion."""
    return branch(first.project)


@pytest.fixture
def twice(second: State, branch: Callable[[Project], Project]) -> Project:
    """A copy in which v2 is the champion over v1."""
    return branch(second.project)


def test_the_first_ship_promotes(first: State) -> None:
    """All eight gates pass, and the answer names the champion."""
    assert first.answer.code == 0, first.answer.out + first.answer.err
    assert first.answer.json["champion"]["version"] == "1"
    assert sorted(each["gate"] for each in first.answer.json["verdicts"]) == GATES
    assert {each["outcome"] for each in first.answer.json["verdicts"]} == {"pass"}


def test_the_first_ship_leaves_the_tree_clean(first: State) -> None:
    """dvc.lock in git is true for the committed parameters, and everything else is ignored."""
    assert first.project.git("status", "--porcelain") == ""


def test_ledger_alias_and_run_agree(first: State) -> None:
    """`status` and `history` tell the ledger; the alias in MLflow and the one FINISHED run follow it."""
    project = first.project
    champion = project.champion()
    assert champion is not None
    assert champion["version"] == project.alias() == "1"
    assert champion["sha"] == project.sha()
    assert project.runs() == {champion["run_id"]: "FINISHED"}
    (entry,) = project.gates("history", "--json").json["entries"]
    assert (entry["seq"], entry["kind"], entry["from"], entry["to"]) == (1, "promote", None, "1")
    assert entry["sha"] == champion["sha"]
    assert entry["time"] == champion["since"]


def test_show_walks_back_to_the_remote(first: State) -> None:
    """SHA → registry version → MLflow run → commit → DVC data → remote."""
    project = first.project
    shown = project.gates("show", project.sha()[:12], "--json").json
    run = project.mlflow.get_run(shown["run_id"])
    raw = (project.path / "data/raw/churn.csv").read_bytes()
    assert shown["registry"] == "models:/churn/1"
    assert shown["commit"] == project.git("rev-parse", "HEAD") == run.data.tags["git_commit"]
    assert shown["data"]["sha256"] == digest.of_bytes(raw) == run.data.tags["data_sha256"]
    assert shown["data"]["md5"] == run.data.tags["dvc_data_md5"]
    assert shown["data"]["md5"] in (project.path / "data/raw/churn.csv.dvc").read_text(encoding="utf-8")
    assert shown["remote"] == run.data.tags["dvc_remote"] == "../.bucket"
    assert shown["gates"] == dict.fromkeys(GATES, "pass")


def test_the_run_holds_what_lineage_needs(first: State) -> None:
    """Parameters, the validation curve by step, and the signed model file byte for byte."""
    project = first.project
    (run_id,) = project.runs()
    run = project.mlflow.get_run(run_id)
    assert run.data.params["train.n_estimators"] == "30"
    assert run.data.tags["git_dirty"] == "false"
    assert run.data.tags["model_sha"] == project.sha()
    assert int(run.data.tags["train_rows"]) > 2000
    assert [point.step for point in project.mlflow.get_metric_history(run_id, "auc")] == list(range(5, 31, 5))
    kept = project.artifacts("1")
    assert kept.is_relative_to(project.path / "mlruns")
    for name in ("model.skops", "signature.json"):
        assert digest.of_file(kept / name) == digest.of_file(project.path / "models/churn" / name)


def test_the_statement_verifies(first: State) -> None:
    """It is signed by this machine's key, holds every verdict, and binds the model to its inputs."""
    project = first.project
    statement = project.gates("show", "1", "--json").json["statement"]
    sealed = (project.path / ".gates/ledger/churn/objects" / statement).read_bytes()
    assert digest.of_bytes(sealed) == statement
    document = unseal(sealed, PAYLOAD_TYPE, map(public_key, keys.own(project.path)), "the statement")
    assert document == json.loads((project.path / "evidence/statement.json").read_bytes())
    assert document["subject"] == [{"name": "churn", "digest": {"sha256": project.sha()}}]
    assert [each["gate"] for each in document["predicate"]["verdicts"]] == GATES
    candidate = document["predicate"]["candidate"]
    assert candidate["lock_sha256"] == digest.of_file(project.path / "dvc.lock")
    assert candidate["params_sha256"] == digest.of_file(project.path / "params.yaml")


def test_evidence_and_key(first: State) -> None:
    """One file a verdict, the statement, what it names, and its page; the key is the owner's alone."""
    project = first.project
    names = sorted(path.name for path in (project.path / "evidence").iterdir())
    named = ["dvc.lock", "exhibits.json", "model_card.md", "replay.parquet", "report.html", "statement.json"]
    assert names == sorted([*(f"{gate}.json" for gate in GATES), *named])
    assert "Promoted v1, the first champion" in (project.path / "evidence/report.html").read_text("utf-8")
    for gate in GATES:
        assert json.loads((project.path / "evidence" / f"{gate}.json").read_bytes())["outcome"] == "pass"
    assert (project.path / ".gates/key.pem").stat().st_mode & 0o777 == 0o600


def test_nothing_changed_is_nothing_to_do(shipped: Project) -> None:
    """The second ship says so, and neither trains nor writes."""
    before, runs = shipped.kept(), shipped.runs()
    again = shipped.gates("ship")
    assert again.code == 0
    assert again.out.startswith(f"v1 ({shipped.sha()[:12]}) is already champion; nothing to do.")
    assert "stage" not in again.err
    assert (shipped.kept(), shipped.runs()) == (before, runs)
    assert "nothing to do" in (shipped.path / "evidence/report.html").read_text("utf-8")
    assert shipped.gates("ship", "--json").json["outcome"] == "unchanged"


def test_a_better_challenger_is_promoted(second: State) -> None:
    """The sentence gives both AUCs, the difference and its interval, as the verdict has them."""
    assert second.answer.code == 0, second.answer.out + second.answer.err
    verdict = json.loads((second.project.path / "evidence/champion.json").read_bytes())
    seen = verdict["measurements"]
    sentence = (
        f"Promoted v2 over v1: AUC {seen['auc/champion']:.4f} → {seen['auc/challenger']:.4f}, "
        f"{seen['delta']:+.4f}, 95 % CI {seen['delta/low']:.4f} to {seen['delta/high']:.4f}."
    )
    assert sentence in second.answer.out
    assert seen["delta"] >= 0.005
    champion = second.project.champion()
    assert champion is not None
    assert champion["version"] == second.project.alias() == "2"
    entries = second.project.gates("history", "--json").json["entries"]
    assert [(each["from"], each["to"]) for each in entries] == [("1", "2"), (None, "1")]


def test_both_models_do_what_must_not_break(second: State) -> None:
    """The same tests, with the champion in the challenger's place the second time."""
    suites = junit.read(second.project.path / "candidate/behaviour.xml")
    assert list(suites) == ["challenger", "champion"]
    ran = [{name: each.ended for name, each in suite.cases.items()} for suite in suites.values()]
    assert ran[0] == ran[1] == dict.fromkeys(suites["challenger"].collected, "passed")
    assert len(ran[0]) == 7


def test_a_worse_challenger_is_refused(first: State, ships: Callable[[str], State]) -> None:
    """The sentence says which finding stopped it and by how much; who serves stays, the ledger notes it."""
    project, refused = ships("worse").project, ships("worse").answer
    assert refused.code == 1, refused.out + refused.err
    delta = json.loads((project.path / "evidence/champion.json").read_bytes())["measurements"]["delta"]
    assert delta < 0
    assert re.search(r"Refused\..* champion: delta -0\.\d{4} < 0\.0050 .*missed by 0\.\d{4}", refused.out)
    assert f"missed by {0.005 - delta:.4f}" in refused.out
    assert "v1 stays champion." in refused.out
    assert ledger(project).items() > ledger(first.project).items()
    noted, promoted = project.gates("history", "--json").json["entries"]
    assert (noted["kind"], noted["reason"], noted["to"]) == ("refuse", "fail: champion", "1")
    assert promoted["kind"] == "promote"
    assert project.champion() == first.project.champion()
    assert project.alias() == "1"


def test_a_new_golden_version_scores_the_champion_again(shipped: Project) -> None:
    """Its figure on the new rows is the baseline; the one on the old rows is compared with nothing."""
    before = json.loads((shipped.path / "evidence/golden.json").read_bytes())["measurements"]
    shipped.edit("params.yaml", "golden_rows: 1500", "golden_rows: 1490")
    shipped.must("dvc", "repro", "--quiet", "split")
    for name in ("features", "labels"):
        made = digest.of_file(shipped.path / f"data/golden/{name}.parquet")
        params = (shipped.path / "params.yaml").read_text("utf-8")
        (pinned,) = re.findall(rf"{name}_sha256: ([0-9a-f]{{64}})", params)
        shipped.edit("params.yaml", pinned, made)
    shipped.edit("params.yaml", "version: v1", "version: v2")
    shipped.edit("params.yaml", "n_estimators: 30", "n_estimators: 150")
    shipped.commit()
    answer = shipped.gates("ship", "--json")
    assert answer.code == 0, answer.out + answer.err
    after = json.loads((shipped.path / "evidence/champion.json").read_bytes())["measurements"]
    labels = pd.read_parquet(shipped.path / "data/golden/labels.parquet")
    scores = labels.merge(pd.read_parquet(shipped.path / "candidate/predictions.parquet"), on="row_id")
    assert len(scores) == 1490
    assert after["auc/champion"] == pytest.approx(roc_auc_score(scores["churn"], scores["champion"]))
    assert after["auc/champion"] != pytest.approx(before["auc"], abs=1e-6)
    assert shipped.gates("show", "2", "--json").json["golden"]["version"] == "v2"


def test_rollback_by_previous_version_and_sha(twice: Project) -> None:
    """Each appends one entry and moves the alias; nothing is rewritten."""
    history = twice.gates("history", "--json").json["entries"]
    shas = {each["to"]: each["sha"] for each in history}
    for target, version in (("previous", "1"), ("2", "2"), (shas["1"], "1")):
        answer = twice.gates("rollback", "--to", target, "--reason", "test", "--apply", "--json")
        assert answer.code == 0, answer.out + answer.err
        champion = twice.champion()
        assert champion is not None
        assert (champion["version"], champion["sha"]) == (version, shas[version])
        assert twice.alias() == version
    after = twice.gates("history", "--json").json["entries"]
    assert [each["kind"] for each in after] == ["rollback"] * 3 + ["promote"] * 2
    assert after[3:] == history


def test_a_model_that_was_rolled_back_does_not_come_back_by_itself(ships: Callable[[str], State]) -> None:
    """It is better than who serves; the one finding that stops it says so."""
    project, refused = ships("rolled back").project, ships("rolled back").answer
    assert refused.code == 1, refused.out + refused.err
    assert refused.red() == {"champion": ["rolled_back"]}
    champion = project.champion()
    assert champion is not None
    assert champion["version"] == project.alias() == "1"


def test_restore_puts_lock_data_and_model_back(twice: Project) -> None:
    """From DVC's cache, whatever is checked out; without it only the right commit rebuilds."""
    shas = {each["to"]: each["sha"] for each in twice.gates("history", "--json").json["entries"]}
    lock = (twice.path / "dvc.lock").read_bytes()
    assert twice.gates("restore", shas["1"]).code == 0
    assert twice.sha() == shas["1"]
    assert (twice.path / "dvc.lock").read_bytes() != lock
    assert twice.gates("restore", shas["2"]).code == 0
    assert twice.sha() == shas["2"]
    assert (twice.path / "dvc.lock").read_bytes() == lock


def test_restore_rebuilds_at_the_right_commit(twice: Project) -> None:
    """With cache and outputs gone, another commit is refused by name and leaves dvc.lock as it was."""
    shown = twice.gates("show", "1", "--json").json
    lock = (twice.path / "dvc.lock").read_bytes()
    for folder in (".dvc/cache", "models/churn", "data/golden"):
        shutil.rmtree(twice.path / folder)
    for table in ("clean", "train", "validation", "live"):
        (twice.path / f"data/{table}.parquet").unlink()
    refused = twice.gates("restore", "1", "--json")
    assert refused.code == 2
    assert f"git checkout {shown['commit'][:12]}" in refused.error["do"]
    assert (twice.path / "dvc.lock").read_bytes() == lock
    twice.git("checkout", "--quiet", shown["commit"])
    assert twice.gates("restore", "1").code == 0
    assert twice.sha() == shown["sha"]
    assert digest.of_file(twice.path / "dvc.lock") == shown["dvc_lock_sha256"]


@pytest.mark.parametrize(
    "command",
    [
        ("status",),
        ("show", "2"),
        ("audit",),
        ("reconcile",),
        ("rollback", "--to", "previous", "--reason", "slow"),
        ("drill",),
    ],
    ids=lambda command: command[0],
)
def test_an_interpreter_that_has_imported_nothing_runs_it_too(
    second: State, branch: Callable[[Project], Project], command: tuple[str, ...]
) -> None:
    """What is started at once in the other tests would not miss an import that is missing."""
    answer = branch(second.project).gates(*command, **COLD)
    assert answer.code == 0, answer.out + answer.err
