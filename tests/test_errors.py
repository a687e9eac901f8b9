"""Tests of `gates.errors`."""

import inspect

import pytest

from gates import errors
from gates.errors import ExitCode, GatesError

CHILDREN = [
    each
    for _, each in inspect.getmembers(errors, inspect.isclass)
    if issubclass(each, GatesError) and each is not GatesError
]


def test_exit_codes_are_the_published_ones() -> None:
    """Scripts of users depend on these numbers."""
    assert {code.name: int(code) for code in ExitCode} == {
        "PASS": 0,
        "FAIL": 1,
        "INVALID": 2,
        "UNDECIDED": 3,
        "UNAVAILABLE": 4,
        "CONFLICT": 5,
        "TAMPERED": 6,
    }


def test_each_error_has_an_exit_code_of_its_own_that_blocks() -> None:
    """No error ends with 0, and the code alone tells which it was; 1 belongs to a gate that says no."""
    assert sorted(int(each.code) for each in CHILDREN) == [2, 3, 4, 5, 6]


@pytest.mark.parametrize("kind", CHILDREN)
def test_an_error_keeps_its_three_parts_apart(kind: type[GatesError]) -> None:
    """What happened is the message; why and what to do stand beside it."""
    error = kind("It broke.", why="It was old.", do="gates ship")
    assert (str(error), error.what, error.why, error.do) == (
        "It broke.",
        "It broke.",
        "It was old.",
        "gates ship",
    )
    assert (kind("It broke.").why, kind("It broke.").do) == ("", "")
