"""The folder of gates is the registry: every gate is complete, and runs the same way."""

from __future__ import annotations

import dataclasses
import inspect
import json
import subprocess
import sys
import typing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from click.testing import CliRunner

from gates import checks, policy
from gates.cli import cli
from gates.digest import canonical_json
from gates.errors import ExitCode, InvalidError
from gates.policy_blocks import TASKS, GatePolicy, LivePolicy, OptionalPolicy
from gates.policy_values import Task
from gates.verdict import Outcome
from gates.verdict_document import to_document
from tests.checks.project import GATES, finding, latency, seconds, sha256

if TYPE_CHECKING:
    from tests.checks.project import Project

ROOT = Path(__file__).resolve().parents[2]
NAMES = checks.names()
MOST_LINES = 250
NOT_GIVEN = {  # by the project's policy
    *("approver", "max_slice_rmse", "improves", "slices"),
    *("columns", "ignore", "importance", "intersections"),
    *("group", "weight", "class_weights", "named_metrics", "also", "favourable"),
}


def test_the_gates_are_known() -> None:
    """The tests below look at something."""
    assert sorted(GATES) == NAMES


# ---------------------------------------------------------------- what a gate is made of


@pytest.mark.parametrize("name", NAMES)
def test_the_docstring_begins_with_the_question(name: str) -> None:
    """It is the user's documentation: the question, when it fails, when it is undecided."""
    text = checks.load(name).__doc__ or ""
    question, blank, *rest = text.splitlines()
    assert question.endswith("?")
    assert blank == ""
    assert "Fails when" in " ".join(rest)
    assert "Undecided when" in " ".join(rest)


@pytest.mark.parametrize("name", NAMES)
def test_the_module_has_its_four_parts(name: str) -> None:
    """A frozen policy, frozen inputs, `measure(inputs)` and `judge(policy, measurements)`."""
    check = checks.load(name)
    assert dataclasses.is_dataclass(check.Inputs)
    assert vars(check.Inputs)["__dataclass_params__"].frozen
    assert list(inspect.signature(check.measure).parameters) == ["inputs"]
    assert list(inspect.signature(check.judge).parameters) == ["policy", "measurements"]
    forms = {checks.form(check, task) for task in TASKS}
    judged = typing.get_type_hints(check.judge)["policy"]
    assert set(typing.get_args(judged) or [judged]) == forms
    assert all(issubclass(form, GatePolicy) for form in forms)
    assert all(form.__doc__ for form in forms)


@pytest.mark.parametrize("name", NAMES)
def test_every_input_has_a_type_that_can_be_a_flag_and_a_help_text(name: str) -> None:
    """A path, text, a number, a list of texts or one of some words."""
    kinds = {Path, str, int, float, tuple[str, ...], Path | None, Task}
    for field in checks.input_fields(checks.load(name)):
        assert field.type in kinds, field
        assert len(field.help) > 4, field
        assert not field.help.endswith("."), field


@pytest.mark.parametrize("name", NAMES)
def test_everything_that_belongs_to_a_gate_is_there(name: str) -> None:
    """Its own tests, its action, its block in the policy, and a file that can be read in one go.

    A gate over live traffic needs no block.
    """
    assert (ROOT / f"tests/checks/test_{name}.py").is_file()
    assert (ROOT / f".github/actions/{name}/action.yml").is_file()
    in_policy = name in yaml.safe_load((ROOT / "params.yaml").read_text("utf-8"))["gates"]
    assert in_policy or issubclass(checks.load(name).Policy, LivePolicy | OptionalPolicy)
    assert len((ROOT / f"gates/checks/{name}.py").read_text("utf-8").splitlines()) <= MOST_LINES


def test_the_committed_policy_is_valid_for_every_gate() -> None:
    """With a block a gate that needs one, or the defaults of a gate over live traffic."""
    parsed = policy.parse(yaml.safe_load((ROOT / "params.yaml").read_text("utf-8")), checks.policies())
    asked_for = {name for name in NAMES if not issubclass(checks.load(name).Policy, OptionalPolicy)}
    assert {*parsed.gates, *parsed.live} == {*asked_for, "behaviour", "documentation"}


@pytest.mark.parametrize("name", NAMES)
def test_the_action_asks_for_the_inputs_of_the_gate(name: str) -> None:
    """One input of the action a field, with the same help."""
    action = yaml.safe_load((ROOT / f".github/actions/{name}/action.yml").read_text("utf-8"))
    for field in checks.input_fields(checks.load(name)):
        described = action["inputs"][field.name.replace("_", "-")]["description"]
        assert described.lower() == field.help.lower()


@pytest.mark.parametrize("name", NAMES)
def test_help_lists_every_input_and_begins_with_the_question(name: str) -> None:
    """`gates <gate> --help` is written from the gate's file."""
    check = checks.load(name)
    result = CliRunner().invoke(cli, [name, "--help"], terminal_width=200)
    assert result.exit_code == 0
    told = " ".join(result.output.split())
    assert (check.__doc__ or "").splitlines()[0] in told
    for field in checks.input_fields(check):
        assert f"--{field.name.replace('_', '-')} " in told
        assert f"{field.help[0].upper()}{field.help[1:]}." in told


# ---------------------------------------------------------------- running one


@pytest.mark.parametrize("name", NAMES)
def test_the_verdict_remembers_what_was_judged(project: Project, name: str) -> None:
    """SHA-256 of every file, every plain value as it is, nothing for what was not given."""
    verdict = project.judge(name)
    assert (verdict.gate, verdict.mode, verdict.outcome) == (name, "block", Outcome.PASS)
    assert len(verdict.policy_sha256) == 64
    fields = {field.name: field for field in checks.input_fields(checks.load(name))}
    assert verdict.inputs.keys() == fields.keys() - NOT_GIVEN
    places = {
        "lock": "dvc.lock",
        "pipeline": "dvc.yaml",
        "training": "candidate/train.json",
        **{f"{table}_contract": f"contracts/{table}.yaml" for table in ("raw", "train", "golden")},
        "traffic": "candidate/traffic.csv",
        "card": "model_card.yaml",
        "junit": "candidate/behaviour.xml",
        **{each: f"candidate/{each}.json" for each in ("git", "run", "serving", "latency")},
    }
    for field, value in verdict.inputs.items():
        if fields[field].is_file:
            assert value == sha256(project.path(places.get(field, field))), field
    assert verdict.inputs.get("key", "row_id") == "row_id"
    assert verdict.inputs.get("label", "churn") == "churn"
    assert verdict.inputs.get("threshold", "0.5") == "0.5"
    assert verdict.inputs.get("task", "binary") == "binary"


def test_a_given_input_goes_before_the_policys(project: Project) -> None:
    """Another file can be judged under the same policy."""
    project.write_document("other.json", latency(challenger=seconds(0.5)))
    other = project.root / "other.json"
    verdict = project.judge("latency", latency=other)
    assert verdict.outcome is Outcome.FAIL
    assert verdict.inputs == {"latency": sha256(other)}


def test_a_given_file_may_lie_anywhere(project: Project) -> None:
    """Also where the policy names it: there only a path within the project would do."""
    contract = project.root / "other.yaml"
    contract.write_bytes(project.path("contracts/raw.yaml").read_bytes() + b"# another\n")
    verdict = project.judge("schema", raw_contract=contract)
    assert verdict.outcome is Outcome.PASS
    assert verdict.inputs["raw_contract"] == sha256(contract)


def test_a_gate_that_only_reports_does_not_block(project: Project) -> None:
    """It says what it says; its mode is in the verdict."""
    project.policy(latency={"mode": "report", "p99_ms": 1.0})
    verdict = project.judge("latency")
    assert (verdict.mode, verdict.outcome, verdict.blocks) == ("report", Outcome.FAIL, False)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("block", "address"),
    [({"mode": "ignore"}, "mode"), ({"surprise": 1}, "surprise"), ({"mode": True}, "mode")],
    ids=["mode", "unknown", "type"],
)
def test_a_mistake_in_the_policy_is_named_by_its_address(
    project: Project, name: str, block: dict[str, Any], address: str
) -> None:
    """Nothing is judged under a policy that is not understood."""
    project.policy(**{name: block})
    with pytest.raises(InvalidError, match=rf"gates\.{name}\.{address}"):
        project.judge(name)


def test_a_limit_that_is_loosened_is_another_policy(project: Project) -> None:
    """The verdict is bound to the policy that judged."""
    before = project.judge("latency").policy_sha256
    project.policy(latency={"p99_ms": 51.0})
    assert project.judge("latency").policy_sha256 != before


# ---------------------------------------------------------------- as a command


def run(project: Project, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `gates …` on the project in a process of its own."""
    command = [sys.executable, "-m", "gates", *arguments, "--project", str(project.root)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=project.root)


@pytest.mark.parametrize(
    ("durations", "mode", "code"),
    [
        (seconds(0.010), "block", ExitCode.PASS),
        (seconds(0.500), "block", ExitCode.FAIL),
        (seconds(0.010, 20), "block", ExitCode.UNDECIDED),
        ([-1.0], "block", ExitCode.INVALID),
        (seconds(0.500), "report", ExitCode.PASS),
    ],
    ids=["pass", "fail", "undecided", "invalid", "report"],
)
def test_the_command_ends_with_the_outcomes_exit_code(
    project: Project, durations: list[float], mode: str, code: ExitCode
) -> None:
    """And leaves the verdict that it printed in `evidence/`; an error leaves what was there."""
    project.policy(latency={"mode": mode})
    project.write_document("candidate/latency.json", latency(challenger=durations))
    project.write_document("evidence/latency.json", {"old": True})
    ended = run(project, "latency", "--json", "--today", "2026-06-01")
    assert ended.returncode == code
    assert "Traceback" not in ended.stderr
    printed = json.loads(ended.stdout)
    left = project.document("evidence/latency.json")
    if code is ExitCode.INVALID:
        assert (printed["error"]["code"], left) == (2, {"old": True})
    else:
        assert printed == left == to_document(project.judge("latency"))
        assert project.path("evidence/latency.json").read_bytes() == canonical_json(left)


def test_a_person_sees_every_finding_with_figure_and_limit(project: Project) -> None:
    """The table is the answer, on stdout."""
    project.write_document("candidate/latency.json", latency(challenger=seconds(0.500)))
    ended = run(project, "latency")
    assert ended.returncode == ExitCode.FAIL
    for each in project.judge("latency").findings:
        assert each.name in ended.stdout
    assert f"{finding(project.judge('latency'), 'p99_ms/challenger').limit:g}" in ended.stdout
