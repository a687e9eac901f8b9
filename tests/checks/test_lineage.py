"""The gate `lineage`: whatever does not fit the records is found and named."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from gates.checks import lineage
from gates.errors import InvalidError
from gates.verdict import Outcome
from tests.checks.project import COMMIT, decisive, finding

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.checks.project import Project

    Change = Callable[[pd.DataFrame], pd.DataFrame]

TAGS = ("data_sha256", "dvc_data_md5", "dvc_remote", "model_sha", "train_rows")


def refused(project: Project) -> list[str]:
    """Names of the findings that failed."""
    verdict = project.judge("lineage")
    assert verdict.outcome is Outcome.FAIL
    return [each.name for each in verdict.findings if each.outcome is Outcome.FAIL]


def changed(project: Project) -> str:
    """Give the note on changed stages; nothing but stages may have failed, or the lock that is not ours."""
    assert refused(project) == ["stages/changed"]
    return finding(project.judge("lineage"), "stages/changed").note


def copy_golden_row(project: Project, change: Change) -> None:
    """Put one golden row into the training table under a key of its own, and train on it."""
    row = project.table("features").head(1).assign(churn=0, row_id=900_001)
    project.change("train", lambda train: change(pd.concat([train, row[train.columns]], ignore_index=True)))
    project.lock()


def test_a_model_that_can_be_rebuilt_passes(project: Project) -> None:
    """Everything that was recorded still holds."""
    verdict = project.judge("lineage")
    assert verdict.outcome is Outcome.PASS
    assert decisive(verdict) == ("stages/changed", Outcome.PASS)
    assert [each.note for each in verdict.findings] == [""] * len(verdict.findings)


# ---------------------------------------------------------------- commit and tree


@pytest.mark.parametrize("known", [False, None, "yes", 1])
def test_an_unknown_commit_fails(project: Project, known: object) -> None:
    """Only a plain true is known."""
    project.edit("candidate/git.json", lambda git: git.update(known=known))
    assert refused(project) == ["commit/known"]


def test_a_dirty_tree_fails_and_names_the_files(project: Project) -> None:
    """Every uncommitted file counts; the first five are named."""
    names = [f"scripts/{letter}.py" for letter in "fedcba"]
    project.edit("candidate/git.json", lambda git: git.update(dirty=names))
    assert refused(project) == ["dirty"]
    found = finding(project.judge("lineage"), "dirty")
    assert found.observed == 6
    assert "scripts/a.py, scripts/b.py, scripts/c.py, scripts/d.py, scripts/e.py, …" in found.note


def test_the_lock_that_this_training_wrote_may_be_uncommitted(project: Project) -> None:
    """New parameters give a new dvc.lock; its digest is the one that the train job handed on."""
    project.edit("candidate/git.json", lambda git: git.update(dirty=["dvc.lock"]))
    assert project.judge("lineage").outcome is Outcome.PASS


def test_a_lock_that_somebody_else_wrote_may_not(project: Project) -> None:
    """The exception is for those bytes alone."""
    project.edit("candidate/git.json", lambda git: git.update(dirty=["dvc.lock"]))
    path = project.path("dvc.lock")
    path.write_bytes(path.read_bytes() + b"# by hand\n")
    assert refused(project) == ["dirty"]


@pytest.mark.parametrize("name", ["other/dvc.lock", "dvc.lock.bak", "dvc.yaml"])
def test_no_other_file_may_be_uncommitted(project: Project, name: str) -> None:
    """Neither another project's lock nor the pipeline itself."""
    project.edit("candidate/git.json", lambda git: git.update(dirty=[name, "dvc.lock"]))
    assert refused(project) == ["dirty"]
    assert finding(project.judge("lineage"), "dirty").observed == 1


# ---------------------------------------------------------------- the run


@pytest.mark.parametrize("status", ["FAILED", "RUNNING", "KILLED", "finished", None])
def test_a_run_that_is_not_finished_fails(project: Project, status: str | None) -> None:
    """Only FINISHED counts."""
    project.edit("candidate/run.json", lambda run: run.update(status=status))
    assert refused(project) == ["run/finished"]


def test_another_run_fails(project: Project) -> None:
    """The facts must be about the run that the train job handed on."""
    project.edit("candidate/run.json", lambda run: run.update(run_id="run-2"))
    assert refused(project) == ["run/finished"]


@pytest.mark.parametrize("tag", TAGS)
@pytest.mark.parametrize("value", [None, "", "other"], ids=["missing", "empty", "changed"])
def test_a_tag_that_is_missing_or_changed_fails(project: Project, tag: str, value: str | None) -> None:
    """Each tag is held, and named with what to do."""

    def change(run: dict[str, Any]) -> None:
        run["tags"].pop(tag)
        run["tags"] |= {} if value is None else {tag: value}

    project.edit("candidate/run.json", change)
    assert refused(project) == [f"tag/{tag}"]
    assert tag in finding(project.judge("lineage"), f"tag/{tag}").note


def test_the_range_of_the_training_data_must_be_there(project: Project) -> None:
    """Drift is measured against it later."""
    project.edit("candidate/run.json", lambda run: run["tags"].pop("train_range"))
    assert refused(project) == ["tag/train_range"]


@pytest.mark.parametrize("sha256", ["0" * 64, "", None])
def test_another_training_table_fails(project: Project, sha256: str | None) -> None:
    """The table beside dvc.lock must be the one that the train job has seen."""
    project.edit("candidate/train.json", lambda train: train.update(train_sha256=sha256))
    assert refused(project) == ["train/unchanged"]
    assert "train job" in finding(project.judge("lineage"), "train/unchanged").note


@pytest.mark.parametrize("dirty", ["true", "False", "", None])
def test_a_run_made_from_a_dirty_tree_fails(project: Project, dirty: str | None) -> None:
    """Only a plain `false` is clean."""

    def change(run: dict[str, Any]) -> None:
        run["tags"].pop("git_dirty")
        run["tags"] |= {} if dirty is None else {"git_dirty": dirty}

    project.edit("candidate/run.json", change)
    assert refused(project) == ["run/clean"]


@pytest.mark.parametrize("commit", ["6" * 40, COMMIT[:12], "", None])
def test_a_run_of_a_commit_that_is_not_contained_fails(project: Project, commit: str | None) -> None:
    """Another branch's commit, a short one or none is not an ancestor that we looked up."""

    def change(run: dict[str, Any]) -> None:
        run["tags"].pop("git_commit")
        run["tags"] |= {} if commit is None else {"git_commit": commit}

    project.edit("candidate/run.json", change)
    assert refused(project) == ["run/commit_contained"]


# ---------------------------------------------------------------- stages


def test_a_changed_command_fails(project: Project) -> None:
    """The stage is named."""
    project.edit("dvc.yaml", lambda dvc: dvc["stages"]["train"].update(cmd="python scripts/train.py --fast"))
    assert "train/cmd" in changed(project)


@pytest.mark.parametrize(
    ("path", "note"),
    [
        ("scripts/train.py", "train/scripts/train.py"),
        ("metrics/training.json", "train/metrics/training.json"),
        ("models/churn/model.skops", "train/models/churn"),
        ("data/golden/labels.parquet", "ingest/data/golden"),
    ],
    ids=["dependency", "output", "file-of-output-folder", "golden"],
)
def test_an_edited_file_fails(project: Project, path: str, note: str) -> None:
    """Dependencies and outputs are hashed again."""
    file = project.path(path)
    file.write_bytes(file.read_bytes() + b" ")
    assert note in changed(project)


@pytest.mark.parametrize("path", ["models/churn/.hidden", "models/churn/deep/more.bin"])
def test_a_file_added_to_an_output_folder_fails(project: Project, path: str) -> None:
    """Hidden and nested files count like any other."""
    project.path(path).parent.mkdir(exist_ok=True)
    project.path(path).write_bytes(b"x")
    assert "train/models/churn" in changed(project)


@pytest.mark.parametrize("path", ["scripts/train.py", "metrics/training.json"])
def test_a_file_that_is_gone_fails(project: Project, path: str) -> None:
    """Absent is changed."""
    project.path(path).unlink()
    assert f"train/{path}" in changed(project)


def test_a_file_without_a_digest_in_the_lock_fails_even_if_it_is_absent(project: Project) -> None:
    """Nothing was compared, so nothing holds."""
    project.path("metrics/training.json").unlink()
    project.edit("dvc.lock", lambda lock: lock["stages"]["train"]["outs"][0].pop("md5"))
    assert "train/metrics/training.json" in changed(project)


@pytest.mark.parametrize("value", [21, "20", None])
def test_a_changed_parameter_fails(project: Project, value: object) -> None:
    """The parameter is named with its file."""
    project.edit("params.yaml", lambda params: params["train"].update(seed=value))
    assert "train/params.yaml:train.seed" in changed(project)


def test_a_parameter_that_is_gone_fails(project: Project) -> None:
    """The whole block may have been renamed."""
    project.edit("params.yaml", lambda params: params.pop("train"))
    assert "train/params.yaml:train.learning_rate, train/params.yaml:train.seed" in changed(project)


@pytest.mark.parametrize(
    ("kind", "declared", "note"),
    [
        ("deps", "scripts/more.py", "train/scripts/more.py (not in dvc.lock)"),
        ("outs", "models/more", "train/models/more (not in dvc.lock)"),
        ("metrics", {"metrics/more.json": {"cache": False}}, "train/metrics/more.json (not in dvc.lock)"),
        ("params", "train.depth", "train/params.yaml:train.depth (not in dvc.lock)"),
        ("params", {"more.yaml": ["a"]}, "train/more.yaml:a (not in dvc.lock)"),
    ],
)
def test_what_is_declared_and_was_not_locked_fails(
    project: Project, kind: str, declared: object, note: str
) -> None:
    """A pipeline edited after it ran is not the one that made the model."""
    project.edit("dvc.yaml", lambda dvc: dvc["stages"]["train"].setdefault(kind, []).append(declared))
    assert note in changed(project)


@pytest.mark.parametrize(("file", "note"), [("dvc.lock", "not in dvc.lock"), ("dvc.yaml", "not in dvc.yaml")])
def test_a_stage_that_stands_in_one_file_only_fails(project: Project, file: str, note: str) -> None:
    """Either it never ran, or nobody can run it again."""
    project.edit(file, lambda document: document["stages"].pop("train"))
    assert f"train/{note}" in changed(project)


def test_no_stages_at_all_is_undecided(project: Project) -> None:
    """There was nothing to look at."""
    for file in ("dvc.yaml", "dvc.lock"):
        project.edit(file, lambda document: document.update(stages={}))
    assert decisive(project.judge("lineage")) == ("stages", Outcome.UNDECIDED)


# ---------------------------------------------------------------- what a real DVC writes

REAL = """
stages:
  make:
    cmd: |
      mkdir -p out/sub out/a
      echo 1 > out/a-b; echo 2 > out/sub/x; echo 3 > out/a.b; echo 4 > out/a/b; echo 5 > out/.hidden
      touch out/empty
    params:
    - rate
    - model
    - other.yaml:
    outs:
    - out/
  read:
    wdir: below
    cmd: cat ../out/a-b > copy.txt
    deps:
    - ../out/
    params:
    - ../params.yaml:
      - rate
    outs:
    - copy.txt:
        cache: false
  many:
    foreach: [1, 2]
    do:
      cmd: echo ${item} ${rate} > many${item}.txt
      outs:
      - many${item}.txt
  grid:
    matrix:
      size: [3]
    cmd: echo ${item.size} > grid${item.size}.txt
    outs:
    - grid${item.size}.txt
  several:
    cmd:
    - echo 1 > several.json
    - echo ${rate} >> several.json
    metrics:
    - several.json:
        cache: false
"""


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pipeline that the real DVC has run: folders, templates, a working folder, odd numbers."""
    root = tmp_path_factory.mktemp("real")
    state = tmp_path_factory.mktemp("state")
    (root / "below").mkdir()
    (root / "dvc.yaml").write_text(REAL, "utf-8")
    (root / "params.yaml").write_text("rate: 1e-3\nmodel: {depth: 3, name: on}\n", "utf-8")
    (root / "other.yaml").write_text("q: 2.5e3\nlist: [1, two]\nyes_or_no: yes\n", "utf-8")
    folders = {f"DVC_{kind}_DIR": str(state) for kind in ("SYSTEM_CONFIG", "GLOBAL_CONFIG", "SITE_CACHE")}
    environment = {**os.environ, **folders, "DVC_NO_ANALYTICS": "1"}
    for arguments in (["init", "--no-scm", "--quiet"], ["repro", "--quiet"]):
        subprocess.run([sys.executable, "-m", "dvc", *arguments], cwd=root, env=environment, check=True)
    return root


def stages(root: Path) -> dict[str, float]:
    """Compare the stages of a folder with its lock."""
    return lineage._stages(root / "dvc.lock", root / "dvc.yaml")


def test_what_a_real_dvc_has_locked_holds(ran: Path) -> None:
    """Its digests of files and folders, its templates and its numbers are read as it means them."""
    assert stages(ran) == {"stages": 6, "stages/changed": 0}


@pytest.mark.parametrize(
    ("file", "before", "after", "name"),
    [
        ("out/sub/x", "2", "3", "make/out/"),
        ("below/copy.txt", "1", "2", "read/copy.txt"),
        ("params.yaml", "1e-3", "1e-2", "make/params.yaml:rate"),
        ("params.yaml", "depth: 3", "depth: 4", "make/params.yaml:model"),
        ("other.yaml", "two", "three", "make/other.yaml:list"),
        ("many2.txt", "2", "4", "many@2/many2.txt"),
        ("dvc.yaml", "echo ${item} ${rate}", "echo ${item} --fast ${rate}", "many@1/cmd"),
        ("dvc.yaml", "- many${item}.txt", "- more${item}.txt", "many@2/more${item}.txt (not in dvc.lock)"),
        ("dvc.yaml", "- echo 1 >", "- echo 2 >", "several/cmd"),
        ("dvc.yaml", "  grid:", "  net:", "net/not in dvc.lock"),
        ("dvc.yaml", "  grid:", "  net:", "grid@3/not in dvc.yaml"),
    ],
)
def test_what_was_changed_after_a_real_dvc_ran_is_named(
    ran: Path, file: str, before: str, after: str, name: str
) -> None:
    """By the stage's unfolded name and what of it differs."""
    path = ran / file
    text = path.read_text("utf-8")
    path.write_text(text.replace(before, after, 1), "utf-8")
    try:
        assert f"changed/{name}" in stages(ran)
    finally:
        path.write_text(text, "utf-8")


# ---------------------------------------------------------------- data


def test_raw_data_that_changed_fails(project: Project) -> None:
    """It is hashed again with SHA-256, and with what DVC calls it."""
    project.change("raw", lambda raw: raw.assign(tenure=raw["tenure"] + 1))
    assert refused(project) == ["stages/changed", "raw/tracked", "raw/unchanged"]


@pytest.mark.parametrize(
    "change",
    [
        lambda train: train,
        lambda train: train.assign(tenure=train["tenure"].astype("float64")),
        lambda train: train.assign(female=train["female"].astype("bool")),
        lambda train: train.assign(female=train["female"].astype("str")),
        lambda train: train.assign(senior_citizen=train["senior_citizen"].astype("category")),
        lambda train: train.assign(contract=train["contract"].astype("category")),
        lambda train: train.assign(tenure=train["tenure"].astype("Int64")),
        lambda train: train[reversed(train.columns)],
        lambda train: train.sample(frac=1, random_state=1),
    ],
    ids=["copy", "float", "bool", "text", "category", "text-category", "nullable", "columns", "rows"],
)
def test_a_golden_row_among_the_training_rows_fails(project: Project, change: Change) -> None:
    """Under a new key, whatever dtypes and order the training table has: the content is the same."""
    copy_golden_row(project, change)
    assert refused(project) == ["overlap/rows"]
    assert finding(project.judge("lineage"), "overlap/rows").observed == 1


def test_a_golden_row_with_a_missing_value_is_found_too(project: Project) -> None:
    """Nothing is equal to nothing, here."""
    project.change("features", lambda rows: rows.assign(total_charges=np.nan, contract=None))
    copy_golden_row(project, lambda train: train.assign(contract=train["contract"].astype("str")))
    assert refused(project) == ["overlap/rows"]


def test_an_empty_text_is_a_missing_value(project: Project) -> None:
    """As in the CSV that one of the tables may have been; the other table holds it as text."""
    project.change("features", lambda rows: rows.assign(contract=rows["contract"].where(rows.index != 0, "")))
    copy_golden_row(project, lambda train: train.assign(contract=train["contract"].replace({"": None})))
    assert project.table("train")["contract"].isna().sum() == 1
    assert refused(project) == ["overlap/rows"]


def test_a_golden_key_among_the_training_keys_fails(project: Project) -> None:
    """The same customer with other values is still the same customer."""
    key = int(project.table("features")["row_id"].iloc[0])
    project.change("train", lambda train: train.assign(row_id=train["row_id"].where(train.index != 0, key)))
    project.lock()
    assert refused(project) == ["overlap/keys"]


def test_another_label_does_not_hide_a_golden_row(project: Project) -> None:
    """Labels are no part of the golden features, so rows are compared without them."""
    copy_golden_row(project, lambda train: train.assign(churn=1 - train["churn"]))
    assert refused(project) == ["overlap/rows"]


@pytest.mark.parametrize(("file", "name"), [("train", "rows/train"), ("features", "rows/golden")])
def test_a_table_without_rows_is_undecided(project: Project, file: str, name: str) -> None:
    """No overlap with nothing proves nothing."""
    project.change(file, lambda table: table.head(0))
    project.lock()
    assert decisive(project.judge("lineage")) == (name, Outcome.UNDECIDED)


@pytest.mark.parametrize("file", ["train", "features"])
def test_a_table_without_the_key_is_invalid(project: Project, file: str) -> None:
    """The key is named."""
    project.change(file, lambda table: table.drop(columns="row_id"))
    with pytest.raises(InvalidError, match="'row_id'"):
        project.judge("lineage")


def test_tables_that_share_no_feature_are_invalid(project: Project) -> None:
    """Rows without a common column cannot be compared."""
    project.change("train", lambda train: train[["row_id", "churn"]])
    with pytest.raises(InvalidError, match="'row_id'"):
        project.judge("lineage")


# ---------------------------------------------------------------- documents that are none


@pytest.mark.parametrize(
    ("file", "field", "value"),
    [
        ("candidate/git.json", "dirty", None),
        ("candidate/git.json", "dirty", "dvc.lock"),
        ("candidate/git.json", "contains", None),
        ("candidate/git.json", "contains", 5),
        ("candidate/run.json", "tags", None),
        ("candidate/run.json", "tags", [["git_dirty", "false"]]),
        ("candidate/train.json", "lock_sha256", None),
        ("dvc.lock", "stages", None),
        ("dvc.lock", "stages", ["train"]),
        ("dvc.yaml", "stages", "train"),
        ("dvc.lock", "stages", {"train": None}),
        ("dvc.lock", "stages", {"train": {"cmd": "x", "deps": [{"md5": "0"}]}}),
        ("dvc.lock", "stages", {"train": {"cmd": "x", "params": []}}),
        ("dvc.yaml", "stages", {"train": None}),
        ("dvc.yaml", "stages", {"train": {"cmd": "x", "deps": 5}}),
    ],
)
def test_a_field_of_another_kind_is_invalid(project: Project, file: str, field: str, value: object) -> None:
    """The file is named, and it is no mistake of ours."""
    project.edit(file, lambda document: document.update({field: value}))
    with pytest.raises(InvalidError, match=file.rpartition("/")[2]):
        project.judge("lineage")


@pytest.mark.parametrize("path", ["../outside.txt", "/etc/hostname"])
def test_a_locked_path_outside_of_the_project_is_invalid(project: Project, path: str) -> None:
    """Nothing out there is read."""
    project.edit("dvc.lock", lambda lock: lock["stages"]["train"]["deps"][0].update(path=path))
    with pytest.raises(InvalidError, match="leaves the project"):
        project.judge("lineage")
