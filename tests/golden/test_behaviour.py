"""What must not break, whatever the figures say. This file is the project's own: edit it freely.

`gates predict` runs it with the challenger, and again with the champion in its place, with no golden label in
sight; the gate `behaviour` reads how each test ended. `challenger` and `champion` are loaded models, `golden`
the golden rows as a DataFrame of the columns that the model is asked with, a fresh copy for each test.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

if TYPE_CHECKING:
    from typing import Any, Protocol

    import pandas as pd

    class Model(Protocol):
        """What these tests need of a model."""

        def predict_proba(self, rows: pd.DataFrame) -> np.ndarray:
            """Give the class probabilities of each row."""


ROUNDING = 1e-9
MOST_BY_GENDER = 0.05


def risk(model: Model, rows: pd.DataFrame) -> np.ndarray:
    """Give how likely each customer is to leave."""
    answered: np.ndarray = model.predict_proba(rows)[:, 1]
    return answered


@pytest.mark.invariance
def test_the_company_of_other_customers(challenger: Model, golden: pd.DataFrame) -> None:
    """A customer's risk is the same, in whatever order the rows come and whoever is asked about beside."""
    some = golden.iloc[::-7]
    assert risk(challenger, some) == pytest.approx(risk(challenger, golden)[::-7], abs=ROUNDING)


@pytest.mark.invariance
def test_gender(challenger: Model, golden: pd.DataFrame) -> None:
    """Hardly anything hangs on it."""
    other = golden.assign(female=1 - golden["female"])
    assert np.abs(risk(challenger, other) - risk(challenger, golden)).max() <= MOST_BY_GENDER


@pytest.mark.direction
def test_a_longer_contract(challenger: Model, golden: pd.DataFrame) -> None:
    """Whoever signs for two years instead of a month is no likelier to leave."""
    bound, free = (golden.assign(contract=term) for term in ("Two year", "Month-to-month"))
    assert (risk(challenger, bound) <= risk(challenger, free) + ROUNDING).all()


@pytest.mark.direction
def test_years_of_loyalty(challenger: Model, golden: pd.DataFrame) -> None:
    """Customers of five years leave less often than customers of one and a half, all else being equal."""
    old, new = (golden.assign(tenure=months) for months in (60, 18))
    assert risk(challenger, old).mean() <= risk(challenger, new).mean()


@pytest.mark.minimum_functionality
def test_probabilities(challenger: Model, golden: pd.DataFrame) -> None:
    """Two for each row, which add up to one."""
    answered = challenger.predict_proba(golden)
    assert answered.shape == (len(golden), 2)
    assert (answered >= 0).all()
    assert answered.sum(axis=1) == pytest.approx(1.0)


@pytest.mark.minimum_functionality
@pytest.mark.parametrize(
    ("known", "least", "most"),
    [
        ({"contract": "Two year", "internet_service": "No", "tenure": 60}, 0.0, 0.15),
        ({"contract": "Month-to-month", "internet_service": "Fiber optic", "tenure": 14}, 0.2, 1.0),
    ],
    ids=["settled", "about to leave"],
)
def test_clear_cases(
    challenger: Model, golden: pd.DataFrame, known: dict[str, Any], least: float, most: float
) -> None:
    """Nobody needs a model to tell these apart; the median of all customers who are so described counts."""
    assert least <= np.median(risk(challenger, golden.assign(**known))) <= most
