"""Every kind of bad input, in one table: the command ends with exit code 2 and names the field or the file.

What only a whole chain can meet (a run in MLflow, a model that is asked for scores) has its test there, and
the row names it. What breaks a rule of the project's own, such as a contract, is no bad input but a finding,
which fails the gate: the row says so.
"""

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pytest
from click.testing import CliRunner

from gates.adapters import logs
from gates.cli import cli
from gates.errors import ExitCode
from tests.checks import project as checked
from tests.checks.project import Project

ROOT = Path(__file__).resolve().parents[1]
LATENCY = "candidate/latency.json"
PARAMS = "params.yaml"
FINDING = "a finding is the gate's answer about data that it could read"
CHAIN = "tests/chain/test_bad_input.py::"

Spoil = Callable[[Project], object]


class Bad(NamedTuple):
    """One kind.

    Attributes:
        spoil: What is wrong in the project.
        command: Which command meets it.
        names: What its answer has to hold.
        code: How it ends.
        why: Why otherwise than with 2.
    """

    spoil: Spoil
    command: str
    names: str
    code: int = ExitCode.INVALID
    why: str = ""


def written(name: str, data: bytes | str) -> Spoil:
    """Write a file."""
    return lambda project: project.path(name).write_bytes(data.encode() if isinstance(data, str) else data)


def json_of(data: bytes | str, complaint: str) -> Bad:
    """A JSON file that a job handed on."""
    return Bad(written(LATENCY, data), "latency", f"{LATENCY} is not a plain document: .*{complaint}")


def yaml_of(data: bytes | str, complaint: str) -> Bad:
    """The parameter file."""
    return Bad(written(PARAMS, data), "policy", f"{PARAMS} is not a plain document: .*{complaint}")


def gates(address: str, value: object, complaint: str) -> Bad:
    """A value of the policy; `...` takes it out."""

    def spoil(project: Project) -> None:
        def change(params: dict[str, Any]) -> None:
            *steps, last = address.split(".")
            block = params["gates"]
            for step in steps:
                block = block[step]
            if value is ...:
                del block[last]
            else:
                block[last] = value

        project.edit(PARAMS, change)

    return Bad(spoil, "policy", rf"gates\.{re.escape(address)}: {complaint}")


def located(path: str, complaint: str) -> Bad:
    """A path in the policy."""
    return gates("data.raw", path, complaint)


def table(name: str, change: Callable[[pd.DataFrame], pd.DataFrame]) -> Spoil:
    """Change a table."""
    return lambda project: project.change(name, change)


def golden(change: Callable[[pd.DataFrame], pd.DataFrame], complaint: str, name: str = "labels") -> Bad:
    """A table that the gate `golden` reads."""
    return Bad(table(name, change), "golden", complaint)


def fact(name: str, field: str, value: object) -> Spoil:
    """Change what a job has collected."""
    return lambda project: project.edit(f"candidate/{name}.json", lambda facts: facts.update({field: value}))


def sparse(project: Project) -> None:
    """A file of 100 MB."""
    with project.path(LATENCY).open("wb") as file:
        os.truncate(file.fileno(), 100 * 1024 * 1024)


def linked(project: Project) -> None:
    """A link in the place of the raw table."""
    raw = project.path("raw")
    raw.rename(raw.with_name("elsewhere.csv"))
    raw.symlink_to("elsewhere.csv")


def colliding(project: Project) -> None:
    """Two names in a stage's output that one file system takes for one."""
    golden = project.path("features").parent
    shutil.copy(golden / "labels.parquet", golden / "LABELS.parquet")


def emptied(project: Project) -> None:
    """A stage's output without files."""
    shutil.rmtree(project.path("models/churn"))
    project.path("models/churn").mkdir()


def overlap(project: Project) -> None:
    """Golden rows among the training rows."""
    rows = project.table("features").head(3)
    project.change("train", lambda train: pd.concat([train, rows.assign(churn=0)]))
    project.lock()


def one_class(project: Project) -> None:
    """Golden labels that are all 1, pinned."""
    project.change("labels", lambda labels: labels.assign(churn=1))
    project.pin()


BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{each}: &a{each} [{', '.join([f'*a{each - 1}'] * 10)}]\n" for each in range(1, 10)
)

TABLE: dict[str, Bad | str] = {
    # JSON and YAML
    "empty": json_of("", "it is empty"),
    "not UTF-8": yaml_of(b"a: \xff", "not UTF-8 at byte 3"),
    "BOM": yaml_of(b"\xef\xbb\xbfa: 1", "byte-order mark"),
    "NUL byte": json_of('{"a": "\0"}', "NUL byte"),
    "truncated": json_of('{"a": [1, 2', "line 1, column 12"),
    "duplicate keys": yaml_of("gates: {}\ngates: {}", "the key 'gates' stands twice"),
    "NaN": json_of('{"a": NaN}', "NaN is not a number"),
    "Infinity": json_of('{"a": -Infinity}', "-Infinity is not a number"),
    "1e400": yaml_of("a: 1e400", "not a finite number"),
    "a huge integer": json_of(f'{{"a": {"9" * 10_000}}}', "has 10000 digits"),
    "nesting 10,000 deep": yaml_of("a: " + "[" * 10_000, "nested deeper than 64"),
    "100 MB": Bad(sparse, "latency", f"{LATENCY} is over-long; at most 16,777,216 bytes"),
    "trailing bytes": json_of('{"a": 1} {"b": 2}', "extra data"),
    "YAML tag": yaml_of("a: !!python/object/apply:os.getcwd []", "is not plain data in line 1"),
    "alias bomb": yaml_of(BOMB, "aliases unfold to more than"),
    "array at the root": json_of("[1]", "its root is a list"),
    # policy
    "missing field": gates("golden.min_auc", ..., "missing"),
    "unknown field": gates("golden.min_acu", 0.9, "unknown; did you mean 'min_auc'"),
    "wrong type": gates("golden.min_auc", [0.8], "input should be a valid number"),
    "bool as number": gates("golden.min_auc", True, "input should be a valid number, got true"),  # noqa: FBT003 - the value
    "string as number": gates("latency.p99_ms", "200", 'input should be a valid number, got "200"'),
    "null": gates("golden.min_auc", None, "input should be a valid number, got null"),
    "empty list": gates("fairness.attributes", [], ".*at least 1"),
    "negative": gates("latency.p99_ms", -1, "input should be greater than 0"),
    "threshold out of range": gates("golden.min_auc", 1.5, "input should be less than or equal to 1"),
    "reversed bounds": Bad(
        lambda project: project.edit(
            PARAMS,
            lambda params: params["gates"].update(
                trusted_keys=[{"key": "0" * 64, "from": "2026-12-31", "until": "2026-01-01"}]
            ),
        ),
        "policy",
        r"gates\.trusted_keys\.0: begins on 2026-12-31, after its last day 2026-01-01",
    ),
    "unknown version": gates("version", 2, "this ml-gates knows version 1 only"),
    "unknown gate": gates("goldne", {}, "unknown; did you mean 'golden'"),
    # paths
    "..": located("../raw.csv", "the path '../raw.csv' leaves the project"),
    "absolute": located("/etc/passwd", "the path '/etc/passwd' leaves the project"),
    "symbolic link": Bad(linked, "schema", r"data/raw/churn\.csv is a symbolic link"),
    "device": Bad(lambda _: None, "schema --raw /dev/zero", "/dev/zero is not a regular file"),
    "Unicode look-alike": located("data/r\u0430w.csv", ".*look-alike"),
    "case collision": Bad(colliding, "lineage", "'[Ll].*' and '[Ll].*', which collide"),
    "over-long": located("x/" * 600 + "x", ".*over-long"),
    "empty folder": Bad(emptied, "lineage", "models/churn is an empty folder"),
    # data
    "empty file": Bad(written("raw", ""), "schema", r"churn\.csv is not a readable table"),
    "header only": Bad(
        table("raw", lambda raw: raw.head(0)), "schema", "rows/raw", ExitCode.UNDECIDED, "nothing was checked"
    ),
    "missing column": golden(
        lambda labels: labels.drop(columns="churn"), r"labels\.parquet has no column 'churn'"
    ),
    "extra column": Bad(
        table("raw", lambda raw: raw.assign(surprise=1)), "schema", "raw/surprise", ExitCode.FAIL, FINDING
    ),
    "dtype changed": golden(
        lambda labels: labels.assign(churn=labels["churn"].astype("str")),
        "600 labels in 'churn' are not 0 or 1",
    ),
    "all null": golden(
        lambda scores: scores.assign(challenger=None), "600 scores in 'challenger'", name="predictions"
    ),
    "duplicate ids": golden(
        lambda labels: pd.concat([labels, labels.head(3)]), "3 rows repeat or lack a 'row_id'"
    ),
    "one class only": Bad(
        one_class,
        "golden",
        "auc",
        ExitCode.UNDECIDED,
        "no rate can be measured on one class, and that decides nothing",
    ),
    "missing labels": golden(
        lambda labels: labels.assign(
            churn=labels["churn"].astype("float64").where(labels.index > labels.index[2])
        ),
        "3 labels in 'churn' are not 0 or 1",
    ),
    "overlap of train and golden": Bad(overlap, "lineage", "overlap/keys", ExitCode.FAIL, FINDING),
    "wrong delimiter": Bad(
        lambda project: project.path("raw").write_text(project.path("raw").read_text().replace(",", ";")),
        "schema",
        "raw/churn",
        ExitCode.FAIL,
        FINDING,
    ),
    "mixed encodings": Bad(
        lambda project: project.path("raw").write_bytes(project.path("raw").read_bytes() + b"\xe9,1\n"),
        "schema",
        r"churn\.csv is not a readable table",
    ),
    # identity
    "short SHA": f"{CHAIN}test_a_sha_that_names_nobody",
    "unknown commit": f"{CHAIN}test_an_unknown_commit",
    "dirty tree": f"{CHAIN}test_a_dirty_tree",
    "commit not on the protected branch": f"{CHAIN}test_a_commit_that_is_not_contained",
    "wrong run id": f"{CHAIN}test_a_wrong_run_id_in_the_manifest",
    "FAILED run": f"{CHAIN}test_a_failed_run",
    "deleted run": f"{CHAIN}test_a_deleted_run",
    "bad alias": gates("model", "churn@champion", "should be a name of at most 63 letters"),
    # model
    "no MLmodel": "tests/adapters/test_model.py::test_a_file_less_is_refused",
    "pickle": f"{CHAIN}test_a_bad_model",
    "`code` folder": f"{CHAIN}test_code_beside_a_model_is_not_promoted",
    "foreign loader_module": f"{CHAIN}test_code_beside_a_model_is_not_promoted",
    "untrusted type": f"{CHAIN}test_a_bad_model",
    "wrong output shape": f"{CHAIN}test_a_bad_model",
    "NaN output": f"{CHAIN}test_a_bad_model",
    "predict raises": f"{CHAIN}test_a_bad_model",
}
HERE = {name: row for name, row in TABLE.items() if isinstance(row, Bad)}
ELSEWHERE = {name: row for name, row in TABLE.items() if isinstance(row, str)}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that passes every gate; for copying only."""
    return checked.build(tmp_path_factory.mktemp("template")).root


@pytest.fixture
def project(tmp_path: Path, template: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A copy of it; a command started in here leaves this process's log alone."""
    shutil.copytree(template, tmp_path, dirs_exist_ok=True)
    monkeypatch.setattr(logs, "quiet", lambda root, command: root / f"{command}.log")
    return Project(tmp_path)


def answer(project: Project, command: str) -> tuple[int, str]:
    """Run a command as a user does, and return how it ends and what it says."""
    ended = CliRunner().invoke(cli, [*command.split(), "--project", str(project.root)])
    assert ended.exception is None or isinstance(ended.exception, SystemExit)
    return ended.exit_code, ended.output


@pytest.mark.parametrize("name", HERE)
def test_bad_input(project: Project, name: str) -> None:
    """It ends with its code, names what is wrong, says what to do, and shows no traceback."""
    bad = HERE[name]
    bad.spoil(project)
    code, said = answer(project, bad.command)
    assert code == bad.code
    assert re.search(bad.names, said, re.DOTALL), said
    assert "Traceback" not in said
    assert "Next:" in said or bad.why


@pytest.mark.parametrize("command", sorted({bad.command.split()[0] for bad in HERE.values()}))
def test_good_input(project: Project, command: str) -> None:
    """What nobody spoilt passes, or the table would prove nothing."""
    assert answer(project, command)[0] == ExitCode.PASS


@pytest.mark.parametrize("name", ELSEWHERE)
def test_the_chain_has_the_others(name: str) -> None:
    """Where the row says."""
    file, _, function = ELSEWHERE[name].partition("::")
    assert f"def {function}(" in (ROOT / file).read_text()


def test_the_table_is_whole() -> None:
    """64 kinds; whatever ends otherwise than with 2 says why."""
    assert len(TABLE) == 64
    assert all(bool(bad.why) == (bad.code != ExitCode.INVALID) for bad in HERE.values())
