"""The graph of a model's origin; no name can become a part of it."""

import re
from dataclasses import asdict

from hypothesis import given
from hypothesis import strategies as st

from gates.render.lineage import MOST_LETTERS, graph
from tests.examples import decision

CANDIDATE = asdict(decision().candidate)
NASTY = 'a"] --> b["<script>`%%{init}%%\n```\nclick n0 call x() ;]'


def test_the_chain_from_bucket_to_champion() -> None:
    """Each made from the one before."""
    lines = graph(CANDIDATE, "d" * 64, "pass", "2")
    assert lines[0] == "flowchart LR"
    kinds = [line.partition('["')[2].partition("<br/>")[0] for line in lines[1:-1]]
    assert kinds == ["bucket", "data", "stages at commit", "run", "model", "decision: pass", "champion"]
    assert lines[-1] == "  n0 --> n1 --> n2 --> n3 --> n4 --> n5 --> n6"
    assert "<br/>v2" in lines[-2]


def test_what_was_refused_ends_with_the_decision() -> None:
    """Nobody serves by it."""
    lines = graph(CANDIDATE, "d" * 64, "fail")
    assert lines[-1].endswith("n4 --> n5")
    assert "decision: fail" in lines[-2]


@given(st.sampled_from([NASTY]) | st.text())
def test_no_name_breaks_out_of_its_label(text: str) -> None:
    """Neither quotes, brackets, HTML, fences, directives nor line ends reach mermaid as such."""
    hostile = dict.fromkeys(CANDIDATE, text)
    lines = graph(hostile, text, text, text)
    assert len(lines) == (9 if text else 8)
    for line in lines[1:-1]:
        assert re.fullmatch(r'  n\d\["[A-Za-z0-9 .:/_#;-]+<br/>[A-Za-z0-9 .:/_#;-]*"\]', line)


def test_a_long_name_is_cut() -> None:
    """It is a label, not the record."""
    lines = graph(CANDIDATE | {"remote": "x" * 500}, "d" * 64, "fail")
    assert lines[1].count("x") == MOST_LETTERS - 1
