"""The gate `behaviour`: every test of what must not break has run, and passes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from gates.checks.behaviour import WHY
from gates.errors import InvalidError
from gates.junit import Case, Suite
from gates.run import predict
from gates.verdict import Outcome
from tests.checks.project import BEHAVIOUR, decisive, finding

if TYPE_CHECKING:
    from gates.verdict import Verdict
    from tests.checks.project import Project

PASS, FAIL, UNDECIDED = Outcome.PASS, Outcome.FAIL, Outcome.UNDECIDED
GENDER, TENURE = "test_behaviour.test_gender", "test_behaviour.test_tenure"
SETTLED = "test_behaviour.test_clear_cases[settled]"


def ended(suite: Suite = BEHAVIOUR, **cases: Case | None) -> Suite:
    """The suite with a test that ended otherwise, or has no result."""
    names = {"gender": GENDER, "tenure": TENURE, "settled": SETTLED}
    changed = {**suite.cases, **{names.get(name, name): case for name, case in cases.items()}}
    return replace(suite, cases={name: case for name, case in changed.items() if case})


def judged(project: Project, challenger: Suite, champion: Suite | None = BEHAVIOUR) -> Verdict:
    """The verdict on results; None for no champion."""
    project.write_behaviour(challenger=challenger, **({"champion": champion} if champion else {}))
    return project.judge("behaviour")


def test_tests_that_all_pass(project: Project) -> None:
    """How many ran is the headline; each has a finding, and each kind is counted."""
    verdict = project.judge("behaviour")
    assert verdict.outcome is PASS
    assert [each.name for each in verdict.findings] == [
        *("tests", f"failed/{SETTLED}", f"failed/{GENDER}", f"failed/{TENURE}", "tests/direction")
    ]
    counts = {name: verdict.measurements[name] for name in ("tests", "failed", "regressions", "missing")}
    assert counts == {"tests": 3, "failed": 0, "regressions": 0, "missing": 0}
    kinds = ("invariance", "direction", "minimum_functionality")
    assert [verdict.measurements[f"tests/{kind}"] for kind in kinds] == [1, 1, 1]


@pytest.mark.parametrize(
    ("champion", "note", "regressions"),
    [
        (BEHAVIOUR, f"{WHY} The champion passes it.", 1),
        (ended(gender=Case("failed")), f"{WHY} The champion fails it too.", 0),
        (ended(gender=Case("skipped")), WHY, 0),
        (None, WHY, 0),
    ],
    ids=["new", "old", "skipped", "no champion"],
)
def test_a_test_that_fails(project: Project, champion: Suite | None, note: str, regressions: int) -> None:
    """Whatever the champion does, which is told: what fails today must not be served tomorrow."""
    verdict = judged(project, ended(gender=Case("failed", "invariance")), champion)
    assert decisive(verdict) == (f"failed/{GENDER}", FAIL)
    assert finding(verdict, f"failed/{GENDER}").note == note
    assert verdict.measurements["regressions"] == regressions
    assert finding(verdict, f"failed/{TENURE}").outcome is PASS


def test_what_the_champion_alone_fails_is_no_matter(project: Project) -> None:
    """The challenger mends it."""
    verdict = judged(project, BEHAVIOUR, ended(gender=Case("failed")))
    assert verdict.outcome is PASS
    assert verdict.measurements[f"champion_failed/{GENDER}"] == 1


def test_a_waiver_lets_one_test_fail_until_its_day(project: Project) -> None:
    """And no other."""
    project.waive("behaviour", f"failed/{GENDER}", date(2026, 6, 1))
    failing = ended(gender=Case("failed", "invariance"))
    assert judged(project, failing).outcome is PASS
    assert judged(project, ended(failing, tenure=Case("failed", "direction"))).outcome is FAIL


@pytest.mark.parametrize(
    ("case", "note"),
    [
        (Case("skipped", "invariance"), "It was skipped"),
        (Case("error", "invariance"), "It ended in an error"),
    ],
    ids=["skipped", "error"],
)
def test_a_test_without_a_verdict_decides_nothing(project: Project, case: Case, note: str) -> None:
    """All others pass, and all the same it is no pass; a waiver for it covers nothing."""
    project.waive("behaviour", f"ran/{GENDER}", date(2026, 6, 1))
    verdict = judged(project, ended(gender=case))
    assert decisive(verdict) == (f"ran/{GENDER}", UNDECIDED)
    assert finding(verdict, f"ran/{GENDER}").note.startswith(note)


@pytest.mark.parametrize(
    ("challenger", "champion"),
    [
        (ended(gender=None), BEHAVIOUR),
        (replace(ended(gender=None), collected=(GENDER, TENURE, SETTLED)), None),
        (ended(gender=None), replace(ended(gender=None), collected=(GENDER,))),
    ],
    ids=["the champion has it", "it was to run", "it was to run with the champion"],
)
def test_a_missing_test_decides_nothing(project: Project, challenger: Suite, champion: Suite | None) -> None:
    """Who deletes a test, or ends the process before it, gains nothing."""
    verdict = judged(project, challenger, champion)
    assert decisive(verdict) == (f"ran/{GENDER}", UNDECIDED)
    assert "has no result" in finding(verdict, f"ran/{GENDER}").note
    assert verdict.measurements["missing"] == 1


@pytest.mark.parametrize("suite", [Suite(), ended(gender=None, tenure=None, settled=Case("skipped"))])
def test_no_test_at_all_decides_nothing(project: Project, suite: Suite) -> None:
    """The finding says what to write."""
    verdict = judged(project, suite, None)
    assert decisive(verdict) == ("tests", UNDECIDED)
    assert "tests/golden/" in finding(verdict, "tests").note


@pytest.mark.parametrize(
    ("policy", "found"),
    [
        ({"min_tests": 3}, None),
        ({"min_tests": 4}, "tests"),
        ({"required": ["invariance", "direction"]}, None),
        ({"required": [GENDER, "test_behaviour.test_clear_cases", SETTLED]}, None),
        ({"required": ["test_behaviour.test_clear"]}, "ran/test_behaviour.test_clear"),
        ({"required": ["test_behaviour.test_age"]}, "ran/test_behaviour.test_age"),
    ],
)
def test_what_the_policy_requires_has_to_be_among_them(
    project: Project, policy: dict[str, Any], found: str | None
) -> None:
    """A number of tests, a kind, a test by its name, with parameters or without."""
    project.policy(behaviour=policy)
    verdict = project.judge("behaviour")
    assert [each.name for each in verdict.findings if each.blocks] == [each for each in [found] if each]
    assert verdict.outcome is (UNDECIDED if found else PASS)


@pytest.mark.parametrize("name", ["invarience", "test_gender", ""])
def test_what_is_neither_a_kind_nor_a_test_is_a_mistake_of_the_policy(project: Project, name: str) -> None:
    """A misspelt kind would be a test that is missing for ever."""
    project.policy(behaviour={"required": [name]})
    with pytest.raises(InvalidError, match=r"gates\.behaviour\.required\.0.*invariance, direction"):
        project.judge("behaviour")


def test_a_kind_of_which_no_test_ran(project: Project) -> None:
    """A mark that was taken away is a test less of its kind."""
    verdict = judged(project, ended(tenure=Case("passed")))
    assert decisive(verdict) == ("tests/direction", UNDECIDED)


def test_a_required_test_that_was_skipped_is_told_once(project: Project) -> None:
    """By its own finding."""
    project.policy(behaviour={"required": [GENDER]})
    verdict = judged(project, ended(gender=Case("skipped")))
    assert [each.name for each in verdict.findings if each.blocks] == [f"ran/{GENDER}"]


def test_a_result_of_the_champion_alone_is_refused(project: Project) -> None:
    """What the challenger does is not known."""
    project.write_behaviour(champion=BEHAVIOUR)
    with pytest.raises(InvalidError, match="no suite `challenger`"):
        project.judge("behaviour")


def test_without_its_block_it_is_not_run(project: Project) -> None:
    """A project without such tests asks for none, and none is started."""
    project.edit("params.yaml", lambda params: params["gates"].pop("behaviour"))
    assert "behaviour" not in project.opened().policy.gates
    assert predict._test(project.opened(), {}) == {}
