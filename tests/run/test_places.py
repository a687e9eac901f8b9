"""Where a remark belongs, and what of it GitHub is told."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from gates import checks, policy
from gates.documents import read_yaml
from gates.errors import GatesError, Remark
from gates.run import gate, places
from gates.run.answer import Answering
from gates.run.data import LATER_TABLES
from gates.run.on_github import MOST_REMARKS
from tests.checks import project as checked

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def params(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The demo's parameters, in a project below what a step of a workflow has checked out."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    path = tmp_path / "models" / "churn" / "params.yaml"
    path.parent.mkdir(parents=True)
    path.write_text((ROOT / "params.yaml").read_text())
    return path


def line_of(path: Path, text: str) -> int:
    """The line of a file that begins with this text."""
    (found,) = [
        number
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if line.lstrip().startswith(text)
    ]
    return found


def edit(path: Path, old: str, new: str) -> None:
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def told(path: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The annotations of a command that reads the policy."""
    answering = Answering("policy", path.parent, as_json=True)
    with answering.errors():
        policy.parse(read_yaml(path), checks.policies(), str(path))
    return [line for line in capsys.readouterr().err.splitlines() if line.startswith("::")]


def test_every_mistake_in_the_policy_is_told_at_its_line(
    params: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(params, "p99_ms: 200.0", "p99_seconds: 0.2")
    edit(params, "min_auc: 0.76", "min_auc: high")
    edit(params, "    metrics: metrics/training.json\n", "")
    lines = told(params, capsys)
    for key in ("p99_seconds", "min_auc"):
        place = f"::error title=gates,file=models/churn/params.yaml,line={line_of(params, key)}::gates."
        assert len([line for line in lines if line.startswith(place) and key in line]) == 1, lines
    (missing,) = [line for line in lines if "metrics: missing" in line and "file=" in line]
    assert f"line={line_of(params, 'training:')}:" in missing
    assert "gates policy" in lines[0]


@pytest.mark.parametrize(("bad", "says"), [("seed: ]", "node content"), ("split: {}\n", "stands twice")])
def test_what_is_no_yaml_is_told_at_the_line_where_it_ends_to_be(
    params: Path, capsys: pytest.CaptureFixture[str], bad: str, says: str
) -> None:
    params.write_text(f"{params.read_text()}\n{bad}")
    _, placed = told(params, capsys)
    last = len(params.read_text().splitlines())
    assert f"file=models/churn/params.yaml,line={last}" in placed
    assert says in placed


def test_github_is_told_no_more_than_it_shows(params: Path, capsys: pytest.CaptureFixture[str]) -> None:
    surplus = "".join(f"  surplus_{number}: 1\n" for number in range(20))
    edit(params, "gates:\n", f"gates:\n{surplus}")
    lines = told(params, capsys)
    assert len(lines) == MOST_REMARKS + 1
    assert "has 20 mistakes" in lines[0]


def test_a_remark_about_no_file_of_the_repository_has_no_place(params: Path) -> None:
    assert places.of(Remark("x", "The policy of v3", 7)) == (None, 0)
    assert places.of(Remark("x")) == (None, 0)
    assert places.of(Remark("x", str(params), 7)) == (params, 7)


def test_a_file_that_cannot_be_read_has_no_lines(params: Path) -> None:
    params.write_bytes(b"\xff")
    assert places.placed(Remark("x", str(params), address="gates")).line == 0


def test_an_error_carries_its_remarks() -> None:
    remark = Remark("x", "params.yaml", 7)
    assert GatesError("It broke.", remarks=[remark]).remarks == (remark,)
    assert GatesError("It broke.").remarks == ()


BROKEN: dict[str, tuple[Callable[[pd.DataFrame], pd.DataFrame], str]] = {
    "out of range": (lambda raw: raw.assign(monthly_charges=raw["monthly_charges"] / 10), "in_range"),
    "another type": (lambda raw: raw.assign(tenure=raw["tenure"].astype("float64")), "dtype: int64"),
    "no such category": (lambda raw: raw.assign(contract="Daily"), "isin: ['Month-to-month'"),
    "null": (lambda raw: raw.assign(contract=raw["contract"].where(raw.index != raw.index[9])), "contract:"),
    "a key that stands twice": (lambda raw: raw.assign(rownames=1), "unique: true"),
    "a column less": (lambda raw: raw.drop(columns="tenure"), "tenure:"),
    "a column more": (lambda raw: raw.assign(surprise=1), "strict: true"),
}


@pytest.mark.parametrize(("change", "written"), BROKEN.values(), ids=BROKEN)
def test_a_broken_rule_is_told_at_its_line_in_the_contract(
    tmp_path: Path, change: Callable[[pd.DataFrame], pd.DataFrame], written: str
) -> None:
    made = checked.build(tmp_path)
    shutil.copytree(ROOT / "contracts", tmp_path / "contracts", dirs_exist_ok=True)
    made.change("raw", change)
    opened = made.opened()
    verdict = gate.judge(opened, "schema", {}, checked.TODAY, skip=LATER_TABLES)
    (remark,) = [places.placed(each) for each in places.at_fault(opened, verdict)]
    contract = tmp_path / "contracts" / "raw.yaml"
    assert remark.file == str(contract)
    assert written in contract.read_text().splitlines()[remark.line - 1]


def test_a_contract_that_was_given_by_a_flag_is_not_taken_for_the_projects(tmp_path: Path) -> None:
    made = checked.build(tmp_path)
    made.change("raw", lambda raw: raw.assign(surprise=1))
    other = tmp_path / "other.yaml"
    other.write_text(made.path("contracts/raw.yaml").read_text() + "# another\n")
    opened = made.opened()
    verdict = gate.judge(opened, "schema", {"raw_contract": other}, checked.TODAY, skip=LATER_TABLES)
    assert verdict.blocks
    assert list(places.at_fault(opened, verdict)) == []


def test_a_command_annotates_the_gate_and_then_the_rule(
    params: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = checked.build(params.parents[2])
    made.change("raw", lambda raw: raw.assign(surprise=1))
    opened = made.opened()
    verdict = gate.judge(opened, "schema", {}, checked.TODAY, skip=LATER_TABLES)
    Answering("schema", made.root, as_json=True).tell(verdict, opened)
    headline, rule = [line for line in capsys.readouterr().err.splitlines() if line.startswith("::error")]
    assert "file=contracts/raw.yaml,line=" in rule
    assert "::raw/surprise/column_in_schema: 1 times broken." in rule
    assert "file=" not in headline
