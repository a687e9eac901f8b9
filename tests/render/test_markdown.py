"""Tests of `gates.render.markdown`: the step summary."""

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gates.render.markdown import MOST_FINDINGS, audit, error, roads, summary
from gates.render.red import Red
from gates.verdict import Verdict, Waiver, at_least, waive
from tests.examples import GOLDEN, LATENCY, TODAY, changed

FAILED = changed(GOLDEN, findings=(at_least("auc", 0.7, 0.8),))
WAIVER = Waiver("golden", "auc", "agreed with the board", "retention team", TODAY)
WAIVED = changed(GOLDEN, findings=waive("golden", FAILED.findings, [WAIVER], TODAY))


def test_the_summary_is_sentence_table_and_what_blocks() -> None:
    """The verdict first; then one row a gate; then why."""
    lines = summary("ship: fail", "Refused.", [FAILED, LATENCY]).splitlines()
    assert lines[:3] == ["## ship: fail", "", "Refused."]
    assert lines[4] == "- golden: auc 0.7000 \\< 0.8000, missed by 0.1000."
    assert "| golden | ❌ fail | auc 0.7000 \\< 0.8000 |" in lines
    assert "| latency | ✅ pass | p99\\_ms/challenger 4 ≤ 200 ms |" in lines
    assert "### What else blocks" not in lines
    assert "### Waivers in use" not in lines


def test_a_waiver_stands_in_plain_sight() -> None:
    """Until when, by whom, what and why; nothing blocks."""
    text = summary("judge: pass", "All pass.", [WAIVED])
    assert "- waived until 2026-06-01 by retention team: auc 0.7000 \\< 0.8000; agreed with the board" in text
    assert "| golden | ✅ pass |" in text
    assert "\n- golden" not in text


def test_a_gate_that_only_reports_says_so_loudly() -> None:
    """It did not block, and is not listed among what did."""
    text = summary("t", "s", [changed(FAILED, mode="report")])
    assert "❌ fail (report only: did not block)" in text
    assert "\n- golden" not in text


def test_nothing_checked_is_told() -> None:
    """A gate without a finding, and a summary without a gate."""
    assert "| golden | ⚠️ undecided | nothing was checked |" in summary(
        "t", "s", [changed(GOLDEN, findings=())]
    )
    assert summary("t", "s", []) == "## t\n\ns\n"


def test_a_long_list_is_cut_and_says_so() -> None:
    """The worst ones over all gates, three of them before the table, and how many more."""
    many = [
        changed(gate, findings=tuple(at_least(f"auc/{place}", 1 - place / 100, 1) for place in range(1, 51)))
        for gate in (GOLDEN, LATENCY)
    ]
    text = summary("t", "s", many)
    shown = re.findall(r"\n- (\w+): auc/(\d+)", text)
    worst = [(gate, str(place)) for place in range(50, 40, -1) for gate in ("golden", "latency")]
    assert shown == worst[:MOST_FINDINGS]
    assert text.index("auc/49") < text.index("| gate |") < text.index("### What else blocks")
    assert f"- … and {100 - MOST_FINDINGS} more" in text


def test_the_advice_of_a_red_run_stands_before_the_table() -> None:
    """Who acts, and a command in a fence of its own, for the button that copies it."""
    text = summary("t", "s", [FAILED], red=Red("the author", "gates data && echo ```"))
    assert (
        "\n**To act:** the author. **On a laptop,** at this commit:\n\n````sh\ngates data && echo ```\n````\n"
        in text
    )
    assert text.index("\n- golden") < text.index("To act") < text.index("| gate |")
    without = summary("t", "s", [FAILED], red=Red("nobody"))
    assert "**To act:** nobody.\n" in without
    assert "laptop" not in without


def test_the_comparison_is_told_and_drawn() -> None:
    """Figures of both, the difference with its interval, and a chart of it against its limit."""
    text = summary("t", "s", [COMPARED])
    told = text[text.index("### Against the champion") :]
    assert "- auc: 0.8289 → 0.8008, difference -0.0281" in told
    assert re.search(r"```text\ndelta .*├─*●─*┤.*\nno difference .*│.*\nlimit .*▲ .*0\.0050\n```", told)
    assert "- auc: 1 → 2\n" in summary("t", "s", [], against=["auc: 1 → 2"])
    assert "Against" not in summary("t", "s", [GOLDEN])


def test_lineage_and_links_close_the_summary() -> None:
    """The graph in a fence that GitHub draws; addresses of commit and run."""
    links = {"commit abc": "https://github.com/org/model/commit/abc", "run 7": "https://github.com/org/model"}
    text = summary("t", "s", [], lineage=["flowchart LR"], links=links)
    assert "### Lineage\n\n```mermaid\nflowchart LR\n```\n" in text
    assert text.endswith(
        "[commit abc](<https://github.com/org/model/commit/abc>) · [run 7](<https://github.com/org/model>)\n"
    )


def test_thousands_of_long_hostile_findings_leave_a_short_summary() -> None:
    """Verdict, reasons, advice and table stay; GitHub drops what passes 1 MiB as a whole."""
    long = NASTY * 2_000
    many = changed(from_data(long), findings=from_data(long).findings * 2_000)
    text = summary(
        "t",
        long,
        [many] * 6,
        [long] * 5_000,
        against=[long],
        lineage=["x" * 100] * 9,
        red=Red(long, "gates data"),
    )
    assert len(text.encode()) < 200_000
    parts = [
        "## t",
        "- golden: ",
        "**To act:**",
        "gates data",
        "| golden |",
        "### Waivers in use",
        "### Lineage",
    ]
    assert sorted(parts, key=text.index) == parts
    assert f"… and {5_000 - MOST_FINDINGS} more" in text


COMPARED = Verdict(
    "champion",
    "block",
    (at_least("delta", -0.0281, 0.005, low=-0.0398, high=-0.0164, by_bound=False),),
    {
        "auc/challenger": 0.8008,
        "auc/champion": 0.8289,
        "delta": -0.0281,
        "delta/low": -0.04,
        "delta/high": -0.02,
    },
)
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
    advised = error("It broke.", why, "gates ship", "judge: tampered ❌", Red("security", "gates audit"))
    assert advised.startswith("## judge: tampered ❌\n\nIt broke.\n\n")
    assert advised.endswith(
        "**To act:** security. **On a laptop,** at this commit:\n\n```sh\ngates audit\n```\n"
    )


def test_doctor_and_audit_say_who_acts() -> None:
    """Before what they found."""
    found = {"outcome": "fail", "sentence": "One road is open.", "findings": []}
    assert roads(found, Red("the administrator")).startswith(
        "## doctor: fail\n\nOne road is open.\n\n**To act:** the administrator.\n\n| road |"
    )
    seen: dict[str, Any] = {
        "model": "churn",
        "sentence": "It holds.",
        "served": None,
        "at": "now",
        "deviations": [],
        "entries": [],
    }
    assert "It holds.\n\n**To act:** security.\n\nAt now nobody served." in audit(seen, Red("security"))
    assert "To act" not in audit(seen) + roads(found)


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
