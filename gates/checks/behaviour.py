"""Does the model still do what must not break?

Reads the JUnit XML of the team's own tests in `tests/golden/`, which `gates predict` runs with the challenger
and again with the champion in its place: what the model may not look at changes no answer (`invariance`), a
change for the better makes none worse (`direction`), and cases that everybody knows come out right
(`minimum_functionality`; Ribeiro and others 2020, CheckList). Fails when a test fails, whether or not the
champion fails it too, which the finding says; a waiver lets one test fail until a day. Undecided when a test
was skipped, ended in an error or is missing, when one that is `required` (a test, or a kind) did not run, or
with fewer than `min_tests`. It is run where the policy has its block.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeAlias

from gates import junit
from gates.errors import InvalidError
from gates.junit import KINDS, Suite
from gates.policy_blocks import OptionalPolicy
from gates.policy_values import Count, matching
from gates.verdict import Finding, Measurements, at_most, enough

NO_VERDICT = {
    "skipped": "It was skipped, and so proves nothing.",
    "error": "It ended in an error around the test itself, which candidate/behaviour.xml tells.",
    "missing": "It was collected, here or with the champion, and has no result.",
}
WHY = "Why it fails stands in candidate/behaviour.xml."
WRITE = "Write tests in tests/golden/, with the fixtures challenger, champion and golden."

Required: TypeAlias = Annotated[
    str, matching(rf"{'|'.join(KINDS)}|.+\..+", f"{', '.join(KINDS)}, or a test as file.test_name")
]


class Policy(OptionalPolicy):
    """Which tests have to be there; each that is there has to pass.

    Attributes:
        min_tests: How many have to run.
        required: Names of tests such as test_behaviour.test_scores, or kinds, that have to be among them.
    """

    min_tests: Count = 1
    required: tuple[Required, ...] = ()


@dataclass(frozen=True)
class Inputs:
    """One file."""

    junit: Annotated[Path, "JUnit XML of tests/golden, a suite for challenger and champion"]


def measure(inputs: Inputs) -> Measurements:
    """Return how many tests ended how, and for each whether it failed, of challenger and champion.

    Raises:
        InvalidError: The file is no such result, or says nothing of the challenger.
    """
    suites = junit.read(inputs.junit)
    if "challenger" not in suites:
        raise InvalidError(f"{inputs.junit} has no suite `challenger`.", do="Run the tests: gates predict")
    return measured(suites["challenger"], suites.get("champion", Suite()))


def measured(challenger: Suite, champion: Suite) -> Measurements:
    """Return what `measure` does, of suites that were read; the champion's is empty where there is none."""
    ran = {name: case for name, case in challenger.cases.items() if case.ended in {"passed", "failed"}}
    expected = {*challenger.collected, *champion.collected, *champion.cases}
    measurements: Measurements = {
        "tests": len(ran),
        "failed": sum(case.ended == "failed" for case in ran.values()),
        "errors": sum(case.ended == "error" for case in challenger.cases.values()),
        "skipped": sum(case.ended == "skipped" for case in challenger.cases.values()),
        "missing": len(expected - challenger.cases.keys()),
    }
    measurements |= {f"tests/{kind}": sum(case.kind == kind for case in ran.values()) for kind in KINDS}
    measurements |= {f"failed/{name}": float(case.ended == "failed") for name, case in ran.items()}
    measurements |= {
        f"{case.ended}/{name}": 1.0 for name, case in challenger.cases.items() if name not in ran
    }
    measurements |= {f"missing/{name}": 1.0 for name in expected - challenger.cases.keys()}
    for name, case in champion.cases.items():
        if case.ended in {"passed", "failed"}:
            measurements[f"champion_failed/{name}"] = float(case.ended == "failed")
    regressions = [name for name in ran if ran[name].ended == "failed" and _passed(name, measurements)]
    return measurements | {"regressions": len(regressions)}


def _passed(name: str, measurements: Measurements) -> bool:
    """Return whether the champion passed a test."""
    return measurements.get(f"champion_failed/{name}") == 0


def judge(policy: Policy, measurements: Measurements) -> Iterator[Finding]:
    """Hold how many ran first, then every test, then what had to be there."""
    tests = measurements.get("tests")
    few = tests is None or not tests >= policy.min_tests
    yield enough("tests", tests, policy.min_tests, unit="tests", note=WRITE if few else "")
    for key in sorted(measurements):
        kind, _, name = key.partition("/")
        if kind == "failed" and name:
            yield at_most(key, measurements[key], 0.0, note=_beside(name, measurements))
        elif kind in NO_VERDICT and name:
            yield enough(f"ran/{name}", 0.0, 1.0, unit="runs", note=NO_VERDICT[kind])
    for name in policy.required:
        if name in KINDS:
            yield enough(f"tests/{name}", measurements.get(f"tests/{name}"), 1.0, unit="tests")
        elif not _known(name, measurements):
            yield enough(f"ran/{name}", 0.0, 1.0, unit="runs", note="The policy requires it.")


def _beside(name: str, measurements: Measurements) -> str:
    """Return where to see why a test failed, and what the champion does; nothing of one that passed."""
    if measurements[f"failed/{name}"] == 0:
        return ""
    champion = measurements.get(f"champion_failed/{name}")
    beside = "" if champion is None else f" The champion {'passes it' if champion == 0 else 'fails it too'}."
    return f"{WHY}{beside}"


def _known(name: str, measurements: Measurements) -> bool:
    """Return whether a test, or one of its parameters, has a finding of its own."""
    return any(
        key == f"{kind}/{name}" or key.startswith(f"{kind}/{name}[")
        for kind in ("failed", *NO_VERDICT)
        for key in measurements
    )
