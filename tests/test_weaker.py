"""Tests of `gates.weaker`: a reviewer sees which change of a policy asks for less."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from gates import checks, policy
from gates.documents import read_yaml
from gates.weaker import changes

PARAMS = read_yaml(Path(__file__).parents[1] / "params.yaml")
KEY = {"key": "0" * 64}
WAIVER = {
    "gate": "golden",
    "finding": "auc",
    "reason": "agreed with the board",
    "owner": "ada",
    "expires": "2027-01-31",
}
TRUSTED = {"trusted_keys": [{**KEY, "until": "2027-01-31"}], "waivers": [WAIVER]}


def filled(**edits: Any) -> dict[str, Any]:  # noqa: ANN401 - a policy's values
    """The demo's policy with values at addresses (`golden/min_auc`) replaced."""
    params = deepcopy(PARAMS)
    params["gates"] |= deepcopy(TRUSTED)
    params["gates"]["champion"]["slices"] = ["contract=One year", "contract=Two year"]
    params["gates"]["latency"]["max_p99_ratio"] = 1.2
    params["gates"]["behaviour"]["min_tests"] = 5
    for address, value in edits.items():
        *steps, last = address.split("/")
        place: Any = params["gates"]
        for step in steps:
            place = place[int(step)] if isinstance(place, list) else place[step]
        place[int(last) if isinstance(place, list) else last] = value
    return policy.parse(params, checks.policies()).filled


BEFORE = filled()
SLICES = PARAMS["gates"]["golden"]["min_slice_auc"]
WEAKER: dict[str, tuple[str, Any]] = {
    "a floor is lower": ("golden/min_auc", 0.75),
    "a ceiling is higher": ("golden/max_brier", 0.2),
    "a slice is gone": ("golden/min_slice_auc", dict(list(SLICES.items())[1:])),
    "an answer may take longer": ("latency/p99_ms", 201.0),
    "fewer requests are timed": ("latency/requests", 300),
    "a gate only reports": ("golden/mode", "report"),
    "a challenger may be less better": ("champion/min_delta", 0.004),
    "a challenger need only be surely better": ("champion/rule", "superior"),
    "a tie is promoted": ("champion/tie", "promote"),
    "a challenger may be slower": ("latency/max_p99_ratio", 1.3),
    "a slice is not compared": ("champion/slices", ["contract=Two year"]),
    "a group is not looked at": ("fairness/attributes", ["female"]),
    "a type more may be built": ("trusted_types", [*PARAMS["gates"]["trusted_types"], "os.system"]),
    "one more finding is waived": ("waivers", [WAIVER, {**WAIVER, "finding": "brier"}]),
    "another finding is waived": ("waivers/0/finding", "brier"),
    "a waiver lasts longer": ("waivers/0/expires", "2027-02-01"),
    "one more key is believed": ("trusted_keys", [*TRUSTED["trusted_keys"], {"key": "1" * 64}]),
    "a key is believed for longer": ("trusted_keys/0/until", "2028-01-31"),
    "a key is believed for ever": ("trusted_keys", [KEY]),
    "a decision holds for longer": ("decision_days", 2),
    "a column may drift": ("drift/ignore", ["tenure", "total_charges", "contract"]),
    "more columns are unimportant": ("drift/least_importance", 0.1),
    "drift has to be surer": ("drift/alpha", 0.01),
    "a test need not be there": ("behaviour/required", ["invariance", "direction"]),
    "fewer tests need be there": ("behaviour/min_tests", 4),
    "more may drift": ("drift/max_psi", 0.25),
}
NOT_WEAKER: dict[str, tuple[str, Any]] = {
    "a floor is higher": ("golden/min_auc", 0.8),
    "a ceiling is lower": ("golden/max_brier", 0.1),
    "a slice more": ("golden/min_slice_auc", {**SLICES, "female=1": 0.6}),
    "a type less may be built": ("trusted_types", PARAMS["gates"]["trusted_types"][1:]),
    "a waiver ends earlier": ("waivers/0/expires", "2027-01-30"),
    "a waiver is gone": ("waivers", []),
    "a key is gone": ("trusted_keys", []),
    "a column more may not drift": ("drift/ignore", ["tenure"]),
    "less may drift": ("drift/max_psi", 0.1),
    "a file lies elsewhere": ("data/raw", "data/raw/other.csv"),
    "a waiver has another reason": ("waivers/0/reason", "zzz: agreed with the board"),
}


@pytest.mark.parametrize(("address", "value"), WEAKER.values(), ids=WEAKER)
def test_what_asks_for_less_is_weaker(address: str, value: object) -> None:
    found = changes(BEFORE, filled(**{address: value}))
    assert len([each for each in found if each.weaker]) == 1, found


@pytest.mark.parametrize(("address", "value"), NOT_WEAKER.values(), ids=NOT_WEAKER)
def test_what_asks_for_as_much_or_more_is_a_change_and_not_weaker(address: str, value: object) -> None:
    found = changes(BEFORE, filled(**{address: value}))
    assert found
    assert not [each for each in found if each.weaker]


def test_a_change_says_address_and_both_values() -> None:
    (found,) = changes(BEFORE, filled(**{"golden/min_auc": 0.7}))
    assert (found.address, found.text) == ("gates.golden.min_auc", "gates.golden.min_auc: 0.76 → 0.7")


def test_the_same_policy_has_no_changes() -> None:
    assert changes(BEFORE, filled()) == ()
