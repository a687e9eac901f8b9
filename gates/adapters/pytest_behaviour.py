"""Fixtures and marks for the team's tests of what must not break; `gates predict` loads this into pytest.

    pytest -p gates.adapters.pytest_behaviour tests/golden

What it needs comes in the environment (`gates.adapters.behaviour`). The same tests are run again with the
champion in the challenger's place, which tells what is new from what never held.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from gates import junit
from gates.adapters import model as models
from gates.adapters.behaviour import VARIABLE
from gates.junit import KINDS, Case, Suite
from gates.tables import read_table

if TYPE_CHECKING:
    import pandas as pd

MEANS = {
    "invariance": "what the model may not look at changes no answer",
    "direction": "a change that can only be for the better makes no answer worse",
    "minimum_functionality": "a case that everybody knows the answer to",
}


@dataclass
class Told:
    """What was handed over, and how the tests have ended so far.

    Attributes:
        settings: What `gates predict` handed over.
        kinds: Name of each test that was collected to its kind.
        cases: Name to how a test ended.
    """

    settings: Mapping[str, Any]
    kinds: dict[str, Any] = field(default_factory=dict)
    cases: dict[str, Case] = field(default_factory=dict)


_TOLD = pytest.StashKey[Told]()


def pytest_configure(config: pytest.Config) -> None:
    """Read what `gates predict` handed over, and make the marks known."""
    handed = os.environ.get(VARIABLE)
    if not handed:
        raise pytest.UsageError("tests/golden is run by `gates predict`, which hands it the models.")
    for kind in KINDS:
        config.addinivalue_line("markers", f"{kind}: {MEANS[kind]}")
    told = config.stash[_TOLD] = Told(json.loads(handed))
    config.pluginmanager.register(_Listener(told))


class _Listener:
    """Notes which tests were collected, and how each ended."""

    def __init__(self, told: Told) -> None:
        self.told = told

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Note all that is to be run: a session may end before it has run them."""
        for item in session.items:
            kind = next((mark.name for mark in item.iter_markers() if mark.name in KINDS), "")
            self.told.kinds[junit.name_of(item.nodeid)] = kind

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note how a part of a test ended; a test passes by its own part, not by what is around it."""
        name = junit.name_of(report.nodeid)
        kind, found = self.told.kinds.get(name, ""), self.told.cases.get(name)
        case = None
        if report.skipped:
            case = Case("skipped", kind, _why(report))
        elif report.failed:
            case = Case("failed" if report.when == "call" else "error", kind, _why(report))
        elif report.when == "call":
            case = Case("passed", kind)
        if case:
            self.told.cases[name] = junit.worse(found, case) if found else case

    def pytest_sessionfinish(self) -> None:
        """Leave the result, also of a session that was cut short."""
        suite = Suite(self.told.cases, tuple(self.told.kinds))
        Path(self.told.settings["result"]).write_bytes(junit.write({"": suite}))


def _why(report: pytest.TestReport) -> str:
    """Return the first line of what pytest tells of a test that did not pass."""
    if hasattr(report, "wasxfail"):
        return f"expected to fail: {report.wasxfail}"[: junit.MAX_MESSAGE]
    where = report.longrepr
    crash = getattr(where, "reprcrash", None)
    text = crash.message if crash else where[2] if isinstance(where, tuple) else str(where)
    return (text.strip().splitlines() or [""])[0][: junit.MAX_MESSAGE]


def _load(config: pytest.Config, name: str) -> Any:  # noqa: ANN401 - any estimator
    settings = config.stash[_TOLD].settings
    handed = settings[name]
    return models.load(Path(handed["folder"]), handed["sha"], settings["trusted_types"])


@pytest.fixture(scope="session")
def challenger(pytestconfig: pytest.Config) -> Any:  # noqa: ANN401 - any estimator
    """Return the model under test, loaded; in the champion's run that is the champion."""
    return _load(pytestconfig, "challenger")


@pytest.fixture(scope="session")
def champion(pytestconfig: pytest.Config) -> Any:  # noqa: ANN401 - any estimator
    """Return the model that serves; where nobody does, the one under test, which compares with itself."""
    return _load(pytestconfig, "champion")


@pytest.fixture
def golden(pytestconfig: pytest.Config) -> "pd.DataFrame":
    """Return the golden rows, a copy for each test: the columns that the model is asked with, by their key.

    Shape (rows, columns of the model's signature); the key is the index. There are no labels.
    """
    settings = pytestconfig.stash[_TOLD].settings
    features = Path(settings["features"])
    table = read_table(features).set_index(settings["key"], drop=False)
    return models.rows_for(Path(settings["challenger"]["folder"]), table, features)
