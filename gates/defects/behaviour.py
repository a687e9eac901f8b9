"""Defects of behaviour: a test of what must not break fails, or nobody has run it."""

from dataclasses import replace

from gates import junit
from gates.defects.case import BEHAVIOUR, Case, Changes, Defect, NotApplicableError
from gates.junit import Ended

GATE = ("behaviour",)


def failed(case: Case) -> Changes:
    """Let the first test fail that no waiver allows to."""
    waived = {each.finding for each in case.policy.waivers if each.gate == "behaviour"}
    return _ended(case, "failed", {name.removeprefix("failed/") for name in waived})


def skipped(case: Case) -> Changes:
    """Let the first test be skipped."""
    return _ended(case, "skipped", set())


def _ended(case: Case, how: Ended, but: set[str]) -> Changes:
    if "behaviour" not in case.policy.gates:
        raise NotApplicableError("the policy has no block of the gate behaviour")
    suites = junit.read(case.root / BEHAVIOUR)
    suite = suites["challenger"]
    name = next(
        (each for each, test in suite.cases.items() if test.ended == "passed" and each not in but), None
    )
    if name is None:
        raise NotApplicableError("no test passes without a waiver")
    cases = {**suite.cases, name: replace(suite.cases[name], ended=how)}
    return {BEHAVIOUR: junit.write({**suites, "challenger": replace(suite, cases=cases)})}


DEFECTS = (
    Defect(
        "a must-not-break test fails",
        "A test in tests/golden/ that passed with the challenger fails with it.",
        GATE,
        failed,
        "the gate behaviour, with mode: block",
    ),
    Defect(
        "a must-not-break test skipped",
        "A test in tests/golden/ that passed with the challenger was skipped.",
        GATE,
        skipped,
        "the gate behaviour, with mode: block",
    ),
)
