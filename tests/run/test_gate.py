"""Running one gate: what its verdict remembers of its inputs."""

from pathlib import Path

import pytest

from gates import checks, digest
from gates.checks import InputField
from gates.errors import InvalidError
from gates.run import gate
from gates.verdict import Measurements
from tests.checks.project import TODAY, Project, build


@pytest.fixture
def built(tmp_path: Path) -> Project:
    """A project that passes every gate."""
    return build(tmp_path)


def test_files_are_hashed_before_they_are_measured(built: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Swapped while the gate reads, a file is on record as it was when the gate began."""
    check = checks.load("golden")
    measure, before = check.measure, digest.of_file(built.path("predictions"))

    def swapped(inputs: object) -> Measurements:
        measurements = measure(inputs)
        built.change("predictions", lambda scores: scores.assign(challenger=0.5))
        return measurements

    monkeypatch.setattr(check, "measure", swapped)
    assert built.judge("golden").inputs["predictions"] == before != digest.of_file(built.path("predictions"))


def test_a_waiver_for_what_no_gate_finds_is_told(built: Project, capsys: pytest.CaptureFixture[str]) -> None:
    """A misspelt one would leave its owner in the belief that it holds."""
    built.waive("fairness", "disparity/femal", TODAY)
    built.judge("fairness")
    assert "the waiver for fairness: disparity/femal waives nothing" in capsys.readouterr().err


def test_an_absent_file_is_named_before_anything_is_measured(built: Project) -> None:
    """By its path."""
    built.path("predictions").unlink()
    with pytest.raises(InvalidError, match=r"predictions\.parquet cannot be read"):
        built.judge("golden")


BY_DEFAULT = {"columns", "ignore", "importance", "least_importance", "as_of"}  # all columns, and today
BY_DEFAULT |= {"group", "weight", "class_weights", "named_metrics", "also", "favourable"}  # none


@pytest.mark.parametrize(
    ("task", "of_the_other"),
    [("binary", {"max_slice_rmse"}), ("regression", {"min_slice_auc", "threshold"})],
)
@pytest.mark.parametrize("name", checks.names())
def test_every_input_of_a_gate_is_found_or_given(
    built: Project, name: str, task: str, of_the_other: set[str]
) -> None:
    """In the gate's own block, the project's, or what the jobs hand on; the rest is asked for."""
    if task == "regression":
        built.regression()
    for field in checks.input_fields(checks.load(name)):
        if field.name not in {"approver", "improves", "slices", *BY_DEFAULT, *of_the_other}:
            value = gate.lookup(built.opened(), name, field)
            assert built.root in value.parents if field.is_file else value or field.is_list


def test_an_unknown_input(built: Project) -> None:
    """Nobody has it."""
    with pytest.raises(KeyError):
        gate.lookup(built.opened(), "golden", InputField("unheard_of", str, ""))


@pytest.mark.parametrize(
    ("name", "given", "told"),
    [
        (
            "fairness",
            {"threshold": 7.0},
            "fairness.threshold: input should be less than or equal to 1",
        ),
        ("fairness", {"threshold": float("nan")}, "fairness.threshold: input should be a"),
        ("golden", {"min_slice_auc": ("foo",)}, "should be a slice written as column=value"),
    ],
)
def test_a_flag_keeps_the_limits_of_the_policy(
    built: Project, name: str, given: dict[str, object], told: str
) -> None:
    """A threshold of 7 would select nobody, and every group would be treated alike."""
    with pytest.raises(InvalidError) as caught:
        built.judge(name, **given)
    assert told in caught.value.what
    assert f"gates {name} --help" in caught.value.do
