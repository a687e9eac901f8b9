"""The contracts hold for the demo's data, and each kind of damage breaks them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pandera.errors
import pandera.io.pandas_io
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.shell import Shell

    Damage = Callable[[pd.DataFrame], pd.DataFrame]


def broken(contract: Path, table: pd.DataFrame) -> list[tuple[Any, Any]]:
    """Give the column and the rule of everything that breaks the contract."""
    schema = pandera.io.pandas_io.from_yaml(contract)  # type: ignore[no-untyped-call]  # pandera leaves it untyped
    try:
        schema.validate(table, lazy=True)
    except pandera.errors.SchemaErrors as errors:
        cases = errors.failure_cases
        return sorted(set(zip(cases["column"], cases["check"], strict=True)), key=str)
    return []


@pytest.mark.parametrize("name", ["raw", "train", "golden"])
def test_the_data_keeps_its_contract(shipped: Shell, name: str) -> None:
    """What is pulled and what the stages write is what the reviewed file promises."""
    paths = {"raw": "raw/churn.csv", "train": "train.parquet", "golden": "golden/features.parquet"}
    path = shipped.path / "data" / paths[name]
    table = pd.read_csv(path) if name == "raw" else pd.read_parquet(path)
    assert broken(shipped.path / f"contracts/{name}.yaml", table) == []


@pytest.mark.parametrize(
    ("damage", "rule"),
    [
        (lambda raw: raw.drop(columns="tenure"), "column_in_dataframe"),
        (lambda raw: raw.assign(surprise=1), "column_in_schema"),
        (lambda raw: raw.assign(monthly_charges=raw["monthly_charges"] * 100), "in_range(15, 150)"),
        (lambda raw: raw.assign(contract=raw["contract"].where(raw.index != 5, "Weekly")), "isin("),
        (lambda raw: pd.concat([raw, raw.head(1)]), "field_uniqueness"),
        (
            lambda raw: raw.assign(monthly_charges=raw["monthly_charges"].where(raw.index != 5)),
            "not_nullable",
        ),
        (lambda raw: raw.assign(contract=raw["contract"].where(raw.index != 5)), "not_nullable"),
        (lambda raw: raw.assign(tenure=raw["tenure"].astype("float64")), "dtype('int64')"),
        (lambda raw: raw.assign(churn=raw["churn"].replace("Yes", "yes")), "isin("),
    ],
    ids=["dropped", "extra", "unit", "category", "duplicate", "null", "null-text", "dtype", "label"],
)
def test_damage_breaks_the_raw_contract(shipped: Shell, damage: Damage, rule: str) -> None:
    """Each planted defect is reported by its rule, and by no other."""
    raw = pd.read_csv(shipped.path / "data/raw/churn.csv")
    found = broken(shipped.path / "contracts/raw.yaml", damage(raw))
    assert found
    assert all(str(check).startswith(rule) for _, check in found)


def test_the_label_may_not_reach_the_golden_features(shipped: Shell) -> None:
    """The contract of the golden features has no column for it."""
    labelled = pd.read_parquet(shipped.path / "data/golden/features.parquet").assign(churn=0)
    assert [check for _, check in broken(shipped.path / "contracts/golden.yaml", labelled)] == [
        "column_in_schema"
    ]
