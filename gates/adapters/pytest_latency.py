"""Fixtures for the user's latency file; `gates predict` loads this plugin into pytest.

    pytest -p gates.adapters.pytest_latency tests/latency

What it needs comes in the environment (`gates.adapters.latency`): the models' folders with their SHAs, the
golden features, and how many requests the policy asks for.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from gates.adapters import model as models
from gates.adapters.latency import VARIABLE
from gates.tables import read_table


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each test that asks for `model` once a model: challenger and, if there is one, champion."""
    if "model" in metafunc.fixturenames:
        metafunc.parametrize("model", list(_settings()["models"]), indirect=True)


@pytest.fixture(scope="session")
def settings() -> dict[str, Any]:
    """Return what `gates predict` handed over."""
    return _settings()


@pytest.fixture
def model(request: pytest.FixtureRequest, settings: dict[str, Any]) -> Any:  # noqa: ANN401 - any estimator
    """Return the verified, loaded model that answers the requests."""
    handed = settings["models"][request.param]
    return models.load(Path(handed["folder"]), handed["sha"], settings["trusted_types"])


@pytest.fixture
def golden_rows(request: pytest.FixtureRequest, settings: dict[str, Any]) -> Any:  # noqa: ANN401 - a DataFrame
    """Return the golden features, as the model's signature wants them."""
    features = Path(settings["features"])
    folder = Path(settings["models"][request.node.callspec.params["model"]]["folder"])
    return models.rows_for(folder, read_table(features), features)


@pytest.fixture(scope="session")
def requests(settings: dict[str, Any]) -> int:
    """Return how many requests the policy asks for."""
    return int(settings["requests"])


@pytest.fixture(scope="session")
def budget_s(settings: dict[str, Any]) -> float:
    """Return how many seconds one model may take for its requests."""
    return float(settings["budget_s"])


def _settings() -> dict[str, Any]:
    handed = os.environ.get(VARIABLE)
    if not handed:
        raise pytest.UsageError("tests/latency is run by `gates predict`, which hands it the models.")
    return dict(json.loads(handed))
