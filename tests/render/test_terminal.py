"""Tests of `gates.render.terminal`: what a person sees."""

import io

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console, RenderableType

from gates.render import terminal
from gates.verdict import Waiver, at_least, enough, waive
from tests.examples import GOLDEN, LATENCY, TODAY, changed

FAILED = changed(GOLDEN, findings=(at_least("auc", 0.7, 0.8, note="See."), enough("rows", 5, 200)))
WAIVER = Waiver("golden", "auc", "agreed with the board", "retention team", TODAY)
WAIVED = changed(GOLDEN, findings=waive("golden", FAILED.findings[:1], [WAIVER], TODAY))


def printed(renderable: RenderableType, width: int = 160) -> str:
    """Return what a console that is no terminal prints; markup is on, which is rich's default."""
    file = io.StringIO()
    Console(file=file, width=width, highlight=False).print(renderable)
    return file.getvalue()


def rows(renderable: RenderableType) -> list[list[str]]:
    """Return the printed lines, each as its cells."""
    return [
        [cell.strip() for cell in line.split("  ") if cell.strip()]
        for line in printed(renderable).splitlines()
    ]


def test_one_row_a_gate() -> None:
    """Gate, outcome, decisive figure."""
    assert rows(terminal.verdicts([FAILED, LATENCY, changed(GOLDEN, findings=())])) == [
        ["gate", "outcome", "decisive figure"],
        ["golden", "fail", "auc 0.7000 < 0.8000"],
        ["latency", "pass", "p99_ms/challenger 4 ≤ 200 ms"],
        ["golden", "undecided", "nothing was checked"],
    ]


def test_waivers_and_reports_stand_below_and_beside() -> None:
    """Nobody overlooks that something was let through."""
    text = printed(terminal.verdicts([WAIVED, changed(FAILED, mode="report")]))
    assert (
        "waived in golden until 2026-06-01: auc 0.7000 < 0.8000; agreed with the board (retention team)"
        in text
    )
    assert "fail (did not block)" in text


def test_changes_of_the_policy_stand_below() -> None:
    """Nobody weakens a threshold and passes it unnoticed."""
    told = printed(terminal.verdicts([LATENCY], ["gates.golden.min_auc: 0.76 → 0.5"]))
    assert "policy changed: gates.golden.min_auc: 0.76 → 0.5" in told


def test_findings_that_block_come_first() -> None:
    """Then those that pass or are waived, with their notes."""
    judged = changed(
        GOLDEN, findings=(*WAIVED.findings, at_least("b", 1, 0), at_least("c", 0, 1, note="Look."))
    )
    assert rows(terminal.findings(judged))[:5] == [
        ["golden: fail"],
        ["finding", "outcome", "figure"],
        ["c", "fail", "0 < 1", "Look."],
        ["auc", "waived", "0.7000 < 0.8000", "See."],
        ["b", "pass", "1 ≥ 0"],
    ]


def test_a_long_list_is_cut_and_says_so() -> None:
    """The first ones, and how many more."""
    many = changed(GOLDEN, findings=tuple(at_least(f"f{place}", 1, 0) for place in range(30)))
    text = printed(terminal.findings(many))
    assert f"… and {30 - terminal.MOST_FINDINGS} more" in text
    assert "f19" in text
    assert "f20" not in text


ENTRY = {
    "seq": 2,
    "time": "2026-06-01T12:00:00Z",
    "kind": "rollback",
    "from": "2",
    "to": "1",
    "sha": "a" * 64,
    "actor": "somebody",
    "reason": "too slow",
}


def test_the_ledger_is_a_table() -> None:
    """Who moved from what to what, when and why."""
    first = {**ENTRY, "seq": 1, "from": None, "kind": "promote"}
    assert rows(terminal.entries([ENTRY, first]))[1:] == [
        ["2", "2026-06-01T12:00:00Z", "rollback", "v2 → v1", "a" * 12, "somebody", "too slow"],
        ["1", "2026-06-01T12:00:00Z", "promote", "v1", "a" * 12, "somebody", "too slow"],
    ]


def test_facts_are_lines_of_name_and_value() -> None:
    """Nested names are joined by dots, plain lists by commas; nothing is "none"."""
    document = {
        "model": "churn",
        "champion": {"version": 2, "sha": "a"},
        "types": ["a", "b"],
        "waivers": [{"gate": "golden"}, {"gate": "latency"}],
        "since": None,
        "keys": [],
        "slices": {},
    }
    assert rows(terminal.facts(document)) == [
        ["model", "churn"],
        ["champion.version", "2"],
        ["champion.sha", "a"],
        ["types", "a, b"],
        ["waivers.0.gate", "golden"],
        ["waivers.1.gate", "latency"],
        ["since", "none"],
        ["keys", "none"],
        ["slices", "none"],
    ]


def test_one_row_a_road() -> None:
    """What was found; below, why and what to do where something is left."""
    found = [
        {"road": "alias", "word": "prevents", "what": "Nobody may.", "why": "It serves."},
        {
            "road": "policy",
            "word": "open",
            "what": "No pin.",
            "why": "It judges.",
            "do": "gates policy --pin",
        },
    ]
    assert [row for row in rows(terminal.roads(found)) if row] == [
        ["road", "word", "what was found"],
        ["alias", "prevents", "Nobody may."],
        ["policy", "open", "No pin."],
        ["policy: It judges."],
        ["gates policy --pin"],
    ]


@settings(max_examples=100)
@given(
    st.sampled_from(["[bold]x[/bold]", "[/x]", "[link=file:///etc]y", ":boom:", "\x1b[2J", "a\nb"])
    | st.text()
)
def test_what_comes_from_data_is_shown_and_not_obeyed(text: str) -> None:
    """No markup of rich, no escape sequence, no line of its own: whatever a column or an actor is called."""
    waiver = Waiver("golden", text, text, text, TODAY)
    failed = at_least(text, 0.7, 0.8, unit=text, note=text)
    judged = changed(GOLDEN, findings=(*waive("golden", [failed], [waiver], TODAY), failed))
    for renderable in (
        terminal.verdicts([judged]),
        terminal.findings(judged),
        terminal.entries([{**ENTRY, "actor": text, "reason": text}]),
        terminal.facts({"a": text, "b": {"c": text}}),
        terminal.roads([{"road": "alias", "word": "open", "what": text, "why": "Why.", "do": text}]),
    ):
        told = printed(renderable, width=10_000)
        assert all(line.isprintable() for line in told.split("\n"))
        if text.isprintable() and text.strip():
            assert text.strip() in told
