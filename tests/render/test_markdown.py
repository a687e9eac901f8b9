"""Tests of `gates.render.markdown`: the step summary."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gates.render.markdown import MOST_FINDINGS, error, summary
from gates.verdict import Verdict, Waiver, at_least, waive
from tests.examples import GOLDEN, LATENCY, TODAY, changed

FAILED = changed(GOLDEN, findings=(at_least("auc", 0.7, 0.8),))
WAIVER = Waiver("golden", "auc", "agreed with the board", "retention team", TODAY)
WAIVED = changed(GOLDEN, findings=waive("golden", FAILED.findings, [WAIVER], TODAY))


def test_the_summary_is_sentence_table_and_what_blocks() -> None:
    """The verdict first; then one row a gate; then why."""
    lines = summary("ship: fail", "Refused.", [FAILED, LATENCY]).splitlines()
    assert lines[:3] == ["## ship: fail", "", "Refused."]
    assert "| golden | ❌ fail | auc 0.7000 < 0.8000 |" in lines
    assert "| latency | ✅ pass | p99\\_ms/challenger 4 ≤ 200 ms |" in lines
    blocks = lines[lines.index("### What blocks") :]
    assert blocks[2] == "- golden: auc 0.7000 \\< 0.8000, missed by 0.1000."
    assert "### Waivers in use" not in lines


def test_a_waiver_stands_in_plain_sight() -> None:
    """Until when, by whom, what and why; nothing blocks."""
    text = summary("judge: pass", "All pass.", [WAIVED])
    assert "- waived until 2026-06-01 by retention team: auc 0.7000 < 0.8000; agreed with the board" in text
    assert "| golden | ✅ pass |" in text
    assert "What blocks" not in text


def test_a_gate_that_only_reports_says_so_loudly() -> None:
    """It did not block, and is not listed among what did."""
    text = summary("t", "s", [changed(FAILED, mode="report")])
    assert "❌ fail (report only: did not block)" in text
    assert "What blocks" not in text


def test_nothing_checked_is_told() -> None:
    """A gate without a finding, and a summary without a gate."""
    assert "| golden | ⚠️ undecided | nothing was checked |" in summary(
        "t", "s", [changed(GOLDEN, findings=())]
    )
    assert summary("t", "s", []) == "## t\n\ns\n"


def test_a_long_list_is_cut_and_says_so() -> None:
    """The first ones, and how many more."""
    many = changed(GOLDEN, findings=tuple(at_least(f"auc/{place}", 0, 1) for place in range(50)))
    text = summary("t", "s", [many])
    assert text.count("\n- golden: ") == MOST_FINDINGS
    assert f"- … and {50 - MOST_FINDINGS} more" in text


NASTY = "a | b <img src=x> **b** `c` [d](e) # f\r\n## g\\"


def from_data(text: str) -> Verdict:
    """Return a verdict with a text wherever data can bring one in."""
    waiver = replace(WAIVER, finding=text, owner=text, reason=text)
    failed = at_least(text, 0.7, 0.8, note=text)
    return changed(GOLDEN, findings=(failed, *waive("golden", [failed], [waiver], TODAY)))


@given(st.sampled_from([NASTY]) | st.text())
def test_what_comes_from_data_is_never_markup(text: str) -> None:
    """Names, notes, owners and reasons cannot add a row, a heading, a link or HTML."""
    lines, plain = (summary("t", f"About {each}", [from_data(each)]).splitlines() for each in (text, "x"))
    assert [line[:5] for line in lines if line[:1] in {"|", "#", "-"}] == [
        line[:5] for line in plain if line[:1] in {"|", "#", "-"}
    ]
    assert len(lines) == len(plain)
    row = next(line for line in lines if line.startswith("| golden"))
    assert len(re.findall(r"(?<!\\)(?:\\\\)*\|", row)) == 4
    for line in lines[3:]:
        assert not re.search(r"(?<!\\)(?:\\\\)*[`*\[\]]", line)


@pytest.mark.parametrize("why", ["", "Because."])
def test_an_error_has_what_why_and_next(why: str) -> None:
    """An empty part leaves no empty line behind at the end."""
    text = error("It broke.", why, "gates ship")
    assert text.startswith("## Stopped\n\nIt broke.\n\n")
    assert why in text
    assert text.endswith("**Next:** gates ship\n")
    assert error("It broke.", why, "").endswith(f"{why or 'It broke.'}\n")


def test_verdicts_stay_in_their_order() -> None:
    """The order of the policy."""
    text = summary("t", "s", [LATENCY, GOLDEN, Verdict("fairness", "block", ())])
    assert re.findall(r"(?m)^\| ([a-z]+) \|", text) == ["gate", "latency", "golden", "fairness"]


def test_changes_of_the_policy_have_a_heading() -> None:
    """A reviewer reads them before the figures."""
    text = summary("judge: pass", "Fine.", [], ["gates.golden.min_auc: 0.76 → 0.5"])
    assert "### Policy changed since the champion" in text
    assert "0.76 → 0.5" in text
    assert "Policy changed" not in summary("judge: pass", "Fine.", [])
