"""The gate `golden`: floors and ceilings are held by the bound, slices by the figure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from gates.checks import golden
from gates.errors import InvalidError
from gates.verdict import Outcome
from tests.checks.project import decisive, finding

if TYPE_CHECKING:
    import pandas as pd

    from tests.checks.project import Project

PASS, FAIL, UNDECIDED = Outcome.PASS, Outcome.FAIL, Outcome.UNDECIDED
SLICE = "contract=One year"


@pytest.fixture(scope="module")
def measured() -> dict[str, float]:
    """Figures that are inside every limit of `POLICY`."""
    floors = {"auc": 0.87, "average_precision": 0.88}
    ceilings = {"brier": 0.14, "log_loss": 0.43, "calibration_error": 0.04}
    figures = floors | ceilings
    lows = {f"{name}/low": value - 0.02 for name, value in figures.items()}
    highs = {f"{name}/high": value + 0.02 for name, value in figures.items()}
    slices = {f"slice_auc/{SLICE}": 0.85, f"slice_auc/{SLICE}/low": 0.7, f"slice_auc/{SLICE}/high": 0.9}
    rows = {"rows/0": 300.0, "rows/1": 300.0, f"slice_rows/{SLICE}/0": 50.0, f"slice_rows/{SLICE}/1": 50.0}
    return {**figures, **lows, **highs, **slices, **rows, "pinned/features": 1.0, "pinned/labels": 1.0}


LIMITS: dict[str, Any] = {
    "min_auc": 0.8,
    "min_average_precision": 0.8,
    "max_brier": 0.2,
    "max_log_loss": 0.5,
    "max_calibration_error": 0.1,
    "min_slice_auc": {SLICE: 0.8},
}


def outcomes(limits: dict[str, Any], measurements: dict[str, float]) -> dict[str, Outcome]:
    """Judge, and give the findings that are no pass."""
    found = golden.judge(golden.Policy(**(LIMITS | limits)), measurements)
    return {each.name: each.outcome for each in found if each.outcome is not PASS}


def test_a_good_model_passes(project: Project) -> None:
    """AUC is the headline, with its interval; every finding passes."""
    verdict = project.judge("golden")
    assert verdict.outcome is PASS
    auc = verdict.findings[0]
    assert auc.name == "auc"
    assert auc.low is not None
    assert auc.observed is not None
    assert auc.limit < auc.low < auc.observed


@pytest.mark.parametrize(("floor", "outcome"), [(0.84, PASS), (0.86, UNDECIDED), (0.88, FAIL)])
def test_the_lower_bound_of_auc_decides(project: Project, floor: float, outcome: Outcome) -> None:
    """With an AUC of 0.873 and a lower bound of 0.845: more rows could decide what lies between."""
    project.policy(golden={"min_auc": floor})
    assert decisive(project.judge("golden")) == ("auc", outcome)


@pytest.mark.parametrize(
    ("name", "limit", "inside", "between", "beyond"),
    [
        ("auc", "min_auc", 0.84, 0.86, 0.88),
        ("average_precision", "min_average_precision", 0.85, 0.87, 0.89),
        ("brier", "max_brier", 0.17, 0.15, 0.13),
        ("log_loss", "max_log_loss", 0.46, 0.44, 0.42),
        ("calibration_error", "max_calibration_error", 0.07, 0.05, 0.03),
    ],
)
def test_every_figure_is_held_by_its_bound(
    measured: dict[str, float], name: str, limit: str, inside: float, between: float, beyond: float
) -> None:
    """Bound inside: pass. Figure inside, bound not: undecided. Figure beyond: fail. No limit: not held."""
    assert outcomes({limit: inside}, measured) == {}
    assert outcomes({limit: between}, measured) == {name: UNDECIDED}
    assert outcomes({limit: beyond}, measured) == {name: FAIL}
    if limit != "min_auc":
        assert outcomes({limit: None}, measured | {name: float("nan")}) == {}


def test_an_auc_that_is_too_good_to_be_true(measured: dict[str, float]) -> None:
    """Held by the figure: above the limit it fails and says where to look; without a limit it is not held."""
    assert outcomes({"max_auc": 0.87}, measured) == {}
    assert outcomes({"max_auc": 0.86}, measured) == {"too_good/auc": FAIL}
    held = golden.judge(golden.Policy(**(LIMITS | {"max_auc": 0.86})), measured)
    assert "tells the label" in next(each.note for each in held if each.name == "too_good/auc")
    assert outcomes({}, measured | {"auc": 1.0}) == {}


@pytest.mark.parametrize(("name", "limit", "value"), [("auc", "min_auc", 0.86), ("brier", "max_brier", 0.15)])
def test_a_golden_set_too_small_for_its_limit_is_told_so(
    measured: dict[str, float], name: str, limit: str, value: float
) -> None:
    """With as many rows as it names, the bound would be where the limit is."""
    policy = golden.Policy(**(LIMITS | {limit: value}))
    (note,) = [each.note for each in golden.judge(policy, measured) if each.name == name]
    rows = int(re.findall(r"about ([\d,]+) rows would show what 600 do not", note)[0].replace(",", ""))
    bound = measured[f"{name}/{'low' if name == 'auc' else 'high'}"]
    narrowed = measured[name] + (bound - measured[name]) * (600 / rows) ** 0.5
    assert narrowed == pytest.approx(value, abs=1e-4)
    inside = golden.Policy(**LIMITS)
    assert not next(each.note for each in golden.judge(inside, measured) if each.name == name)


@pytest.mark.parametrize("name", ["auc", "average_precision", "brier", "log_loss", "calibration_error"])
def test_without_its_bound_a_figure_decides_nothing(measured: dict[str, float], name: str) -> None:
    """The bound is what is held; the figure alone may be luck."""
    bound = f"{name}/{'low' if name in {'auc', 'average_precision'} else 'high'}"
    without = {key: value for key, value in measured.items() if key != bound}
    assert outcomes({}, without) == {name: UNDECIDED}


@pytest.mark.parametrize("label", [0, 1])
def test_too_few_rows_of_a_class_are_undecided(measured: dict[str, float], label: int) -> None:
    """However good the figures are."""
    assert outcomes({}, measured | {f"rows/{label}": 199.0}) == {f"rows/{label}": UNDECIDED}


def test_a_slice_is_held_by_its_figure(measured: dict[str, float]) -> None:
    """Its bound is too wide to be held; a slice that is too small decides nothing."""
    assert outcomes({"min_slice_auc": {SLICE: 0.86}}, measured) == {f"slice_auc/{SLICE}": FAIL}
    few = measured | {f"slice_rows/{SLICE}/1": 19.0}
    assert outcomes({}, few) == {f"slice_rows/{SLICE}/1": UNDECIDED}


def test_a_slice_below_its_floor_fails_though_the_whole_is_good(project: Project) -> None:
    """The slice is named."""
    contract = project.table("features").set_index("row_id")["contract"]

    def spoil(scores: pd.DataFrame) -> pd.DataFrame:
        inside = scores["row_id"].map(contract) == "One year"
        return scores.assign(challenger=scores["challenger"].where(~inside, 0.5))

    project.policy(golden={"min_auc": 0.6, "min_slice_auc": {SLICE: 0.6, "female=1": 0.6}})
    project.policy(
        golden=dict.fromkeys(("min_average_precision", "max_brier", "max_log_loss", "max_calibration_error"))
    )
    project.change("predictions", spoil)
    assert decisive(project.judge("golden")) == (f"slice_auc/{SLICE}", FAIL)


def test_a_slice_that_nobody_is_in_is_undecided(project: Project) -> None:
    """A misspelt value must not count as good."""
    project.policy(golden={"min_slice_auc": {"contract=One yaer": 0.6}})
    assert decisive(project.judge("golden")) == ("slice_rows/contract=One yaer/0", UNDECIDED)


def test_a_slice_of_an_absent_column_is_named(project: Project) -> None:
    """Misspelt, it must not count as good."""
    project.policy(golden={"min_slice_auc": {"contracts=One year": 0.6}})
    with pytest.raises(InvalidError, match=r"features\.parquet has no column 'contracts'"):
        project.judge("golden")


@pytest.mark.parametrize("file", ["features", "labels"])
def test_golden_files_that_are_not_the_pinned_ones_fail(project: Project, file: str) -> None:
    """Whoever may change the golden set may pass any model."""
    project.change(file, lambda table: table.sample(frac=1, random_state=1))
    verdict = project.judge("golden")
    assert decisive(verdict) == (f"pinned/{file}", FAIL)
    assert "params.yaml" in finding(verdict, f"pinned/{file}").note


@pytest.mark.parametrize("label", [0, 1])
def test_one_class_only_is_undecided(project: Project, label: int) -> None:
    """There is no AUC without both classes, so none is made up."""
    project.change("labels", lambda labels: labels.assign(churn=label))
    project.pin()
    verdict = project.judge("golden")
    assert decisive(verdict) == ("auc", UNDECIDED)
    assert finding(verdict, f"rows/{1 - label}").observed == 0
    assert "auc" not in verdict.measurements


def test_constant_scores_fail(project: Project) -> None:
    """A model that knows nothing has an AUC of one half."""
    project.change("predictions", lambda scores: scores.assign(challenger=0.5))
    verdict = project.judge("golden")
    assert decisive(verdict) == ("auc", FAIL)
    assert finding(verdict, "auc").observed == 0.5


def test_shuffled_scores_fail(project: Project) -> None:
    """A model whose answers belong to other rows is caught by every figure that was declared."""
    project.change(
        "predictions",
        lambda scores: scores.assign(
            challenger=scores["challenger"].sample(frac=1, random_state=1).to_numpy()
        ),
    )
    failed = {each.name for each in project.judge("golden").findings if each.outcome is FAIL}
    assert {"auc", "average_precision", "brier", "log_loss", "calibration_error"} <= failed
