"""What holds for every gate, whatever it measures.

The laws on thresholds, NaN and absent figures are held over generated measurements; the laws on files over
projects whose rows are dealt anew. Splitting the input into batches is a law for the gates that read them:
drift and schema.
"""

from __future__ import annotations

import functools
import json
import math
import os
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gates import checks
from gates.digest import canonical_json
from gates.errors import InvalidError
from gates.junit import Suite
from gates.policy_blocks import TASKS
from gates.verdict import Finding, Outcome, Verdict, Waiver, at_least, at_most, beyond_luck, enough
from gates.verdict_document import from_document, to_document
from tests.checks.project import GATES, Project, build, latency

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gates.policy_blocks import GatePolicy

ROOT = Path(__file__).resolve().parents[1]
RANK = {Outcome.FAIL: 0, Outcome.UNDECIDED: 1, Outcome.PASS: 2}
SHARES = st.floats(0, 1)
ERRORS = st.floats(0, 100)
REGRESSION = ("golden/regression", "fairness/regression", "champion/regression")
MULTICLASS = ("golden/multiclass", "fairness/multiclass", "champion/multiclass")
RANKING = ("golden/ranking", "fairness/ranking", "champion/ranking")
NAMED = (*MULTICLASS, *RANKING)
RULES = ("champion/superior", "champion/non_inferior")
CASES = (*GATES, *REGRESSION, *RULES)  # a gate, by its policy for a binary model or for a regression
POLICIES = (*CASES, *NAMED)  # and for the tasks whose metrics all have names
# Of golden rows of both tasks, the columns that are read: labels, answers, query, slice and attribute.
READ = {"churn", "challenger", "champion", "challenger:gold", "champion:gold", "query", "contract", "female"}
METRIC, OTHER = "accuracy", "cost"
COUNTS = st.integers(0, 400).map(float)
FLAGS = st.sampled_from([0.0, 1.0])
SLICE = "contract=One year"


def maybe(strategy: st.SearchStrategy[float]) -> st.SearchStrategy[float | None]:
    """The limit may be left out, which is the loosest that it can be."""
    return st.none() | strategy


# What each gate measures, and its limits with +1 where a larger one is looser, -1 where a smaller one is.
MEASURED: dict[str, dict[str, st.SearchStrategy[float]]] = {
    "schema": {
        f"{kind}/{table}{rule}": COUNTS
        for table in ("raw", "train", "golden")
        for kind, rule in (("rows", ""), ("violations", ""), ("violations", "/tenure/not_nullable"))
    },
    "lineage": dict.fromkeys(
        ("stages/changed", "stages", "overlap/rows", "overlap/keys", "rows/train", "rows/golden", "dirty"),
        st.sampled_from([0.0, 1.0, 7.0]),
    )
    | dict.fromkeys(
        (
            *(
                "commit/known",
                "run/finished",
                "run/commit_contained",
                "run/clean",
                "raw/unchanged",
                "raw/tracked",
            ),
            *(f"tag/{tag}" for tag in ("data_sha256", "dvc_data_md5", "dvc_remote", "model_sha")),
            *("tag/train_rows", "tag/train_range"),
        ),
        FLAGS,
    ),
    "golden": {
        f"{name}{end}": SHARES
        for name in (
            "auc",
            "average_precision",
            "brier",
            "log_loss",
            "calibration_error",
            f"slice_auc/{SLICE}",
        )
        for end in ("", "/low", "/high")
    }
    | dict.fromkeys(("pinned/features", "pinned/labels"), FLAGS)
    | dict.fromkeys(("rows/0", "rows/1", f"slice_rows/{SLICE}/0", f"slice_rows/{SLICE}/1"), COUNTS),
    "latency": {f"p99_ms/challenger{end}": st.floats(0, 400) for end in ("", "/low", "/high")}
    | {f"p99_ratio{end}": st.floats(0, 3) for end in ("", "/low", "/high")}
    | {"requests/challenger": COUNTS, "requests/champion": COUNTS},
    "fairness": {
        f"{name}/female{end}": SHARES
        for name in ("disparate_impact", "demographic_parity", "equalized_odds")
        for end in ("", "/low", "/high")
    }
    | {f"p/{name}/female": SHARES for name in ("disparate_impact", "demographic_parity", "equalized_odds")}
    | {"rows/female=0": COUNTS, "rows/female=1": COUNTS},
    "champion": {"champions": FLAGS, "approvers": FLAGS, "rolled_back": FLAGS, "tie": FLAGS}
    | {"rows_needed": COUNTS, "detectable": SHARES, "rows_per_class": COUNTS}
    | {f"delta{end}": st.floats(-1, 1) for end in ("", "/low", "/high")}
    | {f"slice_p/{SLICE}": SHARES, f"slice_rows_per_class/{SLICE}": COUNTS}
    | {f"slice_delta/{SLICE}{end}": st.floats(-1, 1) for end in ("", "/low", "/high")}
    | {f"ratio/latency{end}": st.floats(0, 3) for end in ("", "/low", "/high")},
    "behaviour": {"tests": COUNTS, "tests/direction": COUNTS}
    | {f"{ended}/a.test_{each}": FLAGS for each in "bc" for ended in ("failed", "champion_failed")}
    | {f"{ended}/a.test_{ended}": FLAGS for ended in ("skipped", "error", "missing")},
    "documentation": {f"said/{part}": FLAGS for part in ("intended_use", "owner", "limits", "ethics")},
    "freshness": {"age_days": st.floats(0, 400), "rows/live": COUNTS, "psi/age": SHARES, "psi/kind": SHARES},
    "drift": {
        f"{chance}{figure}/{column}": SHARES
        for chance in ("", "p/")
        for figure in (
            "fault/nulls",
            "fault/range",
            "fault/unseen",
            "fault/constant",
            "drift/psi",
            "drift/ks",
        )
        for column in ("age", "kind")
    }
    | {"fault/scale/age": st.floats(1, 100), "p/fault/scale/age": SHARES}
    | {"rows/reference": COUNTS, "rows/live": COUNTS, "columns": COUNTS}
    | {"fault/absent/when": FLAGS, "fault/type/sum": FLAGS, "not_compared/id": FLAGS},
    "canary": {
        f"{name}{end}": st.floats(-1, 1)
        for name in ("error_increase", "slow_increase", "conversion_loss")
        for end in ("", "/low", "/high")
    }
    | {"blocks": COUNTS},
    "golden/regression": {
        f"{name}{end}": ERRORS
        for name in ("rmse", "mae", "r2", f"slice_rmse/{SLICE}")
        for end in ("", "/low", "/high")
    }
    | dict.fromkeys(("pinned/features", "pinned/labels"), FLAGS)
    | dict.fromkeys(("rows", f"slice_rows/{SLICE}"), COUNTS),
    "fairness/regression": {
        f"{name}/female{end}": ERRORS
        for name in ("group_rmse", "mean_difference")
        for end in ("", "/low", "/high")
    }
    | {"rows/female=0": COUNTS, "rows/female=1": COUNTS},
    "champion/regression": {"champions": FLAGS, "approvers": FLAGS, "rolled_back": FLAGS, "tie": FLAGS}
    | {"rows_needed": COUNTS, "rows": COUNTS}
    | {f"delta{end}": st.floats(-100, 100) for end in ("", "/low", "/high")},
}
for _rule in RULES:
    MEASURED[_rule] = MEASURED["champion"]
_BY_NAME = {
    f"{name}{end}": SHARES
    for each in (METRIC, OTHER)
    for name in (f"metric/{each}", f"slice_metric/{each}/{SLICE}")
    for end in ("", "/low", "/high")
}
for _gate in ("golden", "golden/regression"):
    MEASURED[_gate] |= _BY_NAME | {"groups": COUNTS}
_PINNED = dict.fromkeys(("pinned/features", "pinned/labels"), FLAGS)
MEASURED["golden/multiclass"] = _BY_NAME | _PINNED | {"rows_per_class": COUNTS}
MEASURED["golden/ranking"] = _BY_NAME | _PINNED | {"queries": COUNTS}
MEASURED["fairness/multiclass"] = MEASURED["fairness"]
MEASURED["fairness/ranking"] = {f"exposure_ratio/female{end}": SHARES for end in ("", "/low", "/high")} | {
    "rows/female=0": COUNTS,
    "rows/female=1": COUNTS,
}
_ALSO = {f"also_p/{OTHER}": SHARES, f"also_delta/{OTHER}": st.floats(-1, 1)}
for _gate in ("champion", "champion/regression", *RULES):
    MEASURED[_gate] = MEASURED[_gate] | _ALSO
MEASURED["champion/multiclass"] = MEASURED["champion"] | {f"slice_rows/{SLICE}": COUNTS}
MEASURED["champion/ranking"] = MEASURED["champion"] | {"queries": COUNTS, f"slice_queries/{SLICE}": COUNTS}
FIRST_MODEL = ("block", "approve", "floor")
TIE = ("block", "promote")
LIMITS: dict[str, dict[str, tuple[int, st.SearchStrategy[Any]]]] = {
    "schema": {"max_violations": (1, st.integers(0, 400))},
    "lineage": {},
    "golden": {
        "min_auc": (-1, SHARES),
        "min_average_precision": (-1, maybe(SHARES)),
        "max_brier": (1, maybe(SHARES)),
        "max_log_loss": (1, maybe(SHARES)),
        "max_calibration_error": (1, maybe(SHARES)),
        "max_auc": (1, maybe(SHARES)),
        "min_rows_per_class": (-1, st.integers(1, 400)),
        "min_slice_rows_per_class": (-1, st.integers(1, 400)),
        "min_slice_auc": (-1, maybe(SHARES)),
    },
    "latency": {"p99_ms": (1, st.floats(1, 400)), "max_p99_ratio": (1, maybe(st.floats(0.5, 2)))},
    "fairness": {
        "min_disparate_impact": (-1, SHARES),
        "max_demographic_parity": (1, maybe(SHARES)),
        "max_equalized_odds": (1, maybe(SHARES)),
        "min_rows_per_group": (-1, st.integers(1, 400)),
    },
    "champion": {
        "min_delta": (-1, st.floats(0, 0.99)),
        "margin": (1, SHARES),
        "tie": (1, st.integers(0, 1)),
        "first_model": (1, st.integers(0, 2)),
        "min_rows_per_class": (-1, st.integers(1, 400)),
        "min_slice_rows_per_class": (-1, st.integers(1, 400)),
    },
    "canary": {
        "max_error_increase": (1, SHARES),
        "max_slow_increase": (1, maybe(SHARES)),
        "max_conversion_loss": (1, maybe(SHARES)),
        "min_blocks": (-1, st.integers(10, 400)),
    },
    "golden/regression": {
        "max_rmse": (1, ERRORS),
        "max_mae": (1, maybe(ERRORS)),
        "min_r2": (-1, maybe(SHARES)),
        "min_rows": (-1, st.integers(1, 400)),
        "max_slice_rmse": (1, maybe(ERRORS)),
        "min_slice_rows": (-1, st.integers(1, 400)),
    },
    "fairness/regression": {
        "max_group_rmse": (1, ERRORS),
        "max_mean_difference": (1, maybe(ERRORS)),
        "min_rows_per_group": (-1, st.integers(1, 400)),
    },
    "behaviour": {"min_tests": (-1, st.integers(1, 400))},
    "documentation": {},
    "freshness": {
        "max_age_days": (1, st.integers(1, 400)),
        "max_psi": (1, SHARES),
        "min_rows": (-1, st.integers(1, 400)),
    },
    "drift": {
        **{f"max_{share}": (1, maybe(SHARES)) for share in ("psi", "ks", "nulls", "range", "unseen")},
        "max_scale": (1, maybe(st.floats(1, 100))),
        "alpha": (-1, SHARES),
        "min_rows": (-1, st.integers(1, 400)),
    },
    "champion/regression": {
        "min_delta": (-1, st.floats(0, 100)),
        "margin": (1, ERRORS),
        "tie": (1, st.integers(0, 1)),
        "first_model": (1, st.integers(0, 2)),
        "min_rows": (-1, st.integers(1, 400)),
        "min_slice_rows": (-1, st.integers(1, 400)),
    },
}
for _rule in RULES:
    LIMITS[_rule] = LIMITS["champion"]
_METRICS: dict[str, tuple[int, st.SearchStrategy[Any]]] = {
    "min_metrics": (-1, SHARES),
    "max_metrics": (1, SHARES),
    "min_slice_metrics": (-1, maybe(SHARES)),
    "max_slice_metrics": (1, maybe(SHARES)),
    "min_groups": (-1, st.integers(1, 400)),
}
_LEAST = (-1, st.integers(1, 400))
for _gate in ("champion", "champion/regression"):
    LIMITS[_gate]["min_groups"] = _LEAST
LIMITS["golden"] |= _METRICS
LIMITS["golden/regression"] |= _METRICS
LIMITS["golden/multiclass"] = _METRICS | {"min_rows_per_class": _LEAST}
LIMITS["golden/ranking"] = _METRICS | {"min_queries": _LEAST}
LIMITS["fairness/multiclass"] = LIMITS["fairness"]
LIMITS["fairness/ranking"] = {"min_exposure_ratio": (-1, SHARES), "min_rows_per_group": _LEAST}
_RULE = {
    name: LIMITS["champion/regression"][name]
    for name in ("min_delta", "margin", "tie", "first_model", "min_groups")
}
LIMITS["champion/multiclass"] = _RULE | {"min_rows_per_class": _LEAST, "min_slice_rows": _LEAST}
LIMITS["champion/ranking"] = _RULE | {"min_queries": _LEAST, "min_slice_queries": _LEAST}
FIXED: dict[str, dict[str, Any]] = {
    "schema": {f"{table}_contract": f"{table}.yaml" for table in ("raw", "train", "golden")},
    "fairness": {"attributes": ("female",)},
    "fairness/regression": {"attributes": ("female",)},
    "behaviour": {"required": ("direction", "a.test_b", "a.test_d")},
    "documentation": {},
    "freshness": {"mode": "block", "live": "live.parquet"},
    "fairness/multiclass": {"attributes": ("female",), "favourable": ("yes",)},
    "fairness/ranking": {"attributes": ("female",)},
    "champion": {"slices": (SLICE,), "also": (OTHER,)},
    "champion/regression": {"also": (OTHER,)},
    "champion/multiclass": {"slices": (SLICE,), "also": (OTHER,)},
    "champion/ranking": {"slices": (SLICE,), "also": (OTHER,)},
    "champion/superior": {"rule": "superior", "slices": (SLICE,)},
    "champion/non_inferior": {"rule": "non_inferior", "improves": "latency", "slices": (SLICE,)},
}


def form(case: str) -> type[GatePolicy]:
    """Give the model of a gate's block."""
    gate, _, task = case.partition("/")
    return checks.form(checks.load(gate), next((each for each in TASKS if each == task), "binary"))


def built(root: Path, case: str, order: int | None = None) -> Project:
    """Write a project that passes every gate, of the case's task."""
    project = build(root, order)
    if case in REGRESSION:
        project.regression()
    elif case in NAMED:
        (project.multiclass if case.endswith("multiclass") else project.ranking)()
    return project


def measured(project: Project, case: str) -> Verdict:
    """Judge a project by the case's gate; figures that have names are taken of its files as they are now."""
    gate, _, _ = case.partition("/")
    if case in NAMED and gate != "fairness":
        project.take_metrics()
    return project.judge(gate)


def verdict(gate: str, limits: Mapping[str, Any], measurements: Mapping[str, float]) -> Verdict:
    """Judge measurements under limits."""
    values = dict(limits)
    for slices in {"min_slice_auc", "max_slice_rmse"} & values.keys():
        limit = values[slices]
        values[slices] = {} if limit is None else {SLICE: limit}
    for side, metric in {"min": METRIC, "max": OTHER}.items():
        for name in {f"{side}_metrics", f"{side}_slice_metrics"} & values.keys():
            limit = values[name]
            held = {SLICE: limit} if "slice" in name else limit
            values[name] = {} if limit is None else {metric: held}
    if "first_model" in values:
        values["first_model"], values["tie"] = FIRST_MODEL[values["first_model"]], TIE[values["tie"]]
    check = checks.load(gate.partition("/")[0])
    policy = form(gate)(**FIXED.get(gate, {}), **values)
    return Verdict(gate, policy.mode, tuple(check.judge(policy, dict(measurements))), dict(measurements))


def looser(sense: int, one: float | None, other: float | None) -> tuple[float | None, float | None]:
    """Give the tighter limit and the looser one."""
    if one is None or other is None:
        return (other if one is None else one), None
    return (one, other) if (other - one) * sense >= 0 else (other, one)


@functools.cache  # Hypothesis checks a strategy that is made anew for each example each time
@st.composite
def limits_of(draw: st.DrawFn, gate: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Draw a tight policy and one that is nowhere tighter."""
    tight, loose = {}, {}
    for name, (sense, values) in LIMITS[gate].items():
        tight[name], loose[name] = looser(sense, draw(values), draw(values))
    return tight, loose


@functools.cache
def measured_by(gate: str, *, every: bool = False) -> st.SearchStrategy[dict[str, float]]:
    """Draw measurements of a gate: all of them, or as many as could be made."""
    nothing: dict[str, st.SearchStrategy[float]] = {}
    return st.fixed_dictionaries(
        MEASURED[gate] if every else nothing, optional=nothing if every else MEASURED[gate]
    )


# ---------------------------------------------------------------- thresholds


@pytest.mark.parametrize("gate", POLICIES)
@given(data=st.data())
def test_loosening_a_threshold_never_worsens_the_verdict(gate: str, data: st.DataObject) -> None:
    """Nor any finding of it, from fail over undecided to pass."""
    tight, loose = data.draw(limits_of(gate))
    measurements = data.draw(measured_by(gate))
    before, after = verdict(gate, tight, measurements), verdict(gate, loose, measurements)
    assert RANK[after.outcome] >= RANK[before.outcome]
    ranks = {each.name: RANK[each.outcome] for each in before.findings}
    assert all(RANK[each.outcome] >= ranks.get(each.name, 0) for each in after.findings)


@pytest.mark.parametrize("gate", POLICIES)
def test_every_limit_of_a_policy_is_under_the_law(gate: str) -> None:
    """A new limit must be added above; what is no limit is named here."""
    no_limits = {"mode", "raw_contract", "train_contract", "golden_contract", "attributes"}
    no_limits |= {"threshold", "requests", "budget_s"}
    no_limits |= {"reference", "live", "columns", "ignore", "importance", "least_importance"}
    no_limits |= {"metric", "also", "rule", "improves", "slices", "intersections", "favourable", "required"}
    assert set(form(gate).model_fields) - no_limits == set(LIMITS[gate])


# ---------------------------------------------------------------- NaN, absent, empty


@pytest.mark.parametrize("gate", POLICIES)
@given(data=st.data())
def test_nan_and_infinity_are_never_a_pass(gate: str, data: st.DataObject) -> None:
    """A finding that passes was made from finite figures; one that is not finite improves nothing."""
    _, limits = data.draw(limits_of(gate))
    measurements = data.draw(measured_by(gate, every=True))
    spoilt = data.draw(st.sets(st.sampled_from(sorted(measurements)), min_size=1))
    value = data.draw(st.sampled_from([math.nan, math.inf, -math.inf]))
    after = verdict(gate, limits, measurements | dict.fromkeys(spoilt, value))
    for each in after.findings:
        assert each.outcome is not Outcome.PASS or (
            each.observed is not None and math.isfinite(each.observed)
        )
        assert each.outcome is not Outcome.PASS or each.name not in spoilt


@pytest.mark.parametrize("gate", POLICIES)
@given(data=st.data())
def test_what_was_not_measured_is_never_a_pass(gate: str, data: st.DataObject) -> None:
    """A finding on a figure that is absent does not pass."""
    _, limits = data.draw(limits_of(gate))
    measurements = data.draw(measured_by(gate))
    for each in verdict(gate, limits, measurements).findings:
        known = each.name.removeprefix("too_good/") in measurements or each.name.startswith(
            ("groups/", "first_model", "columns")
        )
        assert known or each.outcome is not Outcome.PASS


@pytest.mark.parametrize("gate", POLICIES)
@given(data=st.data())
def test_nothing_measured_is_undecided(gate: str, data: st.DataObject) -> None:
    """Under any policy."""
    _, limits = data.draw(limits_of(gate))
    assert verdict(gate, limits, {}).outcome is Outcome.UNDECIDED


@pytest.mark.parametrize("gate", [each for each in POLICIES if each != "documentation"])  # it reads no table
def test_empty_files_are_never_a_pass(tmp_path: Path, gate: str) -> None:
    """Tables without rows and a benchmark without rounds are undecided; none is an error of ours."""
    project = built(tmp_path, gate)
    for name in ("raw", "train", "features", "labels", "predictions", "live", "traffic"):
        project.change(name, lambda table: table.head(0))
    project.write_document("candidate/latency.json", latency(challenger=[]))
    project.write_behaviour(challenger=Suite())
    project.pin()
    project.lock()
    assert measured(project, gate).outcome is Outcome.UNDECIDED


TABLES = {
    "schema": ("raw", "train", "features"),
    "lineage": ("train", "features"),
    "golden": ("predictions", "labels", "features"),
    "fairness": ("predictions", "labels", "features"),
    "champion": ("predictions", "labels", "features"),
    "canary": ("traffic",),
}


@pytest.mark.parametrize("case", [*TABLES, *REGRESSION, *NAMED])
def test_a_missing_value_anywhere_is_never_a_pass(tmp_path: Path, case: str) -> None:
    """One null in one column at a time: the gate refuses it, or does not care for that column at all.

    The contract of the raw table allows a null total on purpose, so that column is the one exception.
    """
    project = built(tmp_path, case)
    before = measured(project, case)
    for file in TABLES[case.partition("/")[0]]:
        table = project.table(file)
        columns = [each for each in table.columns if (file, each) != ("raw", "total_charges")][:4]
        if case in NAMED:  # a process is asked for the figures each time
            columns = [each for each in table.columns if each in READ]
        for column in columns:
            project.write_table(
                file, table.assign(**{column: table[column].where(table.index != table.index[3])})
            )
            try:
                after = measured(project, case)
            except InvalidError:
                continue
            assert after.outcome is not Outcome.PASS or after.measurements == before.measurements
        project.write_table(file, table)


# ---------------------------------------------------------------- order, bytes


def judged(project: Project, gate: str) -> bytes:
    """Bytes of the verdict, without the digests of the files, which are other files in another order."""
    document = to_document(measured(project, gate))
    return canonical_json(
        {key: document[key] for key in ("gate", "mode", "outcome", "findings", "measurements")}
    )


def damage(project: Project) -> None:
    """Make every gate but schema find something, so that the law is not about passing alone."""
    golden_row = project.table("features").head(1).assign(churn=0, row_id=900_001)
    train = project.table("train")
    project.write_table("train", train.iloc[1:])
    project.policy(golden={"min_auc": 0.9}, fairness={"min_rows_per_group": 301}, champion={"min_delta": 0.2})
    with_golden_row = project.table("train")
    with_golden_row.loc[0] = golden_row[with_golden_row.columns].iloc[0]
    project.write_table("train", with_golden_row)
    project.lock()


@pytest.fixture(scope="module")
def in_order(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The verdicts on tables in their own order."""
    project = build(tmp_path_factory.mktemp("ordered"))
    of_a_regression = built(tmp_path_factory.mktemp("ordered"), REGRESSION[0])
    return {case: judged(of_a_regression if case in REGRESSION else project, case) for case in CASES}


@settings(max_examples=4)
@given(order=st.integers(0, 2**31 - 1))
def test_row_order_does_not_matter(
    tmp_path_factory: pytest.TempPathFactory, in_order: dict[str, bytes], order: int
) -> None:
    """Every table's rows dealt anew give the same verdicts, byte for byte, and so do requests."""
    project = build(tmp_path_factory.mktemp("shuffled"), order)
    document = project.document("candidate/latency.json")
    for benchmark in document["benchmarks"]:
        benchmark["stats"]["data"].sort(key=lambda value: hash((order, value)))
    document["benchmarks"].reverse()
    project.write_document("candidate/latency.json", document)
    for gate in GATES:
        assert judged(project, gate) == in_order[gate], gate
    project = built(tmp_path_factory.mktemp("shuffled"), REGRESSION[0])
    for file in ("features", "labels", "predictions"):
        project.change(file, lambda table: table.sample(frac=1, random_state=order))
    project.pin()
    for case in REGRESSION:
        assert judged(project, case) == in_order[case], case


@pytest.mark.parametrize("case", NAMED)
def test_row_order_does_not_matter_to_figures_that_have_names(tmp_path: Path, case: str) -> None:
    """Golden rows dealt anew once, each table by itself: a process is asked for the figures."""
    project = built(tmp_path, case)
    before = judged(project, case)
    for seed, file in enumerate(("features", "labels", "predictions")):
        project.write_table(file, project.table(file).sample(frac=1, random_state=seed))
    project.pin()
    assert judged(project, case) == before


@settings(max_examples=4)
@given(group=st.integers(1, 400), order=st.integers(0, 2**31 - 1))
def test_splitting_into_batches_does_not_matter(
    tmp_path_factory: pytest.TempPathFactory, in_order: dict[str, bytes], group: int, order: int
) -> None:
    """Row groups of any size, with their rows dealt anew, give the same verdict, byte for byte."""
    project = build(tmp_path_factory.mktemp("split"), order)
    for name in ("reference", "live", "features"):
        project.table(name).to_parquet(project.path(name), index=False, row_group_size=group)
    assert judged(project, "drift") == in_order["drift"]
    assert judged(project, "schema") == in_order["schema"]


def counts(project: Project) -> dict[str, float]:
    """What the gate `schema` counts; which rows come first is the one thing that order decides."""
    figures = project.judge("schema").measurements
    return {name: value for name, value in figures.items() if not name.startswith("row/")}


@settings(max_examples=3)
@given(order=st.integers(0, 2**31 - 1))
def test_row_order_does_not_matter_to_broken_rules(
    tmp_path_factory: pytest.TempPathFactory, order: int
) -> None:
    """The same rules are broken by as many rows."""
    project = build(tmp_path_factory.mktemp("broken"))
    project.change("raw", lambda raw: raw.assign(tenure=raw["tenure"].where(raw["rownames"] % 7 != 0, 999)))
    before = counts(project)
    project.change("raw", lambda raw: raw.sample(frac=1, random_state=order))
    assert before["violations/raw"] > 0
    assert counts(project) == before


IN_A_PROCESS = """
import sys
from pathlib import Path
from tests.checks.project import GATES, Project
for gate in GATES:
    sys.stdout.buffer.write(Project(Path(sys.argv[1])).bytes(gate) + b"\\n")
"""


def test_the_same_inputs_give_the_same_bytes(tmp_path: Path) -> None:
    """Again, and in other processes that hash and sort text in other ways; with findings of every kind."""
    project = build(tmp_path)
    damage(project)
    for path in ("scripts/train.py", "scripts/ingest.py", "metrics/training.json"):
        project.path(path).write_text("edited\n", "utf-8")
    project.change("raw", lambda raw: raw.assign(tenure=999, partner=2, contract="Weekly"))
    project.edit("candidate/git.json", lambda git: git.update(dirty=["b.py", "a.py", "c.py"]))
    here = b"".join(project.bytes(gate) + b"\n" for gate in GATES)
    assert here.count(b'"fail"') > 10
    for seed in ("1", "2"):
        environment = {
            **os.environ,
            "PYTHONHASHSEED": seed,
            "PYTHONPATH": str(ROOT),
            "LC_ALL": "C",
            "TZ": "Asia/Tokyo",
        }
        command = [sys.executable, "-c", IN_A_PROCESS, str(project.root)]
        ended = subprocess.run(command, capture_output=True, check=True, env=environment, cwd=tmp_path)
        assert ended.stdout == here


# ---------------------------------------------------------------- the verdict as a document

FIGURES = st.none() | st.floats(allow_nan=True, allow_infinity=True)
REAL = st.floats(allow_nan=False, allow_infinity=False)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
MAKERS: list[Callable[..., Finding]] = [at_least, at_most]
GATE = "golden"


@st.composite
def findings(draw: st.DrawFn) -> Finding:
    """Draw a finding as the gates make them."""
    name, note, unit = draw(TEXT.filter(bool)), draw(TEXT), draw(TEXT)
    kind = draw(st.integers(0, 3))
    if kind == 2:
        return enough(name, draw(FIGURES), draw(REAL), unit=unit, note=note)
    if kind == 3:
        return beyond_luck(name, draw(FIGURES), note=note)
    bounds = {"low": draw(FIGURES), "high": draw(FIGURES), "by_bound": draw(st.booleans())}
    made = MAKERS[kind](name, draw(FIGURES), draw(REAL), unit=unit, note=note, **bounds)
    waiver = draw(st.none() | st.builds(Waiver, st.just(GATE), st.just(name), TEXT, TEXT, st.dates()))
    return Finding(**{**vars(made), "waiver": waiver if made.outcome is Outcome.FAIL else None})


VERDICTS = st.builds(
    Verdict,
    gate=st.just(GATE),
    mode=st.sampled_from(["block", "report"]),
    findings=st.lists(findings(), max_size=4).map(tuple),
    measurements=st.dictionaries(TEXT, REAL, max_size=4),
    inputs=st.dictionaries(TEXT, TEXT, max_size=4),
    policy_sha256=TEXT,
)


@given(made=VERDICTS)
def test_a_verdict_round_trips_through_json(made: Verdict) -> None:
    """Everything that it holds, and its bytes."""
    written = canonical_json(to_document(made))
    read = from_document(json.loads(written))
    assert read == made
    assert canonical_json(to_document(read)) == written


@given(made=VERDICTS, outcome=st.sampled_from(Outcome))
def test_an_outcome_that_the_findings_do_not_give_is_refused(made: Verdict, outcome: Outcome) -> None:
    """A verdict flipped by hand is no verdict."""
    flipped = to_document(made) | {"outcome": outcome.value}
    if outcome is made.outcome:
        assert from_document(flipped) == made
    else:
        with pytest.raises(InvalidError):
            from_document(flipped)


@pytest.mark.parametrize("gate", GATES)
def test_the_verdicts_of_the_gates_round_trip(tmp_path: Path, gate: str) -> None:
    """The real ones too."""
    made = build(tmp_path).judge(gate)
    assert from_document(json.loads(canonical_json(to_document(made)))) == made


def test_a_waiver_keeps_its_day() -> None:
    """As a date, not as text."""
    waiver = Waiver("golden", "auc", "reviewed", "owner", date(2026, 12, 31))
    made = Finding("auc", Outcome.FAIL, 0.5, 0.6, "at least", waiver=waiver)
    document = to_document(Verdict("golden", "block", (made,)))
    assert document["findings"][0]["waiver"]["expires"] == "2026-12-31"
    assert from_document(document).findings[0].waiver == waiver
