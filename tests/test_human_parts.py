"""What people say of a model, read strictly."""

from pathlib import Path

import pytest

from gates import human_parts
from gates.errors import InvalidError
from gates.human_parts import PARTS, TITLES, HumanParts
from tests.shell import ROOT


def test_the_demo_says_what_its_card_needs() -> None:
    """Every part but one, which is left to who has something to say."""
    said = human_parts.read(ROOT / human_parts.NAME)
    assert [part for part in PARTS if not said.said(part)] == ["ethics"]


def test_every_part_has_a_title_and_a_field() -> None:
    """None is said and never shown."""
    assert {*PARTS} == {*TITLES} <= {*HumanParts.model_fields}


@pytest.mark.parametrize(
    "text",
    [
        "intended_use: 7\n",
        "purpose: x\n",
        "owner: [ada]\n",
        "tags: x\n",
        "[]\n",
        "limits: |\n  " + "x" * 10_001,
    ],
)
def test_anything_else_is_refused_by_its_name(tmp_path: Path, text: str) -> None:
    """A misspelt part would be one that nobody has said."""
    path = tmp_path / human_parts.NAME
    path.write_text(text)
    with pytest.raises(InvalidError, match=human_parts.NAME):
        human_parts.read(path)
