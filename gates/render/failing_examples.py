"""One failure of each gate, as figures that stay: what its page shows, judged by the gate itself."""

from typing import Any, NamedTuple

from gates.verdict import Measurements


class Example(NamedTuple):
    """A block of the policy, and figures that do not pass it."""

    block: dict[str, Any]
    measurements: Measurements


def _bounded(name: str, figure: float, low: float, high: float) -> Measurements:
    return {name: figure, f"{name}/low": low, f"{name}/high": high}


_GENDER = "test_behaviour.test_gender"
_TAGS = ("data_sha256", "dvc_data_md5", "dvc_remote", "model_sha", "train_rows", "train_range")
EXAMPLES = {
    "behaviour": Example(
        {"required": ["invariance"]},
        {
            "tests": 3,
            "tests/invariance": 1,
            "tests/direction": 2,
            f"failed/{_GENDER}": 1,
            f"champion_failed/{_GENDER}": 0,
            **{f"failed/test_behaviour.{each}": 0 for each in ("test_a_longer_contract", "test_tenure")},
            "skipped/test_behaviour.test_clear_cases[settled]": 1,
        },
    ),
    "canary": Example(
        {"max_error_increase": 0.01},
        {**_bounded("error_increase", 0.0312, 0.0118, 0.0506), "blocks": 18},
    ),
    "champion": Example(
        {"min_delta": 0.005, "first_model": "floor"},
        {
            "champions": 1,
            "rolled_back": 0,
            "rows_per_class": 256,
            "detectable": 0.0113,
            **_bounded("delta", -0.0281, -0.0398, -0.0164),
        },
    ),
    "documentation": Example({}, {"said/intended_use": 1, "said/owner": 1, "said/limits": 0}),
    "drift": Example(
        {"max_psi": 0.2},
        {
            "rows/reference": 3000,
            "rows/live": 1200,
            "columns": 2,
            "fault/scale/monthly_charges": 100,
            "p/fault/scale/monthly_charges": 0,
            "drift/ks/monthly_charges": 1,
            "p/drift/ks/monthly_charges": 0,
            "drift/psi/tenure": 0.04,
            "p/drift/psi/tenure": 0.61,
        },
    ),
    "fairness": Example(
        {"attributes": ["female"], "min_disparate_impact": 0.8},
        {
            **_bounded("disparate_impact/female", 0.6512, 0.5377, 0.7886),
            "p/disparate_impact/female": 0.0004,
            "rows/female=0": 748,
            "rows/female=1": 752,
        },
    ),
    "freshness": Example(
        {"mode": "block", "max_age_days": 92},
        {"version": 1, "age_days": 130},
    ),
    "golden": Example(
        {"min_auc": 0.8, "max_brier": 0.14},
        {
            **_bounded("auc", 0.7421, 0.7123, 0.7719),
            **_bounded("brier", 0.1316, 0.1225, 0.1407),
            "rows/0": 1244,
            "rows/1": 256,
            "pinned/features": 1,
            "pinned/labels": 1,
        },
    ),
    "latency": Example(
        {"p99_ms": 200.0},
        {**_bounded("p99_ms/challenger", 311.4, 305.2, 318.9), "requests/challenger": 2000},
    ),
    "lineage": Example(
        {},
        {
            "stages": 3,
            "stages/changed": 1,
            "changed/train/scripts/train.py": 1,
            "train/unchanged": 1,
            "dirty": 0,
            "overlap/rows": 0,
            "overlap/keys": 0,
            "rows/train": 3010,
            "rows/golden": 1500,
            **dict.fromkeys(("commit/known", "run/finished", "run/commit_contained", "run/clean"), 1.0),
            **dict.fromkeys(("raw/unchanged", "raw/tracked", *(f"tag/{tag}" for tag in _TAGS)), 1.0),
        },
    ),
    "schema": Example(
        {f"{table}_contract": f"contracts/{table}.yaml" for table in ("raw", "train", "golden")},
        {
            "rows/raw": 7043,
            "rows/train": 3010,
            "rows/golden": 1500,
            "violations/raw": 3,
            "violations/train": 0,
            "violations/golden": 0,
            "violations/raw/tenure/in_range(0, 72)": 3,
            **{
                f"row/raw/tenure/in_range(0, 72)/{place}": row for place, row in ((1, 18), (2, 402), (3, 977))
            },
        },
    ),
}
