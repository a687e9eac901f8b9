"""Does somebody say what the model is for, and who answers for it?

Reads `model_card.yaml`, which people write and review: what the model is meant for and not meant for, its
owner, its limits. The verdict holds the file's digest, and the model card shows what it says (Mitchell et
al. 2019). Fails when a part that is `required` is not said, or nothing is. Undecided when no part is
required. It is run where the policy has its block.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from gates import human_parts
from gates.human_parts import PARTS, HumanParts, Part
from gates.policy_blocks import OptionalPolicy
from gates.verdict import Finding, Measurements, at_least, enough


class Policy(OptionalPolicy):
    """Which parts have to be said."""

    required: tuple[Part, ...] = ("intended_use", "owner", "limits")


@dataclass(frozen=True)
class Inputs:
    """One file, where there is one."""

    card: Annotated[Path | None, "what people say of the model: model_card.yaml"] = None


def measure(inputs: Inputs) -> Measurements:
    """Return 1 for each part that is said, and 0 for each that is not.

    Raises:
        InvalidError: The file cannot be read, or holds anything else.
    """
    said = human_parts.read(inputs.card) if inputs.card else HumanParts()
    return {f"said/{part}": float(bool(said.said(part))) for part in PARTS}


def judge(policy: Policy, measurements: Measurements) -> Iterator[Finding]:
    """Hold that every required part is said."""
    if not policy.required:
        yield enough("required", 0, 1, unit="parts", note="gates.documentation.required names no part.")
    for part in policy.required:
        said = measurements.get(f"said/{part}")
        note = "" if said == 1 else f"Write `{part}: …` in {human_parts.NAME}, and have it reviewed."
        yield at_least(f"said/{part}", said, 1, note=note)
