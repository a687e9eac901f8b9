"""The gate `documentation`: what people have to say of a model is said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gates import human_parts
from gates.errors import InvalidError
from gates.verdict import Outcome
from tests.checks.project import decisive, finding

if TYPE_CHECKING:
    from tests.checks.project import Project

NAME = human_parts.NAME


def test_all_that_is_required_is_said(project: Project) -> None:
    """What is not required may be left out."""
    verdict = project.judge("documentation")
    assert verdict.outcome is Outcome.PASS
    assert [each.name for each in verdict.findings] == ["said/intended_use", "said/owner", "said/limits"]
    assert verdict.measurements["said/ethics"] == 0


@pytest.mark.parametrize("text", [None, "", "  \n\t"])
def test_a_part_that_is_not_said_fails(project: Project, text: str | None) -> None:
    """White space says nothing; the finding says where to write."""
    project.edit(NAME, lambda said: said.pop("owner") if text is None else said.update(owner=text))
    verdict = project.judge("documentation")
    assert decisive(verdict) == ("said/owner", Outcome.FAIL)
    assert NAME in finding(verdict, "said/owner").note


def test_the_policy_says_what_is_required(project: Project) -> None:
    """Another part; none at all decides nothing; an unknown one is a mistake."""
    project.policy(documentation={"required": ["ethics"]})
    assert decisive(project.judge("documentation")) == ("said/ethics", Outcome.FAIL)
    project.policy(documentation={"required": []})
    assert decisive(project.judge("documentation")) == ("required", Outcome.UNDECIDED)
    project.policy(documentation={"required": ["purpose"]})
    with pytest.raises(InvalidError, match="mistake"):
        project.judge("documentation")


def test_a_file_that_is_not_there_says_nothing(project: Project) -> None:
    """Each part is missing, and where to write it is told; a file that cannot be read is no verdict."""
    project.path(NAME).unlink()
    verdict = project.judge("documentation")
    assert decisive(verdict) == ("said/intended_use", Outcome.FAIL)
    assert f"`intended_use: …` in {NAME}" in finding(verdict, "said/intended_use").note
    project.path(NAME).mkdir()
    with pytest.raises(InvalidError, match=NAME):
        project.judge("documentation")
