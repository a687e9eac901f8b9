"""The gate `drift`: what has changed, whether it is luck, and whether the pipeline or the world did it."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from gates.errors import ExitCode, InvalidError
from gates.verdict import Outcome
from tests.checks.project import decisive, finding

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from gates.verdict import Verdict
    from tests.checks.project import Project

ROWS = 4000
FAIL, PASS, UNDECIDED = Outcome.FAIL, Outcome.PASS, Outcome.UNDECIDED


def learned(seed: int, rows: int = ROWS) -> pd.DataFrame:
    """Rows of one distribution, with a score."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "row_id": np.arange(rows) + seed * rows,
            "age": rng.integers(18, 90, rows),
            "amount": np.where(rng.random(rows) < 0.1, np.nan, rng.lognormal(3, 1, rows)),
            "kind": rng.choice(["a", "b", "c"], rows, p=[0.6, 0.3, 0.1]),
            "member": rng.random(rows) < 0.3,
            "score": rng.beta(2, 5, rows),
        }
    )


def on(project: Project, live: pd.DataFrame, reference: pd.DataFrame | None = None, **policy: Any) -> Verdict:  # noqa: ANN401 - values of the policy
    """Judge live rows, by default against 4,000 of `learned`."""
    project.write_table("reference", learned(1) if reference is None else reference)
    project.write_table("live", live)
    project.policy(drift=policy)
    return project.judge("drift")


def failed(verdict: Verdict) -> set[str]:
    """Names of the findings that failed."""
    return {each.name for each in verdict.findings if each.outcome is FAIL}


def test_rows_of_the_same_distribution_pass(project: Project) -> None:
    """All columns but the key, the score too."""
    verdict = on(project, learned(2))
    assert verdict.outcome is PASS
    assert verdict.measurements["columns"] == 5
    assert {name for name in verdict.measurements if name.startswith("drift/psi/")} == {
        f"drift/psi/{column}" for column in ("age", "amount", "kind", "member", "score")
    }
    assert {name for name in verdict.measurements if name.startswith("drift/ks/")} == {
        f"drift/ks/{column}" for column in ("age", "amount", "score")
    }


CHANGES: dict[str, tuple[Callable[[pd.DataFrame], pd.DataFrame], set[str], set[str]]] = {
    "absent": (lambda t: t.drop(columns="kind"), {"fault/absent/kind"}, set()),
    "type": (lambda t: t.assign(age=t["age"].astype("str")), {"fault/type/age"}, set()),
    "nulls": (
        lambda t: t.assign(amount=t["amount"].where(t.index % 4 > 0)),
        {"fault/nulls/amount"},
        set(),
    ),
    "all null": (lambda t: t.assign(amount=np.nan), {"fault/nulls/amount"}, set()),
    "constant": (lambda t: t.assign(age=40), {"fault/constant/age"}, {"drift/psi/age", "drift/ks/age"}),
    "one category": (lambda t: t.assign(kind="a"), {"fault/constant/kind"}, {"drift/psi/kind"}),
    "sentinel": (lambda t: t.assign(age=t["age"].where(t.index % 20 > 0, 999)), {"fault/range/age"}, set()),
    "renamed": (
        lambda t: t.assign(kind=t["kind"].replace("c", "C")),
        {"fault/unseen/kind"},
        {"drift/psi/kind"},
    ),
    "unit": (
        lambda t: t.assign(amount=t["amount"] * 100),
        {"fault/scale/amount", "fault/range/amount"},
        {"drift/psi/amount", "drift/ks/amount"},
    ),
    "shift": (
        lambda t: t.assign(score=np.clip(t["score"] + 0.12, 0, 0.88)),
        set(),
        {"drift/psi/score", "drift/ks/score"},
    ),
    "shares": (
        lambda t: t.assign(kind=np.where(t.index % 2, t["kind"], "b")),
        set(),
        {"drift/psi/kind"},
    ),
    "rarer truth": (lambda t: t.assign(member=t["member"] & (t.index % 4 == 0)), set(), {"drift/psi/member"}),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_fault_of_the_pipeline_is_told_from_drift(project: Project, name: str) -> None:
    """Each change in the findings that are about it, and in no other column's."""
    change, faults, drifts = CHANGES[name]
    verdict = on(project, change(learned(2)))
    assert failed(verdict) == faults | drifts
    assert all(finding(verdict, each).note for each in faults | drifts)
    if faults:
        assert decisive(verdict)[0] in faults
        assert all("fault" in finding(verdict, each).note for each in drifts)


def test_a_million_rows_do_not_make_a_shift_of_a_200th_large(project: Project) -> None:
    """KS and chi-square are sure of it; it is still nothing."""
    frames = [
        pd.DataFrame({"x": np.random.default_rng(seed).normal(shift, 1, 1_000_000)})
        for seed, shift in ((1, 0.0), (2, 0.005))
    ]
    verdict = on(project, frames[1], frames[0])
    assert verdict.outcome is PASS
    assert verdict.measurements["p/drift/ks/x"] < 0.001


def test_what_is_above_its_limit_and_may_be_luck_is_undecided(project: Project) -> None:
    """Thirty rows a side: PSI is large, its p-value is too."""
    rng = np.random.default_rng(3)
    frames = [pd.DataFrame({f"x{place}": rng.normal(0, 1, 30) for place in range(20)}) for _ in "ab"]
    verdict = on(project, frames[0], frames[1], min_rows=1, max_psi=0.02)
    assert verdict.outcome is UNDECIDED
    assert not failed(verdict)
    above = [each for each in verdict.findings if each.outcome is UNDECIDED]
    assert len(above) > 3
    assert all("luck" in each.note and each.observed is not None for each in above)


def test_the_p_values_are_adjusted_over_all_columns(project: Project) -> None:
    """A difference that would do for one column does not for one of forty."""
    rng = np.random.default_rng(4)
    frames = [pd.DataFrame({f"x{place}": rng.normal(0, 1, 500) for place in range(40)}) for _ in "ab"]
    frames[1]["x0"] += 0.2
    together = on(project, frames[1], frames[0], max_psi=0.0, max_ks=0.0)
    assert together.measurements["p/drift/ks/x0"] < 0.02
    assert not failed(together)
    alone = on(project, frames[1][["x0"]], frames[0][["x0"]])
    assert "drift/ks/x0" in failed(alone)


@pytest.mark.parametrize("rows", [0, 1, 499])
def test_too_few_rows_are_undecided(project: Project, rows: int) -> None:
    assert on(project, learned(2, rows), min_rows=500).outcome is UNDECIDED
    assert on(project, learned(2), learned(1, rows), min_rows=500).outcome is UNDECIDED


# ---------------------------------------------------------------- which columns


def test_columns_are_chosen_and_ignored_by_the_policy(project: Project) -> None:
    live = learned(2).assign(age=40, kind="a")
    assert on(project, live, columns=["amount", "score"]).measurements["columns"] == 2
    assert project.judge("drift").outcome is PASS
    assert on(project, live, columns=None, ignore=["age"]).outcome is FAIL
    assert on(project, live, ignore=["age", "kind"]).outcome is PASS


def test_no_column_left_is_undecided(project: Project) -> None:
    verdict = on(project, learned(2)[["row_id"]], learned(1)[["row_id"]])
    assert decisive(verdict) == ("columns", UNDECIDED)


def test_a_column_that_the_reference_has_not_is_named(project: Project) -> None:
    with pytest.raises(InvalidError, match="no column 'agee'"):
        on(project, learned(2), columns=["agee"])


def test_columns_of_the_live_data_alone_are_passed_over(project: Project) -> None:
    assert on(project, learned(2).assign(extra="x")).outcome is PASS


def test_unimportant_columns_are_passed_over(project: Project) -> None:
    """By what the training wrote; a column that it does not know is compared."""
    project.write_document(
        "metrics/importance.json", {"importance": {"age": 0.001, "kind": 0.6, "amount": 0.3}}
    )
    live = learned(2).assign(age=40)
    given = {"importance": "metrics/importance.json", "least_importance": 0.01}
    verdict = on(project, live, **given)
    assert (verdict.outcome, verdict.measurements["columns"]) == (PASS, 4)
    assert on(project, live, least_importance=0.0).outcome is FAIL
    with pytest.raises(InvalidError, match="needs a file"):
        on(project, live, importance=None, least_importance=0.01)


@pytest.mark.parametrize("weights", [None, [1], {"age": "1"}, {"age": True}, {"age": None}])
def test_importances_that_are_none_are_refused(project: Project, weights: object) -> None:
    project.write_document("metrics/importance.json", {"importance": weights})
    with pytest.raises(InvalidError, match="has no `importance`"):
        on(project, learned(2), importance="metrics/importance.json", least_importance=0.1)


def test_ids_that_nobody_ignored_are_undecided(project: Project) -> None:
    """They have too many categories to be counted; the note says what to do."""
    frames = [learned(seed, 5000).assign(ticket=[f"{seed}-{row}" for row in range(5000)]) for seed in (1, 2)]
    verdict = on(project, frames[1], frames[0])
    assert decisive(verdict) == ("not_compared/ticket", UNDECIDED)
    assert "ignore" in finding(verdict, "not_compared/ticket").note
    assert on(project, frames[1], frames[0], ignore=["ticket"]).outcome is PASS


def test_times_that_nobody_ignored_are_undecided(project: Project) -> None:
    """Of these only the nulls are compared."""
    frames = [learned(seed).assign(asked=pd.Timestamp("2026-01-01")) for seed in (1, 2)]
    assert decisive(on(project, frames[1], frames[0])) == ("not_compared/asked", UNDECIDED)
    assert on(project, frames[1], frames[0], ignore=["asked"]).outcome is PASS


def test_a_column_without_a_value_in_the_reference_is_undecided(project: Project) -> None:
    """What the model never saw cannot be compared; nothing on both sides is no change."""
    empty = learned(1).assign(amount=np.nan)
    assert decisive(on(project, learned(2), empty)) == ("not_compared/amount", UNDECIDED)
    assert on(project, learned(2).assign(amount=np.nan), empty).outcome is PASS


# ---------------------------------------------------------------- files


def profiled(project: Project, name: str, *tables: str) -> Path:
    """Run `gates profile`."""
    out = project.root / name
    given = [flag for table in tables for flag in ("--data", str(project.path(table)))]
    command = [sys.executable, "-m", "gates", "profile", *given, "--out", str(out), "--json"]
    ended = subprocess.run(
        [*command, "--project", str(project.root)],
        capture_output=True,
        text=True,
        check=True,
        cwd=project.root,
    )
    assert json.loads(ended.stdout)["rows"] > 0
    return out


def test_profiles_stand_for_their_tables(project: Project) -> None:
    """The same figures and findings, whether of tables, of their profiles or of profiles of parts."""
    before = on(project, learned(2).assign(age=40))
    reference, live = learned(1), learned(2).assign(age=40)
    project.write_table("data/one.parquet", reference.head(1500))
    project.write_table("data/two.csv", reference.tail(ROWS - 1500))
    project.write_table("live", live)
    by_profile = project.judge(
        "drift",
        reference=profiled(project, "reference.json", "data/two.csv", "data/one.parquet"),
        live=profiled(project, "live.json", "live"),
    )
    assert by_profile.measurements == before.measurements
    assert by_profile.findings == before.findings
    assert "row_id" not in json.loads((project.root / "live.json").read_text("utf-8"))["columns"]


def test_profiling_what_does_not_fit_is_invalid_and_leaves_the_old_profile(project: Project) -> None:
    out = project.root / "profile.json"
    out.write_bytes(b"old")
    command = [sys.executable, "-m", "gates", "profile", "--data", str(project.path("live")), "--data"]
    ended = subprocess.run(
        [*command, str(project.path("labels")), "--out", str(out), "--project", str(project.root)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == ExitCode.INVALID
    assert "do not all have the column" in ended.stderr
    assert out.read_bytes() == b"old"


@pytest.mark.parametrize("field", ["reference", "live"])
def test_a_file_that_nobody_named_is_asked_for(project: Project, field: str) -> None:
    project.policy(drift={field: None})
    with pytest.raises(InvalidError, match="needs table or profile") as refused:
        project.judge("drift")
    assert f"--{field}" in refused.value.do


def test_row_groups_and_order_do_not_matter(project: Project) -> None:
    before = on(project, learned(2).assign(age=40))
    live = learned(2).assign(age=40).sample(frac=1, random_state=1)
    live.to_parquet(project.path("live"), index=False, row_group_size=333)
    again = project.judge("drift")
    assert (again.findings, again.measurements) == (before.findings, before.measurements)


def test_a_table_that_is_only_partly_there_is_no_verdict(project: Project) -> None:
    on(project, learned(2))
    path = project.path("live")
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(InvalidError, match=r"live\.parquet is not a readable table"):
        project.judge("drift")
