"""What the defects prove: who caught which, and whether each gate that blocks has shown that it can fail.

Another's objection proves nothing of the gate that a defect was planted for: two gates that look at the same
scores would vouch for each other.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from gates.defects import Defect
from gates.policy import Policy
from gates.run.result import Result
from gates.run.selftest.ask import Heard

CAUGHT, MISSED, NOT_APPLICABLE = "caught", "missed", "not applicable"
Tried: TypeAlias = Mapping[str, Any]
"""What came of one defect, as `--json` tells it."""


def heard(defect: Defect, expected: Sequence[str], said: Heard, seconds: float) -> Tried:
    """Return what came of a defect; it is caught if one of those objects who are to catch it.

    Args:
        defect: The defect.
        expected: Who is to catch it in this project.
        said: Who objected, and why.
        seconds: How long it took.
    """
    by = sorted(said.who, key=lambda who: who not in expected)
    caught = bool({*by} & {*expected})
    held_by = f"What holds it: {defect.held_by}."
    if caught:
        why = next(each.why for each in said.objections if each.who == by[0])
    elif by:
        why = f"Caught by {' and '.join(by)} alone, expected {' or '.join(expected)}. {held_by}"
    else:
        why = f"Nobody noticed it. {held_by}"
    outcome = CAUGHT if caught else MISSED
    return {
        **_named(defect, expected),
        "outcome": outcome,
        "by": by,
        "why": why,
        "seconds": round(seconds, 2),
    }


def not_applicable(defect: Defect, why: str) -> Tried:
    """Return that there is nothing in this project to plant a defect in, and why."""
    told = {"outcome": NOT_APPLICABLE, "by": [], "why": f"Not applicable: {why}."}
    return {**_named(defect, defect.expected), **told}


def answer(policy: Policy, tried: Sequence[Tried], seconds: float, no_champion: str) -> Result:
    """Return the answer: fail where a defect was missed by all who are to catch it.

    Args:
        policy: The policy that judged.
        tried: What came of each defect.
        seconds: How long all of them took.
        no_champion: Why nothing could be compared; empty where it was.
    """
    applicable = [each for each in tried if each["outcome"] != NOT_APPLICABLE]
    missed = [each for each in applicable if each["outcome"] == MISSED]
    gates = [_of_gate(name, tried) for name, block in policy.gates.items() if block.mode == "block"]
    details = {
        "caught": len(applicable) - len(missed),
        "applicable": len(applicable),
        "missed": [each["name"] for each in missed],
        "seconds": round(seconds, 2),
        "gates": gates,
        "defects": list(tried),
    }
    remarks = [each["why"] for each in gates if each["why"]]
    if no_champion:
        remarks.insert(0, f"Nothing was compared: beside no champion does it pass. {no_champion}")
    if missed or not applicable:
        told = f"{len(missed)} of {len(applicable)} defects were not caught by who is to catch them"
        sentence = f"{told}: {_by_whom(missed)}." if missed else "No defect was planted: nothing is proved."
        return Result("fail", " ".join([sentence, *remarks]), look="docs/selftest.md", details=details)
    sentence = (
        f"All {len(applicable)} defects were caught in {seconds:.0f} s, each by who is to catch it;"
        " without a defect every gate passes."
    )
    return Result("pass", " ".join([sentence, *remarks]), details=details)


def _named(defect: Defect, expected: Sequence[str]) -> Tried:
    return {"name": defect.name, "planted": defect.planted, "expected": list(expected)}


def _of_gate(gate: str, tried: Sequence[Tried]) -> dict[str, Any]:
    """Return how many of the defects that a gate is to catch it has caught, and what that proves."""
    of_it = [each for each in tried if gate in each["expected"]]
    applicable = [each for each in of_it if each["outcome"] != NOT_APPLICABLE]
    caught = sum(gate in each["by"] for each in applicable)
    missed = sum(each["outcome"] == MISSED for each in applicable)
    told = {"gate": gate, "caught": caught, "missed": missed, "applicable": len(applicable)}
    if missed:
        why = "" if caught else f"The gate {gate} caught nothing: it may be unable to fail."
        return {**told, "outcome": MISSED, "why": why}
    if caught:
        return {**told, "outcome": CAUGHT, "why": ""}
    reasons = dict.fromkeys(
        each["why"].removeprefix("Not applicable: ").removesuffix(".")
        for each in of_it
        if each not in applicable
    )
    why = f" ({'; '.join(reasons)})" if reasons else ""
    todo = f"spoil by hand what it reads, and see it fail: gates {gate}"
    why = f"No defect applies to the gate {gate}{why}; {todo}."
    return {**told, "outcome": NOT_APPLICABLE, "why": why}


def _by_whom(missed: Sequence[Tried]) -> str:
    """Return who missed what, and who alone noticed it."""
    by_whom: dict[str, list[str]] = {}
    for each in missed:
        alone = f" (caught by {' and '.join(each['by'])} alone)" if each["by"] else ""
        by_whom.setdefault(" and ".join(each["expected"]), []).append(f"{each['name']}{alone}")
    return "; ".join(f"{who} missed {', '.join(names)}" for who, names in by_whom.items())
