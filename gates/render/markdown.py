"""The step summary on GitHub: verdict first, one table, then what blocks."""

from collections.abc import Sequence

from gates.render.sentences import every_reason, figure
from gates.verdict import Verdict

MOST_FINDINGS = 20
_MARKS = {"pass": "✅ pass", "fail": "❌ fail", "undecided": "⚠️ undecided"}


def summary(title: str, sentence: str, judged: Sequence[Verdict]) -> str:
    """Return the summary of a judgement as Markdown."""
    lines = [f"## {title}", "", _text(sentence), ""]
    if judged:
        lines += ["| gate | outcome | decisive figure |", "|---|---|---|", *map(_row, judged), ""]
    reasons = [reason for verdict in judged if verdict.blocks for reason in every_reason(verdict)]
    blocking = [f"- {_text(reason)}" for reason in reasons[:MOST_FINDINGS]]
    if len(reasons) > MOST_FINDINGS:
        blocking.append(f"- … and {len(reasons) - MOST_FINDINGS} more in the verdict's file")
    waived = [
        f"- waived until {finding.waiver.expires} by {_text(finding.waiver.owner)}: "
        f"{_text(finding.name)} {figure(finding)}; {_text(finding.waiver.reason)}"
        for verdict in judged
        for finding in verdict.findings
        if finding.waiver
    ]
    for head, items in (("What blocks", blocking), ("Waivers in use", waived)):
        if items:
            lines += [f"### {head}", "", *items, ""]
    return "\n".join(lines)


def error(what: str, why: str, do: str) -> str:
    """Return an error as Markdown."""
    return (
        "\n\n".join(["## Stopped", _text(what), _text(why), f"**Next:** {_text(do)}" if do else ""]).strip()
        + "\n"
    )


def _row(verdict: Verdict) -> str:
    finding = verdict.decisive
    shown = f"{_text(finding.name)} {figure(finding)}" if finding else "nothing was checked"
    mode = " (report only: did not block)" if verdict.mode == "report" else ""
    return f"| {verdict.gate} | {_MARKS[verdict.outcome.value]}{mode} | {shown} |"


def _text(text: str) -> str:
    """Keep what comes from data from becoming markup."""
    for character in "\\`*_{}[]<>|#":
        text = text.replace(character, f"\\{character}")
    return " ".join(text.splitlines())
